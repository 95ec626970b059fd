/*
 * Copyright 2026 The jcaps authors. SPDX-License-Identifier: Apache-2.0
 *
 * An exchange in the style of the installer's: the backend is the service, and speaks first by keeping what it wants to
 * say until the frontend asks. Both ends in one program, one of them in a child; or one end alone.
 *
 *   exchange COUNT [backend|frontend]
 *
 * Each pair needs a region of its own: the service's name is always the same.
 */
#include <sys/types.h>
#include <sys/time.h>
#include <sys/caps.h>
#include <sys/errno.h>
#include <sys/wait.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef __DECONST
#define __DECONST(type, var) ((type)(size_t)(const void *)(var))
#endif

#define SIZE 16384

static int
ask(int cid, const char *what, char *answer)
{
    off_t mid;
    int n;
    struct caps_msgid msgid;

    mid = caps_sys_put(cid, __DECONST(char *, what), (int)strlen(what));
    if (mid < 0)
        return(-1);
    n = caps_sys_wait(cid, answer, SIZE - 1, &msgid, NULL);
    if (n >= 0)
        answer[n] = '\0';
    return(msgid.c_id == mid ? n : -1);
}

/* The next question, whatever was disposed of before it. */
static int
listen_for(int cid, char *question, struct caps_msgid *msgid)
{
    int n;

    do {
        n = caps_sys_wait(cid, question, SIZE - 1, msgid, NULL);
    } while (n >= 0 && msgid->c_state == CAPMS_DISPOSE);
    if (n >= 0)
        question[n] = '\0';
    return(n);
}

static int
backend(int count)
{
    int cid;
    int i;
    char *question;
    char text[64];
    struct caps_msgid msgid;

    question = malloc(SIZE);
    cid = caps_sys_service("rendezvous", getuid(), getgid(), 0, CAPF_ANYCLIENT);
    if (cid < 0 || question == NULL)
        return(1);
    for (i = 0; i < count; i++) {
        if (listen_for(cid, question, &msgid) < 0)
            return(1);
        snprintf(text, sizeof(text), "form %d", i);
        if (caps_sys_reply(cid, text, (int)strlen(text), msgid.c_id) < 0)
            return(1);
        if (listen_for(cid, question, &msgid) < 0 || atoi(question) != i)
            return(1);
        if (caps_sys_reply(cid, "", 0, msgid.c_id) < 0)
            return(1);
    }
    free(question);
    return(caps_sys_close(cid) == 0 ? 0 : 1);
}

static int
frontend(int count)
{
    int cid;
    int i;
    char *answer;
    char text[64];

    answer = malloc(SIZE);
    cid = caps_sys_client("rendezvous", getuid(), getgid(), 0, CAPF_ANYCLIENT | CAPF_WAITSVC);
    if (cid < 0 || answer == NULL)
        return(1);
    for (i = 0; i < count; i++) {
        if (ask(cid, "", answer) < 0 || strncmp(answer, "form ", 5) != 0 || atoi(answer + 5) != i)
            return(1);
        snprintf(text, sizeof(text), "%d", i);
        if (ask(cid, text, answer) != 0)
            return(1);
    }
    free(answer);
    return(caps_sys_close(cid) == 0 ? 0 : 1);
}

int
main(int ac, char **av)
{
    int count;
    int result;
    int status;
    pid_t pid;

    count = ac > 1 ? atoi(av[1]) : 1000;
    if (ac > 2)
        return(strcmp(av[2], "backend") == 0 ? backend(count) : frontend(count));
    if ((pid = fork()) == 0)
        _exit(backend(count));
    result = frontend(count);
    if (result != 0) {
        /* Otherwise the backend would wait for the next question, as after another pair's end in the same region. */
        fprintf(stderr, "the frontend failed: errno %d\n", errno);
        kill(pid, SIGTERM);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0)
        return(1);
    return(result);
}
