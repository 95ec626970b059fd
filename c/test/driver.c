/*
 * Copyright 2026 The jcaps authors. SPDX-License-Identifier: Apache-2.0
 *
 * One process of a test: it executes the commands on its input, one per line, and answers each with one line. The Java
 * side has a driver that speaks the same protocol, so that every test runs with either library in either role. A number
 * is a result, or the negative errno. "stop" is not answered: it ends a load that is going on.
 *
 * Compiled with CAPS_STEPS, it can be told to end before its store number n to the region, whichever thread makes it.
 *
 *   driver REGION
 */
#include "libcaps.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SIZE 131072
#define MAX_WORDS 8
#define WINDOW 16
#define PATTERN_COUNT 1000

static _Alignas(64) char buffer[MAX_SIZE];
static struct caps_msgid msgid;
static struct caps_cred cred;
static int stopped;
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static void say(const char *line)
{
    pthread_mutex_lock(&output);
    printf("%s\n", line);
    fflush(stdout);
    pthread_mutex_unlock(&output);
}

/* ---- what this process did, in a file that outlives it */

/* Kinds of records. The kind of an outcome is the last one plus the outcome's number. */
#define GOT 1
#define REPLIED 2
#define KILLED 3
#define ENDED 0x10000

static int journal = -1;

static void note(const int64_t what, const int64_t id)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t record[3] = {what, id, now.tv_sec * INT64_C(1000000000) + now.tv_nsec};
    if (journal >= 0 && write(journal, record, sizeof(record)) != (ssize_t)sizeof(record))
    {
        say("!journal");
    }
}

static int open_journal(const char *path)
{
    journal = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return journal < 0 ? -errno : 0;
}

#ifdef CAPS_STEPS
void caps_step(void);

static int64_t steps_left;

void caps_step(void)
{
    if (__atomic_load_n(&steps_left, __ATOMIC_RELAXED) > 0 &&
        __atomic_sub_fetch(&steps_left, 1, __ATOMIC_RELAXED) == 0)
    {
        note(KILLED, 0);
        kill(getpid(), SIGKILL);
        pause();
    }
}

static int die_before(const int64_t store)
{
    __atomic_store_n(&steps_left, store, __ATOMIC_RELAXED);
    return 0;
}
#else
static int die_before(const int64_t store)
{
    (void)store;
    return -ENOSYS;
}
#endif

/* ---- payloads: every byte depends on the message */

static uint64_t pattern_word(const int64_t number, const int index)
{
    return ((uint64_t)number + 1) * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)index;
}

static void pattern_fill(char *bytes, const int length, const int64_t number)
{
    int i = 0;
    for (; i + 8 <= length; i += 8)
    {
        const uint64_t word = pattern_word(number, i);
        memcpy(bytes + i, &word, 8);
    }
    for (; i < length; i++)
    {
        bytes[i] = (char)pattern_word(number, i);
    }
}

static bool pattern_is_in(const char *bytes, const int length, const int64_t number)
{
    int i = 0;
    for (; i + 8 <= length; i += 8)
    {
        const uint64_t word = pattern_word(number, i);
        if (memcmp(bytes + i, &word, 8) != 0)
        {
            return false;
        }
    }
    for (; i < length; i++)
    {
        if (bytes[i] != (char)pattern_word(number, i))
        {
            return false;
        }
    }
    return true;
}

static const char *outcome_text(const int outcome)
{
    static const char *const kinds[] = {"REPLIED", "SERVICE_CLOSED", "SERVICE_DIED", "ABORTED", "UNREACHABLE",
        "REFUSED"};
    static char text[64];
    const int kind = CAPS_OUTCOME_KIND(outcome);
    snprintf(text, sizeof(text), "%s%s", kind < 6 ? kinds[kind] : "UNKNOWN",
        (outcome & CAPS_RECEIVED) != 0 ? "|RECEIVED" : "");
    return text;
}

/* ---- answers */

