/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "futex.h"

#include "clock.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)

int futex_sleep(uint8_t *word, const int32_t expected, const int64_t deadline_ns, const int64_t limit_ns)
{
    struct timespec time;
    struct timespec *timeout = NULL;
    bool is_limited = false;
    if (deadline_ns != INT64_MAX || limit_ns != INT64_MAX)
    {
        int64_t left = deadline_ns == INT64_MAX ? INT64_MAX : deadline_ns - now_ns();
        if (left <= 0)
        {
            return -ETIMEDOUT;
        }
        is_limited = limit_ns < left;
        left = is_limited ? limit_ns : left;
        time.tv_sec = (time_t)(left / NS_PER_SECOND);
        time.tv_nsec = (long)(left % NS_PER_SECOND);
        timeout = &time;
    }
    if (syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout, NULL, 0) == 0)
    {
        return 0;
    }
    return errno == EINTR ? -EINTR : errno == ETIMEDOUT && !is_limited ? -ETIMEDOUT : 0;
}

void futex_wake(uint8_t *word, const int limit)
{
    const int error = errno;
    syscall(SYS_futex, word, FUTEX_WAKE, limit, NULL, NULL, 0);
    errno = error;
}
