/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "zeros.h"

#include "cancel.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ZEROS_LENGTH 65536

static const uint8_t zeros[ZEROS_LENGTH];

static bool write_all(const int descriptor, const int64_t start, const size_t length)
{
    size_t written = 0;
    bool is_failed = false;
    while (written < length && !is_failed)
    {
        const size_t left = length - written;
        const ssize_t count =
            pwrite(descriptor, zeros, left < ZEROS_LENGTH ? left : ZEROS_LENGTH, start + (int64_t)written);
        if (count > 0)
        {
            written += (size_t)count;
        }
        else
        {
            is_failed = count == 0 || errno != EINTR;
        }
    }
    return !is_failed;
}

bool zeros_write(const int descriptor, const int64_t start, const size_t length)
{
    /* A write beyond RLIMIT_FSIZE raises SIGXFSZ, which ends a program that does not handle it: the signal is blocked
       and removed, unless it was pending before. */
    sigset_t too_long;
    sigset_t before;
    sigset_t pending;
    const struct timespec no_time = {0, 0};
    sigemptyset(&too_long);
    sigaddset(&too_long, SIGXFSZ);
    sigpending(&pending);
    /* A thread that was cancelled in the middle would keep its port's gate for ever. */
    const int cancel_state = cancel_hold();
    pthread_sigmask(SIG_BLOCK, &too_long, &before);
    const bool is_written = write_all(descriptor, start, length);
    const int error = errno;
    if (!is_written && sigismember(&pending, SIGXFSZ) == 0)
    {
        sigtimedwait(&too_long, NULL, &no_time);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    cancel_restore(cancel_state);
    errno = error;
    return is_written;
}

bool zeros_write_within(const int descriptor, const int64_t start, const size_t length)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
    {
        return false;
    }
    if (status.st_size < start + (int64_t)length)
    {
        errno = EFBIG;
        return false;
    }
    return zeros_write(descriptor, start, length);
}
