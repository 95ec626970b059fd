/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_LOCKS_H
#define CAPS_LOCKS_H

/*
 * Locks on single bytes of the file beside a region: io.jcaps.shm.file.LifeLocks. They prove life: the kernel gives a
 * process's locks back when the process is gone, after its memory and not before (B2).
 *
 * They are POSIX record locks, which the kernel counts by process and file: closing any descriptor of the file drops
 * all of the process's locks on it. So the process has one descriptor, kept high where programs that close a range do
 * not look, and closed after the last use. A forked child that closes its copy leaves its parent's locks alone.
 */

#include "caps_layout.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lock_file
{
    int descriptor; /* -1 if closed */
    dev_t dev;
    ino_t ino;
};

/* What lock_file_open found. */
enum lock_file_result
{
    LOCK_FILE_OPEN,    /* it is open */
    LOCK_FILE_GONE,    /* it is not there, or was replaced just now */
    LOCK_FILE_FOREIGN, /* another library of this process has locks on it: it is kept open */
    LOCK_FILE_ERROR    /* errno says why */
};

/* Of a name in an open directory. */
enum lock_file_result lock_file_open(struct lock_file *file, int directory, const char *name);

/* Keeps the file open, as another library of this process has locks on it; the next lock_file_open uses it again. */
void lock_file_keep(struct lock_file *file);

/* Closes it, and so drops all of this process's locks on it. */
void lock_file_close(struct lock_file *file);

/* Whether its descriptor is still open: a program that closes all may have another file at that number. */
bool lock_file_is_open(const struct lock_file *file);

/* Whether the file of that name in an open directory is this lock file. */
bool lock_file_is_at(const struct lock_file *file, int directory, const char *name);

/* Byte of the life lock of a process entry; that of the tables is PROCESS_TABLES_POSITION. Regions that have followed
   each other at one path share a lock file, but not these bytes. */
static inline int64_t life_position(const int64_t region_id, const int process_index)
{
    return ((region_id & PROCESS_REGION_ID_MASK) + 1) * PROCESS_MIN_LIFE_POSITION + process_index;
}

/* Takes a write lock on one byte without waiting; false if another holds it, or looks at it, or if the program has
   closed the descriptor: what was locked then is another file. */
bool byte_lock(const struct lock_file *file, int64_t position);
void byte_unlock(const struct lock_file *file, int64_t position);

/*
 * Process that holds a write lock on one of some bytes, as this process sees pids: 0 is the kernel's proof that none
 * does; -1 if the holder is not visible to this process, or the kernel does not answer for this file. length 0 means to
 * the end. Never finds this process.
 */
pid_t byte_holder(const struct lock_file *file, int64_t position, int64_t length);

/*
 * Whether this process has lost the write lock that it took on one byte: true is a proof, by one answer of the kernel.
 * False also where the kernel does not answer: before Linux 3.15 a loss is not noticed.
 */
bool byte_is_lost(const struct lock_file *file, int64_t position);

#endif
