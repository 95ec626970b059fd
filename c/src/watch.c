/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "attachment.h"
#include "clock.h"
#include "descriptors.h"
#include "entries.h"
#include "fail.h"
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define INTERVAL_NS 30000000L
/* Rounds of the timer between two looks at followed processes and at the region's path. */
#define FOLLOWED_ROUNDS 16
#define EVENT_COUNT 32
/* Longer than the timer's interval. */
#define SILENCE_MS 100

static uint32_t timer_tag(const struct attachment *attachment)
{
    return (uint32_t)attachment->tables.geometry->process_count;
}

static uint32_t end_tag(const struct attachment *attachment)
{
    return timer_tag(attachment) + 1;
}

static int add_descriptor(const struct watch *watch, const int descriptor, const uint32_t tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = tag};
    return descriptor < 0 ? -1 : epoll_ctl(watch->poller, EPOLL_CTL_ADD, descriptor, &event);
}

/* Whether a descriptor still is the file that was added to the poller: not if the program closed it, and opened another
   file by its number. The kernel compares both, and the event stays as it is: so a forked child may ask, too, although
   it shares the poller with its parent. */
static bool is_polled(const struct watch *watch, const int descriptor, const uint32_t tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = tag};
    return descriptor >= 0 && epoll_ctl(watch->poller, EPOLL_CTL_MOD, descriptor, &event) == 0;
}

/* Closes a descriptor if it is the one that the poller has. The poller would go on to report one that a forked child
   still has open. */
static bool close_polled(const struct watch *watch, const int descriptor)
{
    const bool is_own = epoll_ctl(watch->poller, EPOLL_CTL_DEL, descriptor, NULL) == 0;
    if (is_own)
    {
        close(descriptor);
    }
    return is_own;
}

static void unfollow(struct watch *watch, const int process_index)
{
    if (watch->pidfds[process_index] >= 0)
    {
        close_polled(watch, watch->pidfds[process_index]);
        watch->pidfds[process_index] = -1;
    }
}

/* Follows the process that holds a life lock, so that the kernel reports its end at once. */
static void follow(struct attachment *attachment, const int process_index)
{
    struct watch *watch = &attachment->watch;
    const struct lock_file *locks = &attachment->region.locks;
    const int64_t position = life_position(attachment->region.region_id, process_index);
    const pid_t pid = byte_holder(locks, position, 1);
    const int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    if (pidfd < 0)
    {
        return;
    }
    /* The number may have become another process's since it was looked up. */
    if (byte_holder(locks, position, 1) != pid || add_descriptor(watch, pidfd, (uint32_t)process_index) != 0)
    {
        close(pidfd);
        return;
    }
    watch->pidfds[process_index] = pidfd;
}

void watch_add_peer(struct attachment *attachment, const int process_index, const int64_t incarnation)
{
    struct watch *watch = &attachment->watch;
    if (process_index < 0 || process_index >= attachment->tables.geometry->process_count)
    {
        return;
    }
    pthread_mutex_lock(&watch->mutex);
    watch->peer_counts[process_index]++;
    if (incarnation > watch->seen[process_index])
    {
        watch->seen[process_index] = incarnation;
        unfollow(watch, process_index);
    }
    if (watch->pidfds[process_index] < 0 && process_index != attachment->tables.process_index)
    {
        follow(attachment, process_index);
    }
    pthread_mutex_unlock(&watch->mutex);
}

void watch_remove_peer(struct attachment *attachment, const int process_index)
{
    struct watch *watch = &attachment->watch;
    if (process_index < 0 || process_index >= attachment->tables.geometry->process_count)
    {
        return;
    }
    pthread_mutex_lock(&watch->mutex);
    if (--watch->peer_counts[process_index] == 0)
    {
        unfollow(watch, process_index);
    }
    pthread_mutex_unlock(&watch->mutex);
}

