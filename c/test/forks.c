/*
 * Copyright 2026 The jcaps authors. SPDX-License-Identifier: Apache-2.0
 *
 * Forks by every route: the parent is never disturbed, the child's inherited ports are dead, and it may open its own
 * (R27). A program that a child executes has nothing of its parent's.
 *
 *   forks [COUNT]
 */
#include "check.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char **environ;

static char bytes[64];
static struct caps_msgid msgid;

static char *program;      /* this one, to be executed */
static char inherited[16]; /* high descriptors that this program began with, and that each it executes has, too */

/* Ways to fork a child that continues with the parent's memory. */
#define ROUTE_COUNT 6

static pid_t fork_by(const int route)
{
    switch (route)
    {
        case 0:
            return fork();
        case 1:
            return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
#ifdef SYS_fork
        case 2:
            return (pid_t)syscall(SYS_fork);
#endif
        case 3:
        {
            struct clone_args arguments = {.exit_signal = SIGCHLD};
            const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
            /* A filter of system calls may not allow it. */
            return pid < 0 && errno == ENOSYS ? fork() : (pid_t)pid;
        }
        case 4:
        {
            /* A daemon's: the child of a child, whose end the first one hands on. */
            const pid_t first = fork();
            if (first == 0)
            {
                const pid_t second = fork();
                int status = 1;
                if (second != 0)
                {
                    waitpid(second, &status, 0);
                    _exit(status == 0 ? 0 : 1);
                }
            }
            return first;
        }
        default:
            return _Fork();
    }
}

/* All open descriptors. */
static int count_high_descriptors(void)
{
    int count = 0;
    DIR *descriptors = opendir("/proc/self/fd");
    CHECK(descriptors != NULL);
    for (struct dirent *entry; (entry = readdir(descriptors)) != NULL;)
    {
        count += atoi(entry->d_name) >= 100;
    }
    closedir(descriptors);
    return count;
}

/* In a program that a child has executed. */
static int executed(const int inherited_count)
{
    CHECK_FAILS(EINVAL, caps_sys_put(1, "x", 1));
    CHECK_FAILS(EINVAL, caps_sys_close(2));
    CHECK(count_high_descriptors() == inherited_count);
    const int own = caps_sys_client("parent", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(own > 0 && caps_sys_put(own, "child", 5) > 0);
    CHECK(caps_sys_wait(own, bytes, sizeof(bytes), &msgid, NULL) == 5 && memcmp(bytes, "child", 5) == 0);
    return 0;
}

/* Routes by which another program begins. */
#define EXECUTED_COUNT 4

static pid_t execute_by(const int route)
{
    char *arguments[] = {program, (char *)"executed", inherited, NULL};
    pid_t pid = -1;
    switch (route)
    {
        case 0:
            pid = vfork();
            if (pid == 0)
            {
                execve(program, arguments, environ);
                _exit(1);
            }
            return pid;
        case 1:
            return posix_spawn(&pid, program, NULL, NULL, arguments, environ) == 0 ? pid : -1;
        case 2:
            pid = fork();
            if (pid == 0)
            {
                execve(program, arguments, environ);
                _exit(1);
            }
            return pid;
        default:
            pid = vfork();
            if (pid == 0)
            {
                _exit(0);
            }
            return pid;
    }
}

static void child(const int svc, const int port, const int hidden, const int number)
{
    CHECK_FAILS(ENOTCONN, caps_sys_put(port, "x", 1));
    CHECK_FAILS(ENOTCONN, caps_sys_get(port, bytes, 1, &msgid, NULL));
    CHECK_FAILS(ENOTCONN, caps_sys_reply(svc, "x", 1, msgid.c_id));
    CHECK_FAILS(ENOTCONN, caps_sys_wait(svc, bytes, 1, &msgid, NULL));
    CHECK_FAILS(EINVAL, caps_sys_put(hidden, "x", 1));
    CHECK_FAILS(EINVAL, caps_sys_close(hidden));
    CHECK(caps_sys_close(port) == 0);
    CHECK_FAILS(EINVAL, caps_sys_put(port, "x", 1));
    if (number % 8 == 0)
    {
        /* A port of its own, to its parent. */
        const int own = caps_sys_client("parent", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
        CHECK(own > 0 && own != port && caps_sys_put(own, "child", 5) > 0);
        CHECK(caps_sys_wait(own, bytes, sizeof(bytes), &msgid, NULL) == 5 && memcmp(bytes, "child", 5) == 0);
    }
    _exit(0);
}

static void *serve(void *argument)
{
    const int svc = *(const int *)argument;
    char payload[64];
    struct caps_msgid id;
    int length;
    while ((length = caps_sys_wait(svc, payload, sizeof(payload), &id, NULL)) >= 0)
    {
        if (id.c_state == CAPMS_REQUEST)
        {
            CHECK(caps_sys_reply(svc, payload, length, id.c_id) == 0 || errno == EINVAL);
        }
    }
    return NULL;
}

/* The parent's own messages, while it has children. */
struct parent
{
    int svc;
    int port;
    int hidden;
};

static void begin(const struct parent *parent)
{
    CHECK(caps_sys_put(parent->port, "parent", 6) > 0);
}

static void end(const struct parent *parent, const pid_t pid)
{
    int status;
    CHECK(pid > 0);
    CHECK(caps_sys_put(parent->hidden, "hidden", 6) > 0);
    CHECK(caps_sys_wait(parent->port, bytes, sizeof(bytes), &msgid, NULL) == 6 && memcmp(bytes, "parent", 6) == 0);
    CHECK(caps_sys_wait(parent->hidden, bytes, sizeof(bytes), &msgid, NULL) == 6 && memcmp(bytes, "hidden", 6) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A fork by another thread than the one that opened the ports. */
static void *fork_in_thread(void *argument)
{
    const struct parent *parent = argument;
    const pid_t pid = fork();
    if (pid == 0)
    {
        child(parent->svc, parent->port, parent->hidden, 0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return NULL;
}

int main(const int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "executed") == 0)
    {
        return executed(atoi(argv[2]));
    }
    snprintf(inherited, sizeof(inherited), "%d", count_high_descriptors());
    const int count = argc > 1 ? atoi(argv[1]) : 200;
    program = argv[0];
    region_make();
    struct parent parent = {.svc = caps_sys_service("parent", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT)};
    parent.port = caps_sys_client("parent", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    parent.hidden = caps_sys_client("parent", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT | CAPF_NOFORK);
    pthread_t server;
    CHECK(parent.svc > 0 && parent.port > 0 && parent.hidden > 0);
    CHECK(pthread_create(&server, NULL, serve, &parent.svc) == 0);
    for (int i = 0; i < count; i++)
    {
        begin(&parent);
        const pid_t pid = fork_by(i % ROUTE_COUNT);
        if (pid == 0)
        {
            child(parent.svc, parent.port, parent.hidden, i);
        }
        end(&parent, pid);
        if (i % 10 == 0)
        {
            pthread_t thread;
            CHECK(pthread_create(&thread, NULL, fork_in_thread, &parent) == 0 && pthread_join(thread, NULL) == 0);
            begin(&parent);
            end(&parent, execute_by(i / 10 % EXECUTED_COUNT));
        }
    }
    CHECK(caps_sys_close(parent.svc) == 0 && pthread_join(server, NULL) == 0);
    printf("forks: %d ok\n", count);
    return 0;
}
