/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A gateway in C to an engine in Java: numbers come in by lines on standard input, from a socket server for example,
 * and leave as requests to the engine, several at a time; results go out in the order in which the engine sends them.
 * When the engine closes or dies, the gateway prints the outcome of each number in progress: whether the engine may
 * have received it. Then the gateway waits for the next engine.
 *
 *   examples/run first.DoublingService     in one shell
 *   c/build/gateway                        in another; 0 ends the engine
 */
#include <libcaps.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WINDOW 16

static int connect_engine(void)
{
    const int port = caps_sys_client("doubling", geteuid(), (gid_t)-1, 0, CAPF_USER | CAPF_WAITSVC);
    if (port < 0)
    {
        fprintf(stderr, "gateway: %s\n", caps_error());
        exit(1);
    }
    return port;
}

/* Waits for one result or other outcome: 1, or 0 if no more are due from this engine. */
static int take(int port)
{
    int64_t result;
    struct caps_msgid id;
    const int length = caps_sys_wait(port, &result, sizeof(result), &id, NULL);
    if (length < 0)
    {
        return 0;
    }
    if (id.c_reserved01 == CAPS_OUTCOME_REPLIED)
    {
        printf("%jd: %" PRId64 "\n", (intmax_t)id.c_id, result);
    }
    else
    {
        printf("%jd: no result, the engine %s have seen it\n", (intmax_t)id.c_id,
            (id.c_reserved01 & CAPS_RECEIVED) != 0 ? "may" : "cannot");
    }
    fflush(stdout);
    return 1;
}

int main(void)
{
    char line[64];
    int port = connect_engine();
    int in_progress = 0;
    while (fgets(line, sizeof(line), stdin) != NULL)
    {
        const int64_t number = strtoll(line, NULL, 10);
        while (caps_sys_put(port, &number, sizeof(number)) < 0)
        {
            if (errno != ENOTCONN)
            {
                fprintf(stderr, "gateway: %s\n", caps_error());
                return 1;
            }
            while (take(port))
            {
                continue;
            }
            in_progress = 0;
            caps_sys_close(port);
            port = connect_engine();
        }
        in_progress++;
        /* Input comes first: results are taken when no input waits, or when WINDOW numbers are in progress. */
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        while (in_progress > 0 && (in_progress >= WINDOW || poll(&input, 1, 0) == 0))
        {
            in_progress -= take(port);
        }
    }
    while (in_progress-- > 0 && take(port))
    {
        continue;
    }
    return caps_sys_close(port) == 0 ? 0 : 1;
}