bool watch_is_dead(const struct attachment *attachment, const int process_index, const int64_t incarnation)
{
    /* An invalid index is input, too: no process has that entry. */
    return process_index < 0 || process_index >= attachment->tables.geometry->process_count ||
        process_incarnation(process_at(&attachment->tables, process_index)) != incarnation ||
        __atomic_load_n(&attachment->watch.proved_dead[process_index], __ATOMIC_ACQUIRE) == incarnation;
}

/* Takes the ends of processes that the kernel has reported. */
static void take_events(struct attachment *attachment)
{
    struct watch *watch = &attachment->watch;
    struct epoll_event events[EVENT_COUNT];
    int count;
    do
    {
        count = epoll_wait(watch->poller, events, EVENT_COUNT, 0);
        for (int i = 0; i < count; i++)
        {
            if (events[i].data.u32 < timer_tag(attachment))
            {
                unfollow(watch, (int)events[i].data.u32);
            }
            else if (events[i].data.u32 == timer_tag(attachment))
            {
                uint64_t expirations;
                if (read(watch->timer, &expirations, sizeof(expirations)) == sizeof(expirations))
                {
                    watch->round++;
                }
            }
        }
    }
    while (count == EVENT_COUNT);
}

/* Looks at each peer's lock. Returns whether a peer has died. */
static bool look_at_peers(struct attachment *attachment, const bool is_due)
{
    struct watch *watch = &attachment->watch;
    bool has_died = false;
    for (int i = 0; i < attachment->tables.geometry->process_count; i++)
    {
        if (watch->peer_counts[i] == 0 || i == attachment->tables.process_index)
        {
            continue;
        }
        const int64_t incarnation = process_incarnation(process_at(&attachment->tables, i));
        if (incarnation != watch->seen[i])
        {
            watch->seen[i] = incarnation;
            has_died = true;
        }
        if (incarnation == 0 || watch->proved_dead[i] == incarnation || (watch->pidfds[i] >= 0 && !is_due))
        {
            continue;
        }
        if (byte_holder(&attachment->region.locks, life_position(attachment->region.region_id, i), 1) == 0)
        {
            __atomic_store_n(&watch->proved_dead[i], incarnation, __ATOMIC_RELEASE);
            unfollow(watch, i);
            has_died = true;
        }
    }
    return has_died;
}

/* Shows other processes how many claims are not spent, and how many views not released. Counted outside the gate: this
   thread may lose its core there, and the numbers decide nothing. A port that is open keeps its entry: its close waits
   for the end of the round (attachment_await_watch). */
static void show_open(struct port *port)
{
    int claims;
    int views;
    if (port_id(port) == 0 || port_incarnation(port->entry) != port->incarnation)
    {
        return;
    }
    if (port->is_client)
    {
        client_link_count_open(&port->client, &claims, &views);
    }
    else
    {
        claims = __atomic_load_n(&port->service.claim_count, __ATOMIC_RELAXED);
        views = __atomic_load_n(&port->service.view_count, __ATOMIC_RELAXED);
    }
    if (claims != port->shown_claims || views != port->shown_views)
    {
        port->shown_claims = claims;
        port->shown_views = views;
        put_int(port->entry, PORT_CLAIMED_OFFSET, claims);
        put_int(port->entry, PORT_HELD_OFFSET, views);
    }
}

static void look_at_port(struct port *port, const bool has_died)
{
    if (has_died)
    {
        port_draw_attention(port);
    }
    if (port->is_shared)
    {
        gate_enter(port);
        if (port_id(port) != 0 && port->end_error == 0 && !port->is_client &&
            (service_is_changed(port) || port->service.pending_count > 0))
        {
            const bool was_pending = port->service.pending_count > 0;
            /* A service that sleeps for long must not keep the links of clients that have closed: disposals wake no
               thread (R21). */
            if (service_has_silent_newcomer(port))
            {
                port_wake(port->attachment, port->entry, INT32_MAX);
            }
            service_accept_and_drop(port);
            if (was_pending)
            {
                /* The client's put has already woken the service, which could not see the message before it accepted
                   the client. */
                port_wake(port->attachment, port->entry, INT32_MAX);
            }
        }
        gate_exit(port);
    }
    if (has_died)
    {
        port_wake(port->attachment, port->entry, INT32_MAX);
    }
}

