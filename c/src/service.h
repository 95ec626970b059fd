/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_SERVICE_H
#define CAPS_SERVICE_H

/*
 * A registered service (R1): receives the requests of its clients and replies to them, in any order:
 * io.jcaps.ServicePort. Used within the gate of its port unless a function says otherwise. Results below 0 are negative
 * errno values.
 */

#include "leases.h"
#include "message.h"
#include "service_link.h"

struct port;

/* A disposal that waits to be delivered. */
struct disposal
{
    int64_t id;
    struct service_link *link;
};

struct service
{
    int32_t uid;
    int32_t gid;
    int flags;
    struct service_link **links;
    int link_count;
    int link_capacity;
    struct service_link **dropped_links; /* those whose client is gone,
        kept for views and disposals that are still out */
    int dropped_count;
    int dropped_capacity;
    struct leases leases;
    struct service_link *last_link; /* the one a request was taken from last: most replies go there */
    int pending_count; /* newcomers that could not be accepted yet */
    int cursor;
    int hot_index;
    unsigned request_count;
    int32_t seen_events;
    struct service_link *peeked_link; /* of a request that was longer than its receiver wanted */
    int peeked_slot;
    struct disposal *disposals;
    int disposal_head;
    int disposal_count;
    int disposal_capacity;
    /* Read by the watch outside the gate. */
    int view_count;  /* requests in view */
    int claim_count; /* allocations for replies that are out */
};

void service_init(struct service *service, int32_t uid, int32_t gid, int flags);

/* Takes the next message: CAPMS_REQUEST, CAPMS_DISPOSE or -EAGAIN. */
int service_poll(struct port *port, struct message *message, int limit);

/* Whether a poll would find something. */
bool service_has_next(struct port *port);

/* Accepts the new clients, and releases those that have gone. */
void service_accept_and_drop(struct port *port);

/* Whether a client came or went since the last call. */
bool service_is_changed(const struct port *port);

/* Whether a client that is not accepted yet may have put a message without being able to wake this process. */
bool service_has_silent_newcomer(const struct port *port);

/* Whether a client's process cannot wake this one's threads. */
bool service_must_look(const struct port *port);

/* The accepted link that an id belongs to, or null. */
struct service_link *service_link_of(const struct service *service, int64_t id);

/* The link, accepted or dropped, of a view or an allocation: null if there is none. */
struct service_link *service_viewed_link(const struct service *service, int64_t id);
struct service_link *service_claimed_link(const struct service *service, int64_t id, const void *address);

/* A view, an allocation or a copy ends. */
void service_end_view(struct port *port, struct service_link *link);

/* Changes view_count or claim_count, which the watch reads outside the gate. */
static inline void service_add_open(int *count, const int change)
{
    __atomic_store_n(count, *count + change, __ATOMIC_RELAXED);
}

/*
 * Publishes a reply whose payload is written and whose slot is claimed. 0, or -EINVAL if the client gave up the request
 * or the link is corrupt. The caller wakes the client.
 */
int service_publish(
    struct port *port, struct service_link *link, int slot, int64_t id, int flags, int length, bool *is_corrupt);

/* Queues a disposal; there is room, as it was made when the link was accepted. */
void service_add_disposal(struct service_link *link, int64_t id);

/* Closes the links to the clients; outside the gate, when the port is closed on this side. Links in which the program
   holds allocations stay this side's. */
void service_end(struct port *port);

/* Whether the program holds memory for replies that was neither sent nor freed. */
bool service_has_allocations(const struct service *service);

/* Releases memory for a reply, whether its port is open or closed; false if it is none. */
bool service_free_allocation(struct port *port, const void *address);

/* Releases the links that service_end has kept. */
void service_release_links(struct service *service);

/* Frees the service's memory in the heap. */
void service_free(struct service *service);

#endif
