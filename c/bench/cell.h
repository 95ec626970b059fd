/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One cell of ./caps bench, measured by a C program: both sides, by the protocol of bench/NATIVE.md. A program includes
 * this file once and defines the transport_* functions, which the compiler then inlines into the loops.
 */
#ifndef JCAPS_BENCH_CELL_H
#define JCAPS_BENCH_CELL_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* As in io.jcaps.bench.Payload. */
#define REQUEST_WORD UINT64_C(0x5CA90F1E2D3C4B5A)
#define REPLY_WORD UINT64_C(0x2545F4914F6CDD1D)
#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)
#define BATCH 100
#define NS_PER_SECOND INT64_C(1000000000)

static struct
{
    const char *directory;
    const char *workload;
    const char *waiting;
    int length;
    bool is_filled;
    int window;
    int64_t clients;
    int64_t warm_up_ns;
    int64_t min_warm_up;
    int64_t measured_ns;
    int64_t reply_limit;
    int64_t idle_ns;
} cell;

static bool is_blocking;
static bool is_yielding;

/* The server's counters. */
static struct
{
    int64_t requests;
    int64_t corrupt;
    int64_t disposals; /* -1: the transport has none */
} served;

/* The client's counters. */
static uint64_t sent_count;
static uint64_t taken_count;
static bool has_failed;

/* ---- the transport, defined by the program */

/* Why it cannot measure the cell, or NULL. */
static const char *transport_refusal(void);

/* Opens a side, the server's first. Returns NULL, or why that failed. */
static const char *transport_open(bool is_server);

/* Answers a request if there is one, and counts it in served; if the cell blocks, sleeps for a limited time. Returns
   whether there was one. */
static bool transport_serve(bool is_waiting);

/* Sends the request of number sent_count + 1 and counts it; false if there is no room now. */
static bool transport_send(void);

/* Takes the next reply, verifies it, and counts it in taken_count; false if none is there. Waits if the cell blocks. */
static bool transport_take(void);

static void transport_close(void);

/* ---- time, input */

static int64_t clock_ns(const clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static int64_t now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

/* CPU time of all threads of this process. */
static int64_t cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static void finish(const char *verdict, const char *why)
{
    printf("%s %s\n", verdict, why);
    fflush(stdout);
    exit(0);
}

static bool is_input_over(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char byte;
    return poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) == 0;
}

static void idle(void)
{
    if (is_yielding)
    {
        sched_yield();
    }
}

/* ---- payload */

static inline void fill(uint8_t *bytes, const uint64_t number, const uint64_t salt)
{
    const uint64_t base = salt + (cell.is_filled ? number : 0);
    int i = 8;
    memcpy(bytes, &number, 8);
    for (; i + 8 <= cell.length; i += 8)
    {
        const uint64_t word = base + (uint64_t)i;
        memcpy(bytes + i, &word, 8);
    }
    for (; i < cell.length; i++)
    {
        bytes[i] = (uint8_t)((cell.is_filled ? number : 0) + (uint64_t)i);
    }
}

/* Writes only the number if the memory still holds the rest, which this side wrote there before. */
static inline void refill(uint8_t *bytes, const uint64_t number, const uint64_t salt)
{
    uint64_t last = 0;
    const int offset = cell.length / 8 * 8 - 8;
    memcpy(&last, bytes + offset, 8);
    if (cell.is_filled || (offset > 0 && last != salt + (uint64_t)offset))
    {
        fill(bytes, number, salt);
    }
    else
    {
        memcpy(bytes, &number, 8);
    }
}

static inline uint64_t number_in(const uint8_t *bytes)
{
    uint64_t number;
    memcpy(&number, bytes, 8);
    return number;
}

