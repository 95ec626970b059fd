/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "locks.h"

#include "descriptors.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors of files on which another library of this process has locks, or may have: closing one would drop them. It
   is kept, and used again at the next attempt, so that attempts do not use up the process's descriptors. Under the lock
   of the process. */
static struct kept
{
    int descriptor;
    dev_t dev;
    ino_t ino;
    struct kept *next;
} *first_kept;

/* Takes the kept descriptor of that file out of the list; -1 if there is none. */
static int take_kept(const int directory, const char *name)
{
    struct stat found;
    if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) != 0)
    {
        return -1;
    }
    for (struct kept **place = &first_kept; *place != NULL; place = &(*place)->next)
    {
        struct kept *kept = *place;
        struct stat status;
        if (kept->dev == found.st_dev && kept->ino == found.st_ino)
        {
            /* The program may have closed it, and opened another file by its number. */
            const bool is_open = fstat(kept->descriptor, &status) == 0 && status.st_dev == kept->dev &&
                status.st_ino == kept->ino;
            const int descriptor = is_open ? kept->descriptor : -1;
            *place = kept->next;
            free(kept);
            return descriptor;
        }
    }
    return -1;
}

static void keep(const struct lock_file *file, const int descriptor)
{
    /* Without memory for the note the descriptor stays open, and is not used again. */
    struct kept *kept = malloc(sizeof(struct kept));
    if (kept != NULL)
    {
        *kept = (struct kept){.descriptor = descriptor, .dev = file->dev, .ino = file->ino, .next = first_kept};
        first_kept = kept;
    }
}

void lock_file_keep(struct lock_file *file)
{
    keep(file, file->descriptor);
    file->descriptor = -1;
}

static int open_file(const int directory, const char *name)
{
    const int kept = take_kept(directory, name);
    if (kept >= 0)
    {
        return kept;
    }
    const int descriptor = openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return descriptor;
}

enum lock_file_result lock_file_open(struct lock_file *file, const int directory, const char *name)
{
    file->descriptor = -1;
    const int descriptor = open_file(directory, name);
    if (descriptor < 0)
    {
        return errno == ENOENT ? LOCK_FILE_GONE : LOCK_FILE_ERROR;
    }
    struct stat status;
    if (fstat(descriptor, &status) != 0)
    {
        return LOCK_FILE_ERROR;
    }
    file->dev = status.st_dev;
    file->ino = status.st_ino;
    const int has_locks = proc_has_other_locks(file->dev, file->ino, -1);
    if (has_locks > 0)
    {
        /* Locks that this library did not take. */
        keep(file, descriptor);
        return LOCK_FILE_FOREIGN;
    }
    if (has_locks < 0 && errno != ENOENT && errno != EACCES)
    {
        /* Whether there are other locks cannot be found out now. */
        const int error = errno;
        keep(file, descriptor);
        errno = error;
        return LOCK_FILE_ERROR;
    }
    file->descriptor = descriptor_keep_high(descriptor);
    return LOCK_FILE_OPEN;
}

void lock_file_close(struct lock_file *file)
{
    descriptor_close(file->descriptor, file->dev, file->ino);
    file->descriptor = -1;
}

/* After a call on the descriptor this holds for that call, too: the number is given to the lock file once. */
bool lock_file_is_open(const struct lock_file *file)
{
    struct stat status;
    return fstat(file->descriptor, &status) == 0 && status.st_dev == file->dev && status.st_ino == file->ino;
}

bool lock_file_is_at(const struct lock_file *file, const int directory, const char *name)
{
    struct stat status;
    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_dev == file->dev &&
        status.st_ino == file->ino;
}

static int change_lock(const struct lock_file *file, const short type, const int64_t position)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = position, .l_len = 1};
    int result;
    do
    {
        result = fcntl(file->descriptor, F_SETLK, &lock);
    }
    while (result != 0 && errno == EINTR);
    return result;
}

static int query_lock(const struct lock_file *file, const int command, struct flock *lock)
{
    int result;
    do
    {
        result = fcntl(file->descriptor, command, lock);
    }
    while (result != 0 && errno == EINTR);
    return result;
}

bool byte_lock(const struct lock_file *file, const int64_t position)
{
    return change_lock(file, F_WRLCK, position) == 0 && lock_file_is_open(file);
}

void byte_unlock(const struct lock_file *file, const int64_t position)
{
    change_lock(file, F_UNLCK, position);
}

pid_t byte_holder(const struct lock_file *file, const int64_t position, const int64_t length)
{
    /* A read lock conflicts with a holder's write lock alone, not with the read locks of those that just look. */
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = position, .l_len = length};
    if (query_lock(file, F_GETLK, &lock) != 0)
    {
        return -1;
    }
    if (lock.l_type == F_UNLCK)
    {
        /* If another file has the descriptor's number, the answer is about that file and proves nothing. */
        return lock_file_is_open(file) ? 0 : -1;
    }
    return lock.l_pid > 0 ? lock.l_pid : -1;
}

bool byte_is_lost(const struct lock_file *file, const int64_t position)
{
    /* A lock of an open file description conflicts with a record lock, this process's own included: the kernel answers
       this question, too, under the lock of its list, so nothing is read in pieces and nothing can be missed. The read
       lock conflicts with the write lock alone, not with the read locks of those that just look. */
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = position, .l_len = 1};
    if (query_lock(file, F_OFD_GETLK, &lock) != 0)
    {
        /* Without the descriptor the locks are gone. Any other failure is no proof. */
        return errno == EBADF;
    }
    /* Looked at afterwards: another file at its number means that it was closed, too. */
    return lock.l_type == F_UNLCK || lock.l_pid != getpid() || !lock_file_is_open(file);
}
