/*
 * Copyright 2026 The jcaps authors. SPDX-License-Identifier: Apache-2.0
 *
 * A client in the style of the original's test programs: it connects again whenever the service has gone, and counts
 * round trips. Between two connections it forks a child that must not be able to use the port.
 *
 *   pair_client COUNT
 */
#include <sys/types.h>
#include <sys/time.h>
#include <sys/caps.h>
#include <sys/errno.h>
#include <sys/wait.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static void
try_child(int cid)
{
    pid_t pid;
    int status;

    if ((pid = fork()) == 0)
        _exit(caps_sys_put(cid, "fubar", 5) < 0 && errno == ENOTCONN ? 0 : 1);
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "the child could use its parent's port\n");
        exit(1);
    }
}

int
main(int ac, char **av)
{
    int cid;
    int n;
    long count;
    long done;
    char buf[256];
    off_t msgcid;
    caps_gen_t gen;
    struct caps_msgid msgid;

    count = ac > 1 ? atol(av[1]) : 100000;
    done = 0;
    cid = -1;
    bzero(&msgid, sizeof(msgid));
    while (done < count) {
        if (cid < 0) {
            cid = caps_sys_client("test", getuid(), getgid(), 0, CAPF_ANYCLIENT | CAPF_WAITSVC);
            if (cid < 0)
                return(1);
            try_child(cid);
        }
        msgcid = caps_sys_put(cid, "fubar", 5);
        if (msgcid < 0) {
            if (errno != ENOTCONN)
                return(1);
            caps_sys_close(cid);
            cid = -1;
            usleep(1000);
            continue;
        }
        n = caps_sys_wait(cid, buf, sizeof(buf), &msgid, NULL);
        if (n < 0 || msgid.c_id != msgcid || msgid.c_state != CAPMS_REPLY)
            return(1);
        if (n == 4 && memcmp(buf, "good", 4) == 0)
            done++;
        gen = caps_sys_getgen(cid);
        if (gen < 0)
            return(1);
    }
    printf("%ld\n", done);
    return(caps_sys_close(cid) == 0 ? 0 : 1);
}