static inline bool is_whole(const uint8_t *bytes, const uint64_t number, const uint64_t salt)
{
    uint64_t word;
    if (cell.is_filled)
    {
        uint64_t sum = 0;
        uint64_t expected = 0;
        int i = 8;
        for (; i + 8 <= cell.length; i += 8)
        {
            memcpy(&word, bytes + i, 8);
            sum += word;
            expected += salt + number + (uint64_t)i;
        }
        for (; i < cell.length; i++)
        {
            sum += (uint64_t)(int64_t)(int8_t)bytes[i];
            expected += (uint64_t)(int64_t)(int8_t)(uint8_t)(number + (uint64_t)i);
        }
        return sum == expected;
    }
    const uint64_t others = (uint64_t)cell.length / 8 - 1;
    if (others == 0)
    {
        return true;
    }
    const uint64_t offset = 8 * (1 + (((number * GOLDEN) >> 32) * others >> 32));
    memcpy(&word, bytes + offset, 8);
    return word == salt + offset;
}

/* ---- words that two processes share, two cache lines apart */

static uint64_t *map_words(const char *name, const bool is_server)
{
    char path[4096];
    uint64_t *words;
    int file;
    snprintf(path, sizeof(path), "%s/%s", cell.directory, name);
    file = open(path, O_RDWR | (is_server ? O_CREAT | O_EXCL : 0), 0600);
    if (file < 0 || (is_server && ftruncate(file, 4096) != 0))
    {
        finish("FAILED", "a file of the cell cannot be opened");
    }
    words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (words == MAP_FAILED)
    {
        finish("FAILED", "a file of the cell cannot be mapped");
    }
    return words;
}

static uint64_t load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *word, const uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Sleeps until the word is changed and woken, or for a limited time: the low half of a word is its futex. */
static void sleep_on(uint64_t *word, const uint64_t seen, const int64_t longest_ns)
{
    const struct timespec limit = {.tv_sec = longest_ns / NS_PER_SECOND, .tv_nsec = longest_ns % NS_PER_SECOND};
    syscall(SYS_futex, word, FUTEX_WAIT, (uint32_t)seen, longest_ns == 0 ? NULL : &limit, NULL, 0);
}

