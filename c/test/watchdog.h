/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_WATCHDOG_H
#define CAPS_WATCHDOG_H

/*
 * Ends a test soon after the point at which nothing can happen any more, and prints why: the C tests' counterpart of
 * io.jcaps.testkit.Watchdog. The test runs in a child of the process that was started, which observes it from outside:
 * the test has no thread, no descriptor and no signal that it would not have without.
 *
 * A test is stuck when for CAPS_TEST_WATCHDOG_SECONDS (15) no check of it held, and its processes together used less
 * than 5 % of one processor; or when for three times as long no check held, however much was computed. Threads that
 * wait for a processor count as running, and where they get only a part of the time that they ask for, the second limit
 * is longer by as much: a busy machine is slow, not stuck. 0 switches it off, for a debugger.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How the process that was started ends if the test is stuck; the JVM's watchdog ends so, too. */
#define WATCHDOG_EXIT_CODE 86
#define WATCHDOG_DEFAULT_S 15
#define WATCHDOG_SAMPLES 15
#define WATCHDOG_SPIN_FACTOR 3
#define WATCHDOG_BUSY_PERCENT 5
#define WATCHDOG_MAX_PROCESSES 8192
#define WATCHDOG_MAX_LINES 200
#define WATCHDOG_TABLES_LENGTH (256 * 1024)

/* What the test and its children say, in memory that they share with the watchdog. The texts are literals, which lie
   at the same address in all of them. */
struct watched
{
    int64_t checks; /* that held */
    const char *test;
    const char *file;
    int line;
};

static struct watched unwatched; /* until there is a watchdog, or if there is none */
static struct watched *watched_test = &unwatched;

static inline void watchdog_check(const char *file, const int line)
{
    __atomic_store_n(&watched_test->file, file, __ATOMIC_RELAXED);
    __atomic_store_n(&watched_test->line, line, __ATOMIC_RELAXED);
    __atomic_add_fetch(&watched_test->checks, 1, __ATOMIC_RELAXED);
}

/* From here on the test is another one; a program that has but one need not say so. */
static inline void watchdog_test(const char *test)
{
    __atomic_store_n(&watched_test->test, test, __ATOMIC_RELAXED);
}

/* ---- the processes of the test */

struct watched_process
{
    pid_t pid;
    pid_t parent;
    int64_t ticks; /* of processor time, its ended children's included */
    bool is_tests;
};

static struct watched_process watched_processes[WATCHDOG_MAX_PROCESSES];
static int watched_process_count;

/* Reads a small file: its length, 0 if there is none. */
static inline size_t watchdog_read(const char *path, char *text, const size_t size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t length = file < 0 ? 0 : read(file, text, size - 1);
    if (file >= 0)
    {
        close(file);
    }
    text[length < 0 ? 0 : length] = 0;
    return length < 0 ? 0 : (size_t)length;
}

static inline bool watchdog_read_process(const pid_t pid, struct watched_process *process)
{
    char path[64];
    char text[1024];
    long ticks[4] = {0};
    int parent = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (watchdog_read(path, text, sizeof(text)) == 0)
    {
        return false;
    }
    /* A command's name can hold anything, also what ends it. */
    const char *rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld",
        &parent, &ticks[0], &ticks[1], &ticks[2], &ticks[3]) != 5)
    {
        return false;
    }
    *process = (struct watched_process){pid, parent, ticks[0] + ticks[1] + ticks[2] + ticks[3], false};
    return true;
}

/* Nanoseconds that the threads of a process could have run and had no processor; 0 where the kernel counts none. */
static inline int64_t watchdog_waited_ns(const pid_t pid)
{
    char path[128];
    char text[128];
    int64_t sum = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    for (struct dirent *entry; threads != NULL && (entry = readdir(threads)) != NULL;)
    {
        int64_t waited = 0;
        snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", (int)pid, entry->d_name);
        watchdog_read(path, text, sizeof(text));
        if (sscanf(text, "%*d %" SCNd64, &waited) == 1)
        {
            sum += waited;
        }
    }
    if (threads != NULL)
    {
        closedir(threads);
    }
    return sum;
}

/* What the test and its descendants have had and wanted of the processors. */
struct watched_work
{
    int64_t used_ms;
    int64_t waited_ms;
};

