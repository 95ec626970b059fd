/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The programs of the manual's section 3, which includes them from here by their tags; run at the end by main.
 */
#include "check.h"

#include <libcaps.h>
#include <poll.h>
#include <pthread.h>

/* tag::libcaps[] */
#include <libcaps.h>
#include <stdio.h>
#include <unistd.h>

static int double_once(void)
{
    int number;
    struct caps_msgid msgid;
    int svc = caps_sys_service("doubling", geteuid(), (gid_t)-1, 0,
        CAPF_USER);

    if (svc < 0) {
        fprintf(stderr, "doubling: %s\n", caps_error());
        return -1;
    }
    do {
        if (caps_sys_wait(svc, &number, sizeof(number), &msgid,
            NULL) < 0)
            return -1;
    } while (msgid.c_state != CAPMS_REQUEST);
    number *= 2;
    caps_sys_reply(svc, &number, sizeof(number), msgid.c_id);
    return caps_sys_close(svc);
}
/* end::libcaps[] */

/* tag::attr[] */
static int open_fast_client(const char *name)
{
    struct caps_attr attr = CAPS_ATTR_INIT;

    attr.single_threaded = 1;
    attr.spin_only = 1;                      /* never sleep */
    attr.connect_timeout_ns = INT64_C(5000000000);
    return caps_sys_client_attr(name, geteuid(), (gid_t)-1,
        CAPF_USER | CAPF_WAITSVC, &attr);
}
/* end::attr[] */

/* tag::call[] */
static int double_number(int port, int number)
{
    int doubled;
    struct caps_msgid msgid;
    int n = caps_sys_call(port, &number, sizeof(number), &doubled,
        sizeof(doubled), &msgid, INT64_C(5000000000));

    if (n == (int)sizeof(doubled))
        return doubled;
    if (n < 0)
        fprintf(stderr, "doubling: %s\n", caps_error());
    else if ((msgid.c_reserved01 & CAPS_RECEIVED) != 0)
        fprintf(stderr, "it may have seen %d\n", number);
    return -1;
}
/* end::call[] */

/* tag::view[] */
static int serve_in_place(int svc)
{
    const void *request;
    char *reply;
    struct caps_msgid msgid;
    int n = caps_sys_view(svc, &request, &msgid, NULL,
        CAPS_FOREVER);

    if (n < 0 || msgid.c_state != CAPMS_REQUEST)
        return n;
    reply = caps_sys_alloc(svc, msgid.c_id, n);
    if (reply == NULL) {                     /* no memory now */
        caps_sys_release(svc, msgid.c_id);
        return caps_sys_reply(svc, NULL, 0, msgid.c_id);
    }
    memcpy(reply, request, (size_t)n);
    return caps_sys_reply(svc, reply, n, msgid.c_id);
}
/* end::view[] */

/* tag::timedwait[] */
static int wait_a_second(int port, void *msg, int maxsize)
{
    struct caps_msgid msgid;
    int n = caps_sys_timedwait(port, msg, maxsize, &msgid, NULL,
        INT64_C(1000000000));

    return n < 0 && (errno == ETIMEDOUT || errno == EINTR) ? 0 : n;
}
/* end::timedwait[] */

/* tag::poll[] */
static int first_ready(int one, int other)
{
    struct caps_poll ports[2] = {{one, 0}, {other, 0}};

    if (caps_sys_poll(ports, 2, CAPS_FOREVER) < 0)
        return -1;
    return ports[0].ready ? one : other;
}
/* end::poll[] */

/* tag::end[] */
static int lose_sight(int svc, off_t msgid, int was_sent)
{
    return caps_sys_end(svc, msgid, CAPS_OUTCOME_UNREACHABLE |
        (was_sent ? CAPS_RECEIVED : 0));
}
/* end::end[] */

/* tag::watch[] */
static int watch_and_read(int socket)
{
    struct pollfd fds[2] = {{socket, POLLIN, 0}, {0, POLLIN, 0}};

    fds[1].fd = caps_watch_fd();
    while (poll(fds, 2, -1) >= 0 && (fds[0].revents & POLLIN) == 0)
        if ((fds[1].revents & POLLIN) != 0 && caps_watch() < 0)
            return -1;
    return socket;
}
/* end::watch[] */

static void *answer_in_thread(void *argument)
{
    CHECK(double_once() == 0);
    return argument;
}

static void run_service_examples(const int svc, const int port)
{
    char bytes[8];
    struct caps_msgid msgid;
    const off_t id = caps_sys_put(port, "12345678", 8);
    CHECK(id > 0 && serve_in_place(svc) == 0);
    CHECK(wait_a_second(port, bytes, sizeof(bytes)) == 8 && memcmp(bytes, "12345678", 8) == 0);
    CHECK(first_ready(port, svc) == svc && caps_sys_get(svc, NULL, 0, &msgid, NULL) == 0);
    CHECK(caps_sys_put(port, "x", 1) > 0 && caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
    CHECK(lose_sight(svc, msgid.c_id, 1) == 0 && caps_sys_wait(port, bytes, 1, &msgid, NULL) == 0);
    CHECK(msgid.c_reserved01 == (CAPS_OUTCOME_UNREACHABLE | CAPS_RECEIVED));
}

int main(void)
{
    region_make();
    CHECK(caps_sys_open(NULL, CAPS_OPEN_NOWATCH, NULL) == 0);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, answer_in_thread, NULL) == 0);
    const int fast = open_fast_client("doubling");
    CHECK(fast > 0 && double_number(fast, 21) == 42 && pthread_join(thread, NULL) == 0 && caps_sys_close(fast) == 0);
    const int svc = caps_sys_service("manual", geteuid(), (gid_t)-1, 0, CAPF_USER);
    const int port = caps_sys_client("manual", geteuid(), (gid_t)-1, 0, CAPF_USER);
    CHECK(svc > 0 && port > 0);
    run_service_examples(svc, port);
    int ends[2];
    CHECK(pipe(ends) == 0 && write(ends[1], "1", 1) == 1 && watch_and_read(ends[0]) == ends[0]);
    CHECK(caps_sys_leave() == 0);
    printf("manual: ok\n");
    return 0;
}
