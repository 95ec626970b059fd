/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_CLIENT_LINK_H
#define CAPS_CLIENT_LINK_H

/*
 * The client's side of one link: io.jcaps.link.ClientLink. Used within the gate of its port, unless a function says
 * otherwise. Results below 0 are negative errno values.
 */

#include "entries.h"
#include "geometry.h"
#include "libcaps.h"
#include "message.h"
#include "rings.h"

struct port;

#define PUT_HISTORY_LENGTH (2 * SLOT_MAX_SLOT_COUNT)

struct client_link
{
    struct port *port;
    const struct geometry *geometry;
    uint8_t *tables;
    uint8_t *entry; /* in the link directory */
    uint8_t *base;  /* of the link's body */
    int link_index;
    int64_t incarnation;
    int64_t open_state;
    int service_process_index;
    int64_t service_process_incarnation;
    struct caps_cred service_cred;
    struct record_writer requests;
    struct record_reader replies;

    /* This side's state of each slot. No other process needs it, nor do survivors of this one. */
    uint8_t states[SLOT_MAX_SLOT_COUNT];
    uint8_t marks[SLOT_MAX_SLOT_COUNT];
    int64_t ids[SLOT_MAX_SLOT_COUNT];
    int outcomes[SLOT_MAX_SLOT_COUNT];
    int claimed_lengths[SLOT_MAX_SLOT_COUNT]; /* of allocations; -1 if the slot is none */
    int backed_lengths[SLOT_MAX_SLOT_COUNT];  /* bytes of each cell that have memory for sure */
    int64_t descriptors[SLOT_MAX_SLOT_COUNT]; /* LENGTH and FLAGS as this side wrote them last */
    int64_t put_numbers[SLOT_MAX_SLOT_COUNT];
    int free_slots[SLOT_MAX_SLOT_COUNT];
    int free_count;
    /* Replies that were met while calls passed the ring, in their order; get hands them out first. */
    int ready_slots[SLOT_MAX_SLOT_COUNT];
    int ready_head;
    int ready_count;
    int at_service_count;
    uint8_t slot_by_put[PUT_HISTORY_LENGTH];
    int64_t put_count;
    int64_t disposal_count;
    int64_t put_byte_count;
    int64_t reply_count;
    int64_t reply_byte_count;
    int64_t reply_lag;
    int64_t next_sequence;
    int64_t lease_end;
    bool is_given_up; /* the service, which may be alive, wrote an invalid value */

    /* Also read outside the gate, by calls, whose port may have been closed and used again. */
    int returned_count;
    int gone_kind; /* outcome of the messages that the service leaves without a reply; 0 while it is there */
};

/* What a call looks at outside the gate. The addresses stay mapped, whatever becomes of its port. */
struct pending_call
{
    int64_t id;
    const uint8_t *link_entry;
    const uint8_t *reply_half;
    int64_t open_state;
};

/* Begins a new use of a link: 0 or -ENOBUFS, if the region has no message ids left. */
int client_link_init(struct client_link *link, struct port *port, int link_index, uint8_t *base);

/* Makes each slot ready for a payload; false if the region has no memory for it. */
bool client_link_prefault(struct client_link *link, int length);

/* Takes a free slot and makes sure of memory for a payload: the slot, -ENOTCONN, -EACCES (R6), -ENOBUFS or -ENOSPC. */
int client_link_reserve(struct client_link *link, int length);

/* Puts what is in a reserved slot: the message id, -ENOTCONN (the slot is free then) or -ENOBUFS. */
int64_t client_link_publish(struct client_link *link, int slot, int flags, int length, bool is_call);

/* Frees the slot of a message that has ended, or one that was reserved and not put. */
void client_link_free(struct client_link *link, int slot);

/* Address of a reserved slot's payload. Outside the gate as well: the slot belongs to its claimer. */
uint8_t *client_link_payload(const struct client_link *link, int slot, int length);

/* Slot of an allocation that begins at an address, or -1. */
int client_link_allocation(const struct client_link *link, const void *address);

/* Takes the next reply: CAPMS_REPLY, -EAGAIN, -ENOTCONN or -EACCES. A payload of at most limit bytes comes as a view.
   */
int client_link_poll(struct client_link *link, struct message *message, int limit);

/* Whether a poll would find something. */
bool client_link_has_next(struct client_link *link);

/* Fills call for the message that was just put. */
void client_link_begin_call(const struct client_link *link, int64_t id, struct pending_call *call);

/* Whether the reply that a call waits for may be there. Outside the gate. */
bool client_link_may_have_reply(const struct port *port, const struct pending_call *call);

/* Takes the reply that a call waits for: CAPMS_REPLY or -EAGAIN. One longer than limit is left to get. */
int client_link_take_reply(struct client_link *link, int slot, struct message *message, int limit);

/* Takes the outcome of a message that was just aborted hard. */
void client_link_take_returned(struct client_link *link, int slot, struct message *message);

/* Ends a view; false if there is no such view. */
bool client_link_release(struct client_link *link, int slot, int64_t id);

/* Takes a message back: CAPS_ABORT_..., or -EINVAL. */
int client_link_abort(struct client_link *link, int64_t id, bool is_hard);

/* Whether the service has closed or refused this link, or is proved dead. */
bool client_link_is_service_gone(struct client_link *link);

/* Whether a service may end a request with that outcome, instead of a reply (B7). */
bool client_link_may_end(int outcome);

/* Whether the program holds memory for requests that was neither put nor freed. */
bool client_link_has_allocations(const struct client_link *link);

/* How many slots are being filled, and how many outcomes are in view. Outside the gate as well: perhaps as they were a
   little before. */
void client_link_count_open(const struct client_link *link, int *claims, int *views);

/* Marks this side as closed, and releases the link unless it is to be kept. Outside the gate. */
void client_link_close(struct client_link *link, bool is_kept);

#endif