/* Finds the test and its descendants, and what they have done so far. */
static inline struct watched_work watchdog_find_processes(const pid_t root)
{
    int64_t ticks = 0;
    int64_t waited_ns = 0;
    DIR *processes = opendir("/proc");
    watched_process_count = 0;
    for (struct dirent *entry; processes != NULL && (entry = readdir(processes)) != NULL;)
    {
        if (isdigit((unsigned char)entry->d_name[0]) && watched_process_count < WATCHDOG_MAX_PROCESSES &&
            watchdog_read_process(atoi(entry->d_name), &watched_processes[watched_process_count]))
        {
            watched_process_count++;
        }
    }
    if (processes != NULL)
    {
        closedir(processes);
    }
    for (bool is_found = true; is_found;)
    {
        is_found = false;
        for (int i = 0; i < watched_process_count; i++)
        {
            struct watched_process *process = &watched_processes[i];
            bool is_tests = process->pid == root;
            for (int j = 0; j < watched_process_count && !is_tests; j++)
            {
                is_tests = watched_processes[j].is_tests && watched_processes[j].pid == process->parent;
            }
            if (is_tests && !process->is_tests)
            {
                process->is_tests = true;
                ticks += process->ticks;
                waited_ns += watchdog_waited_ns(process->pid);
                is_found = true;
            }
        }
    }
    return (struct watched_work){ticks * 1000 / sysconf(_SC_CLK_TCK), waited_ns / 1000000};
}

/* ---- what is printed of a test that is stuck */

static inline void watchdog_print_thread(const pid_t pid, const char *thread)
{
    static const char *const files[] = {"comm", "wchan", "syscall"};
    char path[128];
    char text[256];
    fprintf(stderr, "watchdog:   thread %s:", thread);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
    {
        snprintf(path, sizeof(path), "/proc/%d/task/%.16s/%s", (int)pid, thread, files[i]);
        watchdog_read(path, text, sizeof(text));
        text[strcspn(text, "\n")] = 0;
        fprintf(stderr, " %s %s%s", files[i], text, i < 2 ? "," : "\n");
    }
}

static inline void watchdog_print_process(const pid_t pid)
{
    char text[160];
    snprintf(text, sizeof(text), "/proc/%d/task", (int)pid);
    fprintf(stderr, "watchdog: process %d\n", (int)pid);
    DIR *threads = opendir(text);
    for (struct dirent *entry; threads != NULL && (entry = readdir(threads)) != NULL;)
    {
        if (entry->d_name[0] != '.')
        {
            watchdog_print_thread(pid, entry->d_name);
        }
    }
    if (threads != NULL)
    {
        closedir(threads);
    }
    fflush(stderr);
    snprintf(text, sizeof(text), "command -v gdb >/dev/null && timeout 20 gdb -batch -nx -p %d "
        "-ex 'thread apply all backtrace' 2>/dev/null | grep '^#\\|^Thread' >&2", (int)pid);
    if (system(text) != 0)
    {
        fprintf(stderr, "watchdog:   no stacks: there is no gdb here, or it may not look\n");
    }
}

/* The words of the header and the tables that are not 0, two in a line; core/LAYOUT.md says what they are. */
static inline void watchdog_print_tables(const char *region)
{
    int64_t words[2];
    int line_count = 0;
    const int file = open(region, O_RDONLY | O_CLOEXEC);
    for (off_t at = 0; file >= 0 && at < WATCHDOG_TABLES_LENGTH && line_count < WATCHDOG_MAX_LINES &&
        pread(file, words, sizeof(words), at) == (ssize_t)sizeof(words); at += (off_t)sizeof(words))
    {
        if (words[0] != 0 || words[1] != 0)
        {
            fprintf(stderr, "watchdog: %s at %6jd: %016jx %016jx\n", region, (intmax_t)at, (uintmax_t)words[0],
                (uintmax_t)words[1]);
            line_count++;
        }
    }
    if (file >= 0)
    {
        close(file);
    }
}

static inline int watchdog_fire(const pid_t root, const char *region, const char *what, const int64_t duration_ms)
{
    const char *test = __atomic_load_n(&watched_test->test, __ATOMIC_RELAXED);
    const char *check = __atomic_load_n(&watched_test->file, __ATOMIC_RELAXED);
    fprintf(stderr, "watchdog: stuck: %s for %.1f s in: %s%s%s; checks that held: %jd, the last one at %s:%d\n", what,
        (double)duration_ms / 1000, program_invocation_short_name, test == NULL ? "" : ": ", test == NULL ? "" : test,
        (intmax_t)__atomic_load_n(&watched_test->checks, __ATOMIC_RELAXED), check == NULL ? "-" : check,
        __atomic_load_n(&watched_test->line, __ATOMIC_RELAXED));
    watchdog_find_processes(root);
    for (int i = 0; i < watched_process_count; i++)
    {
        if (watched_processes[i].is_tests)
        {
            watchdog_print_process(watched_processes[i].pid);
        }
    }
    watchdog_print_tables(region);
    watchdog_find_processes(root);
    for (int i = 0; i < watched_process_count; i++)
    {
        if (watched_processes[i].is_tests)
        {
            kill(watched_processes[i].pid, SIGKILL);
        }
    }
    waitpid(root, NULL, 0);
    return WATCHDOG_EXIT_CODE;
}