static void wake(uint64_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* ---- the floor, probed within the cell: two words, with futexes if the cell sleeps */

#define PROBE_SINGLES 5000
#define PROBE_BATCHES 50
#define PROBE_PART_NS INT64_C(30000000)
#define PROBE_WARM_UP 30000
#define PROBE_WARM_UP_NS INT64_C(200000000)
#define PROBE_LIMIT 8
#define PHASE_POLLS 512
#define SHORT_NAP_NS INT64_C(50000000)
/* In the last ping of a probe, which is not answered. */
#define LAST UINT64_C(0x40000000)
#define PHASE 0
#define PING 16
#define PONG 32

static uint64_t *probe_words;
static uint64_t answered_ping;

static bool is_probe_asked(void)
{
    return (load(&probe_words[PHASE]) & 1) != 0;
}

static void answer_probe(void)
{
    bool has_begun = false;
    for (uint64_t polls = 1; (polls & 0xFFFF) != 0 || !is_input_over(); polls++)
    {
        const uint64_t ping = load(&probe_words[PING]);
        if (ping != answered_ping)
        {
            has_begun = true;
            answered_ping = ping;
            if ((ping & LAST) != 0)
            {
                return;
            }
            store(&probe_words[PONG], ping);
            if (is_blocking)
            {
                wake(&probe_words[PONG]);
            }
        }
        else if (is_blocking && has_begun)
        {
            sleep_on(&probe_words[PING], ping, SHORT_NAP_NS);
        }
        else if (is_blocking)
        {
            /* The round trip that wakes this side may still come. */
            transport_serve(false);
        }
    }
}

/* ---- the server */

/* CPU time at the probes: the cell is measured between the first and the third. */
static struct
{
    int count;
    int64_t begin_cpu;
    int64_t cpu;
    int64_t begin_ns;
    int64_t idle_cpu;
    int64_t idle_ns;
} spent;

static void take_probe(void)
{
    const int64_t part = cpu_ns() - spent.begin_cpu;
    if (spent.count == 1 || spent.count == 2)
    {
        spent.cpu += part;
    }
    else if (spent.count == 3)
    {
        spent.idle_cpu = part;
        spent.idle_ns = now_ns() - spent.begin_ns;
    }
    answer_probe();
    spent.count++;
    spent.begin_cpu = cpu_ns();
    spent.begin_ns = now_ns();
}

static void print_idle(void)
{
    printf("\"idleCpuNs\": %" PRId64 ", \"idleNs\": %" PRId64 ", ", spent.idle_cpu, spent.idle_ns);
}

static int serve(void)
{
    bool is_over = false;
    int quiet = 0;
    for (uint64_t polls = 0; !is_over || quiet < 1000; polls++)
    {
        const bool is_taken = transport_serve(is_blocking && !is_over);
        quiet = is_taken ? 0 : quiet + 1;
        if (!is_taken)
        {
            idle();
        }
        if ((is_blocking || polls % PHASE_POLLS == 0) && is_probe_asked())
        {
            take_probe();
        }
        if (!is_over && ((is_blocking && !is_taken) || (polls & 0xFFFF) == 0))
        {
            is_over = is_input_over();
        }
    }
    printf("{\"requestCount\": %" PRId64 ", \"corruptCount\": %" PRId64 ", \"disposalCount\": %" PRId64 ", ",
        served.requests, served.corrupt, served.disposals);
    print_idle();
    printf("\"cpuNs\": %" PRId64 "}\n", spent.cpu);
    fflush(stdout);
    return 0;
}

/* ---- the client's times: buckets of less than a thousandth of their value */

#define EXACT_BITS 12
#define BUCKETS ((64 - EXACT_BITS + 1) << EXACT_BITS)

static uint32_t single_counts[BUCKETS];
static uint32_t batch_counts[BUCKETS];
static double probes[PROBE_LIMIT][2];
static int probe_count;

static int bucket_of(const uint64_t value)
{
    int shift = 0;
    while (value >> shift >= UINT64_C(2) << EXACT_BITS)
    {
        shift++;
    }
    return (int)((uint64_t)shift << EXACT_BITS) + (int)(value >> shift);
}

static uint64_t value_of(const int bucket)
{
    const int shift = bucket < 2 << EXACT_BITS ? 0 : (bucket >> EXACT_BITS) - 1;
    return (uint64_t)(bucket - (shift << EXACT_BITS)) << shift;
}

static int compare(const void *one, const void *other)
{
    const int64_t a = *(const int64_t *)one;
    const int64_t b = *(const int64_t *)other;
    return a < b ? -1 : a > b;
}

static double median(int64_t *values, const int count)
{
    qsort(values, (size_t)count, sizeof(int64_t), compare);
    return (double)values[count / 2];
}

static void print_counts(const char *name, const uint32_t *counts)
{
    const char *separator = "";
    printf("\"%s\": [", name);
    for (int i = 0; i < BUCKETS; i++)
    {
        if (counts[i] > 0)
        {
            printf("%s[%" PRIu64 ", %" PRIu32 "]", separator, value_of(i), counts[i]);
            separator = ", ";
        }
    }
    printf("], ");
}

/* ---- the client */

static void round_trip(void)
{
    while (!transport_send() && !has_failed)
    {
        idle();
    }
    while (!transport_take() && !has_failed)
    {
        idle();
    }
}

static void bounce(uint64_t *ping)
{
    store(&probe_words[PING], ++*ping);
    if (is_blocking)
    {
        wake(&probe_words[PING]);
    }
    for (uint64_t pong = load(&probe_words[PONG]); pong != *ping; pong = load(&probe_words[PONG]))
    {
        if (is_blocking)
        {
            sleep_on(&probe_words[PONG], pong, 0);
        }
    }
}

static void probe(void)
{
    static int64_t times[PROBE_SINGLES];
    static uint64_t phase;
    static uint64_t ping;
    int count = 0;
    int64_t now;
    int64_t end_ns;
    store(&probe_words[PHASE], ++phase);
    if (is_blocking)
    {
        round_trip();
    }
    end_ns = now_ns() + PROBE_WARM_UP_NS;
    for (int i = 0; probe_count == 0 && i < PROBE_WARM_UP && now_ns() < end_ns; i++)
    {
        bounce(&ping);
    }
    end_ns = now_ns() + PROBE_PART_NS;
    for (now = now_ns(); count < PROBE_SINGLES && now < end_ns; now = now_ns())
    {
        const int64_t start = now_ns();
        bounce(&ping);
        times[count++] = now_ns() - start;
    }
    probes[probe_count][0] = count < 500 ? -1 : median(times, count);
    count = 0;
    end_ns = now_ns() + PROBE_PART_NS;
    while (!is_blocking && count < PROBE_BATCHES && now_ns() < end_ns)
    {
        const int64_t start = now_ns();
        for (int i = 0; i < BATCH; i++)
        {
            bounce(&ping);
        }
        times[count++] = now_ns() - start;
    }
    probes[probe_count][1] = count < 10 ? -1 : median(times, count) / BATCH;
    probe_count++;
    store(&probe_words[PHASE], ++phase);
    store(&probe_words[PING], ++ping | LAST);
    wake(&probe_words[PING]);
}

static void singles(void)
{
    for (int i = 0; i < BATCH && !has_failed; i++)
    {
        const int64_t start = now_ns();
        round_trip();
        single_counts[bucket_of((uint64_t)(now_ns() - start))]++;
    }
}

static void batch(void)
{
    const int64_t start = now_ns();
    for (int i = 0; i < BATCH && !has_failed; i++)
    {
        round_trip();
    }
    batch_counts[bucket_of((uint64_t)(now_ns() - start))]++;
}

/* Keeps a window of requests in flight. */
static void pipeline(void)
{
    for (int i = 0; i < BATCH; i++)
    {
        bool is_any = false;
        while (sent_count - taken_count < (uint64_t)cell.window && transport_send())
        {
            continue;
        }
        for (int taken = 0; taken < cell.window && transport_take(); taken++)
        {
            is_any = true;
        }
        if (!is_any)
        {
            idle();
        }
    }
}

/* Runs a loop for a time, until it has enough replies and no longer than until it has the most. */
static void run_for(void (*loop)(void), const int64_t length_ns, const uint64_t least, const uint64_t most)
{
    const int64_t end_ns = now_ns() + length_ns;
    const uint64_t first = taken_count;
    do
    {
        loop();
    }
    while (!has_failed && taken_count - first < most && (now_ns() < end_ns || taken_count - first < least));
    while (taken_count < sent_count && !has_failed)
    {
        transport_take();
    }
}

static int ask(void)
{
    const bool is_round_trip = strcmp(cell.workload, "round-trip") == 0;
    const uint64_t most = cell.reply_limit > 0 ? (uint64_t)cell.reply_limit / 2 : UINT64_MAX;
    int64_t elapsed = 0;
    int64_t cpu = 0;
    uint64_t measured = 0;
    uint64_t warm_up;
    uint64_t cpu_count;
    run_for(is_round_trip ? singles : pipeline, cell.warm_up_ns, (uint64_t)cell.min_warm_up, UINT64_MAX);
    memset(single_counts, 0, sizeof(single_counts));
    warm_up = taken_count;
    probe();
    cpu_count = taken_count;
    for (int half = 0; half < 2; half++)
    {
        const uint64_t first = taken_count;
        const int64_t start_cpu = cpu_ns();
        const int64_t start = now_ns();
        run_for(is_round_trip ? singles : pipeline, cell.measured_ns / 2, 1, most);
        elapsed += now_ns() - start;
        measured += taken_count - first;
        if (is_round_trip && cell.reply_limit == 0)
        {
            run_for(batch, cell.measured_ns / 8, 1, UINT64_MAX);
        }
        cpu += cpu_ns() - start_cpu;
        if (half == 1)
        {
            cpu_count = taken_count - cpu_count;
        }
        probe();
    }
    if (cell.idle_ns > 0)
    {
        const struct timespec pause = {.tv_sec = cell.idle_ns / NS_PER_SECOND, .tv_nsec = cell.idle_ns % NS_PER_SECOND};
        const int64_t start_cpu = cpu_ns();
        const int64_t start = now_ns();
        nanosleep(&pause, NULL);
        spent.idle_cpu = cpu_ns() - start_cpu;
        spent.idle_ns = now_ns() - start;
        probe();
        probe_count--;
    }
    transport_close();
    printf("{\"sentCount\": %" PRIu64 ", \"warmUpCount\": %" PRIu64 ", \"measuredCount\": %" PRIu64 ", ", sent_count,
        warm_up, measured);
    printf("\"elapsedNs\": %" PRId64 ", ", elapsed);
    if (is_round_trip)
    {
        print_counts("counts", single_counts);
        print_counts("batchCounts", batch_counts);
    }
    printf("\"probes\": [");
    for (int i = 0; i < probe_count; i++)
    {
        printf("%s[%.1f, %.1f]", i == 0 ? "" : ", ", probes[i][0], probes[i][1]);
    }
    printf("], \"cpuNs\": %" PRId64 ", \"cpuCount\": %" PRIu64 ", ", cpu, cpu_count);
    print_idle();
    printf("\"failure\": %s}\n", has_failed ? "\"a reply was wrong or missing\"" : "null");
    fflush(stdout);
    while (!is_input_over())
    {
        usleep(1000);
    }
    return 0;
}

/* ---- start */

static void option(const char *name, const char *value)
{
    const int64_t number = strtoll(value, NULL, 10);
    const bool is_number[] = {
        strcmp(name, "--length") == 0, strcmp(name, "--window") == 0, strcmp(name, "--clients") == 0,
        strcmp(name, "--warm-up-ns") == 0, strcmp(name, "--min-warm-up") == 0, strcmp(name, "--measured-ns") == 0,
        strcmp(name, "--reply-limit") == 0, strcmp(name, "--idle-ns") == 0};
    cell.directory = strcmp(name, "--directory") == 0 ? value : cell.directory;
    cell.workload = strcmp(name, "--workload") == 0 ? value : cell.workload;
    cell.waiting = strcmp(name, "--waiting") == 0 ? value : cell.waiting;
    cell.is_filled = strcmp(name, "--payload") == 0 ? strcmp(value, "filled") == 0 : cell.is_filled;
    cell.length = is_number[0] ? (int)number : cell.length;
    cell.window = is_number[1] ? (int)number : cell.window;
    cell.clients = is_number[2] ? number : cell.clients;
    cell.warm_up_ns = is_number[3] ? number : cell.warm_up_ns;
    cell.min_warm_up = is_number[4] ? number : cell.min_warm_up;
    cell.measured_ns = is_number[5] ? number : cell.measured_ns;
    cell.reply_limit = is_number[6] ? number : cell.reply_limit;
    cell.idle_ns = is_number[7] ? number : cell.idle_ns;
}

int main(int argc, char **argv)
{
    const char *why;
    bool is_server;
    if (argc < 2)
    {
        return 2;
    }
    is_server = strcmp(argv[1], "serve") == 0;
    for (int i = 2; i + 1 < argc; i += 2)
    {
        option(argv[i], argv[i + 1]);
    }
    if (cell.directory == NULL || cell.workload == NULL || cell.waiting == NULL)
    {
        return 2;
    }
    if (strcmp(cell.workload, "round-trip") != 0 && strcmp(cell.workload, "pipelined") != 0)
    {
        finish("REFUSED", "this program does round trips and windows");
    }
    if (cell.length < 8 || cell.clients > 1)
    {
        finish("REFUSED", "at least 8 bytes, of one client");
    }
    is_blocking = strcmp(cell.waiting, "block") == 0;
    is_yielding = strcmp(cell.waiting, "yield") == 0;
    why = transport_refusal();
    if (why != NULL)
    {
        finish("REFUSED", why);
    }
    probe_words = map_words("probe", is_server);
    why = transport_open(is_server);
    if (why != NULL)
    {
        finish("FAILED", why);
    }
    printf("READY\n");
    fflush(stdout);
    return is_server ? serve() : ask();
}

#endif
