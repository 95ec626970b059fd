/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Circumstances that a program seldom meets: another library's locks, no descriptor or memory left, a life lock that is
 * lost while threads sleep, a region that is replaced while one waits, cancelled threads, children that live on. Run
 * under the sanitizers too.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define NAME "odd"
#define MS INT64_C(1000000)

#define RUN(test) do { watchdog_test(#test); fprintf(stderr, "odd: " #test "\n"); test(); \
    CHECK(caps_sys_leave() == 0); } while (0)

static const struct caps_geometry small = {8, 16, 8, 8, 20000};
static char bytes[20000];
static struct caps_msgid msgid;
static char lock_path[80];

static int service(void)
{
    const int port = caps_sys_service(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(port > 0);
    return port;
}

static int client(void)
{
    const int port = caps_sys_client(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(port > 0);
    return port;
}

static void attach(const int flags)
{
    CHECK(caps_sys_open(NULL, flags, &small) == 0);
}

/* Descriptors from a number on. */
static int count_descriptors(const int from)
{
    int count = 0;
    DIR *descriptors = opendir("/proc/self/fd");
    CHECK(descriptors != NULL);
    for (struct dirent *entry; (entry = readdir(descriptors)) != NULL;)
    {
        count += entry->d_name[0] != '.' && atoi(entry->d_name) >= from && atoi(entry->d_name) != dirfd(descriptors);
    }
    closedir(descriptors);
    return count;
}

/* A process of its own that registers a service and waits to be killed. */
static pid_t start_service(void)
{
    int ready[2];
    CHECK(pipe(ready) == 0);
    const pid_t child = test_fork();
    if (child == 0)
    {
        service();
        CHECK(write(ready[1], "1", 1) == 1);
        pause();
        _exit(0);
    }
    CHECK(child > 0 && read(ready[0], bytes, 1) == 1 && close(ready[0]) == 0 && close(ready[1]) == 0);
    return child;
}

static void end_process(const pid_t child)
{
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
}

static pthread_t start(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, function, argument) == 0);
    return thread;
}

static void join(const pthread_t thread)
{
    CHECK(pthread_join(thread, NULL) == 0);
}

/* ---- descriptors */

static void test_high_descriptors(void)
{
    /* A program that closes a low range and opens its own files there must not have them written to. */
    const int before = count_descriptors(0);
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    attach(CAPS_OPEN_NOWATCH);
    CHECK(count_descriptors(0) > before);
    const int low = limit.rlim_cur > 1008 ? 1000 : (int)limit.rlim_cur - 16;
    CHECK(count_descriptors(low) == count_descriptors(0) - before);
}