/* ---- watching */

static inline int64_t watchdog_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Waits for the end of the test, or ends it: the exit code for both. */
static inline int watchdog_guard(const pid_t root, const char *region, const sigset_t *child_signal,
    const int64_t limit_ms)
{
    const int64_t budget_ms = limit_ms * WATCHDOG_BUSY_PERCENT / 100;
    const int64_t interval_ms = limit_ms / WATCHDOG_SAMPLES;
    const struct timespec interval = {interval_ms / 1000, interval_ms % 1000 * 1000000};
    int64_t checks = -1;
    int64_t asked_ms = 0;
    struct watched_work at_check = {0, 0};
    int64_t checked_at_ms = watchdog_now_ms();
    int64_t busy_at_ms = checked_at_ms;
    int status;
    while (waitpid(root, &status, WNOHANG) != root)
    {
        sigtimedwait(child_signal, NULL, &interval);
        const int64_t now_ms = watchdog_now_ms();
        const int64_t found = __atomic_load_n(&watched_test->checks, __ATOMIC_RELAXED);
        const struct watched_work work = watchdog_find_processes(root);
        const int64_t asked = work.used_ms + work.waited_ms;
        if (found != checks)
        {
            checks = found;
            checked_at_ms = now_ms;
            at_check = work;
        }
        /* The budget of one limit, not of one sample: what is used in bits adds up. A process that leaves the tree
           takes its time with it. */
        if (asked - asked_ms > budget_ms || asked < asked_ms)
        {
            asked_ms = asked;
            busy_at_ms = now_ms;
        }
        const int64_t used_since_ms = work.used_ms > at_check.used_ms ? work.used_ms - at_check.used_ms : 0;
        const int64_t waited_since_ms = work.waited_ms > at_check.waited_ms ? work.waited_ms - at_check.waited_ms : 0;
        const double share = used_since_ms + waited_since_ms == 0 ? 1 :
            (double)used_since_ms / (double)(used_since_ms + waited_since_ms);
        const int64_t unchecked_ms = (int64_t)((double)(now_ms - checked_at_ms) * share);
        const int64_t quiet_ms = now_ms - (busy_at_ms > checked_at_ms ? busy_at_ms : checked_at_ms);
        if (quiet_ms >= limit_ms)
        {
            return watchdog_fire(root, region, "nothing ran", quiet_ms);
        }
        if (unchecked_ms >= WATCHDOG_SPIN_FACTOR * limit_ms)
        {
            return watchdog_fire(root, region, "no check held", unchecked_ms);
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/*
 * The process goes on as a child of itself, which runs the test; the parent returns the test's exit code when it has
 * ended, and -1 is returned to the test. To be called while there is one thread.
 */
static inline int watchdog_start(const char *region)
{
    const char *text = getenv("CAPS_TEST_WATCHDOG_SECONDS");
    const int64_t limit_ms = 1000 * (text == NULL ? WATCHDOG_DEFAULT_S : (int64_t)strtoll(text, NULL, 10));
    if (limit_ms <= 0)
    {
        return -1;
    }
    struct watched *shared = mmap(NULL, sizeof(struct watched), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
        -1, 0);
    if (shared == MAP_FAILED)
    {
        perror("watchdog");
        return 1;
    }
    watched_test = shared;
    sigset_t child_signal;
    sigset_t signals;
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_signal, &signals);
    fflush(NULL);
    const pid_t parent = getpid();
    const pid_t root = fork();
    if (root < 0)
    {
        perror("watchdog");
        return 1;
    }
    if (root == 0)
    {
        sigprocmask(SIG_SETMASK, &signals, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        /* gdb is no parent of this process. */
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        if (getppid() != parent)
        {
            _exit(1);
        }
        return -1;
    }
    return watchdog_guard(root, region, &child_signal, limit_ms);
}

#endif
