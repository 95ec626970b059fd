/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_PORT_H
#define CAPS_PORT_H

/*
 * What service and client ports have in common: the gate, waiting, waking, and the end: io.jcaps.Port.
 *
 * Ports are made once, used again and again, and never freed: a thread that still has the address of one that was
 * closed finds another id in it, and leaves. Ports for one thread are never used for several, nor the other way round.
 */

#include "attachment.h"
#include "client_link.h"
#include "service.h"

#include <sched.h>

/* A payload of more bytes is copied outside the gate, so that other threads can continue. */
#define COPY_LIMIT 1024

struct port
{
    int is_held; /* the gate: 1 while a thread is within */
    bool is_shared;
    int id;                   /* 0 if not in use */
    bool is_client;
    bool is_no_fork;
    int end_error;            /* 0 while open; otherwise the error of each call, a negative errno value */
    bool is_disowned;         /* ended before it was closed, as the life lock was lost: nothing is stored any more */
    int closed_id;            /* id that the port had, while allocations are out that were made by it; 0 for none */
    bool is_lingering;        /* closed except for those: the thread that releases the last one completes the close */
    bool is_attention_due;    /* a process has died: the port looks whether it was a peer's */
    struct attachment *attachment;
    const struct geometry *geometry;
    uint8_t *tables;
    uint8_t *entry;           /* in the port table */
    int index;
    int64_t incarnation;
    char name[CAPS_MAXNAMELEN];
    bool spin_only;
    int max_spin_count;
    int min_spin_count;
    int spin_count;           /* polls before a sleep; each thread adapts it, without order */
    int prefault_length;      /* bytes of payload that each slot of a new link is made ready for */
    int copy_count;           /* copies into links that this port's threads are making outside the gate */
    int sleeper_count;        /* threads that sleep for this port, or are about to; outside the gate */
    int shown_claims;         /* what the watch has shown last in the entry; by the watch alone */
    int shown_views;
    int poller_count;         /* threads that sleep in caps_sys_poll for this port */
    struct port *next;        /* of the attachment's ports */
    struct port *next_of_all; /* of all that were ever made */

    /* At a client. */
    struct client_link client;
    uint8_t *service_entry;
    bool service_spins;
    bool must_look;

    /* At a service. */
    struct service service;
};

/* ---- the gate: one thread at a time */

void gate_contend(struct port *port);

static inline void gate_enter(struct port *port)
{
    int expected = 0;
    /* [gate] acquire: pairs with [gate] in gate_exit(). Without it a thread could miss what the last one did. */
    if (port->is_shared && !LIKELY(__atomic_compare_exchange_n(
        &port->is_held, &expected, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
    {
        gate_contend(port);
    }
}

static inline void gate_exit(struct port *port)
{
    if (port->is_shared)
    {
        /* [gate] release: pairs with [gate] in gate_enter(); the next thread sees what this one did. */
        __atomic_store_n(&port->is_held, 0, __ATOMIC_RELEASE);
    }
}

static inline int port_id(const struct port *port)
{
    return __atomic_load_n(&port->id, __ATOMIC_RELAXED);
}

/* Enters the gate of a port, if the id is still its own: whether it is. If not, the gate is left. */
static inline bool port_enter(struct port *port, const int id)
{
    gate_enter(port);
    const bool is_own = LIKELY(port_id(port) == id);
    if (!is_own)
    {
        gate_exit(port);
    }
    return is_own;
}

static inline bool port_is_attention_due(const struct port *port)
{
    return __atomic_load_n(&port->is_attention_due, __ATOMIC_RELAXED);
}

/* Clears the flag before the announced change is read. Returns true. */
static inline bool port_takes_attention(struct port *port)
{
    /* [attention] atomic exchange, an acquire: pairs with port_draw_attention(). A read and a store would lose what the
       watch announces in between, and it announces each death once. */
    (void)__atomic_exchange_n(&port->is_attention_due, false, __ATOMIC_SEQ_CST);
    return true;
}

static inline void port_draw_attention(struct port *port)
{
    /* [attention] release: the thread that takes the flag sees the proved death. Pairs with
       [attention] in port_takes_attention(). */
    __atomic_store_n(&port->is_attention_due, true, __ATOMIC_RELEASE);
}

static inline struct region *port_region(const struct port *port)
{
    return &port->attachment->region;
}

/* Counts an event in the port's entry; within the gate. Other processes see no half of it. */
void port_count(struct port *port, int counter);

/* Takes the next message: its state, or a negative errno value. Within the gate, the port being open. */
static inline int port_poll(struct port *port, struct message *message, const int limit)
{
    return port->is_client ? client_link_poll(&port->client, message, limit) : service_poll(port, message, limit);
}

/* Wakes the threads that sleep for a port after something was published for it. Returns the system calls made. */
int port_wake(struct attachment *attachment, uint8_t *entry, int limit);

/* Wakes all threads that sleep for a port that has ended without a close, in a wait or in caps_sys_poll, and stores
   nothing. A thread that is about to sleep is missed: it takes another call. */
void port_wake_ended(struct port *port);

/* Changes the number of the port's sleepers by change; false if it is closed, as another process may have its entry
   then. */
bool port_announce_sleeper(struct port *port, int id, int change);

/* Longest sleep before a look without being woken, in nanoseconds. */
int64_t port_sleep_limit(const struct port *port);

/* Ends a port that was taken out of the table of ids (R23, R24). Links in which allocations are out stay this side's,
   so that no other client is given memory that a thread may be writing to. */
void port_end(struct port *port);

/* Whether the program holds allocations of the port. Within the gate. */
bool port_has_allocations(const struct port *port);

/* Releases an allocation of a port that was closed; false if it is none. Within the gate. */
bool port_free_allocation(struct port *port, const void *address);

/* Releases the links that allocations kept, after the last allocation, and the port's memory in the heap. */
void port_release(struct port *port);

#endif