static void result(char *answer, const size_t size, const int64_t value)
{
    snprintf(answer, size, "%" PRId64, value == -1 ? -(int64_t)errno : value);
}

/* State, id, length, outcome, which pattern, and the sender. */
static void received(char *answer, const size_t size, const int length)
{
    if (length < 0)
    {
        result(answer, size, -1);
        return;
    }
    int pattern = 0;
    while (pattern < PATTERN_COUNT && !pattern_is_in(buffer, length, pattern))
    {
        pattern++;
    }
    char number[16] = "-";
    if (length > 0)
    {
        snprintf(number, sizeof(number), "%d", pattern);
    }
    snprintf(answer, size, "%d %jd %d %s %s %d %d %d %d", (int)msgid.c_state, (intmax_t)msgid.c_id, length,
        outcome_text(msgid.c_reserved01), number, (int)cred.pid, (int)cred.uid, (int)cred.euid, (int)cred.gid);
}

/* ---- in the background */

static void *echo(void *argument)
{
    const int port = (int)(intptr_t)argument;
    char *bytes = malloc(MAX_SIZE);
    struct caps_msgid id;
    int length;
    while ((length = caps_sys_wait(port, bytes, MAX_SIZE, &id, NULL)) >= 0)
    {
        if (id.c_state == CAPMS_REQUEST && caps_sys_reply(port, bytes, length, id.c_id) != 0 && errno != EINVAL)
        {
            say("!reply failed");
        }
    }
    free(bytes);
    return NULL;
}

/* Replies in place to all requests but one in a given number, which is never replied to; prints a line after a given
   number of replies.
   */
static int keep_interval;
static int tell_count;

static void *serve(void *argument)
{
    const int port = (int)(intptr_t)argument;
    const void *bytes;
    struct caps_msgid id;
    int length;
    int number = 0;
    int replies = 0;
    while ((length = caps_sys_view(port, &bytes, &id, NULL, CAPS_FOREVER)) >= 0)
    {
        if (id.c_state != CAPMS_REQUEST)
        {
            continue;
        }
        note(GOT, id.c_id);
        if (++number % keep_interval == 0)
        {
            continue;
        }
        void *reply = caps_sys_alloc(port, id.c_id, length);
        if (reply == NULL)
        {
            caps_sys_release(port, id.c_id);
            continue;
        }
        memcpy(reply, bytes, (size_t)length);
        if (caps_sys_reply(port, reply, length, id.c_id) == 0)
        {
            note(REPLIED, id.c_id);
            if (++replies == tell_count)
            {
                say("served");
            }
        }
    }
    return NULL;
}

/* Requests that wait for their disposal. */
#define MAX_TALLIED 4096

static struct
{
    pthread_mutex_t mutex;
    int64_t ids[MAX_TALLIED];
    int count;
    int64_t requests;
    int64_t disposals;
    int64_t errors;
} tally = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void count_message(const struct caps_msgid *id)
{
    pthread_mutex_lock(&tally.mutex);
    if (id->c_state == CAPMS_REQUEST)
    {
        tally.requests++;
        tally.errors += tally.count == MAX_TALLIED;
        tally.ids[tally.count < MAX_TALLIED ? tally.count++ : 0] = id->c_id;
    }
    else
    {
        int i = 0;
        while (i < tally.count && tally.ids[i] != id->c_id)
        {
            i++;
        }
        tally.disposals++;
        tally.errors += i == tally.count;
        if (i < tally.count)
        {
            tally.ids[i] = tally.ids[--tally.count];
        }
    }
    pthread_mutex_unlock(&tally.mutex);
}

