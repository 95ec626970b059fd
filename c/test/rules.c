/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The rules, between a client and a service in one process, over one mapping: run under the sanitizers and valgrind.
 */
#include "check.h"

#include "caps_layout.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define NAME "rules"
#define PATH_LENGTH 128
#define MS INT64_C(1000000)

/* Says which test runs: a hang is then one of a known test. */
#define RUN(test) do { watchdog_test(#test); fprintf(stderr, "rules: " #test "\n"); test(); } while (0)

static const struct caps_geometry small = {8, 16, 8, 4, 20000};
static char bytes[131072];
static struct caps_msgid msgid;
static struct caps_cred cred;

static int service(const char *name)
{
    const int port = caps_sys_service(name, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(port > 0);
    return port;
}

static int client(const char *name)
{
    const int port = caps_sys_client(name, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(port > 0);
    return port;
}

static void test_switch(void)
{
    /* R10 */
    setenv("CAPS_ENABLED", "0", 1);
    CHECK_FAILS(EOPNOTSUPP, caps_sys_service(NAME, geteuid(), (gid_t)-1, 0, CAPF_USER));
    CHECK_FAILS(EOPNOTSUPP, caps_sys_open(NULL, 0, NULL));
    unsetenv("CAPS_ENABLED");
}

static void test_places(void)
{
    /* A private region is not in a directory that all users can write to, or that belongs to another user. */
    char directory[64];
    char path[80];
    snprintf(directory, sizeof(directory), "%s/other", region_directory);
    snprintf(path, sizeof(path), "%s/region", directory);
    CHECK(mkdir(directory, 0700) == 0 && chmod(directory, 0777) == 0);
    CHECK_FAILS(EACCES, caps_sys_open(path, 0, &small));
    CHECK(chmod(directory, 0770) == 0);
    CHECK_FAILS(EACCES, caps_sys_open(path, 0, &small));
    CHECK(chmod(directory, 0700) == 0);
    if (geteuid() == 0)
    {
        CHECK(chown(directory, 54321, 54321) == 0);
        CHECK_FAILS(EACCES, caps_sys_open(path, 0, &small));
    }
    CHECK(rmdir(directory) == 0);
}

static void test_names(void)
{
    /* R1, R2, R5, R9 */
    CHECK_FAILS(EINVAL, caps_sys_service("", geteuid(), (gid_t)-1, 0, CAPF_USER));
    CHECK_FAILS(EINVAL, caps_sys_service(NULL, geteuid(), (gid_t)-1, 0, CAPF_USER));
    CHECK_FAILS(EINVAL, caps_sys_service("a-b", geteuid(), (gid_t)-1, 0, CAPF_USER));
    CHECK_FAILS(EINVAL, caps_sys_service(
        "0123456789012345678901234567890123456789012345678901234567890123", geteuid(), (gid_t)-1, 0, CAPF_USER));
    CHECK_FAILS(EINVAL, caps_sys_service("a", (uid_t)-1, (gid_t)-1, 0, CAPF_USER));
    CHECK_FAILS(ENOENT, caps_sys_client("nobody", geteuid(), (gid_t)-1, 0, CAPF_USER));
    CHECK_FAILS(EINVAL, caps_sys_put(1234567, "x", 1));
    CHECK_FAILS(EINVAL, caps_sys_put(-1, "x", 1));
    CHECK_FAILS(EINVAL, caps_sys_get(0, bytes, 1, NULL, NULL));
    CHECK_FAILS(EINVAL, caps_sys_close(99));
}

static void test_messages(void)
{
    /* R12 to R22 */
    const int svc = service(NAME);
    const int port = client(NAME);
    CHECK_FAILS(EINVAL, caps_sys_put(svc, "x", 1));
    CHECK_FAILS(EINVAL, caps_sys_put(port, "x", -1));
    CHECK_FAILS(EINVAL, caps_sys_put(port, bytes, small.message_limit + 1));
    CHECK_FAILS(EINVAL, caps_sys_put(port, NULL, 1));
    CHECK_FAILS(EAGAIN, caps_sys_get(svc, bytes, 10, &msgid, NULL));
    CHECK_FAILS(EAGAIN, caps_sys_get(port, bytes, 10, &msgid, NULL));
    CHECK_FAILS(ENOENT, caps_sys_client("rule", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT));
    for (int i = 0; i < small.message_limit; i++)
    {
        bytes[i] = (char)(i * 7);
    }
    const off_t empty = caps_sys_put(port, NULL, 0);
    const off_t full = caps_sys_put(port, bytes, small.message_limit);
    CHECK(empty > 0 && full > empty);
    CHECK(caps_sys_wait(svc, bytes, 10, &msgid, &cred) == 0);
    CHECK(msgid.c_id == empty && msgid.c_state == CAPMS_REQUEST && cred.pid == getpid() && cred.euid == geteuid());
    memset(bytes, 0, sizeof(bytes));
    CHECK(caps_sys_get(svc, bytes, 10, &msgid, NULL) == small.message_limit);
    CHECK(bytes[1] == 0 && msgid.c_id == full);
    CHECK(caps_sys_get(svc, bytes, small.message_limit, &msgid, NULL) == small.message_limit);
    CHECK(bytes[1000] == (char)7000);
    CHECK(caps_sys_reply(svc, "later", 5, full) == 0);
    CHECK_FAILS(EINVAL, caps_sys_reply(svc, "again", 5, full));
    CHECK(caps_sys_reply(svc, "first", 5, empty) == 0);
    /* R21: no disposal before the client has finished. */
    CHECK_FAILS(EAGAIN, caps_sys_get(svc, bytes, 10, &msgid, NULL));
    CHECK(caps_sys_wait(port, bytes, 10, &msgid, &cred) == 5 && msgid.c_id == full && memcmp(bytes, "later", 5) == 0);
    CHECK(caps_sys_get(port, bytes, 2, &msgid, NULL) == 5 && msgid.c_id == empty);
    CHECK(caps_sys_get(port, bytes, 5, &msgid, NULL) == 5 && msgid.c_id == empty);
    CHECK(caps_sys_get(svc, NULL, 0, &msgid, NULL) == 0 && msgid.c_state == CAPMS_DISPOSE);
    CHECK(caps_sys_get(svc, NULL, 0, &msgid, NULL) == 0 && msgid.c_state == CAPMS_DISPOSE);
    CHECK_FAILS(EAGAIN, caps_sys_get(svc, NULL, 0, &msgid, NULL));
    /* R17: replied to without being retrieved. */
    const off_t peeked = caps_sys_put(port, "abc", 3);
    CHECK(caps_sys_get(svc, NULL, 0, &msgid, NULL) == 3 && msgid.c_id == peeked);
    CHECK(caps_sys_reply(svc, NULL, 0, peeked) == 0);
    CHECK(caps_sys_get(port, bytes, 5, &msgid, NULL) == 0 && msgid.c_reserved01 == CAPS_OUTCOME_REPLIED);
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
    CHECK_FAILS(EINVAL, caps_sys_close(svc));
}

static void test_limit(void)
{
    /* R14: the reply's view counts as in progress. */
    const int svc = service(NAME);
    const int port = client(NAME);
    const void *view;
    for (int i = 0; i < small.slot_count; i++)
    {
        CHECK(caps_sys_put(port, "x", 1) > 0);
    }
    CHECK_FAILS(ENOBUFS, caps_sys_put(port, "x", 1));
    CHECK(caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
    CHECK(caps_sys_reply(svc, "y", 1, msgid.c_id) == 0);
    CHECK(caps_sys_view(port, &view, &msgid, NULL, CAPS_FOREVER) == 1 && *(const char *)view == 'y');
    CHECK_FAILS(ENOBUFS, caps_sys_put(port, "x", 1));
    CHECK_FAILS(EINVAL, caps_sys_release(port, msgid.c_id + 128));
    CHECK(caps_sys_release(port, msgid.c_id) == 0);
    CHECK_FAILS(EINVAL, caps_sys_release(port, msgid.c_id));
    CHECK(caps_sys_put(port, "x", 1) > 0);
    CHECK(caps_sys_close(svc) == 0);
    for (int i = 0; i < small.slot_count; i++)
    {
        CHECK(caps_sys_wait(port, bytes, 1, &msgid, NULL) == 0);
        CHECK(CAPS_OUTCOME_KIND(msgid.c_reserved01) == CAPS_OUTCOME_SERVICE_CLOSED);
    }
    CHECK_FAILS(ENOTCONN, caps_sys_wait(port, bytes, 1, &msgid, NULL));
    CHECK_FAILS(ENOTCONN, caps_sys_put(port, "x", 1));
    CHECK(caps_sys_close(port) == 0);
}

static void test_rings(void)
{
    /* R20: more messages than the rings have room for, one after the other. */
    const int svc = service(NAME);
    const int port = client(NAME);
    for (int i = 0; i < 2000; i++)
    {
        const off_t id = caps_sys_put(port, "x", 1);
        CHECK(id > 0);
        CHECK(caps_sys_get(svc, bytes, 1, &msgid, NULL) >= 0 && msgid.c_id == id && msgid.c_state == CAPMS_REQUEST);
        CHECK(caps_sys_reply(svc, "y", 1, id) == 0);
        CHECK(caps_sys_get(port, bytes, 1, &msgid, NULL) == 1 && msgid.c_id == id);
        CHECK(caps_sys_get(svc, NULL, 0, &msgid, NULL) == 0 && msgid.c_state == CAPMS_DISPOSE && msgid.c_id == id);
    }
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
}

static void test_in_place(void)
{
    /* B6: both ways without a copy; what is not sent after all is given back. */
    const int svc = service(NAME);
    const int port = client(NAME);
    for (int size = 0; size <= 20000; size += 4000)
    {
        char *request = caps_sys_alloc(port, 0, size);
        CHECK(request != NULL);
        memset(request, size / 100, (size_t)size);
        CHECK_FAILS(EINVAL, caps_sys_put(port, request, size + 1));
        const off_t id = caps_sys_put(port, request, size);
        CHECK(id > 0);
        const void *view;
        CHECK(caps_sys_view(svc, &view, &msgid, NULL, CAPS_FOREVER) == size && msgid.c_id == id);
        CHECK(size == 0 || ((const char *)view)[size - 1] == (char)(size / 100));
        char *unsent = caps_sys_alloc(svc, id, 8);
        CHECK(unsent != NULL);
        CHECK_FAILS(EINVAL, caps_sys_reply(svc, "other", 5, id));
        CHECK(caps_sys_free(svc, unsent) == 0);
        CHECK_FAILS(EINVAL, caps_sys_free(svc, unsent));
        char *reply = caps_sys_alloc(svc, id, size);
        CHECK(reply != NULL);
        memcpy(reply, view, (size_t)size);
        CHECK(caps_sys_reply(svc, reply, size, id) == 0);
        CHECK(caps_sys_view(port, &view, &msgid, NULL, CAPS_FOREVER) == size);
        CHECK(size == 0 || ((const char *)view)[0] == (char)(size / 100));
        CHECK(caps_sys_release(port, id) == 0);
        CHECK(caps_sys_get(svc, NULL, 0, &msgid, NULL) == 0 && msgid.c_state == CAPMS_DISPOSE && msgid.c_id == id);
    }
    char *given_back = caps_sys_alloc(port, 0, 100);
    CHECK(given_back != NULL && caps_sys_free(port, given_back) == 0);
    CHECK_FAILS(EINVAL, caps_sys_free(port, given_back));
    /* R24: the client goes while its request is in view, and an answer to it allocated. */
    CHECK(caps_sys_put(port, "bye", 3) > 0);
    const void *view;
    CHECK(caps_sys_view(svc, &view, &msgid, NULL, CAPS_FOREVER) == 3);
    const off_t id = msgid.c_id;
    char *reply = caps_sys_alloc(svc, id, 3);
    CHECK(reply != NULL && caps_sys_close(port) == 0);
    CHECK(caps_sys_get(svc, NULL, 0, &msgid, NULL) == 0 && msgid.c_state == CAPMS_DISPOSE && msgid.c_id == id);
    CHECK(memcmp(view, "bye", 3) == 0);
    CHECK_FAILS(EINVAL, caps_sys_reply(svc, reply, 3, id));
    CHECK(caps_sys_release(svc, id) == 0);
    CHECK(caps_sys_close(svc) == 0);
}

static void test_abort(void)
{
    /* R29 */
    const int svc = service(NAME);
    const int port = client(NAME);
    const off_t before = caps_sys_put(port, "a", 1);
    CHECK(caps_sys_abort(port, before, 0) == CAPS_ABORT_BEFORESERVER);
    CHECK(caps_sys_abort(port, before, 0) == CAPS_ABORT_RETURNED);
    CHECK(caps_sys_get(port, bytes, 1, &msgid, NULL) == 0 && msgid.c_reserved01 == CAPS_OUTCOME_ABORTED);
    CHECK_FAILS(EAGAIN, caps_sys_get(svc, bytes, 1, &msgid, NULL));
    const off_t at = caps_sys_put(port, "b", 1);
    CHECK(caps_sys_get(svc, bytes, 1, &msgid, NULL) == 1 && msgid.c_id == at);
    CHECK(caps_sys_abort(port, at, 0) == CAPS_ABORT_ATSERVER);
    CHECK_FAILS(EAGAIN, caps_sys_get(port, bytes, 1, &msgid, NULL));
    CHECK(caps_sys_abort(port, at, CAPF_ABORT_HARD) == CAPS_ABORT_ATSERVER);
    CHECK(caps_sys_get(port, bytes, 1, &msgid, NULL) == 0);
    CHECK(msgid.c_reserved01 == (CAPS_OUTCOME_ABORTED | CAPS_RECEIVED));
    CHECK(caps_sys_reply(svc, "late", 4, at) == 0);
    CHECK_FAILS(EAGAIN, caps_sys_get(port, bytes, 1, &msgid, NULL));
    CHECK(caps_sys_get(svc, bytes, 1, &msgid, NULL) == 0 && msgid.c_state == CAPMS_DISPOSE && msgid.c_id == at);
    CHECK_FAILS(EINVAL, caps_sys_abort(port, at, 0));
    CHECK_FAILS(EINVAL, caps_sys_abort(port, -5, 0));
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
}

static void test_newest(void)
{
    /* R4, R28, B3 */
    const int old = service(NAME);
    const int new = service(NAME);
    CHECK_FAILS(EEXIST, caps_sys_service(NAME, geteuid(), (gid_t)-1, 0, CAPF_USER | CAPF_EXCL));
    CHECK(caps_sys_setgen(old, 1) == 0 && caps_sys_setgen(new, 2) == 0);
    const int one = client(NAME);
    CHECK(caps_sys_getgen(one) == 2);
    CHECK_FAILS(EINVAL, caps_sys_getgen(new));
    CHECK(caps_sys_close(new) == 0);
    const int other = client(NAME);
    CHECK(caps_sys_getgen(other) == 1 && caps_sys_getgen(one) == 2);
    CHECK(caps_sys_close(one) == 0 && caps_sys_close(other) == 0 && caps_sys_close(old) == 0);
}

static void test_permission(void)
{
    /* R6, R7 */
    const int hidden = caps_sys_service(NAME, geteuid(), (gid_t)-1, 0, 0);
    CHECK(hidden > 0);
    CHECK_FAILS(EACCES, caps_sys_client(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT));
    CHECK_FAILS(ENOENT, caps_sys_generic("nobody", CAPF_ANYCLIENT | CAPF_WAITSVC));
    CHECK(caps_sys_close(hidden) == 0);
    const int svc = service(NAME);
    const int port = caps_sys_generic(NAME, CAPF_ANYCLIENT);
    CHECK(port > 0 && caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
}

static void on_signal(int number)
{
    (void)number;
}

static void *interrupt(void *argument)
{
    const pthread_t *thread = argument;
    for (int i = 0; i < 200; i++)
    {
        usleep(2000);
        pthread_kill(*thread, SIGUSR1);
    }
    return NULL;
}

static void *put_in_time(void *argument)
{
    usleep(100000);
    CHECK(caps_sys_put(*(const int *)argument, "x", 1) > 0);
    return NULL;
}

static void test_restart(void)
{
    /* R16: a handler with SA_RESTART ends no wait without a time limit, and each wait with one. */
    const int svc = service(NAME);
    int port = client(NAME);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    pthread_t self = pthread_self();
    pthread_t threads[2];
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(pthread_create(&threads[0], NULL, interrupt, &self) == 0);
    CHECK(pthread_create(&threads[1], NULL, put_in_time, &port) == 0);
    CHECK(caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1 && msgid.c_state == CAPMS_REQUEST);
    CHECK_FAILS(EINTR, caps_sys_timedwait(svc, bytes, 1, &msgid, NULL, 10000 * MS));
    const off_t request = msgid.c_id;
    CHECK_FAILS(EINTR, caps_sys_call(port, "y", 1, bytes, 1, &msgid, 10000 * MS));
    struct caps_poll polled = {svc, 0};
    /* The call's message was aborted: nothing is ready. */
    CHECK_FAILS(EAGAIN, caps_sys_get(svc, bytes, 1, &msgid, NULL));
    CHECK_FAILS(EINTR, caps_sys_poll(&polled, 1, 10000 * MS));
    CHECK(pthread_join(threads[0], NULL) == 0 && pthread_join(threads[1], NULL) == 0);
    CHECK(caps_sys_reply(svc, "z", 1, request) == 0 && caps_sys_wait(port, bytes, 1, &msgid, NULL) == 1);
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
}

static void test_time(void)
{
    /* B5, R16 */
    const int svc = service(NAME);
    const int port = client(NAME);
    struct sigaction action = {.sa_handler = on_signal};
    pthread_t self = pthread_self();
    pthread_t thread;
    CHECK_FAILS(ETIMEDOUT, caps_sys_timedwait(svc, bytes, 1, &msgid, NULL, MS));
    CHECK_FAILS(EAGAIN, caps_sys_timedwait(svc, bytes, 1, &msgid, NULL, 0));
    CHECK_FAILS(EINVAL, caps_sys_timedwait(svc, bytes, 1, &msgid, NULL, -1));
    CHECK_FAILS(ETIMEDOUT, caps_sys_call(port, "x", 1, bytes, 1, &msgid, MS));
    CHECK_FAILS(EAGAIN, caps_sys_get(svc, bytes, 1, &msgid, NULL));
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, interrupt, &self) == 0);
    CHECK_FAILS(EINTR, caps_sys_wait(svc, bytes, 1, &msgid, NULL));
    CHECK_FAILS(EINTR, caps_sys_client("nobody", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT | CAPF_WAITSVC));
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
}

/* ---- threads */

#define CALLS 2000

static void *answer(void *argument)
{
    const int port = *(const int *)argument;
    char payload[64];
    struct caps_msgid id;
    int length;
    while ((length = caps_sys_wait(port, payload, sizeof(payload), &id, NULL)) >= 0)
    {
        if (id.c_state == CAPMS_REQUEST)
        {
            CHECK(caps_sys_reply(port, payload, length, id.c_id) == 0 || errno == EINVAL);
        }
    }
    CHECK(errno == EINVAL);
    return NULL;
}

static void *call(void *argument)
{
    const int port = *(const int *)argument;
    for (int i = 0; i < CALLS; i++)
    {
        char payload[24];
        struct caps_msgid id;
        memset(payload, i, sizeof(payload));
        const int length = caps_sys_call(port, payload, sizeof(payload), payload, sizeof(payload), &id, CAPS_FOREVER);
        CHECK(length == (int)sizeof(payload) || (length < 0 && errno == ENOBUFS));
        CHECK(length < 0 || payload[23] == (char)i);
    }
    return NULL;
}

static void test_threads(void)
{
    /* Any thread may call: two serve, three call on one port. */
    int svc = service(NAME);
    int port = client(NAME);
    pthread_t servers[2];
    pthread_t callers[3];
    for (int i = 0; i < 2; i++)
    {
        CHECK(pthread_create(&servers[i], NULL, answer, &svc) == 0);
    }
    for (int i = 0; i < 3; i++)
    {
        CHECK(pthread_create(&callers[i], NULL, call, &port) == 0);
    }
    for (int i = 0; i < 3; i++)
    {
        CHECK(pthread_join(callers[i], NULL) == 0);
    }
    CHECK(caps_sys_close(svc) == 0);
    for (int i = 0; i < 2; i++)
    {
        CHECK(pthread_join(servers[i], NULL) == 0);
    }
    CHECK(caps_sys_close(port) == 0);
}

static void *put_later(void *argument)
{
    usleep(20000);
    CHECK(caps_sys_put(*(const int *)argument, "x", 1) > 0);
    return NULL;
}

static void *take_one(void *argument)
{
    char byte;
    CHECK(caps_sys_wait(*(const int *)argument, &byte, 1, NULL, NULL) >= 0);
    return NULL;
}

static void test_woken_by_disposal(void)
{
    /* R21: a wake-up that was meant for a request, and brings its sleeper a disposal, is handed on to the next sleeper;
       also where nobody asks what came. */
    int svc = service(NAME);
    const int port = client(NAME);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
    {
        CHECK(caps_sys_put(port, "x", 1) > 0 && caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
        CHECK(caps_sys_reply(svc, "y", 1, msgid.c_id) == 0);
    }
    for (int i = 0; i < 2; i++)
    {
        CHECK(pthread_create(&threads[i], NULL, take_one, &svc) == 0);
    }
    /* Right in any order; this makes it likely that both sleep. */
    usleep(20000);
    for (int i = 0; i < 2; i++)
    {
        CHECK(caps_sys_wait(port, bytes, 1, &msgid, NULL) == 1);
    }
    /* The first disposal is taken here, the second waits in the port, the request wakes one. */
    caps_sys_get(svc, bytes, 1, &msgid, NULL);
    CHECK(caps_sys_put(port, "x", 1) > 0);
    for (int i = 0; i < 2; i++)
    {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(caps_sys_close(svc) == 0 && caps_sys_close(port) == 0);
}

static void test_poll(void)
{
    /* B4 */
    int svc[2] = {service("one"), service("two")};
    int port = client("two");
    struct caps_poll ports[3] = {{svc[0], 0}, {-1, 0}, {svc[1], 0}};
    pthread_t thread;
    CHECK(caps_sys_poll(ports, 3, 0) == 0);
    CHECK(caps_sys_poll(ports, 3, MS) == 0);
    CHECK(pthread_create(&thread, NULL, put_later, &port) == 0);
    CHECK(caps_sys_poll(ports, 3, CAPS_FOREVER) == 1 && ports[0].ready == 0 && ports[2].ready == 1);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(caps_sys_close(svc[0]) == 0 && caps_sys_poll(ports, 3, CAPS_FOREVER) == 2 && ports[0].ready == 1);
    CHECK(caps_sys_close(svc[1]) == 0 && caps_sys_close(port) == 0);
}

static void test_death(void)
{
    /* R25, B1, B2: the service's process is killed; what it had received is told apart. */
    int ready[2];
    CHECK(pipe(ready) == 0);
    const pid_t child = test_fork();
    if (child == 0)
    {
        const int svc = service("mortal");
        CHECK(write(ready[1], "1", 1) == 1);
        CHECK(caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
        CHECK(caps_sys_reply(svc, "r", 1, msgid.c_id) == 0);
        CHECK(caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
        CHECK(write(ready[1], "2", 1) == 1);
        pause();
    }
    CHECK(child > 0 && read(ready[0], bytes, 1) == 1);
    const int port = client("mortal");
    off_t ids[3];
    for (int i = 0; i < 3; i++)
    {
        ids[i] = caps_sys_put(port, "x", 1);
        CHECK(ids[i] > 0);
    }
    CHECK(read(ready[0], bytes, 1) == 1 && kill(child, SIGKILL) == 0);
    CHECK(caps_sys_wait(port, bytes, 1, &msgid, NULL) == 1 && msgid.c_id == ids[0]);
    CHECK(caps_sys_wait(port, bytes, 1, &msgid, NULL) == 0 && msgid.c_id == ids[1]);
    CHECK(msgid.c_reserved01 == (CAPS_OUTCOME_SERVICE_DIED | CAPS_RECEIVED));
    CHECK(caps_sys_wait(port, bytes, 1, &msgid, NULL) == 0 && msgid.c_id == ids[2]);
    CHECK(msgid.c_reserved01 == CAPS_OUTCOME_SERVICE_DIED);
    CHECK_FAILS(ENOTCONN, caps_sys_wait(port, bytes, 1, &msgid, NULL));
    CHECK(waitpid(child, NULL, 0) == child && caps_sys_close(port) == 0);
    close(ready[0]);
    close(ready[1]);
}

static void test_full(void)
{
    /* B8: each table when it is full; nothing is lost. */
    int ports[16];
    int count = 0;
    const int svc = service(NAME);
    while (count < 16 && (ports[count] = caps_sys_client(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT)) > 0)
    {
        count++;
    }
    CHECK(errno == ENOBUFS && count == small.link_count);
    while (count > 0)
    {
        CHECK(caps_sys_close(ports[--count]) == 0);
    }
    CHECK(caps_sys_close(svc) == 0);
    const int again = service(NAME);
    CHECK(caps_sys_close(client(NAME)) == 0 && caps_sys_close(again) == 0);
}

static void test_single_thread(void)
{
    const struct caps_attr attr = {1, 1, 10, CAPS_FOREVER, 42, 0};
    const int svc = caps_sys_service_attr(NAME, geteuid(), (gid_t)-1, CAPF_ANYCLIENT, &attr);
    const int port = caps_sys_client_attr(NAME, geteuid(), (gid_t)-1, CAPF_ANYCLIENT, &attr);
    CHECK(svc > 0 && port > 0 && caps_sys_getgen(port) == 42);
    CHECK(caps_sys_put(port, "x", 1) > 0 && caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
    CHECK(caps_sys_reply(svc, "y", 1, msgid.c_id) == 0 && caps_sys_wait(port, bytes, 1, &msgid, NULL) == 1);
    CHECK_FAILS(ETIMEDOUT, caps_sys_timedwait(port, bytes, 1, &msgid, NULL, MS));
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
}

static void test_end(void)
{
    /* B7: a stand-in for another service ends a request with an outcome. */
    const int svc = service(NAME);
    const int port = client(NAME);
    const off_t id = caps_sys_put(port, "x", 1);
    CHECK(caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
    CHECK_FAILS(EINVAL, caps_sys_end(svc, id, CAPS_OUTCOME_REPLIED));
    CHECK(caps_sys_end(svc, id, CAPS_OUTCOME_UNREACHABLE | CAPS_RECEIVED) == 0);
    CHECK(caps_sys_wait(port, bytes, 1, &msgid, NULL) == 0);
    CHECK(msgid.c_reserved01 == (CAPS_OUTCOME_UNREACHABLE | CAPS_RECEIVED));
    CHECK(caps_sys_get(svc, bytes, 1, &msgid, NULL) == 0 && msgid.c_state == CAPMS_DISPOSE);
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
}

static void test_no_space(void)
{
    /* The file system is full, here by the limit of a file's length: nothing is lost, and later calls succeed. */
    const int svc = service(NAME);
    const int port = client(NAME);
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const struct rlimit none = {4096, limit.rlim_max};
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &none) == 0);
    CHECK_FAILS(ENOSPC, caps_sys_put(port, bytes, 5000));
    CHECK_FAILS(ENOSPC, caps_sys_client(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT));
    CHECK(caps_sys_alloc(port, 0, 5000) == NULL && errno == ENOSPC);
    CHECK(caps_sys_put(port, bytes, 32) > 0 && caps_sys_wait(svc, bytes, 32, &msgid, NULL) == 32);
    CHECK_FAILS(ENOSPC, caps_sys_reply(svc, bytes, 5000, msgid.c_id));
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(caps_sys_reply(svc, bytes, 5000, msgid.c_id) == 0);
    CHECK(caps_sys_wait(port, bytes, 5000, &msgid, NULL) == 5000);
    CHECK(caps_sys_put(port, bytes, 5000) > 0);
    /* The link that could not be had is free. */
    int ports[16];
    int count = 0;
    while (count < 16 && (ports[count] = caps_sys_client(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT)) > 0)
    {
        count++;
    }
    CHECK(count == small.link_count - 1);
    while (count > 0)
    {
        CHECK(caps_sys_close(ports[--count]) == 0);
    }
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
}

/* Memory that the region's file takes, in bytes. */
static int64_t memory(void)
{
    struct stat status;
    CHECK(stat(region_file, &status) == 0);
    return (int64_t)status.st_blocks * 512;
}

static void test_prefault(void)
{
    /* F12, B8: a link gets its memory when it is opened, on the side that asks for it; the messages then take none. */
    struct caps_attr attr = CAPS_ATTR_INIT;
    const int64_t cells = (int64_t)small.slot_count * 16384;
    attr.prefault_length = -1;
    CHECK_FAILS(EINVAL, caps_sys_service_attr(NAME, geteuid(), (gid_t)-1, CAPF_ANYCLIENT, &attr));
    attr.prefault_length = small.message_limit + 1;
    CHECK_FAILS(EINVAL, caps_sys_client_attr(NAME, geteuid(), (gid_t)-1, CAPF_ANYCLIENT, &attr));
    attr.prefault_length = 16384;
    /* Links that earlier tests have used have no memory any more. */
    const int64_t before = memory();
    const int svc = caps_sys_service_attr(NAME, geteuid(), (gid_t)-1, CAPF_ANYCLIENT, &attr);
    const int port = caps_sys_client_attr(NAME, geteuid(), (gid_t)-1, CAPF_ANYCLIENT, &attr);
    CHECK(svc > 0 && port > 0 && memory() - before >= cells);
    CHECK_FAILS(EAGAIN, caps_sys_get(svc, bytes, 1, &msgid, NULL));
    const int64_t ready = memory();
    CHECK(ready - before >= 2 * cells);
    for (int i = 0; i < 2 * small.slot_count; i++)
    {
        CHECK(caps_sys_put(port, bytes, 16384) > 0);
        do
        {
            CHECK(caps_sys_wait(svc, bytes, 16384, &msgid, NULL) >= 0);
        }
        while (msgid.c_state != CAPMS_REQUEST);
        CHECK(caps_sys_reply(svc, bytes, 16384, msgid.c_id) == 0);
        CHECK(caps_sys_wait(port, bytes, 16384, &msgid, NULL) == 16384);
    }
    CHECK(memory() == ready && caps_sys_close(port) == 0);
    /* A client that finds no memory is not opened. */
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const struct rlimit none = {4096, limit.rlim_max};
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &none) == 0);
    CHECK_FAILS(ENOSPC, caps_sys_client_attr(NAME, geteuid(), (gid_t)-1, CAPF_ANYCLIENT, &attr));
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(caps_sys_close(client(NAME)) == 0 && caps_sys_close(svc) == 0);
}

/* Mappings of the region for which huge pages are asked for. */
static int count_advised(void)
{
    char line[512];
    int count = 0;
    bool is_region = false;
    FILE *maps = fopen("/proc/self/smaps", "r");
    CHECK(maps != NULL);
    while (fgets(line, sizeof(line), maps) != NULL)
    {
        if (strstr(line, region_file) != NULL)
        {
            is_region = true;
        }
        else if (strncmp(line, "VmFlags:", 8) == 0)
        {
            count += is_region && strstr(line, " hg") != NULL;
            is_region = false;
        }
    }
    fclose(maps);
    return count;
}

static void test_huge_pages(void)
{
    /* F37: the advice is given for the tables and each link, and nothing else differs. */
    CHECK(count_advised() == 0 && caps_sys_leave() == 0 && caps_sys_open(NULL, CAPS_OPEN_HUGE_PAGES, NULL) == 0);
    const int svc = service(NAME);
    const int port = client(NAME);
    /* A kernel without huge pages does not know the advice. */
    CHECK(count_advised() == 2 || access("/sys/kernel/mm/transparent_hugepage", F_OK) != 0);
    CHECK(caps_sys_put(port, bytes, small.message_limit) > 0);
    CHECK(caps_sys_wait(svc, bytes, small.message_limit, &msgid, NULL) == small.message_limit);
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
}

static void test_watch(void)
{
    /* A program without the library's thread checks the peers itself when the descriptor is readable (B2). */
    int ready[2];
    CHECK(caps_sys_leave() == 0 && caps_sys_open(NULL, CAPS_OPEN_NOWATCH, NULL) == 0 && pipe(ready) == 0);
    const pid_t child = test_fork();
    if (child == 0)
    {
        service("watched");
        CHECK(write(ready[1], "1", 1) == 1);
        pause();
    }
    CHECK(child > 0 && read(ready[0], bytes, 1) == 1);
    const int port = client("watched");
    CHECK(caps_sys_put(port, "x", 1) > 0 && kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    struct pollfd watched = {.fd = caps_watch_fd(), .events = POLLIN};
    while (caps_sys_get(port, bytes, 1, &msgid, NULL) < 0)
    {
        CHECK(errno == EAGAIN && poll(&watched, 1, -1) == 1 && caps_watch() == 0);
    }
    CHECK(msgid.c_reserved01 == CAPS_OUTCOME_SERVICE_DIED && caps_sys_close(port) == 0 && caps_sys_leave() == 0);
    close(ready[0]);
    close(ready[1]);
    CHECK_FAILS(ENOTCONN, caps_watch());
}

/* What another process finds in the entry of the open port of a kind, of which there is one. */
static int64_t shown(const int kind, const int offset, const int length)
{
    const int region = open(region_file, O_RDONLY);
    CHECK(region >= 0);
    int64_t value = -1;
    for (int i = 0; i < small.port_count; i++)
    {
        const off_t entry = REGION_HEADER_LENGTH + (off_t)small.process_count * PROCESS_ENTRY_LENGTH +
            (off_t)i * PORT_ENTRY_LENGTH;
        int64_t incarnation = 0;
        int32_t found = 0;
        CHECK(pread(region, &incarnation, 8, entry) == 8 && pread(region, &found, 4, entry + PORT_KIND_OFFSET) == 4);
        if (incarnation != 0 && found == kind)
        {
            value = 0;
            CHECK(pread(region, &value, (size_t)length, entry + offset) == length);
        }
    }
    close(region);
    return value;
}

static bool shows(const int kind, const int claimed, const int held)
{
    CHECK(caps_watch() == 0);
    return shown(kind, PORT_CLAIMED_OFFSET, 4) == claimed && shown(kind, PORT_HELD_OFFSET, 4) == held;
}

/* R13, R16, R17, R20: what is claimed and in view shows to other processes after a round of the watch, until it
   ends. */
static void show_open_numbers(const struct caps_attr *attr)
{
    CHECK(caps_sys_leave() == 0 && caps_sys_open(NULL, CAPS_OPEN_NOWATCH, NULL) == 0);
    const int svc = caps_sys_service_attr(NAME, geteuid(), (gid_t)-1, CAPF_ANYCLIENT, attr);
    const int port = caps_sys_client_attr(NAME, geteuid(), (gid_t)-1, CAPF_ANYCLIENT, attr);
    const void *view;
    CHECK(svc > 0 && port > 0 && shows(PORT_KIND_CLIENT, 0, 0) && shows(PORT_KIND_SERVICE, 0, 0));
    char *first = caps_sys_alloc(port, 0, 8);
    char *second = caps_sys_alloc(port, 0, 8);
    CHECK(first != NULL && second != NULL && shown(PORT_KIND_CLIENT, PORT_CLAIMED_OFFSET, 4) == 0);
    CHECK(shows(PORT_KIND_CLIENT, 2, 0));
    const off_t id = caps_sys_put(port, first, 8);
    CHECK(id > 0 && shows(PORT_KIND_CLIENT, 1, 0));
    CHECK(caps_sys_view(svc, &view, &msgid, NULL, CAPS_FOREVER) == 8 && shows(PORT_KIND_SERVICE, 0, 1));
    char *answer = caps_sys_alloc(svc, id, 4);
    CHECK(answer != NULL && shows(PORT_KIND_SERVICE, 1, 1));
    CHECK(caps_sys_free(svc, answer) == 0 && shows(PORT_KIND_SERVICE, 0, 1));
    answer = caps_sys_alloc(svc, id, 4);
    CHECK(answer != NULL && caps_sys_reply(svc, answer, 4, id) == 0 && shows(PORT_KIND_SERVICE, 0, 0));
    CHECK(caps_sys_view(port, &view, &msgid, NULL, CAPS_FOREVER) == 4 && shows(PORT_KIND_CLIENT, 1, 1));
    CHECK(caps_sys_release(port, id) == 0 && caps_sys_free(port, second) == 0 && shows(PORT_KIND_CLIENT, 0, 0));
    /* A request that is released by its id, and one that a copy ends. */
    CHECK(caps_sys_put(port, "x", 1) > 0 && caps_sys_view(svc, &view, &msgid, NULL, CAPS_FOREVER) >= 0);
    if (msgid.c_state == CAPMS_DISPOSE)
    {
        CHECK(caps_sys_view(svc, &view, &msgid, NULL, CAPS_FOREVER) == 1);
    }
    CHECK(shows(PORT_KIND_SERVICE, 0, 1) && caps_sys_release(svc, msgid.c_id) == 0 && shows(PORT_KIND_SERVICE, 0, 0));
    CHECK(caps_sys_put(port, "x", 1) > 0 && caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
    CHECK(shows(PORT_KIND_SERVICE, 0, 0));
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0 && caps_sys_leave() == 0);
}

static void test_shown(void)
{
    const struct caps_attr shared = {0, 0, 10, CAPS_FOREVER, 0, 0};
    const struct caps_attr single = {1, 0, 10, CAPS_FOREVER, 0, 0};
    show_open_numbers(&shared);
    show_open_numbers(&single);
}

static int64_t gone(const int offset)
{
    return shown(PORT_KIND_SERVICE, offset, 8);
}

static void test_gone(void)
{
    /* R24: what clients that have gone had counted is in the totals of the service's entry. */
    const int svc = service(NAME);
    for (int i = 1; i <= 3; i++)
    {
        const int port = client(NAME);
        for (int k = 0; k <= small.slot_count; k++)
        {
            CHECK((caps_sys_put(port, "abc", 3) > 0) == (k < small.slot_count));
        }
        for (int k = 0; k < small.slot_count; k++)
        {
            do
            {
                CHECK(caps_sys_wait(svc, bytes, 3, &msgid, NULL) >= 0);
            }
            while (msgid.c_state == CAPMS_DISPOSE);
            CHECK(caps_sys_reply(svc, "yz", 2, msgid.c_id) == 0);
            CHECK(caps_sys_wait(port, bytes, 3, &msgid, NULL) == 2);
        }
        CHECK(gone(PORT_GONE_OFFSET) == 2 * (i - 1));
        CHECK(caps_sys_close(port) == 0);
        for (int k = 0; k < small.slot_count; k++)
        {
            CHECK(caps_sys_get(svc, bytes, 3, &msgid, NULL) == 0 && msgid.c_state == CAPMS_DISPOSE);
        }
        /* The watch, or this call, drops the client. */
        CHECK_FAILS(EAGAIN, caps_sys_get(svc, bytes, 3, &msgid, NULL));
        const int64_t count = (int64_t)i * small.slot_count;
        CHECK(gone(PORT_GONE_OFFSET) == 2 * i);
        CHECK(gone(PORT_GONE_SERVICE_OFFSET) == count && gone(PORT_GONE_SERVICE_OFFSET + 8) == 3 * count);
        CHECK(gone(PORT_GONE_SERVICE_OFFSET + 16) == count && gone(PORT_GONE_SERVICE_OFFSET + 24) == 2 * count);
        CHECK(gone(PORT_GONE_CLIENT_OFFSET) == count && gone(PORT_GONE_CLIENT_OFFSET + 8) == 3 * count);
        CHECK(gone(PORT_GONE_CLIENT_OFFSET + 32) == i && gone(PORT_GONE_CLIENT_RARE_OFFSET) == 0);
    }
    CHECK(caps_sys_close(svc) == 0);
    const int again = service(NAME);
    CHECK(gone(PORT_GONE_OFFSET) == 0 && gone(PORT_GONE_SERVICE_OFFSET) == 0 && caps_sys_close(again) == 0);
}

static void test_lost_lock(void)
{
    /* Any close of the lock file in this process drops its life lock: its ports fail, and it may attach again. */
    char path[80];
    const int svc = service(NAME);
    snprintf(path, sizeof(path), "%s.lock", region_file);
    close(open(path, O_RDONLY));
    for (int i = 0; caps_sys_get(svc, bytes, 1, &msgid, NULL) < 0 && errno == EAGAIN; i++)
    {
        /* Many rounds of the watch. */
        CHECK(i < 20000);
        usleep(1000);
    }
    CHECK(errno == ENOTCONN);
    CHECK_FAILS(ENOTCONN, caps_sys_service("other", geteuid(), (gid_t)-1, 0, CAPF_USER));
    CHECK(caps_sys_close(svc) == 0);
    const int again = service(NAME);
    CHECK(caps_sys_close(client(NAME)) == 0 && caps_sys_close(again) == 0);
}

static void test_path(void)
{
    /* F23: a user who can write to a parent of the region's directory can replace it; also behind a symbolic link. */
    char above[64];
    char own[PATH_LENGTH];
    char link[PATH_LENGTH];
    char path[2 * PATH_LENGTH];
    snprintf(above, sizeof(above), "%s/above", region_directory);
    snprintf(own, sizeof(own), "%s/own", above);
    snprintf(link, sizeof(link), "%s/link", region_directory);
    CHECK(mkdir(above, 0700) == 0 && mkdir(own, 0700) == 0 && symlink("above", link) == 0 && chmod(above, 0777) == 0);
    snprintf(path, sizeof(path), "%s/region", own);
    CHECK_FAILS(EACCES, caps_sys_open(path, 0, &small));
    CHECK(strstr(caps_error(), "a directory above can be changed by others") != NULL);
    CHECK(strstr(caps_error(), "/above has mode 0777") != NULL);
    snprintf(path, sizeof(path), "%s/own/./../own/region", link);
    CHECK_FAILS(EACCES, caps_sys_open(path, 0, &small));
    CHECK(strstr(caps_error(), "/above has mode 0777") != NULL);
    snprintf(path, sizeof(path), "%s/missing/region", above);
    CHECK_FAILS(EACCES, caps_sys_open(path, 0, &small));
    snprintf(path, sizeof(path), "%s/missing", above);
    CHECK_FAILS(ENOENT, rmdir(path));
    CHECK(rmdir(own) == 0 && rmdir(above) == 0 && unlink(link) == 0);
}

int main(void)
{
    region_make();
    test_switch();
    test_path();
    test_places();
    CHECK(caps_sys_open(NULL, 0, &small) == 0 && caps_sys_open(region_file, 0, NULL) == 0);
    CHECK_FAILS(EEXIST, caps_sys_open("/dev/shm/elsewhere", 0, NULL));
    CHECK_FAILS(EINVAL, caps_watch());
    CHECK(caps_watch_fd() >= 0);
    for (int round = 0; round < 2; round++)
    {
        RUN(test_names);
        RUN(test_messages);
        RUN(test_limit);
        RUN(test_rings);
        RUN(test_in_place);
        RUN(test_abort);
        RUN(test_newest);
        RUN(test_permission);
        RUN(test_time);
        RUN(test_restart);
        RUN(test_threads);
        RUN(test_woken_by_disposal);
        RUN(test_poll);
        RUN(test_death);
        RUN(test_full);
        RUN(test_single_thread);
        RUN(test_end);
        RUN(test_no_space);
        RUN(test_prefault);
        RUN(test_huge_pages);
        RUN(test_watch);
        RUN(test_shown);
        RUN(test_gone);
        RUN(test_lost_lock);
        CHECK(caps_sys_leave() == 0);
        CHECK(caps_sys_leave() == 0);
    }
    printf("rules: ok\n");
    return 0;
}
