/*
 * Copyright 2026 The jcaps authors. SPDX-License-Identifier: Apache-2.0
 *
 * A server in the style of the original's test programs: their includes, calls and habits, from gnu89 on. It answers
 * every request with "good", and marks each 1,000th message by a new generation.
 */
#include <sys/types.h>
#include <sys/time.h>
#include <sys/caps.h>
#include <sys/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

int
main(int ac, char **av)
{
    int cid;
    int n;
    int count;
    char buf[256];
    struct caps_msgid msgid;

    (void)ac;
    (void)av;
    count = 0;
    cid = caps_sys_service("test", getuid(), getgid(), 0, CAPF_ANYCLIENT);
    printf("cid = %d\n", cid);
    fflush(stdout);
    if (cid < 0)
        return(1);
    bzero(&msgid, sizeof(msgid));
    for (;;) {
        n = caps_sys_wait(cid, buf, sizeof(buf), &msgid, NULL);
        if (n < 0)
            return(1);
        if (msgid.c_state != CAPMS_DISPOSE)
            n = caps_sys_reply(cid, "good", 4, msgid.c_id);
        if (++count % 1000 == 0)
            caps_sys_setgen(cid, count);
    }
}