/* Replies to all requests but one in a given number, and checks that each comes back as one disposal (R21, R24). */
static void *serve_and_tally(void *argument)
{
    const int port = (int)(intptr_t)argument;
    char *bytes = malloc(MAX_SIZE);
    struct caps_msgid id;
    int number = 0;
    while (true)
    {
        const int length = caps_sys_get(port, bytes, MAX_SIZE, &id, NULL);
        if (length < 0)
        {
            usleep(100);
            continue;
        }
        count_message(&id);
        if (id.c_state == CAPMS_REQUEST && ++number % keep_interval != 0)
        {
            caps_sys_reply(port, bytes, length, id.c_id);
        }
    }
    return NULL;
}

static void report_tally(char *answer, const size_t size)
{
    pthread_mutex_lock(&tally.mutex);
    snprintf(answer, size, "%" PRId64 " %" PRId64 " %d %" PRId64, tally.requests, tally.disposals, tally.count,
        tally.errors);
    pthread_mutex_unlock(&tally.mutex);
}

static void start(void *(*function)(void *), const int port)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, (void *)(intptr_t)port) != 0)
    {
        say("!no thread");
    }
    pthread_detach(thread);
}

/* ---- long commands */

/* Makes a number of round trips with a window, and checks each. Returns how many were right. */
static int exchange(const char *name, const int uid, const int count, const int length)
{
    const int port = caps_sys_client(name, (uid_t)uid, (gid_t)-1, 0, CAPF_USER | CAPF_WAITSVC);
    int put = 0;
    int taken = 0;
    while (port > 0 && taken < count)
    {
        for (; put < count && put - taken < WINDOW; put++)
        {
            pattern_fill(buffer, length, put);
            if (caps_sys_put(port, buffer, length) < 0)
            {
                return -errno;
            }
        }
        if (caps_sys_wait(port, buffer, MAX_SIZE, &msgid, NULL) != length ||
            msgid.c_reserved01 != CAPS_OUTCOME_REPLIED || !pattern_is_in(buffer, length, taken))
        {
            fprintf(stderr, "exchange: reply %d: %s, outcome %s\n", taken, caps_error(),
                outcome_text(msgid.c_reserved01));
            return -EIO;
        }
        taken++;
    }
    return port < 0 ? -errno : caps_sys_close(port) == 0 ? taken : -errno;
}

/* Messages in progress, unordered. */
struct open_messages
{
    int64_t ids[WINDOW];
    int count;
    int64_t last_id;
};

static bool take_out(struct open_messages *open, const int64_t id)
{
    for (int i = 0; i < open->count; i++)
    {
        if (open->ids[i] == id)
        {
            open->ids[i] = open->ids[--open->count];
            return true;
        }
    }
    return false;
}

/* Keeps messages in progress with the newest service until "stop", and counts outcomes. */
static void load(char *answer, const size_t size, const char *name, const int uid)
{
    struct open_messages open = {.count = 0};
    int64_t puts = 0;
    int64_t outcomes[6][2] = {{0}};
    int64_t lost = 0;
    int port = 0;
    while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED) || open.count > 0)
    {
        if (port == 0 && (port = caps_sys_client(name, (uid_t)uid, (gid_t)-1, 0, CAPF_USER | CAPF_WAITSVC)) < 0)
        {
            snprintf(answer, size, "!client: %s", caps_error());
            return;
        }
        bool is_gone = false;
        while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED) && open.count < WINDOW && !is_gone)
        {
            const int64_t id = caps_sys_put(port, buffer, 8 + (int)(puts % 100) * (puts % 7 == 0 ? 40 : 1));
            if (id < 0)
            {
                is_gone = true;
                if (errno != ENOTCONN)
                {
                    snprintf(answer, size, "!put: %s", caps_error());
                    return;
                }
            }
            else
            {
                puts++;
                open.ids[open.count++] = id;
            }
        }
        if (open.count == 0 && !is_gone)
        {
            continue;
        }
        if (caps_sys_wait(port, buffer, MAX_SIZE, &msgid, NULL) >= 0)
        {
            if (msgid.c_state != CAPMS_REPLY || !take_out(&open, msgid.c_id))
            {
                snprintf(answer, size, "!not in progress: %jd", (intmax_t)msgid.c_id);
                return;
            }
            note(ENDED + msgid.c_reserved01, msgid.c_id);
            outcomes[CAPS_OUTCOME_KIND(msgid.c_reserved01)][(msgid.c_reserved01 & CAPS_RECEIVED) != 0]++;
        }
        else if (errno == ENOTCONN)
        {
            lost += open.count;
            open.count = 0;
            caps_sys_close(port);
            port = 0;
        }
        else
        {
            snprintf(answer, size, "!wait: %s", caps_error());
            return;
        }
    }
    snprintf(answer, size, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, puts, outcomes[0][0],
        outcomes[1][0] + outcomes[1][1] + outcomes[2][0] + outcomes[2][1], lost, outcomes[3][0] + outcomes[3][1]);
}

