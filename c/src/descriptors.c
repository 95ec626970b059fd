/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define HIGH_DESCRIPTOR 1000
/* Most descriptors that the library keeps open, not counting those that follow processes. */
#define KEPT_COUNT 8

void descriptor_close(const int descriptor, const dev_t dev, const ino_t ino)
{
    struct stat status;
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_dev == dev && status.st_ino == ino)
    {
        close(descriptor);
    }
}

int descriptor_keep_high(const int descriptor)
{
    struct rlimit limit;
    int minimum = HIGH_DESCRIPTOR;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= HIGH_DESCRIPTOR + KEPT_COUNT)
    {
        minimum = limit.rlim_cur > 4 * KEPT_COUNT ? (int)limit.rlim_cur - 2 * KEPT_COUNT : 3;
    }
    const int error = errno;
    const int high = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, minimum);
    if (high >= 0)
    {
        close(descriptor);
    }
    errno = error;
    return high >= 0 ? high : descriptor;
}
