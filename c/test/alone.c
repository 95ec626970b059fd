/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the library must leave alone: files of the program at the numbers of its own descriptors, a region in which it
 * is dead for its peers, memory that a thread still writes to, the word of a port that others sleep for. And what it
 * must not leave: private directories of a creator that died. And whose directories, files and ports it uses. Run
 * under the sanitizers too.
 */
#include "check.h"
#include "caps_layout.h"

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define NAME "alone"
#define MS INT64_C(1000000)

#define RUN(test) do { watchdog_test(#test); fprintf(stderr, "alone: " #test "\n"); test(); \
    CHECK(caps_sys_leave() == 0); } while (0)

/* One link, so that a test can see what keeps it. */
static const struct caps_geometry single = {8, 16, 1, 8, 20000};
static const struct caps_geometry small = {8, 16, 8, 8, 20000};
static char bytes[20000];
static struct caps_msgid msgid;
static char lock_path[80];

static int service_named(const char *name)
{
    const int port = caps_sys_service(name, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(port > 0);
    return port;
}

static int client_of(const char *name)
{
    const int port = caps_sys_client(name, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT | CAPF_WAITSVC);
    CHECK(port > 0);
    return port;
}

static void attach(const int flags, const struct caps_geometry *geometry)
{
    CHECK(unlink(region_file) == 0 || errno == ENOENT);
    CHECK(caps_sys_open(NULL, flags, geometry) == 0);
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

/* A process of its own that registers a service and waits to be killed. */
static pid_t start_service(const char *name)
{
    const pid_t child = test_fork();
    if (child == 0)
    {
        service_named(name);
        pause();
        _exit(0);
    }
    CHECK(child > 0);
    return child;
}

static void end_process(const pid_t child)
{
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
}

static void check_child(const pid_t child)
{
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- descriptors */

/* Replaces each descriptor that is neither file nor pipe by a file of the program's own. Returns how many. */
static int replace_descriptors(const int own, int *replaced, const int limit)
{
    char path[64];
    char target[256];
    int count = 0;
    for (int i = 3; i < 20000; i++)
    {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", i);
        const ssize_t length = readlink(path, target, sizeof(target) - 1);
        target[length < 0 ? 0 : length] = 0;
        if (strncmp(target, "anon_inode:", 11) == 0 || strncmp(target, "pidfd:", 6) == 0)
        {
            CHECK(count < limit && dup2(own, i) == i);
            replaced[count++] = i;
        }
    }
    return count;
}

static bool is_same_file(const int one, const int other)
{
    struct stat statuses[2];
    return fstat(one, &statuses[0]) == 0 && fstat(other, &statuses[1]) == 0 &&
        statuses[0].st_ino == statuses[1].st_ino && statuses[0].st_dev == statuses[1].st_dev;
}

static void test_child_keeps_own_files(void)
{
    /* R27: a child opens files at the numbers of inherited descriptors before its first call, which gives up what was
       the parent's: it closes none of them, and the rest is closed. */
    attach(0, &small);
    const pid_t peer = start_service("peer");
    const int port = client_of("peer");
    for (int i = 0; i < 2; i++)
    {
        const pid_t child = test_fork();
        if (child == 0)
        {
            int replaced[16];
            const int own = i == 0 ? open(region_directory, O_RDONLY | O_DIRECTORY) : -1;
            /* The poller, its timer, its word to end, and the peer's process. */
            const int count = i == 0 ? replace_descriptors(own, replaced, 16) : 0;
            CHECK(i != 0 || count >= 4);
            CHECK_FAILS(ENOTCONN, caps_sys_put(port, "x", 1));
            for (int j = 0; j < count; j++)
            {
                CHECK(is_same_file(own, replaced[j]));
            }
            CHECK(i == 0 || replace_descriptors(0, replaced, 16) == 0);
            _exit(0);
        }
        check_child(child);
    }
    CHECK(caps_sys_put(port, "x", 1) > 0);
    end_process(peer);
}

static void test_end_writes_no_own_file(void)
{
    /* The descriptors are closed and their numbers used again: to end the library's thread must not write there. */
#ifndef __SANITIZE_THREAD__ /* which takes each close of a descriptor in use for a race */
    const pid_t child = test_fork();
    if (child == 0)
    {
        int replaced[16];
        char path[80];
        attach(0, &small);
        snprintf(path, sizeof(path), "%s/own", region_directory);
        const int own = open(path, O_RDWR | O_CREAT, 0600);
        CHECK(own >= 0 && replace_descriptors(own, replaced, 16) >= 3);
        CHECK(caps_sys_leave() == 0);
        struct stat status;
        CHECK(fstat(own, &status) == 0 && status.st_size == 0);
        _exit(0);
    }
    check_child(child);
#endif
}

/* ---- the life lock */

static const uint8_t *map_tables(size_t *length)
{
    /* The lock file is another one: to open and close the region drops no lock. */
    struct stat status;
    const int descriptor = open(region_file, O_RDONLY);
    CHECK(descriptor >= 0 && fstat(descriptor, &status) == 0);
    *length = (size_t)status.st_size;
    const uint8_t *tables = mmap(NULL, *length, PROT_READ, MAP_SHARED, descriptor, 0);
    CHECK(tables != MAP_FAILED && close(descriptor) == 0);
    return tables;
}

static void *wait_on_port(void *argument)
{
    int *port = argument;
    char byte;
    CHECK(caps_sys_wait(*port, &byte, 1, NULL, NULL) < 0);
    __atomic_store_n(port, errno, __ATOMIC_RELEASE);
    return NULL;
}

static void *poll_on_port(void *argument)
{
    int *port = argument;
    struct caps_poll polled = {*port, 0};
    CHECK(caps_sys_poll(&polled, 1, CAPS_FOREVER) == 1);
    char byte;
    CHECK(caps_sys_get(*port, &byte, 1, NULL, NULL) < 0);
    __atomic_store_n(port, errno, __ATOMIC_RELEASE);
    return NULL;
}

static void *call_on_port(void *argument)
{
    int *port = argument;
    char byte;
    CHECK(caps_sys_call(*port, "x", 1, &byte, 1, NULL, CAPS_FOREVER) < 0);
    __atomic_store_n(port, errno, __ATOMIC_RELEASE);
    return NULL;
}

/* A process that continues without its main thread. */
static void *serve_without_main(void *argument)
{
    const int port = *(const int *)argument;
    char state = 0;
    char byte;
    struct caps_cred cred;
    while (state != 'Z')
    {
        FILE *stat = fopen("/proc/self/stat", "r");
        CHECK(stat != NULL && fscanf(stat, "%*d (%*[^)]) %c", &state) == 1 && fclose(stat) == 0);
    }
    for (int i = 0; i < 3; i++)
    {
        CHECK(caps_watch() == 0);
    }
    CHECK(caps_sys_wait(port, &byte, 1, &msgid, &cred) == 1 && cred.euid == geteuid() && cred.pid == getppid());
    CHECK(caps_sys_reply(port, &byte, 1, msgid.c_id) == 0 && caps_sys_close(port) == 0 && caps_sys_leave() == 0);
    _exit(0);
}

static void test_main_thread_ends(void)
{
    /* B2, R22: a process whose main thread has ended lives. /proc/self shows no descriptors then; its life lock is
       unchanged, and it can read its clients' credentials. */
    attach(CAPS_OPEN_NOWATCH, &small);
    const pid_t child = test_fork();
    if (child == 0)
    {
        static int port;
        CHECK(caps_sys_open(NULL, CAPS_OPEN_NOWATCH, &small) == 0);
        port = service_named("headless");
        start(serve_without_main, &port);
        pthread_exit(NULL);
    }
    const int port = client_of("headless");
    CHECK(caps_sys_call(port, "x", 1, bytes, 1, NULL, CAPS_FOREVER) == 1);
    check_child(child);
    CHECK(caps_sys_close(port) == 0);
}

/* Puts a file in the place of the descriptor of the lock file. */
static void replace_lock_descriptor(void)
{
    struct stat locks;
    struct stat status;
    int own = open("/dev/zero", O_RDWR);
    CHECK(own >= 0 && stat(lock_path, &locks) == 0);
    for (int i = 3; i < 20000; i++)
    {
        if (fstat(i, &status) == 0 && status.st_ino == locks.st_ino && status.st_dev == locks.st_dev)
        {
            CHECK(dup2(own, i) == i);
            own = -1;
        }
    }
    CHECK(own == -1);
}

static void test_other_file_proves_no_death(void)
{
    /* B2: a program closes all descriptors, and opens another file at the lock file's number, on which no process has a
       lock. That does not prove that its peers are dead: it frees none of their entries, and only its own attachment
       ends. */
    attach(CAPS_OPEN_NOWATCH, &small);
    const pid_t peer = start_service("peer");
    CHECK(caps_sys_close(client_of("peer")) == 0);
    const pid_t child = test_fork();
    if (child == 0)
    {
        CHECK(caps_sys_open(NULL, CAPS_OPEN_NOWATCH, &small) == 0);
        const int port = client_of("peer");
        replace_lock_descriptor();
        CHECK_FAILS(ENOTCONN, caps_sys_client("peer", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT));
        CHECK_FAILS(ENOTCONN, caps_sys_service("other", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT));
        CHECK(caps_watch() == 0);
        CHECK_FAILS(ENOTCONN, caps_sys_put(port, "x", 1));
        _exit(0);
    }
    check_child(child);
    const int port = caps_sys_client("peer", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(port > 0 && caps_sys_close(port) == 0);
    end_process(peer);
}

static void test_lost_life_stores_nothing(void)
{
    /* F39: from the round that finds the life lock lost, nothing is stored: not by rounds after it, not for a peer that
       dies, not for threads that slept, not by closes and not by the end. Waiters and callers return, also those that
       only poll. */
    attach(CAPS_OPEN_NOWATCH, &small);
    const pid_t peer = start_service("peer");
    const struct caps_attr spinning = {.spin_only = 1, .spin_count = 2000};
    int ports[3] = {service_named(NAME), service_named("polled"), client_of("peer")};
    const int spinner = caps_sys_client_attr("peer", geteuid(), (gid_t)-1, CAPF_ANYCLIENT, &spinning);
    int spinning_port = spinner;
    const int ids[3] = {ports[0], ports[1], ports[2]};
    CHECK(spinner > 0);
    const pthread_t threads[4] = {start(wait_on_port, &ports[0]), start(poll_on_port, &ports[1]),
        start(call_on_port, &ports[2]), start(call_on_port, &spinning_port)};
    /* Either order is right; this makes it likely that they sleep. */
    usleep(20000);
    /* It has stopped when that is reported, and stores nothing itself any more. */
    CHECK(kill(peer, SIGSTOP) == 0 && waitpid(peer, NULL, WUNTRACED) == peer);
    size_t length;
    const uint8_t *region = map_tables(&length);
    close(open(lock_path, O_RDONLY));
    CHECK(caps_watch() == 0);
    uint8_t *before = malloc(length);
    CHECK(before != NULL);
    memcpy(before, region, length);
    for (int i = 0; i < 4; i++)
    {
        int *port = i < 3 ? &ports[i] : &spinning_port;
        const int id = i < 3 ? ids[i] : spinner;
        while (__atomic_load_n(port, __ATOMIC_ACQUIRE) == id)
        {
            CHECK(caps_watch() == 0);
        }
        join(threads[i]);
        CHECK(*port == ENOTCONN);
    }
    end_process(peer);
    for (int i = 0; i < 20; i++)
    {
        CHECK(caps_watch() == 0);
    }
    CHECK_FAILS(ENOTCONN, caps_sys_put(ids[2], "x", 1));
    for (int i = 0; i < 3; i++)
    {
        CHECK(caps_sys_close(ids[i]) == 0);
    }
    struct caps_poll none = {-1, 0};
    CHECK_FAILS(ENOTCONN, caps_sys_poll(&none, 1, MS));
    CHECK(caps_sys_leave() == 0);
    CHECK(memcmp(before, region, length) == 0);
    free(before);
    CHECK(munmap((void *)(uintptr_t)region, length) == 0);
    /* The process may attach again. */
    CHECK(caps_sys_open(NULL, 0, &small) == 0);
    CHECK(service_named("again") > 0);
}

/* ---- allocations */

struct writer
{
    uint8_t *address;
    int is_over;
    uint64_t count;
};

static void *write_on(void *argument)
{
    struct writer *writer = argument;
    while (!__atomic_load_n(&writer->is_over, __ATOMIC_RELAXED))
    {
        memset(writer->address, 0xA5, 1500);
        __atomic_add_fetch(&writer->count, 1, __ATOMIC_RELEASE);
    }
    return NULL;
}

/* Waits for some whole rounds of a writer. */
static void see_writes(const struct writer *writer)
{
    const uint64_t count = __atomic_load_n(&writer->count, __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&writer->count, __ATOMIC_ACQUIRE) < count + 3)
    {
        usleep(100);
    }
}

/* Opens a client in another process: 0, or the error. */
static int try_client(void)
{
    int status;
    const pid_t child = test_fork();
    if (child == 0)
    {
        const int port = caps_sys_client("other", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
        _exit(port > 0 ? 0 : errno);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_client_closed_under_writer(void)
{
    /* Row 40: no store into memory that may have a new owner. The port is closed, its service sees that; the only link
       is another client's once the allocation is given back. */
    attach(0, &single);
    const int svc = service_named(NAME);
    const int other = service_named("other");
    const int port = client_of(NAME);
    CHECK(caps_sys_put(port, "x", 1) > 0 && caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
    struct writer writer = {caps_sys_alloc(port, 0, 1500), 0, 0};
    void *second = caps_sys_alloc(port, 0, 10);
    CHECK(writer.address != NULL && second != NULL);
    const pthread_t thread = start(write_on, &writer);
    see_writes(&writer);
    CHECK(caps_sys_close(port) == 0);
    CHECK(caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 0 && msgid.c_state == CAPMS_DISPOSE);
    see_writes(&writer);
    CHECK(try_client() == ENOBUFS);
    /* A put that fails gives one back; the other one still keeps the link. */
    CHECK_FAILS(EINVAL, caps_sys_put(port, second, 10));
    CHECK_FAILS(EINVAL, caps_sys_free(port, second));
    CHECK_FAILS(EINVAL, caps_sys_free(port + 1000, writer.address));
    CHECK(try_client() == ENOBUFS);
    __atomic_store_n(&writer.is_over, 1, __ATOMIC_RELAXED);
    join(thread);
    CHECK(caps_sys_free(port, writer.address) == 0);
    CHECK_FAILS(EINVAL, caps_sys_free(port, writer.address));
    CHECK(try_client() == 0);
    CHECK(caps_sys_close(svc) == 0 && caps_sys_close(other) == 0);
}

static void test_service_closed_under_writer(void)
{
    /* The same at a service, whose client goes before it or after it. */
    for (int i = 0; i < 2; i++)
    {
        attach(0, &single);
        const int other = service_named("other");
        const int svc = service_named(NAME);
        const int port = client_of(NAME);
        CHECK(caps_sys_put(port, "x", 1) > 0 && caps_sys_wait(svc, bytes, 1, &msgid, NULL) == 1);
        struct writer writer = {caps_sys_alloc(svc, msgid.c_id, 1500), 0, 0};
        CHECK(writer.address != NULL);
        const pthread_t thread = start(write_on, &writer);
        if (i == 0)
        {
            CHECK(caps_sys_close(port) == 0 && caps_sys_wait(svc, bytes, 1, NULL, NULL) == 0);
        }
        CHECK(caps_sys_close(svc) == 0);
        if (i == 1)
        {
            struct caps_msgid reply;
            CHECK(caps_sys_wait(port, bytes, 1, &reply, NULL) == 0);
            CHECK(reply.c_reserved01 == (CAPS_OUTCOME_SERVICE_CLOSED | CAPS_RECEIVED) && caps_sys_close(port) == 0);
        }
        see_writes(&writer);
        CHECK(try_client() == ENOBUFS);
        __atomic_store_n(&writer.is_over, 1, __ATOMIC_RELAXED);
        join(thread);
        CHECK_FAILS(EINVAL, caps_sys_reply(svc, writer.address, 1500, msgid.c_id));
        CHECK(try_client() == 0);
        CHECK(caps_sys_close(other) == 0 && caps_sys_leave() == 0);
    }
}

static void test_left_under_writer(void)
{
    /* The process leaves while a thread fills an allocation: it stays in the region until that is given back; then its
       entry is free. To attach again before that is to go on. */
    for (int i = 0; i < 2; i++)
    {
        attach(0, &single);
        int svc = service_named(NAME);
        const int port = client_of(NAME);
        struct writer writer = {caps_sys_alloc(port, 0, 1500), 0, 0};
        CHECK(writer.address != NULL);
        const pthread_t thread = start(write_on, &writer);
        CHECK(caps_sys_leave() == 0);
        CHECK_FAILS(ENOTCONN, caps_watch_fd());
        see_writes(&writer);
        if (i == 1)
        {
            CHECK_FAILS(EEXIST, caps_sys_open("/dev/shm/libcaps-other/region", 0, NULL));
            svc = service_named(NAME);
            see_writes(&writer);
        }
        __atomic_store_n(&writer.is_over, 1, __ATOMIC_RELAXED);
        join(thread);
        CHECK(caps_sys_free(port, writer.address) == 0);
        CHECK(i == 0 || caps_sys_close(client_of(NAME)) == 0);
        CHECK(i == 0 || caps_sys_close(svc) == 0);
        size_t length;
        const uint8_t *region = map_tables(&length);
        if (i == 1)
        {
            CHECK(caps_sys_leave() == 0);
        }
        int64_t incarnation;
        memcpy(&incarnation, region + REGION_HEADER_LENGTH + PROCESS_INCARNATION_OFFSET, sizeof(incarnation));
        CHECK(incarnation == 0);
        CHECK(munmap((void *)(uintptr_t)region, length) == 0);
    }
}

static void test_replaced_under_writer(void)
{
    /* The region is removed while a thread fills an allocation: the program continues in the next one. */
    attach(0, &small);
    int svc = service_named(NAME);
    const int port = client_of(NAME);
    struct writer writer = {caps_sys_alloc(port, 0, 1500), 0, 0};
    CHECK(writer.address != NULL);
    const pthread_t thread = start(write_on, &writer);
    CHECK(unlink(region_file) == 0 && caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
    while (access(region_file, F_OK) != 0)
    {
        svc = caps_sys_service(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
        CHECK(svc > 0 && caps_sys_close(svc) == 0);
        usleep(1000);
    }
    see_writes(&writer);
    svc = service_named(NAME);
    CHECK(caps_sys_close(client_of(NAME)) == 0);
    __atomic_store_n(&writer.is_over, 1, __ATOMIC_RELAXED);
    join(thread);
    CHECK(caps_sys_free(port, writer.address) == 0);
    CHECK(caps_sys_close(svc) == 0);
}

/* ---- the word of a port */

struct poller
{
    struct caps_poll ports[2];
    int count;
    int result;
};

static void *poll_once(void *argument)
{
    struct poller *poller = argument;
    poller->result = caps_sys_poll(poller->ports, poller->count, CAPS_FOREVER);
    return NULL;
}

/* A service's entry, by its name: entries begin at multiples of 64 bytes. */
static const uint8_t *entry_of(const uint8_t *region, const char *name)
{
    for (size_t offset = REGION_HEADER_LENGTH; offset < 100000; offset += 64)
    {
        if (memcmp(region + offset + PORT_NAME_OFFSET, name, strlen(name) + 1) == 0 &&
            *(const int32_t *)(const void *)(region + offset + PORT_KIND_OFFSET) == PORT_KIND_SERVICE)
        {
            return region + offset;
        }
    }
    CHECK(false);
    return NULL;
}

static int32_t wait_set_of(const uint8_t *entry)
{
    return __atomic_load_n((const int32_t *)(const void *)(entry + PORT_WAIT_SET_OFFSET), __ATOMIC_ACQUIRE);
}

static void test_poller_leaves_others_word(void)
{
    /* B4: a thread that has waited for several ports and returns leaves those for which another thread still sleeps
       marked as slept for; what is put there wakes it. */
    attach(0, &small);
    size_t length;
    const uint8_t *region = map_tables(&length);
    const int common = service_named("common");
    const int own = service_named("own");
    const uint8_t *common_entry = entry_of(region, "common");
    const uint8_t *own_entry = entry_of(region, "own");
    const int to_common = client_of("common");
    const int to_own = client_of("own");
    struct poller one = {{{common, 0}, {-1, 0}}, 1, 0};
    struct poller both = {{{common, 0}, {own, 0}}, 2, 0};
    for (int i = 0; i < 200; i++)
    {
        const pthread_t one_thread = start(poll_once, &one);
        const pthread_t both_thread = start(poll_once, &both);
        while (wait_set_of(common_entry) == 0 || wait_set_of(own_entry) == 0)
        {
            usleep(100);
        }
        CHECK(caps_sys_put(to_own, "x", 1) > 0);
        join(both_thread);
        CHECK(both.result == 1 && both.ports[1].ready == 1 && wait_set_of(own_entry) == 0);
        CHECK(caps_sys_wait(own, bytes, 1, &msgid, NULL) == 1 && caps_sys_reply(own, "y", 1, msgid.c_id) == 0);
        CHECK(caps_sys_put(to_common, "x", 1) > 0);
        join(one_thread);
        CHECK(one.result == 1 && wait_set_of(common_entry) == 0);
        CHECK(caps_sys_wait(common, bytes, 1, &msgid, NULL) >= 0);
        while (msgid.c_state != CAPMS_REQUEST)
        {
            CHECK(caps_sys_wait(common, bytes, 1, &msgid, NULL) >= 0);
        }
        CHECK(caps_sys_reply(common, "y", 1, msgid.c_id) == 0);
        CHECK(caps_sys_wait(to_own, bytes, 1, NULL, NULL) == 1 && caps_sys_wait(to_common, bytes, 1, NULL, NULL) == 1);
        /* The disposals would be worth a poll. */
        while (caps_sys_get(own, bytes, 1, NULL, NULL) >= 0 || caps_sys_get(common, bytes, 1, NULL, NULL) >= 0)
        {
            continue;
        }
    }
    CHECK(munmap((void *)(uintptr_t)region, length) == 0);
}

/* ---- what a creator leaves that died */

static void make_file(const char *format, const char *name)
{
    char path[160];
    snprintf(path, sizeof(path), format, region_file, name);
    const int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(descriptor >= 0 && close(descriptor) == 0);
}

static bool is_there(const char *suffix)
{
    char path[160];
    struct stat status;
    snprintf(path, sizeof(path), "%s%s", region_file, suffix);
    return lstat(path, &status) == 0;
}

static void make_directory(const char *suffix)
{
    char path[160];
    snprintf(path, sizeof(path), "%s%s", region_file, suffix);
    CHECK(mkdir(path, 0700) == 0);
}

static void test_private_directories_go(void)
{
    /* Row 6: the Java library makes its files in a private directory. The next process that attaches, or makes the
       region, removes it with the files that the creator has made in it, and nothing else. */
    for (int i = 0; i < 2; i++)
    {
        attach(0, &small);
        CHECK(caps_sys_leave() == 0);
        make_directory("~0123456789abcdef.tmp");
        make_file("%s~0123456789abcdef.tmp/%s", "fedcba9876543210");
        make_directory("~0000000000000000.tmp");
        make_file("%s~1111111111111111%s", ".tmp");
        make_directory("~2222222222222222.tmp");
        make_file("%s~2222222222222222.tmp/%s", "another's");
        make_directory("~333.tmp");
        CHECK(i == 0 || unlink(region_file) == 0);
        CHECK(caps_sys_open(NULL, 0, &small) == 0);
        CHECK(!is_there("~0123456789abcdef.tmp") && !is_there("~0000000000000000.tmp"));
        CHECK(!is_there("~1111111111111111.tmp") && is_there("~2222222222222222.tmp/another's"));
        CHECK(is_there("~333.tmp"));
        char path[160];
        snprintf(path, sizeof(path), "%s~2222222222222222.tmp/another's", region_file);
        CHECK(unlink(path) == 0);
        snprintf(path, sizeof(path), "%s~2222222222222222.tmp", region_file);
        CHECK(rmdir(path) == 0);
        snprintf(path, sizeof(path), "%s~333.tmp", region_file);
        CHECK(rmdir(path) == 0 && caps_sys_leave() == 0);
    }
}

#define ENTRY_COUNT 25000

/* An entry for each number, other than of regular files: none is made. */
static void make_entries(const char *directory, const int count)
{
    char path[160];
    for (int i = 0; i < count; i++)
    {
        snprintf(path, sizeof(path), "%s/entry%d", directory, i);
        CHECK(symlink("/", path) == 0);
    }
}

static int remove_entries(const char *directory, const int count)
{
    char path[160];
    int removed = 0;
    for (int i = 0; i < count; i++)
    {
        snprintf(path, sizeof(path), "%s/entry%d", directory, i);
        removed += unlink(path) == 0;
    }
    return removed;
}

static void test_long_directory_is_read_in_part(void)
{
    /* F23: Linux goes on with the listing of a tmpfs as long as files are made there, so 20,000 entries are read. The
       newest come first there: what was left before them is not found, and is found when they are gone. */
    attach(0, &small);
    CHECK(caps_sys_leave() == 0);
    make_directory("~0123456789abcdef.tmp");
    make_entries(region_directory, ENTRY_COUNT);
    CHECK(caps_sys_open(NULL, 0, &small) == 0 && is_there("~0123456789abcdef.tmp"));
    CHECK(caps_sys_leave() == 0 && remove_entries(region_directory, ENTRY_COUNT) == ENTRY_COUNT);
    CHECK(caps_sys_open(NULL, 0, &small) == 0 && !is_there("~0123456789abcdef.tmp"));
}

/* ---- a region of an earlier boot */

/* What happens between the library's last look at a region of an earlier boot, which is at the life locks, and the
   removal of that region. */
static void (*before_removal)(void);

/* In the place of the C library's, for this program and libcaps in it. */
int fcntl(const int descriptor, const int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    const int result = (int)syscall(SYS_fcntl, descriptor, command, argument);
    const int error = errno;
    if (command == F_GETLK && before_removal != NULL &&
        ((const struct flock *)argument)->l_whence == SEEK_SET && ((const struct flock *)argument)->l_len == 0)
    {
        void (*const hook)(void) = before_removal;
        before_removal = NULL;
        hook();
    }
    errno = error;
    return result;
}

/* Has the header of an open region name another boot; its checksum covers that. */
static void set_other_boot(const int file)
{
    uint8_t header[REGION_REGION_ID_OFFSET + REGION_CHECKED_LENGTH];
    const int64_t boot_id[2] = {1, 1};
    uint32_t checksum = UINT32_MAX;
    CHECK(pread(file, header, sizeof(header), 0) == sizeof(header));
    memcpy(header + REGION_BOOT_ID_OFFSET, boot_id, sizeof(boot_id));
    for (int i = 0; i < REGION_CHECKED_LENGTH * 8; i++)
    {
        checksum ^= i % 8 == 0 ? header[REGION_REGION_ID_OFFSET + i / 8] : 0;
        checksum = checksum >> 1 ^ (0xEDB88320U & (0U - (checksum & 1)));
    }
    checksum = ~checksum;
    memcpy(header + REGION_CHECKSUM_OFFSET, &checksum, sizeof(checksum));
    CHECK(pwrite(file, header, sizeof(header), 0) == sizeof(header));
}

static void set_other_boot_of(const char *path)
{
    const int file = open(path, O_RDWR | O_CLOEXEC);
    CHECK(file >= 0);
    set_other_boot(file);
    CHECK(close(file) == 0);
}

static ino_t inode(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_ino : 0;
}

static void test_region_of_earlier_boot(void)
{
    /* F17: it is replaced and its lock file is kept, by a process that may create one, if no process is in it. */
    attach(0, &small);
    const pid_t child = start_service("lives");
    client_of("lives");
    CHECK(caps_sys_leave() == 0);
    const ino_t region = inode(region_file);
    const ino_t lock_file = inode(lock_path);
    set_other_boot_of(region_file);
    CHECK_FAILS(EBUSY, caps_sys_open(NULL, 0, &small));
    CHECK(strstr(caps_error(), "of an earlier boot, and yet a process uses it") != NULL);
    end_process(child);
    CHECK_FAILS(ENOENT, caps_sys_open(NULL, CAPS_OPEN_NOCREATE, &small));
    CHECK(inode(region_file) == region);
    CHECK(caps_sys_open(NULL, 0, &small) == 0);
    CHECK(inode(region_file) != 0 && inode(region_file) != region && inode(lock_path) == lock_file);
}

/* Two directories of this user, each with a region, of which the first is of an earlier boot; and a third name. */
static char place_paths[3][96];
static char place_regions[3][96];
static char place_locks[3][96];

static void make_places(void)
{
    for (int i = 0; i < 3; i++)
    {
        snprintf(place_paths[i], sizeof(place_paths[i]), "%s/place%d", region_directory, i);
        snprintf(place_regions[i], sizeof(place_regions[i]), "%s/place%d/region", region_directory, i);
        snprintf(place_locks[i], sizeof(place_locks[i]), "%s/place%d/region.lock", region_directory, i);
    }
    for (int i = 0; i < 2; i++)
    {
        CHECK(mkdir(place_paths[i], 0700) == 0);
        CHECK(caps_sys_open(place_regions[i], 0, &small) == 0 && caps_sys_leave() == 0);
    }
    set_other_boot_of(place_regions[0]);
}

static void remove_places(void)
{
    for (int i = 0; i < 3; i++)
    {
        unlink(place_regions[i]);
        unlink(place_locks[i]);
        CHECK(rmdir(place_paths[i]) == 0 || errno == ENOENT);
    }
}

static void put_link_in_place(void)
{
    CHECK(rename(place_paths[0], place_paths[2]) == 0 && symlink(place_paths[1], place_paths[0]) == 0);
}

static void test_removal_goes_by_directory(void)
{
    /* F23: another user, who can write to the directory above, has a link in the place of the region's directory when
       the region is removed: the file of that name where the link leads stays. */
    make_places();
    const ino_t old = inode(place_regions[0]);
    const ino_t other = inode(place_regions[1]);
    before_removal = put_link_in_place;
    caps_sys_open(place_regions[0], 0, &small);
    CHECK(before_removal == NULL && inode(place_regions[1]) == other && inode(place_regions[2]) != old);
    CHECK(caps_sys_leave() == 0 && unlink(place_paths[0]) == 0);
    remove_places();
}

static void make_anew(void)
{
    CHECK(rename(place_regions[1], place_regions[0]) == 0 && rename(place_locks[1], place_locks[0]) == 0);
}

static void test_region_made_anew_is_kept(void)
{
    /* F17: a user removed a region of an earlier boot and its lock file, and another process made both anew, after this
       process had found the life locks of the first lock file free. The region that is in use now is not removed. */
    make_places();
    const ino_t made = inode(place_regions[1]);
    before_removal = make_anew;
    CHECK(caps_sys_open(place_regions[0], 0, &small) == 0);
    CHECK(before_removal == NULL && inode(place_regions[0]) == made);
    CHECK(caps_sys_leave() == 0);
    remove_places();
}

static void test_made_directories(void)
{
    /* Each gets its mode, whatever the umask, also where several are missing. None is made where a member of another
       group could put another directory of this user in its place before it gets its mode. */
    char path[160];
    char shared[80];
    struct stat status;
    const mode_t mask = umask(0077);
    snprintf(shared, sizeof(shared), "%s/shared", region_directory);
    CHECK(mkdir(shared, 0700) == 0);
    snprintf(path, sizeof(path), "%s/one//two/region", shared);
    CHECK(caps_sys_open(path, CAPS_OPEN_GROUP, &small) == 0 && caps_sys_leave() == 0);
    CHECK(unlink(path) == 0);
    strcat(path, ".lock");
    CHECK(unlink(path) == 0);
    snprintf(path, sizeof(path), "%s/one/two", shared);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0770 && rmdir(path) == 0);
    snprintf(path, sizeof(path), "%s/one", shared);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0770 && rmdir(path) == 0);

    CHECK(chmod(shared, 0770) == 0);
    strcat(path, "/region");
    CHECK_FAILS(EACCES, caps_sys_open(path, CAPS_OPEN_GROUP, &small));
    CHECK(strstr(caps_error(), "a directory above can be changed by others") != NULL);
    CHECK(rmdir(shared) == 0);
    umask(mask);
}

#define OTHER_ID 54321

/* A process of another user, which ends with this one. */
static pid_t fork_other(void)
{
    const pid_t child = test_fork();
    if (child == 0)
    {
        CHECK(setgroups(0, NULL) == 0 && setresgid(OTHER_ID, OTHER_ID, OTHER_ID) == 0);
        CHECK(setresuid(OTHER_ID, OTHER_ID, OTHER_ID) == 0);
        /* The change of the user cleared it. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    CHECK(child >= 0);
    return child;
}

static void squat(const char *place, const char *target)
{
    unsigned pause = 0;
    for (;;)
    {
        if (symlink(target, place) != 0)
        {
            continue;
        }
        pause = pause * 1103515245 + 12345;
        for (volatile unsigned i = (pause >> 16) % 4096; i > 0; i--)
        {
            continue;
        }
        unlink(place);
    }
}

static void test_no_directory_is_made_elsewhere(void)
{
    /* F23: another user puts a link in the place of a missing directory, after the path was checked: none is made where
       it leads. In some attempts the region is made nevertheless. */
    if (geteuid() != 0)
    {
        fprintf(stderr, "alone: not tested, it needs root\n");
        return;
    }
    char own[80];
    char sticky[80];
    char missing[96];
    char path[120];
    char file[140];
    struct stat status;
    snprintf(own, sizeof(own), "%s/of-root", region_directory);
    snprintf(sticky, sizeof(sticky), "%s/sticky", region_directory);
    snprintf(missing, sizeof(missing), "%s/missing", sticky);
    CHECK(chmod(region_directory, 0755) == 0 && mkdir(own, 0755) == 0 && mkdir(sticky, 0700) == 0);
    CHECK(chmod(sticky, 01777) == 0);
    const pid_t other = fork_other();
    if (other == 0)
    {
        squat(missing, own);
    }
    int made = 0;
    for (int i = 0; i < 1000 || made == 0; i++)
    {
        snprintf(path, sizeof(path), "%s/below", missing);
        snprintf(file, sizeof(file), "%s/region", path);
        if (caps_sys_open(file, CAPS_OPEN_WORLD, &small) == 0)
        {
            CHECK(caps_sys_leave() == 0 && unlink(file) == 0);
            strcat(file, ".lock");
            CHECK(unlink(file) == 0);
            made++;
        }
        CHECK(stat(own, &status) == 0 && status.st_nlink == 2 && (status.st_mode & 07777) == 0755);
        rmdir(path);
        rmdir(missing);
    }
    end_process(other);
    fprintf(stderr, "alone: %d regions made all the same\n", made);
    unlink(missing);
    CHECK(rmdir(sticky) == 0 && rmdir(own) == 0 && chmod(region_directory, 0700) == 0);
}

/* Puts a link to a directory of the victim's in the place of the region's directory, for a moment, all the time; and
   has the region made again, or found to be of an earlier boot, now and then. */
static void swap_directory(const char *place, const char *kept, const char *link_path)
{
    const int shared = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(shared >= 0);
    for (unsigned random = 1;;)
    {
        random = random * 1103515245 + 12345;
        const unsigned kind = (random >> 16) % 8;
        if (kind == 0)
        {
            unlinkat(shared, "region", 0);
            unlinkat(shared, "region.lock", 0);
        }
        else if (kind == 1)
        {
            const int file = openat(shared, "region", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
            if (file >= 0)
            {
                set_other_boot(file);
                close(file);
            }
        }
        CHECK(rename(place, kept) == 0 && rename(link_path, place) == 0);
        for (volatile unsigned i = (random >> 18) % 4096; i > 0; i--)
        {
            continue;
        }
        CHECK(rename(place, link_path) == 0 && rename(kept, place) == 0);
        for (volatile unsigned i = (random >> 16) % 65536; i > 0; i--)
        {
            continue;
        }
    }
}

static int entry_count(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    while (readdir(directory) != NULL)
    {
        count++;
    }
    closedir(directory);
    return count;
}

static void put_file(const char *directory, const char *name)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(file >= 0 && write(file, path, sizeof(path)) == sizeof(path) && close(file) == 0);
}

static void test_no_file_is_changed_elsewhere(void)
{
    /* F23: the directory lies below one that its group can write to. A member of the group has a link in its place now
       and then: nothing is made or removed where that leads. */
    if (geteuid() != 0)
    {
        fprintf(stderr, "alone: not tested, it needs root\n");
        return;
    }
    const char *names[] = {"region", "region.lock", "region~0123456789abcdef.tmp", "0123456789abcdef"};
    char own[80];
    char above[80];
    char place[96];
    char kept[96];
    char link_path[96];
    char file[120];
    snprintf(own, sizeof(own), "%s/of-root", region_directory);
    snprintf(above, sizeof(above), "%s/above", region_directory);
    snprintf(place, sizeof(place), "%s/shared", above);
    snprintf(kept, sizeof(kept), "%s/kept", above);
    snprintf(link_path, sizeof(link_path), "%s/link", above);
    snprintf(file, sizeof(file), "%s/region", place);
    CHECK(chmod(region_directory, 0755) == 0 && mkdir(own, 0700) == 0 && mkdir(above, 0700) == 0);
    CHECK(mkdir(place, 0700) == 0 && chown(above, 0, OTHER_ID) == 0 && chown(place, 0, OTHER_ID) == 0);
    CHECK(chmod(above, 02770) == 0 && chmod(place, 02770) == 0 && symlink(own, link_path) == 0);
    for (int i = 0; i < 4; i++)
    {
        put_file(own, names[i]);
    }
    const int count = entry_count(own);
    const pid_t other = fork_other();
    if (other == 0)
    {
        swap_directory(place, kept, link_path);
    }
    int made = 0;
    int left = 0;
    for (int i = 0; i < 1000 || made == 0; i++)
    {
        if (caps_sys_open(file, CAPS_OPEN_GROUP, &small) == 0)
        {
            CHECK(caps_sys_leave() == 0);
            made++;
        }
        left += entry_count(own) != count;
    }
    end_process(other);
    fprintf(stderr, "alone: %d regions made or joined all the same\n", made);
    CHECK(left == 0);
    for (int i = 0; i < 4; i++)
    {
        snprintf(file, sizeof(file), "%s/%s", own, names[i]);
        CHECK(unlink(file) == 0);
    }
    char command[120];
    snprintf(command, sizeof(command), "rm -r %s", above);
    CHECK(rmdir(own) == 0 && system(command) == 0 && chmod(region_directory, 0700) == 0);
}

/* ---- whose files and ports they are */

static void test_files_of_others(void)
{
    /* F23: another user's region or lock file is not used; one of a member is, where the group can write. */
    if (geteuid() != 0)
    {
        fprintf(stderr, "alone: not tested, it needs root\n");
        return;
    }
    attach(CAPS_OPEN_WORLD, &small);
    CHECK(caps_sys_leave() == 0);
    const char *files[] = {region_file, lock_path};
    for (int i = 0; i < 2; i++)
    {
        CHECK(chown(files[i], OTHER_ID, OTHER_ID) == 0);
        CHECK_FAILS(EACCES, caps_sys_open(NULL, CAPS_OPEN_WORLD, &small));
        CHECK(strstr(caps_error(), "another user's file") != NULL && strstr(caps_error(), files[i]) != NULL);
        /* Of the directory's group, which cannot write to it. */
        CHECK(chown(region_directory, 0, OTHER_ID) == 0);
        CHECK_FAILS(EACCES, caps_sys_open(NULL, CAPS_OPEN_GROUP, &small));
        CHECK(chmod(region_directory, 0770) == 0);
        CHECK(caps_sys_open(NULL, CAPS_OPEN_GROUP, &small) == 0 && caps_sys_leave() == 0);
        CHECK(chown(region_directory, 0, OTHER_ID + 1) == 0);
        CHECK_FAILS(EACCES, caps_sys_open(NULL, CAPS_OPEN_GROUP, &small));
        CHECK(chmod(region_directory, 0700) == 0 && chown(region_directory, 0, 0) == 0);
        CHECK(chown(files[i], 0, 0) == 0);
    }
    CHECK(caps_sys_open(NULL, CAPS_OPEN_WORLD, &small) == 0);
}

static void test_lease_is_not_waited_for(void)
{
    /* F23: while a program has a lease on a file of the region, which Linux ends after 45 s, an open of the region
       fails at once and says who can have it. */
    attach(0, &small);
    CHECK(caps_sys_leave() == 0);
    const char *files[] = {region_file, lock_path};
    for (int i = 0; i < 2; i++)
    {
        int ready[2];
        char byte;
        CHECK(pipe2(ready, O_CLOEXEC) == 0);
        const pid_t child = test_fork();
        if (child == 0)
        {
            signal(SIGIO, SIG_IGN);
            const int leased = open(files[i], O_RDWR | O_CLOEXEC);
            CHECK(leased >= 0 && fcntl(leased, F_SETLEASE, F_WRLCK) == 0 && write(ready[1], "r", 1) == 1);
            pause();
            _exit(0);
        }
        CHECK(child > 0 && close(ready[1]) == 0 && read(ready[0], &byte, 1) == 1 && close(ready[0]) == 0);
        CHECK_FAILS(EACCES, caps_sys_open(NULL, CAPS_OPEN_NOCREATE, NULL));
        CHECK(strstr(caps_error(), files[i]) != NULL && strstr(caps_error(), "has a lease on it") != NULL);
        char inode_text[40];
        snprintf(inode_text, sizeof(inode_text), "inode %ju,", (uintmax_t)inode(files[i]));
        CHECK(strstr(caps_error(), inode_text) != NULL);
        end_process(child);
        CHECK(caps_sys_open(NULL, CAPS_OPEN_NOCREATE, NULL) == 0 && caps_sys_leave() == 0);
    }
}

static void test_port_of_another_user(void)
{
    /* F28, R22: a service whose port's entry says that it is root's is not connected to as root's. */
    if (geteuid() != 0)
    {
        fprintf(stderr, "alone: not tested, it needs root\n");
        return;
    }
    attach(CAPS_OPEN_WORLD, &small);
    CHECK(caps_sys_leave() == 0);
    /* The file may be left from an earlier test. */
    CHECK(chmod(lock_path, 0666) == 0 && chmod(region_directory, 0755) == 0);
    const pid_t other = fork_other();
    if (other == 0)
    {
        CHECK(caps_sys_open(NULL, CAPS_OPEN_WORLD, &small) == 0);
        service_named("others");
        pause();
        _exit(0);
    }
    CHECK(caps_sys_open(NULL, CAPS_OPEN_WORLD, &small) == 0);
    int port = caps_sys_client("others", OTHER_ID, (gid_t)-1, 0, CAPF_ANYCLIENT | CAPF_WAITSVC);
    CHECK(port > 0 && caps_sys_close(port) == 0);
    CHECK_FAILS(ENOENT, caps_sys_client("others", 0, (gid_t)-1, 0, CAPF_ANYCLIENT));

    size_t length;
    const uint8_t *region = map_tables(&length);
    const off_t entry = entry_of(region, "others") - region;
    const int file = open(region_file, O_RDWR | O_CLOEXEC);
    const int32_t ids[] = {0, -1};
    CHECK(file >= 0 && pwrite(file, &ids[0], sizeof(ids[0]), entry + PORT_UID_OFFSET) == sizeof(ids[0]));
    CHECK_FAILS(EACCES, caps_sys_client("others", 0, (gid_t)-1, 0, CAPF_ANYCLIENT));
    CHECK(strstr(caps_error(), "cannot have registered") != NULL);
    /* The same for a group. */
    CHECK(pwrite(file, &ids[1], sizeof(ids[1]), entry + PORT_UID_OFFSET) == sizeof(ids[1]));
    CHECK(pwrite(file, &ids[0], sizeof(ids[0]), entry + PORT_GID_OFFSET) == sizeof(ids[0]));
    CHECK_FAILS(EACCES, caps_sys_client("others", (uid_t)-1, 0, 0, CAPF_ANYCLIENT));
    CHECK(strstr(caps_error(), "cannot have registered") != NULL);
    CHECK(close(file) == 0 && munmap((void *)(uintptr_t)region, length) == 0);
    end_process(other);
    CHECK(chmod(region_directory, 0700) == 0);
}

int main(void)
{
    region_make();
    snprintf(lock_path, sizeof(lock_path), "%s.lock", region_file);
    RUN(test_child_keeps_own_files);
    RUN(test_end_writes_no_own_file);
    RUN(test_main_thread_ends);
    RUN(test_other_file_proves_no_death);
    RUN(test_lost_life_stores_nothing);
    RUN(test_client_closed_under_writer);
    RUN(test_service_closed_under_writer);
    RUN(test_left_under_writer);
    RUN(test_replaced_under_writer);
    RUN(test_poller_leaves_others_word);
    RUN(test_private_directories_go);
    RUN(test_long_directory_is_read_in_part);
    RUN(test_region_of_earlier_boot);
    RUN(test_removal_goes_by_directory);
    RUN(test_region_made_anew_is_kept);
    RUN(test_made_directories);
    RUN(test_no_directory_is_made_elsewhere);
    RUN(test_no_file_is_changed_elsewhere);
    RUN(test_files_of_others);
    RUN(test_lease_is_not_waited_for);
    RUN(test_port_of_another_user);
    printf("alone: ok\n");
    return 0;
}
