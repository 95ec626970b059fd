/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Waiting on several ports (B4): io.jcaps.WaitSet. All threads of the process that poll sleep on the word of one entry,
 * and announce it in WAIT_SET of each port that they poll.
 */
#include "cancel.h"
#include "clock.h"
#include "entries.h"
#include "fail.h"
#include "futex.h"
#include "process.h"

#include <errno.h>
#include <inttypes.h>

#define SPIN_COUNT 2000
#define LOOK_INTERVAL_NS INT64_C(1000000)

/* Looks at all ports: how many are ready. */
static int find_ready(struct caps_poll *ports, const int count)
{
    int ready_count = 0;
    for (int i = 0; i < count; i++)
    {
        ports[i].ready = 0;
        if (ports[i].portid < 0)
        {
            continue;
        }
        struct port *port = process_port(ports[i].portid);
        ports[i].ready = 1;
        if (port != NULL && port_enter(port, ports[i].portid))
        {
            ports[i].ready = port->end_error != 0 ||
                (port->is_client ? client_link_has_next(&port->client) : service_has_next(port));
            gate_exit(port);
        }
        ready_count += ports[i].ready;
    }
    return ready_count;
}

/* Announces that a thread sleeps for these ports (change 1), or no longer does (-1). Returns the longest sleep in
   nanoseconds that they allow. */
static int64_t announce(const struct caps_poll *ports, const int count, const int change, const int wait_set_index)
{
    int64_t limit = INT64_MAX;
    for (int i = 0; i < count; i++)
    {
        struct port *port = ports[i].portid < 0 ? NULL : process_port(ports[i].portid);
        if (port == NULL || !port_enter(port, ports[i].portid))
        {
            continue;
        }
        if (port->end_error == 0)
        {
            port->poller_count += change;
            /* [wake] release, and a full fence after all of them: pairs with the fence in port_wake(). If this process
               dies as a sleeper, its peers' wake-ups cost a call and reach no thread. */
            put_int_release(port->entry, PORT_WAIT_SET_OFFSET, port->poller_count > 0 ? wait_set_index + 1 : 0);
            /* A peer may be unable to wake this thread, or need not as the port spins: then it looks at intervals. */
            const int64_t port_limit = port->spin_only ? LOOK_INTERVAL_NS : port_sleep_limit(port);
            limit = port_limit < limit ? port_limit : limit;
        }
        gate_exit(port);
    }
    full_fence();
    return limit;
}

/* Takes an entry, under the tables' lock: its index, or a negative errno value. */
static int take_wait_set(struct attachment *attachment)
{
    struct tables *tables = &attachment->tables;
    tables_reap(tables);
    const int index = tables_free_port(tables);
    const int64_t incarnation = index < 0 ? index : tables_next_incarnation(tables);
    if (incarnation < 0)
    {
        return (int)incarnation;
    }
    const struct port_record record = {
        .incarnation = incarnation, .kind = PORT_KIND_WAIT_SET, .process_index = tables->process_index,
        .process_incarnation = tables->incarnation, .link_index = NO_INDEX, .uid = -1, .gid = -1, .name = "",
        .opened_at_ms = now_ms()};
    port_publish(port_at(tables, index), &record);
    attachment->wait_set_incarnation = incarnation;
    __atomic_store_n(&attachment->wait_set_index, index, __ATOMIC_RELAXED);
    return index;
}

/* Entry on whose word threads sleep: made at the first need. Or a negative errno value, with the reason. */
static int wait_set(struct attachment *attachment)
{
    /* Not under the lock of the ports: the watch needs that, and a process that was stopped may keep the tables'. */
    pthread_mutex_lock(&attachment->wait_set_mutex);
    int index = attachment->wait_set_index;
    if (attachment_has_lost_life(attachment))
    {
        fail(ENOTCONN, "this process lost its life lock: close all ports and open new ones");
        index = -ENOTCONN;
    }
    else if (index == NO_INDEX)
    {
        index = tables_lock(&attachment->tables);
        if (index == 0)
        {
            index = take_wait_set(attachment);
            tables_unlock(&attachment->tables);
        }
    }
    pthread_mutex_unlock(&attachment->wait_set_mutex);
    return index;
}

static int sleep_for(
    struct attachment *attachment,
    struct caps_poll *ports,
    const int count,
    const int wait_set_index,
    const int64_t deadline_ns)
{
    uint8_t *word = port_at(&attachment->tables, wait_set_index) + PORT_WAKE_OFFSET;
    /* [wake] volatile read before the announcement and the last look: pairs with the atomic add in wake_word(). */
    const int32_t sequence = get_int_volatile(word, 0);
    const int64_t limit = announce(ports, count, 1, wait_set_index);
    int result = find_ready(ports, count);
    if (result == 0)
    {
        const int end = futex_sleep(word, sequence, deadline_ns, limit);
        result = end == 0 ? -EAGAIN : end;
    }
    announce(ports, count, -1, wait_set_index);
    if (result < 0)
    {
        const int ready_count = find_ready(ports, count);
        result = ready_count > 0 ? ready_count : result;
    }
    return result;
}

/* Polls for some microseconds, then sleeps. */
static int wait_until_ready(
    struct attachment *attachment, struct caps_poll *ports, const int count, const int64_t timeout_ns)
{
    const int64_t deadline_ns = timeout_ns == INT64_MAX ? INT64_MAX : deadline_after(timeout_ns);
    int result = 0;
    for (int i = 0; i < SPIN_COUNT && result == 0; i++)
    {
        spin_wait();
        result = find_ready(ports, count);
    }
    if (result > 0)
    {
        return result;
    }
    const int index = wait_set(attachment);
    if (index < 0)
    {
        errno = -index;
        return -1;
    }
    do
    {
        result = sleep_for(attachment, ports, count, index, deadline_ns);
    }
    while (result == -EAGAIN);
    return result == -ETIMEDOUT ? 0 : result < 0 ? fail(-result, "a signal handler ran") : result;
}

int caps_sys_poll(struct caps_poll *ports, const int count, const int64_t timeout_ns)
{
    process_check();
    if (count < 0 || timeout_ns < 0 || (ports == NULL && count > 0))
    {
        return fail_with(EINVAL, "count and time limit must not be negative, and a count needs an array: count=%d, "
            "timeout_ns=%" PRId64, count, timeout_ns);
    }
    const int cancel_state = cancel_hold();
    int result = find_ready(ports, count);
    if (result == 0 && timeout_ns > 0)
    {
        struct attachment *attachment = process_use_attachment();
        result = attachment == NULL ? fail(ENOTCONN, "the process is not attached") :
            wait_until_ready(attachment, ports, count, timeout_ns);
        if (attachment != NULL)
        {
            process_unuse_attachment(attachment);
        }
    }
    cancel_restore(cancel_state);
    return result;
}
