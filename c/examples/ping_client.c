/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Calls the ping service a few times, and says how long the fastest call took.
 *
 *   ping_client [COUNT]
 */
#include <libcaps.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

int main(int argc, char **argv)
{
    const int count = argc > 1 ? atoi(argv[1]) : 100000;
    const int port = caps_sys_client("ping.c", geteuid(), (gid_t)-1, 0, CAPF_USER | CAPF_WAITSVC);
    long fastest = 1000000000;
    if (port < 0)
    {
        fprintf(stderr, "ping_client: %s\n", caps_error());
        return 1;
    }
    for (int i = 0; i < count; i++)
    {
        char reply[sizeof(i)];
        struct caps_msgid id;
        const long start = now_ns();
        const int length = caps_sys_call(port, &i, sizeof(i), reply, sizeof(reply), &id, CAPS_FOREVER);
        const long took = now_ns() - start;
        if (length != (int)sizeof(i) || id.c_reserved01 != CAPS_OUTCOME_REPLIED || memcmp(reply, &i, sizeof(i)) != 0)
        {
            fprintf(stderr, "ping_client: call %d: outcome 0x%x: %s\n", i, id.c_reserved01, caps_error());
            return 1;
        }
        fastest = took < fastest ? took : fastest;
    }
    printf("%d calls, the fastest in %ld ns\n", count, fastest);
    return caps_sys_close(port) == 0 ? 0 : 1;
}