/* Results of a port's calls in a forked child. */
static int in_child(const int port)
{
    int pipes[2];
    int value = 0;
    if (pipe(pipes) != 0)
    {
        return -errno;
    }
    const pid_t child = fork();
    if (child == 0)
    {
        value = caps_sys_put(port, "x", 1) < 0 ? -errno : 1;
        _exit(write(pipes[1], &value, sizeof(value)) == sizeof(value) ? 0 : 1);
    }
    close(pipes[1]);
    const bool is_read = read(pipes[0], &value, sizeof(value)) == sizeof(value);
    close(pipes[0]);
    waitpid(child, NULL, 0);
    return is_read ? value : -EPIPE;
}

/* Real and effective user, which is the saved one too, and one group. */
static int become(const uid_t uid, const uid_t euid, const gid_t gid)
{
    return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, euid, euid) == 0 ? 0 : -errno;
}

/* ---- commands */

static int64_t number(char **words, const int count, const int index)
{
    return index < count ? strtoll(words[index], NULL, 10) : 0;
}

static void execute(char **words, const int count, char *answer, const size_t size)
{
    const char *command = words[0];
    const int port = (int)number(words, count, 1);
    if (strcmp(command, "service") == 0)
    {
        result(answer, size, caps_sys_service(words[1], (uid_t)number(words, count, 2), (gid_t)number(words, count,
            3), 0,
            (int)number(words, count, 4)));
    }
    else if (strcmp(command, "client") == 0)
    {
        result(answer, size, caps_sys_client(words[1], (uid_t)number(words, count, 2), (gid_t)number(words, count,
            3), 0,
            (int)number(words, count, 4)));
    }
    else if (strcmp(command, "generic") == 0)
    {
        result(answer, size, caps_sys_generic(words[1], (int)number(words, count, 2)));
    }
    else if (strcmp(command, "setgen") == 0)
    {
        result(answer, size, caps_sys_setgen(port, number(words, count, 2)));
    }
    else if (strcmp(command, "getgen") == 0)
    {
        result(answer, size, caps_sys_getgen(port));
    }
    else if (strcmp(command, "put") == 0)
    {
        pattern_fill(buffer, (int)number(words, count, 2), number(words, count, 3));
        result(answer, size, caps_sys_put(port, buffer, (int)number(words, count, 2)));
    }
    else if (strcmp(command, "reply") == 0)
    {
        pattern_fill(buffer, (int)number(words, count, 3), number(words, count, 4));
        result(answer, size, caps_sys_reply(port, buffer, (int)number(words, count, 3), number(words, count, 2)));
    }
    else if (strcmp(command, "alloc") == 0)
    {
        const void *memory = caps_sys_alloc(port, number(words, count, 2), (int)number(words, count, 3));
        result(answer, size, memory == NULL ? -1 : 1);
    }
    else if (strcmp(command, "get") == 0)
    {
        const int maxsize = count > 2 ? (int)number(words, count, 2) : MAX_SIZE;
        received(answer, size, caps_sys_get(port, buffer, maxsize, &msgid, &cred));
    }
    else if (strcmp(command, "wait") == 0)
    {
        received(answer, size, caps_sys_wait(port, buffer, MAX_SIZE, &msgid, &cred));
    }
    else if (strcmp(command, "call") == 0)
    {
        pattern_fill(buffer, (int)number(words, count, 2), number(words, count, 3));
        received(answer, size, caps_sys_call(port, buffer, (int)number(words, count, 2), buffer, MAX_SIZE, &msgid,
            number(words, count, 4)));
    }
    else if (strcmp(command, "abort") == 0)
    {
        result(answer, size, caps_sys_abort(port, number(words, count, 2), (int)number(words, count, 3)));
    }
    else if (strcmp(command, "close") == 0)
    {
        result(answer, size, caps_sys_close(port));
    }
    else if (strcmp(command, "echo") == 0 || strcmp(command, "serve") == 0)
    {
        tell_count = (int)number(words, count, 3);
        keep_interval = count > 2 ? (int)number(words, count, 2) : 50;
        start(command[0] == 'e' ? echo : serve, port);
        snprintf(answer, size, "OK");
    }
    else if (strcmp(command, "tally") == 0)
    {
        keep_interval = (int)number(words, count, 2);
        start(serve_and_tally, port);
        snprintf(answer, size, "OK");
    }
    else if (strcmp(command, "tallied") == 0)
    {
        report_tally(answer, size);
    }
    else if (strcmp(command, "journal") == 0)
    {
        snprintf(answer, size, "%d", open_journal(words[1]));
    }
    else if (strcmp(command, "die") == 0)
    {
        snprintf(answer, size, "%d", die_before(number(words, count, 1)));
    }
    else if (strcmp(command, "exchange") == 0)
    {
        snprintf(answer, size, "%d", exchange(words[1], (int)number(words, count, 2), (int)number(words, count, 3),
            (int)number(words, count, 4)));
    }
    else if (strcmp(command, "load") == 0)
    {
        load(answer, size, words[1], (int)number(words, count, 2));
    }
    else if (strcmp(command, "fork") == 0)
    {
        snprintf(answer, size, "%d", in_child(port));
    }
    else if (strcmp(command, "become") == 0)
    {
        snprintf(answer, size, "%d", become((uid_t)number(words, count, 1), (uid_t)number(words, count, 2),
            (gid_t)number(words, count, 3)));
    }
    else if (strcmp(command, "error") == 0)
    {
        snprintf(answer, size, "%s", caps_error());
    }
    else
    {
        snprintf(answer, size, "!%s", command);
    }
}

