/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_SERVICE_LINK_H
#define CAPS_SERVICE_LINK_H

/*
 * The service's side of one link: io.jcaps.link.ServiceLink. Used within the gate of its port.
 */

#include "entries.h"
#include "geometry.h"
#include "libcaps.h"
#include "rings.h"

struct port;

#define NO_SLOT (-1)
#define REPLY_HISTORY_LENGTH (2 * SLOT_MAX_SLOT_COUNT)

struct service_link
{
    struct port *port;
    const struct geometry *geometry;
    uint8_t *entry; /* in the link directory */
    uint8_t *base;  /* of the link's body */
    int link_index;
    int64_t incarnation;
    int client_process_index;
    int64_t client_process_incarnation;
    uint8_t *client_entry; /* of its port */
    bool client_spins;
    bool client_cannot_wake;
    struct caps_cred cred;
    struct record_reader requests;
    struct record_writer replies;

    int64_t held[SLOT_MAX_SLOT_COUNT];    /* ids of requests that were received and not replied, 0 for none */
    int64_t replied[SLOT_MAX_SLOT_COUNT]; /* ids of replies not known to be disposed of, 0 for none */
    int64_t reply_numbers[SLOT_MAX_SLOT_COUNT];
    int64_t viewed[SLOT_MAX_SLOT_COUNT];  /* ids of requests in view, 0 for none */
    int64_t claim_ids[SLOT_MAX_SLOT_COUNT];   /* of requests whose reply was allocated and not sent, 0 for none */
    int claim_lengths[SLOT_MAX_SLOT_COUNT];
    bool is_claimed[SLOT_MAX_SLOT_COUNT]; /* a reply is being filled, allocated or copied */
    int backed_lengths[SLOT_MAX_SLOT_COUNT];
    int64_t descriptors[SLOT_MAX_SLOT_COUNT];
    uint8_t slot_by_reply[REPLY_HISTORY_LENGTH];
    int last_lease;
    int replied_count;
    int64_t disposed_count;
    int64_t oldest_reply;
    int64_t get_count;
    int64_t get_byte_count;
    int64_t reply_byte_count;
    int pending_disposals; /* queued at the port and not delivered: they show this link's credentials */
    int view_count; /* views, allocations and copies, which keep the link */
    int64_t request_lag;
    int64_t expected_sequence;
    int64_t taken_id;
    bool has_skipped;
    bool is_client_dead;
    bool has_died;
    bool is_refused;
    bool is_dropped;
    bool is_released;
};

/* Begins with a link that was accepted. */
void service_link_init(struct service_link *link, struct port *port, int link_index, int64_t incarnation,
    const struct link_ends *ends, int client_flags, uint8_t *base);

/* Slot of the next request, if it is the expected one: reads one cache line. Otherwise NO_SLOT. */
int service_link_poll_expected(struct service_link *link);

/* Slot of the next request, in any slot, or NO_SLOT. */
int service_link_poll(struct service_link *link);

/* Receives the request that a poll has just found; false if its client aborted it in between. */
bool service_link_take(struct service_link *link, int slot);

/* Whether a request was skipped since the last look: its client may be asleep. */
bool service_link_takes_skipped(struct service_link *link);

/* Whether the message was received, has no reply, and no other thread is replying to it. */
bool service_link_is_held(const struct service_link *link, int slot, int64_t id);
bool service_link_holds_lease(const struct service_link *link, int lease);

/* Gets memory for a reply of that length in each slot, as far as there is any. */
void service_link_prefault(struct service_link *link, int length);

/* Makes sure of memory for a reply, and claims the slot for it; false if the region finds none. */
bool service_link_claim(struct service_link *link, int slot, int length);

/* Whether the program holds memory for replies; the slot of the allocation that begins at an address, or NO_SLOT. */
bool service_link_has_allocations(const struct service_link *link);
int service_link_allocation(const struct service_link *link, const void *address);

/* Publishes a reply whose payload is written; false if the ring is full, which only a corrupt ring is. */
bool service_link_publish(struct service_link *link, int slot, int64_t id, int flags, int length);

/* Counts a request that was retrieved, or replied to without that; the latter with 0 bytes. */
void service_link_count_get(struct service_link *link, int length);

/* A request was received in a slot: id of the message whose reply was there before, which is disposed of, or 0. */
int64_t service_link_disposed_by_reuse(struct service_link *link, int slot);

/* Looks for replies that the client is done with, and queues them at the service as disposals. */
void service_link_find_disposed(struct service_link *link);

/* Whether the client has closed its port, or died; or the link is no longer what this side accepted. */
bool service_link_is_client_gone(struct service_link *link);

/* The client has gone: each message that the service received or replied to returns as a disposal (R24). */
void service_link_drop(struct service_link *link);

/* Releases the link: from here on another client may take it. */
void service_link_release(struct service_link *link);

/* As service_link_release, while the port is open: adds what the link had counted to the totals of the port's entry. */
void service_link_release_counted(struct service_link *link);

/* The link is corrupt: it is closed for the client, which counts as gone. */
void service_link_refuse(struct service_link *link);

#endif
