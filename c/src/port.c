/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "port.h"

#include "clock.h"
#include "futex.h"

#include <errno.h>

#define GATE_SPIN_COUNT 100
#define GATE_YIELD_COUNT 20
#define LOOK_INTERVAL_NS INT64_C(1000000)
#define ENDED_PAUSE_NS INT64_C(100000)

void gate_contend(struct port *port)
{
    for (int i = 0;; i++)
    {
        int expected = 0;
        if (__atomic_load_n(&port->is_held, __ATOMIC_RELAXED) == 0 && __atomic_compare_exchange_n(
            &port->is_held, &expected, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        {
            return;
        }
        if (i < GATE_SPIN_COUNT)
        {
            spin_wait();
        }
        else if (i < GATE_SPIN_COUNT + GATE_YIELD_COUNT)
        {
            sched_yield();
        }
        else
        {
            /* The holder may have lost its core: yield this one. */
            pause_ns(1000);
        }
    }
}

void port_count(struct port *port, const int counter)
{
    const size_t offset = PORT_COUNTERS_OFFSET + (size_t)counter * 8;
    put_long_release(port->entry, offset, get_long(port->entry, offset) + 1);
}

static void wake_word(uint8_t *entry, const int limit)
{
    /* [wake] atomic add before the wake-up: a sleeper that read the word before it does not fall asleep any more. Pairs
       with the volatile read in sleep_on() and caps_sys_poll(). */
    add_int(entry, PORT_WAKE_OFFSET, 1);
    futex_wake(entry + PORT_WAKE_OFFSET, limit);
}

int port_wake(struct attachment *attachment, uint8_t *entry, const int limit)
{
    /* [wake] full fence between the publication and the look: pairs with the atomic add in port_announce_sleeper() and
       the store in caps_sys_poll(). One of the two sees the other: either we see the sleeper, or it sees the message.
       Without it the look could be made before the publication, and the sleeper sleep on. */
    full_fence();
    const int64_t sleepers = get_long(entry, PORT_SLEEPERS_OFFSET);
    int count = 0;
    if (LIKELY(sleepers == 0) || attachment_has_lost_life(attachment))
    {
        return 0;
    }
    if ((int32_t)sleepers != 0)
    {
        wake_word(entry, limit);
        count++;
    }
    const int wait_set_index = (int)(sleepers >> 32) - 1;
    if (wait_set_index >= 0 && wait_set_index < attachment->tables.geometry->port_count)
    {
        wake_word(port_at(&attachment->tables, wait_set_index), INT32_MAX);
        count++;
    }
    return count;
}

void port_wake_ended(struct port *port)
{
    const struct attachment *attachment = port->attachment;
    const int wait_set_index = __atomic_load_n(&attachment->wait_set_index, __ATOMIC_RELAXED);
    /* The entries may belong to another process already, so their words are not changed. At worst its threads look once
       for nothing. */
    futex_wake(port->entry + PORT_WAKE_OFFSET, INT32_MAX);
    if (wait_set_index != NO_INDEX)
    {
        futex_wake(port_at(&attachment->tables, wait_set_index) + PORT_WAKE_OFFSET, INT32_MAX);
    }
}

/* The watch skips a closed port: a thread that was about to sleep at the last wake-up is woken here. */
static void await_sleepers(struct port *port)
{
    while (__atomic_load_n(&port->sleeper_count, __ATOMIC_ACQUIRE) > 0)
    {
        port_wake_ended(port);
        pause_ns(ENDED_PAUSE_NS);
    }
}

bool port_announce_sleeper(struct port *port, const int id, const int change)
{
    if (!port_enter(port, id))
    {
        return false;
    }
    const bool is_open = port->end_error == 0;
    if (is_open)
    {
        /* [wake] atomic add, a full fence, before the last look: pairs with the fence in port_wake(). If this process
           dies as a sleeper, its peers' wake-ups cost a call and reach no thread. */
        add_int(port->entry, PORT_SLEEPERS_OFFSET, change);
    }
    gate_exit(port);
    return is_open;
}

int64_t port_sleep_limit(const struct port *port)
{
    return (port->is_client ? port->must_look : service_must_look(port)) ? LOOK_INTERVAL_NS : INT64_MAX;
}

/* Once this side releases a link another client may take it: no thread of this process may still copy a payload into
   it. */
static void await_copies(struct port *port)
{
    int count;
    do
    {
        gate_enter(port);
        count = port->copy_count;
        gate_exit(port);
        if (count > 0)
        {
            sched_yield();
        }
    }
    while (count > 0);
}

/* Whether nothing may be stored for a port any more. */
static bool is_void(const struct port *port)
{
    return port->is_disowned || attachment_has_lost_life(port->attachment);
}

static void end_client(struct port *port)
{
    gate_enter(port);
    const bool has_allocations = client_link_has_allocations(&port->client);
    gate_exit(port);
    client_link_close(&port->client, has_allocations);
    /* A close wakes no thread: it only brings the service disposals (R21, R24). */
    add_int(port->service_entry, PORT_EVENTS_OFFSET, 1);
    port_free(port->entry, port->incarnation);
    watch_remove_peer(port->attachment, port->client.service_process_index);
}

void port_end(struct port *port)
{
    port_wake(port->attachment, port->entry, INT32_MAX);
    await_copies(port);
    if (is_void(port))
    {
        await_sleepers(port);
    }
    else if (port->is_client)
    {
        end_client(port);
    }
    else
    {
        service_end(port);
    }
}

bool port_has_allocations(const struct port *port)
{
    return port->is_client ? client_link_has_allocations(&port->client) : service_has_allocations(&port->service);
}

bool port_free_allocation(struct port *port, const void *address)
{
    if (!port->is_client)
    {
        return service_free_allocation(port, address);
    }
    const int slot = client_link_allocation(&port->client, address);
    if (slot >= 0)
    {
        client_link_free(&port->client, slot);
    }
    return slot >= 0;
}

void port_release(struct port *port)
{
    if (port->closed_id != 0 && !is_void(port))
    {
        if (port->is_client)
        {
            client_link_close(&port->client, false);
        }
        else
        {
            service_release_links(&port->service);
        }
    }
    if (!port->is_client)
    {
        service_free(&port->service);
    }
}