/* Whether the life lock is lost: peers treat this process as dead then, so it must not store anything any more. */
static bool has_lost_life(struct attachment *attachment)
{
    if (!attachment->has_lost_life)
    {
        if (!byte_is_lost(&attachment->region.locks,
            life_position(attachment->region.region_id, attachment->tables.process_index)))
        {
            return false;
        }
        __atomic_store_n(&attachment->has_lost_life, true, __ATOMIC_RELAXED);
        __atomic_store_n(&attachment->is_retired, true, __ATOMIC_RELAXED);
    }
    /* In each round, as a port may have been opened since, and a thread may have been about to sleep. */
    for (struct port *port = attachment->first_port; port != NULL; port = port->next)
    {
        gate_enter(port);
        port->end_error = ENOTCONN;
        gate_exit(port);
        /* For a call that polls without the gate. */
        port_draw_attention(port);
        port_wake_ended(port);
    }
    return true;
}

void watch_round(struct attachment *attachment)
{
    struct watch *watch = &attachment->watch;
    pthread_mutex_lock(&attachment->mutex);
    const bool has_lost = has_lost_life(attachment);
    pthread_mutex_unlock(&attachment->mutex);
    if (has_lost)
    {
        /* The timer must be read: otherwise the poller stays ready. */
        pthread_mutex_lock(&watch->mutex);
        if (is_polled(watch, watch->timer, timer_tag(attachment)))
        {
            take_events(attachment);
        }
        pthread_mutex_unlock(&watch->mutex);
        return;
    }
    pthread_mutex_lock(&watch->mutex);
    const int64_t last_round = watch->round;
    take_events(attachment);
    const bool is_due = watch->round != last_round && watch->round % FOLLOWED_ROUNDS == 0;
    const bool has_died = look_at_peers(attachment, is_due);
    pthread_mutex_unlock(&watch->mutex);

    pthread_mutex_lock(&attachment->mutex);
    for (struct port *port = attachment->first_port; port != NULL; port = port->next)
    {
        look_at_port(port, has_died);
        show_open(port);
    }
    if (is_due && !region_is_current(&attachment->region))
    {
        __atomic_store_n(&attachment->is_retired, true, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&attachment->mutex);
}

static void *run(void *argument)
{
    struct attachment *attachment = argument;
    struct watch *watch = &attachment->watch;
    struct epoll_event event;
    while (!__atomic_load_n(&watch->is_over, __ATOMIC_ACQUIRE))
    {
        /* Where the program has closed the descriptors, and with them the lock, no timer wakes this thread, and what is
           at their numbers is the program's: the round finds that out. */
        if (!is_polled(watch, watch->timer, timer_tag(attachment)) ||
            (epoll_wait(watch->poller, &event, 1, SILENCE_MS) < 0 && errno != EINTR))
        {
            pause_ns(INTERVAL_NS);
        }
        if (!__atomic_load_n(&watch->is_over, __ATOMIC_ACQUIRE))
        {
            watch_round(attachment);
        }
    }
    return NULL;
}

static int start(struct attachment *attachment)
{
    sigset_t all;
    sigset_t before;
    /* Signals are for the program's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&attachment->watch.thread, NULL, run, attachment);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
    {
        char advice[ADVICE_SIZE];
        pthread_attr_t attributes;
        size_t stack_size = 0;
        if (pthread_attr_init(&attributes) == 0)
        {
            pthread_attr_getstacksize(&attributes, &stack_size);
            pthread_attr_destroy(&attributes);
        }
        proc_locked_advice(error, stack_size, advice, sizeof(advice));
        fail_with(EAGAIN, "the watch thread cannot be started: %s: attach with CAPS_OPEN_NOWATCH and call "
            "caps_watch()%s", strerror(error), advice);
        return -EAGAIN;
    }
    attachment->watch.has_thread = true;
    return 0;
}

static void free_arrays(struct watch *watch)
{
    free(watch->pidfds);
    free(watch->peer_counts);
    free(watch->seen);
    free(watch->proved_dead);
    watch->pidfds = NULL;
}

/* Closes the descriptors of a watch_open that failed. */
static void close_new(const struct watch *watch)
{
    const int descriptors[] = {watch->poller, watch->timer, watch->end};
    for (int i = 0; i < 3; i++)
    {
        if (descriptors[i] >= 0)
        {
            close(descriptors[i]);
        }
    }
}

int watch_open(struct attachment *attachment, const bool with_thread)
{
    struct watch *watch = &attachment->watch;
    const size_t count = (size_t)attachment->tables.geometry->process_count;
    watch->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    watch->pidfds = malloc(count * sizeof(int));
    watch->peer_counts = calloc(count, sizeof(int));
    watch->seen = calloc(count, sizeof(int64_t));
    watch->proved_dead = calloc(count, sizeof(int64_t));
    watch->poller = descriptor_keep_high(epoll_create1(EPOLL_CLOEXEC));
    watch->timer = descriptor_keep_high(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    watch->end = descriptor_keep_high(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    for (size_t i = 0; watch->pidfds != NULL && i < count; i++)
    {
        watch->pidfds[i] = -1;
    }
    if (watch->pidfds == NULL || watch->peer_counts == NULL || watch->seen == NULL || watch->proved_dead == NULL ||
        watch->poller < 0 || add_descriptor(watch, watch->timer, timer_tag(attachment)) != 0 ||
        add_descriptor(watch, watch->end, end_tag(attachment)) != 0)
    {
        const int error = errno;
        close_new(watch);
        free_arrays(watch);
        fail_with(error, "the watch over other processes cannot be set up: %s", strerror(error));
        return -error;
    }
    const struct itimerspec time = {.it_interval.tv_nsec = INTERVAL_NS, .it_value.tv_nsec = INTERVAL_NS};
    timerfd_settime(watch->timer, 0, &time, NULL);
    const int result = with_thread ? start(attachment) : 0;
    if (result != 0)
    {
        watch_close(attachment);
    }
    return result;
}

static void end_thread(struct attachment *attachment)
{
    struct watch *watch = &attachment->watch;
    const uint64_t one = 1;
    __atomic_store_n(&watch->is_over, true, __ATOMIC_RELEASE);
    /* Without the descriptor the thread looks every 30 ms. What is at its number then must not be written to. */
    while (is_polled(watch, watch->end, end_tag(attachment)) && write(watch->end, &one, sizeof(one)) < 0 &&
        errno == EINTR)
    {
        continue;
    }
    pthread_join(watch->thread, NULL);
    watch->has_thread = false;
}

void watch_close(struct attachment *attachment)
{
    struct watch *watch = &attachment->watch;
    if (watch->has_thread)
    {
        end_thread(attachment);
    }
    for (int i = 0; i < attachment->tables.geometry->process_count; i++)
    {
        unfollow(watch, i);
    }
    const bool has_timer = close_polled(watch, watch->timer);
    if (close_polled(watch, watch->end) || has_timer)
    {
        close(watch->poller);
    }
    free_arrays(watch);
}

void watch_forget(struct attachment *attachment)
{
    struct watch *watch = &attachment->watch;
    for (int i = 0; i < attachment->tables.geometry->process_count; i++)
    {
        if (is_polled(watch, watch->pidfds[i], (uint32_t)i))
        {
            close(watch->pidfds[i]);
        }
    }
    const bool has_timer = is_polled(watch, watch->timer, timer_tag(attachment));
    const bool has_end = is_polled(watch, watch->end, end_tag(attachment));
    if (has_timer)
    {
        close(watch->timer);
    }
    if (has_end)
    {
        close(watch->end);
    }
    if (has_timer || has_end)
    {
        close(watch->poller);
    }
}
