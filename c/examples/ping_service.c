/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A service that replies to each request with its own bytes, in place. Ctrl-C closes the port: its clients receive the
 * outcome SERVICE_CLOSED. Without the handler they would receive SERVICE_DIED, and lose no more than now.
 */
#include <libcaps.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t is_over;

static void end(int number)
{
    (void)number;
    is_over = 1;
}

int main(void)
{
    struct caps_msgid id;
    const void *request;
    int length;
    /* No SA_RESTART: the signal ends the wait with EINTR. */
    struct sigaction action = {.sa_handler = end};
    const int port = caps_sys_service("ping.c", geteuid(), (gid_t)-1, 0, CAPF_USER);
    if (port < 0)
    {
        fprintf(stderr, "ping_service: %s\n", caps_error());
        return 1;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    printf("serving\n");
    fflush(stdout);
    while (!is_over)
    {
        length = caps_sys_view(port, &request, &id, NULL, CAPS_FOREVER);
        if (length < 0 && errno != EINTR)
        {
            fprintf(stderr, "ping_service: %s\n", caps_error());
            return 1;
        }
        if (length >= 0 && id.c_state == CAPMS_REQUEST)
        {
            /* One copy, from the request's memory to the reply's. EINVAL: the client has closed or died in the
               meantime. */
            void *reply = caps_sys_alloc(port, id.c_id, length);
            if (reply != NULL)
            {
                memcpy(reply, request, (size_t)length);
                caps_sys_reply(port, reply, length, id.c_id);
            }
        }
        /* Otherwise it is a disposal: the client is done with a reply. Its memory belongs to the region, so there is
           nothing to free. */
    }
    return caps_sys_close(port) == 0 ? 0 : 1;
}
