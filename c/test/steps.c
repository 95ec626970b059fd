/*
 * Copyright 2026 The jcaps authors. SPDX-License-Identifier: Apache-2.0
 *
 * A process is killed before each of its stores to the region, one after the other, as a service and as a client; after
 * each the survivor's account must be true (B1), and the tables of the dead must be free again (R25). The library is
 * compiled so that each store is a step.
 */
#include "check.h"

#include "words.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#define PUT_COUNT 4
#define TIMEOUT INT64_C(20000000000)

static const struct caps_geometry small = {4, 8, 2, 4, 2000};
static int64_t steps_left; /* in the victim: stores until it is killed; 0 for none */
static int notes[2];       /* what the victim says that it is about to do, or has done */

void caps_step(void)
{
    if (__atomic_load_n(&steps_left, __ATOMIC_RELAXED) > 0 &&
        __atomic_sub_fetch(&steps_left, 1, __ATOMIC_RELAXED) == 0)
    {
        kill(getpid(), SIGKILL);
        pause();
    }
}

/* One letter and the number of a message. */
static void note(const char what, const int number)
{
    const char line[2] = {what, (char)number};
    CHECK(write(notes[1], line, sizeof(line)) == (ssize_t)sizeof(line));
}

static int number_of(const char *bytes)
{
    return bytes[0] - '0';
}

/* ---- the victim as a service */