static void *run(void *argument)
{
    FILE *lines = argument;
    char line[1024];
    while (fgets(line, sizeof(line), lines) != NULL)
    {
        char *words[MAX_WORDS];
        int count = 0;
        char *rest = line;
        for (char *word; count < MAX_WORDS && (word = strtok_r(rest, " \n", &rest)) != NULL;)
        {
            words[count++] = word;
        }
        char answer[1024] = "";
        if (count > 0)
        {
            execute(words, count, answer, sizeof(answer));
            say(answer);
        }
    }
    return NULL;
}

int main(const int argc, char **argv)
{
    int pipes[2];
    if (argc != 2 || setenv("CAPS_REGION", argv[1], 1) != 0 || pipe(pipes) != 0)
    {
        fprintf(stderr, "usage: driver REGION\n");
        return 2;
    }
    pthread_t thread;
    FILE *lines = fdopen(pipes[0], "r");
    if (lines == NULL || pthread_create(&thread, NULL, run, lines) != 0)
    {
        return 2;
    }
    char line[1024];
    while (fgets(line, sizeof(line), stdin) != NULL)
    {
        if (strcmp(line, "stop\n") == 0)
        {
            __atomic_store_n(&stopped, 1, __ATOMIC_RELAXED);
        }
        else if (write(pipes[1], line, strlen(line)) < 0)
        {
            return 2;
        }
    }
    /* The parent has exited: exit, whatever the commands do. */
    _exit(0);
}
