/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_ENTRIES_H
#define CAPS_ENTRIES_H

/*
 * The entries of a region's tables: io.jcaps.layout.ProcessEntry, PortEntry and LinkEntry. An entry is given by the
 * address at which it begins. Indices that come from the region are input, and checked by the caller.
 */

#include "caps_layout.h"
#include "words.h"

#include <stdbool.h>
#include <string.h>

/* ---- processes */

static inline int64_t process_incarnation(const uint8_t *entry)
{
    /* [process] acquire: the other fields are complete. Pairs with [process] in tables_enter(). */
    return get_long_acquire(entry, PROCESS_INCARNATION_OFFSET);
}

/* By compare and set from the expected incarnation, so that a late store cannot free an entry that another process has
   by then. */
static inline void process_free(uint8_t *entry, const int64_t incarnation)
{
    swap_long(entry, PROCESS_INCARNATION_OFFSET, incarnation, 0);
}

/* ---- ports */

/* What is written into a port's entry when it is opened. */
struct port_record
{
    int64_t incarnation;
    int kind;
    int process_index;
    int64_t process_incarnation;
    int link_index;
    int32_t uid;
    int32_t gid;
    int flags;
    const char *name;
    int64_t generation;
    int64_t opened_at_ms;
};

static inline int64_t port_incarnation(const uint8_t *entry)
{
    /* [port] acquire: the other fields are complete. Pairs with [port] in port_publish(). */
    return get_long_acquire(entry, PORT_INCARNATION_OFFSET);
}

/* Under the tables' lock. A process that dies before the last store leaves incarnation 0: the entry is free. */
void port_publish(uint8_t *entry, const struct port_record *record);

/* By compare and set, as above. */
static inline void port_free(uint8_t *entry, const int64_t incarnation)
{
    swap_long(entry, PORT_INCARNATION_OFFSET, incarnation, 0);
}

static inline void port_close(uint8_t *entry)
{
    /* [port-state] volatile store and a full fence, before the closing side looks at its links: pairs with the compare
       and set by which a connecting client opens its link, before it looks at port_is_open(). One of the two sees the
       other. Without it a client could be connected to a port that is closed, by a process that lives on, and wait for
       ever. If the closer dies after it, clients find the closed port, or their service dead. */
    put_int_volatile(entry, PORT_STATE_OFFSET, PORT_STATE_CLOSED);
    full_fence();
}

static inline bool port_is_open(const uint8_t *entry)
{
    /* [port-state] acquire: pairs with port_close(), after the compare and set of [link] in connect_once(). */
    return get_int_acquire(entry, PORT_STATE_OFFSET) == PORT_STATE_OPEN;
}

static inline bool port_has_name(const uint8_t *entry, const char *name)
{
    const size_t length = strlen(name);
    return get_int(entry, PORT_NAME_LENGTH_OFFSET) == (int32_t)length &&
        memcmp(entry + PORT_NAME_OFFSET, name, length) == 0;
}

/* ---- links */

/* The two ports and processes of a link; its client writes them before the link is open. Input to all others. */
struct link_ends
{
    int client_process_index;
    int64_t client_process_incarnation;
    int client_port_index;
    int64_t client_port_incarnation;
    int service_process_index;
    int64_t service_process_incarnation;
    int service_port_index;
    int64_t service_port_incarnation;
};

static inline int64_t link_state(const uint8_t *entry)
{
    /* [link] acquire: what the other side wrote before it changed its flags is seen. Pairs with [link] in
       link_change(). */
    return get_long_acquire(entry, LINK_ENTRY_STATE_OFFSET);
}

static inline int64_t link_incarnation(const int64_t state)
{
    return (int64_t)((uint64_t)state >> LINK_ENTRY_INCARNATION_SHIFT);
}

static inline bool link_is_free(const int64_t state)
{
    return (state & (LINK_ENTRY_CLIENT_HOLDS | LINK_ENTRY_SERVICE_HOLDS)) == 0;
}

/*
 * Sets and clears flags of one use of the link, whatever the other side does to its own. Returns the state
 * afterwards, or -1 if the link is in another use by now: then nothing was changed.
 */
int64_t link_change(uint8_t *entry, int64_t incarnation, int64_t set, int64_t clear);

/* Takes a free link for a client, under the tables' lock. */
void link_take(uint8_t *entry, int64_t incarnation, const struct link_ends *ends);

void link_read_ends(const uint8_t *entry, struct link_ends *ends);

#endif