static void test_foreign_locks(void)
{
    /* The lock of another library in this process: EBUSY, as often as it is tried, and its lock stays. */
    attach(0);
    CHECK(caps_sys_leave() == 0);
    const int other = open(lock_path, O_RDWR | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x7000000000, .l_len = 1};
    CHECK(other >= 0 && fcntl(other, F_SETLK, &lock) == 0);
    CHECK_FAILS(EBUSY, caps_sys_open(NULL, 0, &small));
    const int before = count_descriptors(0);
    for (int i = 0; i < 50; i++)
    {
        CHECK_FAILS(EBUSY, caps_sys_open(NULL, 0, &small));
    }
    CHECK(count_descriptors(0) == before);
    const pid_t child = test_fork();
    if (child == 0)
    {
        CHECK(fcntl(other, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK && lock.l_pid == getppid());
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    lock.l_type = F_UNLCK;
    CHECK(fcntl(other, F_SETLK, &lock) == 0 && close(other) == 0);
    attach(0);
    CHECK(service() > 0 && caps_sys_close(client()) == 0);
}

static void test_no_descriptors(void)
{
    /* One descriptor after the other is missing: a clear error, none is used up, and at last it works. */
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    attach(0);
    CHECK(caps_sys_leave() == 0);
    const int before = count_descriptors(0);
    int failures = 0;
    bool is_open = false;
    for (rlim_t count = 3; !is_open; count++)
    {
        const struct rlimit few = {count, limit.rlim_max};
        CHECK(count < 100 && setrlimit(RLIMIT_NOFILE, &few) == 0);
        is_open = caps_sys_open(NULL, 0, &small) == 0;
        const int error = errno;
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        CHECK(is_open || error == EMFILE);
        failures += !is_open;
        /* The lock file may be kept open where its locks could not be looked at. */
        CHECK(is_open || count_descriptors(0) <= before + 1);
    }
    CHECK(failures > 0);
    const int svc = service();
    /* A client whose service cannot look it up now is accepted when it can (B1: no refusal). */
    const int port = client();
    CHECK(caps_sys_put(port, "x", 1) > 0);
    const struct rlimit none = {3, limit.rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK_FAILS(EAGAIN, caps_sys_get(svc, bytes, 1, &msgid, NULL));
    CHECK_FAILS(ETIMEDOUT, caps_sys_timedwait(svc, bytes, 1, &msgid, NULL, 50 * MS));
    /* Who this process is must be read for a new port. */
    CHECK_FAILS(EMFILE, caps_sys_service("another", geteuid(), (gid_t)-1, 0, CAPF_USER));
    CHECK(strstr(caps_error(), "Too many open files") != NULL);
    CHECK_FAILS(EMFILE, caps_sys_client(NAME, geteuid(), (gid_t)-1, 0, CAPF_USER));
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
}

/* A file that cannot be opened for lack of descriptors, as when other threads open some; or null. */
static const char *unopened;

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & (O_CREAT | O_TMPFILE)) != 0)
    {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if (unopened != NULL && strcmp(path, unopened) == 0)
    {
        errno = EMFILE;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void test_no_descriptor_for_maps_of_ids(void)
{
    /* Whether this process is in a user namespace cannot be read: that is no refusal by the service (R6). */
    if (geteuid() != 0)
    {
        return;
    }
    attach(0);
    CHECK(caps_sys_service(NAME, 0, (gid_t)-1, 0, CAPF_USER) > 0 && seteuid(65533) == 0);
    const char *maps[] = {"/proc/self/uid_map", "/proc/self/gid_map"};
    for (int i = 0; i < 2; i++)
    {
        unopened = maps[i];
        CHECK_FAILS(EMFILE, caps_sys_client(NAME, 0, (gid_t)-1, 0, CAPF_USER));
        CHECK(strstr(caps_error(), "the maps of ids in /proc/self cannot be read: Too many open files") != NULL);
    }
    unopened = NULL;
    CHECK_FAILS(EACCES, caps_sys_client(NAME, 0, (gid_t)-1, 0, CAPF_USER));
    CHECK(seteuid(0) == 0);
}

static void test_no_descriptor_for_user_name(void)
{
    /* The default region is named by the user: if the name cannot be read now, no other region is used instead. */
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const struct rlimit none = {3, limit.rlim_max};
    char *region = strdup(getenv("CAPS_REGION"));
    CHECK(region != NULL && unsetenv("CAPS_REGION") == 0 && setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK_FAILS(EMFILE, caps_sys_open(NULL, 0, &small));
    CHECK(strstr(caps_error(), "the region's path cannot be found out: Too many open files") != NULL);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0 && setenv("CAPS_REGION", region, 1) == 0);
    free(region);
}

/* ---- memory */

#ifndef __SANITIZE_ADDRESS__
#ifndef __SANITIZE_THREAD__
#define HAS_PLAIN_MEMORY
#endif
#endif

#ifdef HAS_PLAIN_MEMORY
static rlim_t used_memory(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}
#endif

static void test_no_memory(void)
{
#ifdef HAS_PLAIN_MEMORY
    /* Address space ends at each point of attaching, opening and the first message. */
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    int failures = 0;
    bool is_done = false;
    for (rlim_t extra = 0; !is_done; extra += 16384)
    {
        CHECK(extra < (rlim_t)1 << 32);
        const struct rlimit little = {used_memory() + extra, limit.rlim_max};
        CHECK(setrlimit(RLIMIT_AS, &little) == 0);
        int port = -1;
        off_t id = -1;
        int length = -1;
        const int svc = caps_sys_open(NULL, 0, &small) != 0 ? -1 :
            caps_sys_service(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
        if (svc > 0)
        {
            port = caps_sys_client(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
        }
        if (port > 0)
        {
            id = caps_sys_put(port, bytes, sizeof(bytes));
            length = caps_sys_timedwait(svc, bytes, sizeof(bytes), &msgid, NULL, 40 * MS);
        }
        const int error = errno;
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        is_done = length == (int)sizeof(bytes);
        failures += !is_done;
        CHECK(is_done || error == ENOMEM || error == EAGAIN || error == ETIMEDOUT || error == EIO);
        /* What could not be accepted for want of memory is, once there is some: nothing is lost. */
        CHECK(is_done || id <= 0 || caps_sys_wait(svc, bytes, sizeof(bytes), &msgid, NULL) == (int)sizeof(bytes));
        CHECK(caps_sys_leave() == 0);
    }
    CHECK(failures > 0);
#endif
}

static void test_longest_file(void)
{
    /* F12: beyond the process's longest file the kernel sends SIGXFSZ, which ends a program that does not expect it: it
       is an error of the call, and one that the program had pending stays so. */
    int status;
    const pid_t child = test_fork();
    if (child == 0)
    {
        sigset_t too_long;
        sigset_t pending;
        signal(SIGXFSZ, SIG_DFL);
        attach(0);
        const int svc = service();
        const int port = client();
        const struct rlimit none = {4096, RLIM_INFINITY};
        CHECK(svc > 0 && setrlimit(RLIMIT_FSIZE, &none) == 0);
        CHECK_FAILS(ENOSPC, caps_sys_put(port, bytes, sizeof(bytes)));
        CHECK(caps_sys_leave() == 0 && unlink(region_file) == 0);
        CHECK(caps_sys_open(NULL, 0, &small) != 0 && errno == EFBIG);
        sigemptyset(&too_long);
        sigaddset(&too_long, SIGXFSZ);
        CHECK(sigprocmask(SIG_BLOCK, &too_long, NULL) == 0 && raise(SIGXFSZ) == 0);
        CHECK(caps_sys_open(NULL, 0, &small) != 0);
        CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ) == 1);
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_cut_file(void)
{
    /* F13: a process that lives on in a region that was cut short does not give the file its length again: who comes
       later refuses it. */
    int status;
    const pid_t child = test_fork();
    if (child == 0)
    {
        attach(0);
        const int svc = service();
        const int port = client();
        const int file = open(region_file, O_RDWR);
        CHECK(svc > 0 && file >= 0);
        /* Behind the tables and the head of the link, whose cells were never used. */
        const off_t length = lseek(file, 0, SEEK_HOLE);
        CHECK(length > 0 && ftruncate(file, length) == 0);
        CHECK_FAILS(ENOSPC, caps_sys_put(port, bytes, sizeof(bytes)));
        CHECK(lseek(file, 0, SEEK_END) == length && unlink(region_file) == 0);
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- the life lock, and the region */

struct sleeper
{
    int port;
    bool polls;
    int error;
    int is_about_to_sleep;
};

static void *sleep_on_port(void *argument)
{
    struct sleeper *sleeper = argument;
    struct caps_msgid id;
    char byte;
    __atomic_store_n(&sleeper->is_about_to_sleep, 1, __ATOMIC_RELEASE);
    if (sleeper->polls)
    {
        struct caps_poll polled = {sleeper->port, 0};
        CHECK(caps_sys_poll(&polled, 1, CAPS_FOREVER) == 1);
        CHECK(caps_sys_get(sleeper->port, &byte, 1, &id, NULL) < 0);
    }
    else
    {
        CHECK(caps_sys_wait(sleeper->port, &byte, 1, &id, NULL) < 0);
    }
    sleeper->error = errno;
    return NULL;
}

static void test_lost_lock_wakes(void)
{
    /* Threads that sleep, in a wait and in a poll, return when the life lock is lost. */
    attach(0);
    struct sleeper sleepers[2] = {{service(), false, 0, 0}, {service(), true, 0, 0}};
    const pthread_t threads[2] = {start(sleep_on_port, &sleepers[0]), start(sleep_on_port, &sleepers[1])};
    /* Either order is right; this makes it likely that they sleep. */
    usleep(20000);
    close(open(lock_path, O_RDONLY));
    for (int i = 0; i < 2; i++)
    {
        join(threads[i]);
        CHECK(sleepers[i].error == ENOTCONN && caps_sys_close(sleepers[i].port) == 0);
    }
}

static void test_all_descriptors_closed(void)
{
#ifndef __SANITIZE_THREAD__ /* which takes each close of a descriptor in use for a race */
    /* closefrom: the lock goes with the descriptors. The ports end, a thread that sleeps returns, the library's own
       thread ends when the process leaves, and a file that has got one of the numbers is left alone. */
    int status;
    const pid_t child = test_fork();
    if (child == 0)
    {
        attach(0);
        struct sleeper sleeper = {service(), false, 0, 0};
        const pthread_t thread = start(sleep_on_port, &sleeper);
        usleep(20000);
        for (int i = 3; i < 20000; i++)
        {
            close(i);
        }
        join(thread);
        CHECK(sleeper.error == ENOTCONN);
        const int own = open("/dev/null", O_RDONLY);
        CHECK(own >= 0);
        for (int i = 3; i < 1100; i++)
        {
            dup2(own, i);
        }
        const int before = count_descriptors(0);
        CHECK(before > 900 && caps_sys_close(sleeper.port) == 0 && caps_sys_leave() == 0);
        CHECK(count_descriptors(0) == before);
        for (int i = 3; i < 1100; i++)
        {
            close(i);
        }
        attach(0);
        CHECK(service() > 0 && caps_sys_close(client()) == 0 && caps_sys_leave() == 0);
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
#endif
}

static void test_lost_lock_of_removed_region(void)
{
    /* A region that was removed goes on for those who are in it; a life lock that is lost then ends its ports, too. */
    attach(0);
    const int svc = service();
    const int port = client();
    CHECK(caps_sys_put(port, "x", 1) > 0 && unlink(region_file) == 0);
    int other;
    while ((other = caps_sys_service("other", geteuid(), (gid_t)-1, 0, CAPF_USER)) > 0)
    {
        CHECK(caps_sys_close(other) == 0);
        usleep(1000);
    }
    CHECK(errno == ENOTCONN && caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
    CHECK(caps_sys_reply(svc, "y", 1, msgid.c_id) == 0 && caps_sys_wait(port, bytes, 1, &msgid, NULL) == 1);
    close(open(lock_path, O_RDONLY));
    while (caps_sys_get(svc, bytes, 1, &msgid, NULL) >= 0 || errno == EAGAIN)
    {
        usleep(1000);
    }
    CHECK(errno == ENOTCONN);
    CHECK(caps_sys_close(svc) == 0 && caps_sys_close(port) == 0);
}

struct waiter
{
    /* Of the thread; 0 until it runs. */
    _Atomic pid_t tid;
    int error;
};

static void *wait_for_service(void *argument)
{
    struct waiter *waiter = argument;
    waiter->tid = (pid_t)syscall(SYS_gettid);
    const int port = caps_sys_client("never", geteuid(), (gid_t)-1, 0, CAPF_USER | CAPF_WAITSVC);
    CHECK(port < 0);
    waiter->error = errno;
    return NULL;
}

/* Whether a thread sleeps on a futex in the region, by what the kernel reports: "NUMBER 0xARGUMENT ...". */
static bool sleeps_in_region(const pid_t tid)
{
    char path[48];
    char line[512];
    snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    long number = -1;
    unsigned long address = 0;
    const bool is_call = fgets(line, sizeof(line), file) != NULL && sscanf(line, "%ld 0x%lx", &number, &address) == 2;
    fclose(file);
    if (!is_call || number != SYS_futex)
    {
        return false;
    }
    FILE *maps = fopen("/proc/self/maps", "re");
    CHECK(maps != NULL);
    bool is_found = false;
    while (!is_found && fgets(line, sizeof(line), maps) != NULL)
    {
        unsigned long begin;
        unsigned long end;
        is_found = sscanf(line, "%lx-%lx", &begin, &end) == 2 && address >= begin && address < end &&
            strstr(line, region_file) != NULL;
    }
    fclose(maps);
    return is_found;
}

static void test_replaced_while_waiting(void)
{
    /* A region is removed while one thread waits for a service and another opens ports: the one that waits returns, and
       has not had its attachment taken away under it. */
    attach(0);
    struct waiter waiter = {0, 0};
    const pthread_t thread = start(wait_for_service, &waiter);
    /* One that attached only after the region was replaced would wait in the new one. */
    while (waiter.tid == 0 || !sleeps_in_region(waiter.tid))
    {
        usleep(1000);
    }
    CHECK(unlink(region_file) == 0);
    int port;
    while ((port = caps_sys_service("other", geteuid(), (gid_t)-1, 0, CAPF_USER)) > 0 &&
        access(region_file, F_OK) != 0)
    {
        CHECK(caps_sys_close(port) == 0);
        usleep(1000);
    }
    join(thread);
    CHECK(waiter.error == ENOTCONN);
}

/* ---- children */

static void test_child_keeps_descriptors(void)
{
    /* A child that lives on, and never calls, has copies of the descriptors: a peer that dies is reported once, and not
       in each moment from then on. */
    attach(CAPS_OPEN_NOWATCH);
    const pid_t peer = start_service();
    const int port = client();
    const pid_t child = test_fork();
    if (child == 0)
    {
        pause();
        _exit(0);
    }
    end_process(peer);
    while (caps_sys_get(port, bytes, 1, &msgid, NULL) < 0 && errno == EAGAIN)
    {
        CHECK(caps_watch() == 0);
    }
    CHECK(errno == ENOTCONN);
    struct pollfd watched = {.fd = caps_watch_fd(), .events = POLLIN};
    int quiet = 0;
    for (int i = 0; i < 100; i++)
    {
        CHECK(caps_watch() == 0);
        quiet += poll(&watched, 1, 0) == 0;
    }
    /* But for the timer, which comes every 30 ms, nothing is to be looked at. */
    CHECK(quiet > 0);
    end_process(child);
    CHECK(caps_sys_close(port) == 0);
}

static int is_over;

#ifdef HAS_PLAIN_MEMORY
static void *allocate(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED))
    {
        free(malloc(5000));
    }
    return NULL;
}
#endif

static void test_fork_in_malloc(void)
{
    /* A raw fork while a thread is within malloc, which stays locked in the child: calls on ports return (R27). */
#ifdef HAS_PLAIN_MEMORY
    /* As many links as make the library's table too long for the thread's own cache. */
    static const struct caps_geometry large = {8, 16, 4096, 4, 300};
    CHECK(unlink(region_file) == 0 || errno == ENOENT);
    CHECK(caps_sys_open(NULL, 0, &large) == 0);
    const int svc = service();
    const int port = client();
    is_over = 0;
    const pthread_t threads[2] = {start(allocate, NULL), start(allocate, NULL)};
    for (int i = 0; i < 300; i++)
    {
        const pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
        if (child == 0)
        {
            const bool is_right = caps_sys_put(port, "x", 1) < 0 && errno == ENOTCONN && caps_sys_close(svc) == 0;
            syscall(SYS_exit_group, is_right ? 0 : 1);
        }
        int status;
        CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    join(threads[0]);
    join(threads[1]);
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0 && caps_sys_leave() == 0 && unlink(region_file) == 0);
#endif
}

/* ---- threads */

static void *call_cancelled(void *argument)
{
    const int *ports = argument;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    /* Whichever of these had a cancellation point would not return. */
    CHECK(caps_sys_put(ports[1], bytes, sizeof(bytes)) > 0);
    CHECK(caps_sys_wait(ports[0], bytes, sizeof(bytes), &msgid, NULL) == (int)sizeof(bytes));
    CHECK(caps_sys_reply(ports[0], bytes, sizeof(bytes), msgid.c_id) == 0);
    CHECK(caps_sys_wait(ports[1], bytes, sizeof(bytes), &msgid, NULL) == (int)sizeof(bytes));
    CHECK_FAILS(ETIMEDOUT, caps_sys_timedwait(ports[1], bytes, 1, &msgid, NULL, MS));
    struct caps_poll polled = {ports[1], 0};
    CHECK(caps_sys_poll(&polled, 1, MS) == 0);
    const int own = service();
    CHECK(caps_sys_close(client()) == 0 && caps_sys_close(own) == 0);
    *(int *)argument = 0;
    pthread_testcancel();
    CHECK(false);
    return NULL;
}

static void test_cancel(void)
{
    /* No call is a cancellation point. */
    attach(0);
    const int svc = service();
    int ports[2] = {svc, client()};
    const pthread_t thread = start(call_cancelled, ports);
    void *end;
    CHECK(pthread_join(thread, &end) == 0 && end == PTHREAD_CANCELED && ports[0] == 0);
    CHECK(caps_sys_put(ports[1], "x", 1) > 0 && caps_sys_wait(svc, bytes, 1, &msgid, NULL) >= 0);
    CHECK(caps_sys_close(svc) == 0 && caps_sys_close(ports[1]) == 0);
}

#define CLOSED_COUNT 100

static int closing_ports[2];

static void *use_until_closed(void *argument)
{
    const int number = *(const int *)argument;
    char payload[2000] = "";
    struct caps_msgid id;
    const void *view;
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED))
    {
        const int svc = __atomic_load_n(&closing_ports[0], __ATOMIC_ACQUIRE);
        const int port = __atomic_load_n(&closing_ports[1], __ATOMIC_ACQUIRE);
        if (number == 0)
        {
            if (caps_sys_wait(svc, payload, sizeof(payload), &id, NULL) >= 0 && id.c_state == CAPMS_REQUEST)
            {
                caps_sys_reply(svc, payload, sizeof(payload), id.c_id);
            }
        }
        else if (number == 1)
        {
            void *request = caps_sys_alloc(port, 0, 1500);
            if (request != NULL && caps_sys_put(port, request, 1500) < 0)
            {
                caps_sys_free(port, request);
            }
            if (caps_sys_view(port, &view, &id, NULL, MS) >= 0)
            {
                caps_sys_release(port, id.c_id);
            }
        }
        else
        {
            caps_sys_call(port, payload, sizeof(payload), payload, sizeof(payload), &id, MS);
        }
    }
    return NULL;
}

static void test_close_against_threads(void)
{
    /* Ports are closed, and others opened in their place, under threads in every kind of call. */
    attach(0);
    int numbers[4] = {0, 1, 2, 2};
    pthread_t threads[4];
    is_over = 0;
    closing_ports[0] = service();
    closing_ports[1] = client();
    for (int i = 0; i < 4; i++)
    {
        threads[i] = start(use_until_closed, &numbers[i]);
    }
    for (int i = 0; i < CLOSED_COUNT; i++)
    {
        usleep(500);
        const int svc = closing_ports[0];
        const int port = closing_ports[1];
        if (i % 3 != 0)
        {
            CHECK(caps_sys_close(svc) == 0);
            __atomic_store_n(&closing_ports[0], service(), __ATOMIC_RELEASE);
        }
        CHECK(caps_sys_close(port) == 0);
        __atomic_store_n(&closing_ports[1], client(), __ATOMIC_RELEASE);
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    CHECK(caps_sys_close(closing_ports[0]) == 0 && caps_sys_close(closing_ports[1]) == 0);
    for (int i = 0; i < 4; i++)
    {
        join(threads[i]);
    }
}

static int has_polled;

static void *poll_first(void *argument)
{
    struct caps_poll polled = {*(const int *)argument, 0};
    CHECK(caps_sys_poll(&polled, 1, MS) == 0);
    __atomic_store_n(&has_polled, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void test_stopped_holder(void)
{
    /* A process that holds the tables' lock and is stopped delays the first poll, and no report of a death (B1). */
    attach(0);
    int own = service();
    const pid_t peer = test_fork();
    int ready[2];
    CHECK(pipe(ready) == 0);
    if (peer == 0)
    {
        CHECK(caps_sys_service("mortal", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT) > 0);
        pause();
        _exit(0);
    }
    const int port = caps_sys_client("mortal", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT | CAPF_WAITSVC);
    CHECK(port > 0 && caps_sys_put(port, "x", 1) > 0);
    const pid_t holder = test_fork();
    if (holder == 0)
    {
        const int file = open(lock_path, O_RDWR);
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
        CHECK(fcntl(file, F_SETLKW, &lock) == 0 && write(ready[1], "1", 1) == 1);
        pause();
        _exit(0);
    }
    CHECK(read(ready[0], bytes, 1) == 1);
    has_polled = 0;
    const pthread_t thread = start(poll_first, &own);
    usleep(50000);
    end_process(peer);
    CHECK(caps_sys_wait(port, bytes, 1, &msgid, NULL) == 0);
    CHECK(msgid.c_reserved01 == CAPS_OUTCOME_SERVICE_DIED && !__atomic_load_n(&has_polled, __ATOMIC_ACQUIRE));
    end_process(holder);
    join(thread);
    CHECK(close(ready[0]) == 0 && close(ready[1]) == 0);
}

#ifdef HAS_PLAIN_MEMORY
/* F50: a process that locks its memory and reaches its limit is told which limit that is, and what to do. */
static void test_locked_memory(void)
{
    const pid_t child = test_fork();
    if (child == 0)
    {
        const struct caps_geometry large = {4, 8, 4, 128, 131072};
        const struct rlimit limit = {4 << 20, 4 << 20};
        struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
        struct __user_cap_data_struct none[2];
        pthread_attr_t attributes;
        char path[80];
        snprintf(path, sizeof(path), "%s-locked", region_file);
        CHECK(setenv("CAPS_REGION", path, 1) == 0 && setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
        /* The region is of this user, whoever that is: only the right to lock more is given up. */
        CHECK(syscall(SYS_capget, &header, none) == 0);
        none[0].effective &= ~(1u << CAP_IPC_LOCK);
        CHECK(syscall(SYS_capset, &header, none) == 0 && mlockall(MCL_FUTURE) == 0);
        /* A longer stack than any that an ended thread has left to the next. */
        CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 64 << 20) == 0);
        CHECK(pthread_setattr_default_np(&attributes) == 0);
        CHECK_FAILS(EAGAIN, caps_sys_open(NULL, 0, &large));
        CHECK(strstr(caps_error(), "watch thread") != NULL && strstr(caps_error(), "RLIMIT_MEMLOCK") != NULL);
        CHECK(caps_sys_open(NULL, CAPS_OPEN_NOWATCH, &large) == 0 && service() > 0);
        CHECK_FAILS(EAGAIN, caps_sys_client(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT));
        CHECK(strstr(caps_error(), "cannot be mapped") != NULL && strstr(caps_error(), "may lock 4194304") != NULL);
        CHECK(strstr(caps_error(), "MCL_ONFAULT") != NULL && strstr(caps_error(), "geometry") != NULL);
        /* Nothing is left of the attempts. */
        CHECK(munlockall() == 0 && caps_sys_close(client()) == 0 && caps_sys_leave() == 0);
        const struct rlimit less = {4096, 4096};
        CHECK(mlock(bytes, 1) == 0 && setrlimit(RLIMIT_MEMLOCK, &less) == 0 && mlockall(MCL_FUTURE) == 0);
        CHECK_FAILS(EAGAIN, caps_sys_open(NULL, CAPS_OPEN_NOWATCH, &large));
        CHECK(strstr(caps_error(), "cannot map") != NULL && strstr(caps_error(), "RLIMIT_MEMLOCK") != NULL);
        CHECK(unlink(path) == 0);
        CHECK_FAILS(EAGAIN, caps_sys_open(NULL, CAPS_OPEN_NOWATCH, &large));
        CHECK(strstr(caps_error(), "cannot be made") != NULL && strstr(caps_error(), "RLIMIT_MEMLOCK") != NULL);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}
#endif

int main(void)
{
#ifdef HAS_PLAIN_MEMORY
    /* All threads share one lock of malloc's. */
    mallopt(M_ARENA_MAX, 1);
#endif
    region_make();
    snprintf(lock_path, sizeof(lock_path), "%s.lock", region_file);
    RUN(test_high_descriptors);
    RUN(test_foreign_locks);
    RUN(test_no_descriptors);
    RUN(test_no_descriptor_for_user_name);
    RUN(test_no_descriptor_for_maps_of_ids);
    RUN(test_no_memory);
    RUN(test_longest_file);
    RUN(test_cut_file);
#ifdef HAS_PLAIN_MEMORY
    RUN(test_locked_memory);
#endif
    RUN(test_lost_lock_wakes);
    RUN(test_all_descriptors_closed);
    RUN(test_lost_lock_of_removed_region);
    RUN(test_replaced_while_waiting);
    RUN(test_child_keeps_descriptors);
    RUN(test_fork_in_malloc);
    RUN(test_cancel);
    RUN(test_close_against_threads);
    RUN(test_stopped_holder);
    printf("odd: ok\n");
    return 0;
}