static void serve_until_killed(const int64_t step)
{
    char bytes[2000];
    struct caps_msgid id;
    steps_left = step;
    const int svc = caps_sys_service("victim", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(svc > 0);
    note('s', 0);
    for (int i = 0; i < 3;)
    {
        const int length = caps_sys_wait(svc, bytes, sizeof(bytes), &id, NULL);
        CHECK(length >= 0);
        if (id.c_state != CAPMS_REQUEST)
        {
            continue;
        }
        const int number = number_of(bytes);
        note('g', number);
        if (number != 1)
        {
            note('r', number);
            CHECK(caps_sys_reply(svc, bytes, length, id.c_id) == 0);
            note('R', number);
        }
        i++;
    }
    caps_sys_close(svc);
    note('c', 0);
    caps_sys_leave();
    steps_left = 0;
    _exit(0);
}

/* What the victim noted of each message. */
struct account
{
    bool got[PUT_COUNT];
    bool replying[PUT_COUNT];
    bool replied[PUT_COUNT];
    bool closed;
};

static void read_notes(struct account *account)
{
    char line[2];
    while (read(notes[0], line, sizeof(line)) == (ssize_t)sizeof(line))
    {
        account->got[(int)line[1]] |= line[0] == 'g';
        account->replying[(int)line[1]] |= line[0] == 'r';
        account->replied[(int)line[1]] |= line[0] == 'R';
        account->closed |= line[0] == 'c';
    }
}

/* Takes an end for each put, and compares it with what the victim noted. */
static void check_ends(const int port, const off_t *ids, const int count, const struct account *account)
{
    char bytes[2000];
    struct caps_msgid id;
    int ends = 0;
    int length;
    while ((length = caps_sys_timedwait(port, bytes, sizeof(bytes), &id, NULL, TIMEOUT)) >= 0)
    {
        int number = 0;
        while (number < count && ids[number] != id.c_id)
        {
            number++;
        }
        CHECK(number < count);
        const int kind = CAPS_OUTCOME_KIND(id.c_reserved01);
        const bool is_received = (id.c_reserved01 & CAPS_RECEIVED) != 0;
        if (kind == CAPS_OUTCOME_REPLIED)
        {
            CHECK(account->replying[number] && number_of(bytes) == number && length == (number == 2 ? 1500 : 8));
        }
        else
        {
            CHECK(kind == CAPS_OUTCOME_SERVICE_DIED || kind == CAPS_OUTCOME_SERVICE_CLOSED);
            CHECK(!account->replied[number]);
            CHECK(!account->got[number] || is_received);
            CHECK(!account->closed || kind == CAPS_OUTCOME_SERVICE_CLOSED);
        }
        ends++;
    }
    CHECK(errno == ENOTCONN && ends == count);
}

/* Whether the victim still reached a store. */
static bool kill_service(const int64_t step)
{
    char bytes[2000];
    off_t ids[PUT_COUNT];
    struct account account = {.closed = false};
    int count = 0;
    int status;
    CHECK(pipe(notes) == 0);
    const pid_t victim = test_fork();
    if (victim == 0)
    {
        serve_until_killed(step);
    }
    CHECK(close(notes[1]) == 0);
    char line[2];
    int port = -1;
    if (read(notes[0], line, 2) == 2)
    {
        port = caps_sys_client("victim", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    }
    for (; port > 0 && count < PUT_COUNT; count++)
    {
        memset(bytes, '0' + count, sizeof(bytes));
        ids[count] = caps_sys_put(port, bytes, count == 2 ? 1500 : 8);
        if (ids[count] < 0)
        {
            CHECK(errno == ENOTCONN);
            break;
        }
    }
    CHECK(waitpid(victim, &status, 0) == victim);
    read_notes(&account);
    if (port > 0)
    {
        check_ends(port, ids, count, &account);
        CHECK(caps_sys_close(port) == 0);
    }
    CHECK(close(notes[0]) == 0);
    CHECK(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
    return WIFSIGNALED(status);
}

/* ---- the victim as a client */

static void call_until_killed(const int64_t step)
{
    char bytes[2000];
    struct caps_msgid id;
    const void *view;
    memset(bytes, 'x', sizeof(bytes));
    steps_left = step;
    const int port = caps_sys_client("survivor", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(port > 0);
    CHECK(caps_sys_put(port, bytes, 8) > 0);
    CHECK(caps_sys_put(port, bytes, 1500) > 0);
    CHECK(caps_sys_wait(port, bytes, sizeof(bytes), &id, NULL) >= 0);
    CHECK(caps_sys_view(port, &view, &id, NULL, CAPS_FOREVER) >= 0);
    CHECK(caps_sys_release(port, id.c_id) == 0);
    const off_t aborted = caps_sys_put(port, bytes, 8);
    CHECK(aborted > 0 && caps_sys_abort(port, aborted, CAPF_ABORT_HARD) > 0);
    CHECK(caps_sys_wait(port, bytes, sizeof(bytes), &id, NULL) >= 0);
    CHECK(caps_sys_call(port, bytes, 8, bytes, sizeof(bytes), &id, CAPS_FOREVER) == 8);
    CHECK(caps_sys_put(port, bytes, 8) > 0);
    caps_sys_close(port);
    caps_sys_leave();
    steps_left = 0;
    _exit(0);
}

/* Answers until the client has gone, and each reply has come back as a disposal, and each other request as well. */
static void serve_victim(const int svc, const pid_t victim, int *status)
{
    char bytes[2000];
    struct caps_msgid id;
    off_t open[64];
    int open_count = 0;
    bool is_over = false;
    int quiet = 0;
    while (!is_over || open_count > 0 || quiet < 3)
    {
        const int length = caps_sys_timedwait(svc, bytes, sizeof(bytes), &id, NULL, 5000000);
        is_over = is_over || waitpid(victim, status, WNOHANG) == victim;
        quiet = length < 0 ? quiet + 1 : 0;
        CHECK(quiet < 4000);
        if (length >= 0 && id.c_state == CAPMS_REQUEST)
        {
            CHECK(open_count < 64);
            open[open_count++] = id.c_id;
            CHECK(caps_sys_reply(svc, bytes, length, id.c_id) == 0 || errno == EINVAL);
        }
        else if (length >= 0)
        {
            int i = 0;
            while (i < open_count && open[i] != id.c_id)
            {
                i++;
            }
            /* R21, R24: one for each that was received, and no other. */
            CHECK(i < open_count);
            open[i] = open[--open_count];
        }
    }
}

/* A client of the survivor; it learns of the victim's death, and lets go of the link, in a call of its own. */
static int connect_when_free(const int svc)
{
    int port;
    for (int i = 0; (port = caps_sys_client("survivor", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT)) < 0; i++)
    {
        CHECK(errno == ENOBUFS && i < 4000);
        CHECK(caps_sys_timedwait(svc, NULL, 0, NULL, NULL, 5000000) < 0);
    }
    return port;
}

static bool kill_client(const int svc, const int64_t step)
{
    int status = 0;
    const pid_t victim = test_fork();
    if (victim == 0)
    {
        call_until_killed(step);
    }
    serve_victim(svc, victim, &status);
    /* All that the dead had is free: so many clients as there may be. */
    int ports[2];
    for (int i = 0; i < small.link_count; i++)
    {
        ports[i] = connect_when_free(svc);
    }
    for (int i = 0; i < small.link_count; i++)
    {
        CHECK(caps_sys_close(ports[i]) == 0);
    }
    CHECK(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
    return WIFSIGNALED(status);
}

int main(void)
{
    region_make();
    CHECK(caps_sys_open(NULL, 0, &small) == 0);
    int64_t step = 1;
    while (kill_service(step))
    {
        step++;
    }
    printf("steps: a service was killed before each of its %jd stores\n", (intmax_t)step - 1);
    const int svc = caps_sys_service("survivor", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(svc > 0);
    for (step = 1; kill_client(svc, step); step++)
    {
        continue;
    }
    printf("steps: a client was killed before each of its %jd stores\n", (intmax_t)step - 1);
    CHECK(caps_sys_close(svc) == 0);
    return 0;
}
