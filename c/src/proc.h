/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_PROC_H
#define CAPS_PROC_H

/*
 * What the kernel says of processes, in /proc: io.jcaps.shm.os.ProcFs.
 */

#include "libcaps.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of one process. Ids are -1 where they are not known. */
struct credentials
{
    bool is_known;
    pid_t pid;     /* in the pid namespace of /proc here */
    pid_t own_pid; /* in the process's own pid namespace */
    uid_t uid;
    uid_t euid;
    gid_t gid;
    gid_t egid;
    bool ids_agree; /* real, effective, saved and file system ids of the user, and of the group */
    int group_count;
    gid_t *groups; /* to be freed by credentials_free */
};

void credentials_unknown(struct credentials *credentials);
void credentials_free(struct credentials *credentials);
bool credentials_is_member(const struct credentials *credentials, gid_t gid);
void credentials_fill(const struct credentials *credentials, struct caps_cred *cred);

/* Of this process; false with errno. */
bool proc_self(struct credentials *credentials);

/* Of another; false if /proc has no such process, or with EMFILE, ENFILE or ENOMEM. Not known if it is of a user that
   this process's user namespace does not have. All but the pids are -1 unless its ids agree: a lock survives exec, so a
   process that holds one and executes a set-uid program has ids of two users. Such a process counts as no user's. */
bool proc_credentials(pid_t pid, struct credentials *credentials);

/* Whether /proc shows the pids of this process's own pid namespace, as system calls use them. */
bool proc_shows_own_namespace(void);

/* Whether ids of users and groups are the machine's here, as this process is in no user namespace of its own. 1 or 0,
   or -1 with errno if the maps of ids cannot be read now. */
int proc_has_machine_ids(void);

/* Whether the owner of a file stands for users that this process's user namespace does not have. False if that cannot
   be read now: such an owner is not trusted. */
bool proc_is_unknown_user(uid_t uid);

/* Of a text of proc_locked_advice. */
#define ADVICE_SIZE 320

/* What to add to the error of a mapping of some bytes: the limit of locked memory that was reached, and what to do.
   Empty if another cause made it fail. */
void proc_locked_advice(int error, size_t length, char *text, size_t size);

/* Start of this process in ticks since boot; false with errno. */
bool proc_start_ticks(int64_t *ticks);

/* Id of this boot as the two longs of Java's UUID; false if the kernel does not say. */
bool proc_boot_id(int64_t bits[2]);

/* Pid, as /proc here has it, of the process behind a pidfd; 0 if it cannot be seen. */
pid_t proc_followed_pid(int pidfd);

/*
 * Whether this process holds POSIX locks on a file, other than on the byte of the tables and one more, which the caller
 * holds; -1 for none. 1 or 0, or -1 with errno if that cannot be found out. The fdinfo of /proc lists with a descriptor
 * just the locks that were taken through its open file, so all descriptors of the file are looked at. /proc/locks has
 * them all, but can name the file by another device than stat does.
 */
int proc_has_other_locks(dev_t dev, ino_t ino, int64_t own_position);

#endif
