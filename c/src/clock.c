/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clock.h"

#include "cancel.h"

#include <time.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

int64_t deadline_after(const int64_t timeout_ns)
{
    const int64_t now = now_ns();
    return timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
}

void pause_ns(const int64_t length_ns)
{
    const struct timespec length = {.tv_sec = length_ns / NS_PER_SECOND, .tv_nsec = length_ns % NS_PER_SECOND};
    const int cancel_state = cancel_hold();
    nanosleep(&length, NULL);
    cancel_restore(cancel_state);
}
