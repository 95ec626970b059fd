/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client_link.h"

#include "port.h"
#include "report.h"
#include "watch.h"

#include <errno.h>

/* States of a slot. */
enum
{
    SLOT_FREE,
    SLOT_CLAIMED,   /* being filled */
    SLOT_SENT,      /* put; get takes the reply */
    SLOT_CALLING,   /* put; a call takes the reply */
    SLOT_RETURNED,  /* aborted; its outcome can be taken as the reply would have been */
    SLOT_VIEWED,    /* the outcome was taken and shown; the view was not released yet */
    SLOT_LINGERING, /* aborted at the service, outcome taken: free when the service is done with it */
    SLOT_READY      /* put and replied; its record was passed, get will take it */
};

/* Marks beside the state. */
#define MARK_AT_SERVICE 1   /* the abort came too late: the service had received the message, or was about to */
#define MARK_LENT 2         /* the service is not done with the slot, though its message was returned */
#define MARK_REPLIED_LATE 4 /* the service replied after the message was returned: that reply must be disposed of */
#define MARK_AUTOMATIC 8    /* the view shows an automatic reply */
#define MARK_CALLED 16      /* a call waits for it */

/* Where a reply is taken from: it decides which position moves on. */
enum source
{
    FROM_RING,
    FROM_READY,
    FROM_SLOT
};

/* Flags of a link's state that may change without ending the link for its client. */
#define NEUTRAL_FLAGS (LINK_ENTRY_CLIENT_HOLDS | LINK_ENTRY_SERVICE_HOLDS | LINK_ENTRY_OPEN | LINK_ENTRY_CLIENT_CLOSED)
#define PUT_HISTORY_MASK (PUT_HISTORY_LENGTH - 1)

static int take_lease(struct client_link *link)
{
    /* If this process dies after it, the lease is lost: one of two thousand million. No two links get the same. */
    const int64_t lease = add_long(link->tables, REGION_NEXT_LEASE_OFFSET, 1);
    if (lease <= 0 || lease > SLOT_MAX_LEASE)
    {
        return -ENOBUFS;
    }
    link->next_sequence = lease << SLOT_COUNT_BITS;
    link->lease_end = link->next_sequence + SLOT_COUNT_PER_LEASE;
    return 0;
}

int client_link_init(struct client_link *link, struct port *port, const int link_index, uint8_t *base)
{
    memset(link, 0, offsetof(struct client_link, returned_count));
    __atomic_store_n(&link->returned_count, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&link->gone_kind, 0, __ATOMIC_RELAXED);
    link->port = port;
    link->geometry = port->geometry;
    link->tables = port->tables;
    link->link_index = link_index;
    link->base = base;
    link->entry = port->tables + link_entry_offset(port->geometry, link_index);
    link->incarnation = link_incarnation(link_state(link->entry));
    link->open_state = (int64_t)((uint64_t)link->incarnation << LINK_ENTRY_INCARNATION_SHIFT);
    link->service_process_index = get_int(link->entry, LINK_ENTRY_SERVICE_PROCESS_INDEX_OFFSET);
    link->service_process_incarnation = get_long(link->entry, LINK_ENTRY_SERVICE_PROCESS_INCARNATION_OFFSET);
    record_writer_init(&link->requests, base + LINK_REQUEST_RING_OFFSET, port->geometry->ring_capacity);
    record_reader_init(&link->replies, base + port->geometry->reply_ring_offset, port->geometry->ring_capacity);
    for (int slot = port->geometry->slot_count - 1; slot >= 0; slot--)
    {
        link->free_slots[link->free_count++] = slot;
        link->claimed_lengths[slot] = -1;
    }
    return take_lease(link);
}

/* The watch reads the states outside the gate. */
static void set_state(struct client_link *link, const int slot, const uint8_t state)
{
    __atomic_store_n(&link->states[slot], state, __ATOMIC_RELAXED);
}

static void count(const struct client_link *link, const size_t counter)
{
    /* A counter: it is stored in one piece and publishes nothing else. If this process dies before it, the number is
       one too small. */
    put_long(link->base, counter, get_long(link->base, counter) + 1);
}

/* ---- putting */

/* Gets memory for a payload in a slot's cell, unless the cell has enough already. */
static bool back(struct client_link *link, const int slot, const int length)
{
    const int backed = link->backed_lengths[slot];
    if (length > backed)
    {
        if (!region_back(port_region(link->port), link->link_index,
            request_cell_offset(link->geometry, slot) + (size_t)backed, (size_t)(length - backed)))
        {
            return false;
        }
        link->backed_lengths[slot] = length;
    }
    return true;
}

bool client_link_prefault(struct client_link *link, const int length)
{
    struct region *region = port_region(link->port);
    region_touch(region, link->link_index, 0, link->geometry->link_head_length);
    for (int slot = 0; length > SLOT_INLINE_CAPACITY && slot < link->geometry->slot_count; slot++)
    {
        if (!back(link, slot, length))
        {
            return false;
        }
        region_touch(region, link->link_index, request_cell_offset(link->geometry, slot), (size_t)length);
        region_touch(region, link->link_index, reply_cell_offset(link->geometry, slot), (size_t)length);
    }
    return true;
}

static void pass_replies(struct client_link *link);

/* Result of a call when no outcome is due from the service any more: it has gone, or has not admitted this client. */
static int gone_status(const struct client_link *link)
{
    return link->gone_kind == CAPS_OUTCOME_REFUSED ? -EACCES : -ENOTCONN;
}

int client_link_reserve(struct client_link *link, const int length)
{
    if (client_link_is_service_gone(link))
    {
        return gone_status(link);
    }
    if (UNLIKELY(link->free_count == 0))
    {
        pass_replies(link);
        if (link->free_count == 0)
        {
            count(link, CLIENT_COUNTER_NO_BUFFERS);
            return -ENOBUFS;
        }
    }
    /* Last in, first out: the part of the region that is touched stays small and warm, and the service guesses right
       where the next request will be. */
    const int slot = link->free_slots[link->free_count - 1];
    if (length > SLOT_INLINE_CAPACITY && !back(link, slot, length))
    {
        port_count(link->port, PORT_COUNTER_NO_SPACE);
        return -ENOSPC;
    }
    link->free_count--;
    set_state(link, slot, SLOT_CLAIMED);
    return slot;
}

uint8_t *client_link_payload(const struct client_link *link, const int slot, const int length)
{
    return link->base + request_payload_offset(link->geometry, slot, slot_flags(length));
}

int client_link_allocation(const struct client_link *link, const void *address)
{
    const uintptr_t offset = (uintptr_t)address - (uintptr_t)link->base;
    if (LIKELY(offset >= link->geometry->link_length))
    {
        return -1;
    }
    const size_t halves = link->geometry->request_halves_offset;
    const size_t cells = link->geometry->request_cells_offset;
    const size_t slot = offset >= cells ?
        (offset - cells) / (size_t)link->geometry->cell_stride : (offset - halves) / SLOT_HALF_LENGTH;
    return slot < (size_t)link->geometry->slot_count && link->claimed_lengths[slot] >= 0 &&
        client_link_payload(link, (int)slot, link->claimed_lengths[slot]) == address ? (int)slot : -1;
}

int64_t client_link_publish(
    struct client_link *link, const int slot, const int flags, const int length, const bool is_call)
{
    if (client_link_is_service_gone(link))
    {
        client_link_free(link, slot);
        return gone_status(link);
    }
    if (UNLIKELY(!record_has_room(&link->requests)) ||
        UNLIKELY(link->next_sequence == link->lease_end && take_lease(link) != 0))
    {
        count(link, CLIENT_COUNTER_NO_BUFFERS);
        return -ENOBUFS;
    }
    const int64_t id = link->next_sequence++ << SLOT_SLOT_BITS | slot;
    uint8_t *half = link->base + request_half_offset(link->geometry, slot);
    const int64_t descriptor = (int64_t)flags << 32 | length;
    if (link->descriptors[slot] != descriptor)
    {
        link->descriptors[slot] = descriptor;
        put_long(half, SLOT_LENGTH_OFFSET, descriptor);
    }
    /* [request] release: descriptor and payload are there before the service can see the id. Pairs with [request] in
       service_link_poll_expected() and poll_ring(). Without it the service could read an old payload. A process that
       dies here has put nothing that matters: the link goes with it. */
    put_long_release(half, SLOT_ID_OFFSET, id);
    /* The other side waits for the id alone, so it comes first. */
    record_write(&link->requests, id);
    link->ids[slot] = id;
    link->marks[slot] = is_call ? MARK_CALLED : 0;
    set_state(link, slot, is_call ? SLOT_CALLING : SLOT_SENT);
    link->claimed_lengths[slot] = -1;
    link->put_numbers[slot] = link->put_count;
    link->slot_by_put[link->put_count++ & PUT_HISTORY_MASK] = (uint8_t)slot;
    put_long(link->base, CLIENT_COUNTER_PUTS, link->put_count);
    link->put_byte_count += length;
    put_long(link->base, CLIENT_COUNTER_PUT_BYTES, link->put_byte_count);
    return id;
}

void client_link_free(struct client_link *link, const int slot)
{
    set_state(link, slot, SLOT_FREE);
    link->ids[slot] = 0;
    link->claimed_lengths[slot] = -1;
    link->free_slots[link->free_count++] = slot;
}

/* ---- what the service has done with a slot */

static const uint8_t *reply_half(const struct client_link *link, const int slot)
{
    return link->base + reply_half_offset(link->geometry, slot);
}

static bool is_replied(const struct client_link *link, const int slot)
{
    const uint8_t *half = reply_half(link, slot);
    /* [reply] acquire: pairs with [reply] in service_link_publish(). */
    return get_long_acquire(half, SLOT_ID_OFFSET) == link->ids[slot] &&
        (get_int(half, SLOT_FLAGS_OFFSET) & SLOT_FLAG_SKIPPED) == 0;
}

static bool is_skipped(const struct client_link *link, const int slot)
{
    const uint8_t *half = reply_half(link, slot);
    /* [reply] acquire: pairs with [reply] in skip(). */
    return get_long_acquire(half, SLOT_ID_OFFSET) == link->ids[slot] &&
        (get_int(half, SLOT_FLAGS_OFFSET) & SLOT_FLAG_SKIPPED) != 0;
}

static int64_t reply_order(const struct client_link *link, const int slot)
{
    return get_long(reply_half(link, slot), SLOT_ORDER_OFFSET);
}

/* ---- finishing */

static void finish(struct client_link *link, const int slot)
{
    if ((link->marks[slot] & MARK_LENT) != 0)
    {
        set_state(link, slot, SLOT_LINGERING);
        return;
    }
    if ((link->marks[slot] & (MARK_AUTOMATIC | MARK_REPLIED_LATE)) != MARK_AUTOMATIC)
    {
        /* [disposal] release: this side's reads of the reply are over before the service may write it again. Pairs with
           [disposal] in is_disposed(). Without it a reply could be overwritten while it is read. No record, and no line
           of its own: the next request in this slot goes with it. If the client dies before it, the service disposes of
           all that it had replied. */
        put_long_release(link->base + request_half_offset(link->geometry, slot), SLOT_DISPOSED_OFFSET, link->ids[slot]);
        /* [disposals] release: what is counted is in its slot. Pairs with [disposals] in service_link_find_disposed(),
           which would look for it in vain. If the client dies before it, the same. */
        put_long_release(link->base, LINK_DISPOSALS_OFFSET, ++link->disposal_count);
    }
    client_link_free(link, slot);
}

/* The service is done with the slot of a message that was returned already. */
static void end_loan(struct client_link *link, const int slot)
{
    link->marks[slot] &= (uint8_t)~(MARK_LENT | MARK_AT_SERVICE);
    link->at_service_count--;
    if (link->states[slot] == SLOT_LINGERING)
    {
        finish(link, slot);
    }
}

/* The slots that the service had not returned when it closed or died. */
static void end_loans(struct client_link *link)
{
    for (int slot = 0; link->at_service_count > 0 && slot < link->geometry->slot_count; slot++)
    {
        if ((link->marks[slot] & MARK_LENT) != 0)
        {
            end_loan(link, slot);
        }
    }
}

/* Looks at the messages whose abort came late, as a skip has no record: slot of one that get takes next, or -1. */
static int find_skipped(struct client_link *link)
{
    int found = -1;
    for (int slot = 0; slot < link->geometry->slot_count; slot++)
    {
        if ((link->marks[slot] & MARK_AT_SERVICE) != 0 && is_skipped(link, slot))
        {
            if (link->states[slot] == SLOT_SENT)
            {
                found = slot;
            }
            else if ((link->marks[slot] & MARK_LENT) != 0)
            {
                end_loan(link, slot);
            }
        }
    }
    return found;
}

/* Passes the records of the reply ring up to the first reply that get takes: its slot, or -1. */
static int next_reply_slot(struct client_link *link)
{
    for (int i = 0, limit = LINK_RECORDS_PER_SLOT * link->geometry->slot_count; i < limit; i++)
    {
        const int64_t id = record_peek(&link->replies);
        if (id == 0)
        {
            return -1;
        }
        const int slot = id_slot(id);
        if (slot < link->geometry->slot_count && link->ids[slot] == id)
        {
            if (link->states[slot] == SLOT_SENT)
            {
                return is_replied(link, slot) ? slot : -1;
            }
            if ((link->marks[slot] & MARK_LENT) != 0)
            {
                link->marks[slot] |= MARK_REPLIED_LATE;
                end_loan(link, slot);
            }
        }
        /* A call has taken any other reply, or will take it. */
        record_pass(&link->replies);
    }
    return -1;
}

static void make_ready(struct client_link *link, const int slot)
{
    /* No longer SENT: were its record to come again, it would not be taken twice. */
    set_state(link, slot, SLOT_READY);
    link->ready_slots[(link->ready_head + link->ready_count++) % link->geometry->slot_count] = slot;
}

/* Calls take replies out of the ring's order. Their records are passed here, so that a service's reply always finds
   room in the ring (R20); the replies for get are remembered in their order. */
static void pass_taken(struct client_link *link)
{
    for (int slot = next_reply_slot(link); slot >= 0; slot = next_reply_slot(link))
    {
        record_pass(&link->replies);
        make_ready(link, slot);
    }
}

/* Drops replies that no caller will take, to make room. */
static void pass_replies(struct client_link *link)
{
    pass_taken(link);
    if (link->at_service_count > 0)
    {
        find_skipped(link);
    }
    if (client_link_is_service_gone(link))
    {
        end_loans(link);
    }
}

/* ---- receiving */

static void move_on(struct client_link *link, const enum source from)
{
    if (from == FROM_RING)
    {
        record_pass(&link->replies);
    }
    else if (from == FROM_READY)
    {
        link->ready_head = link->ready_head + 1 == link->geometry->slot_count ? 0 : link->ready_head + 1;
        link->ready_count--;
    }
}

static void set_viewed(struct client_link *link, const int slot)
{
    if (link->states[slot] == SLOT_RETURNED)
    {
        __atomic_store_n(&link->returned_count, link->returned_count - 1, __ATOMIC_RELAXED);
    }
    if ((link->marks[slot] & (MARK_AT_SERVICE | MARK_LENT)) == MARK_AT_SERVICE)
    {
        link->marks[slot] &= (uint8_t)~MARK_AT_SERVICE;
        link->at_service_count--;
    }
    set_state(link, slot, SLOT_VIEWED);
}

static void show(const struct client_link *link, struct message *message, const int slot, const int outcome)
{
    message->id = link->ids[slot];
    message->state = CAPMS_REPLY;
    message->outcome = outcome;
    message->slot = slot;
    message->length = 0;
    message->is_view = false;
    message->payload = NULL;
    message->cred = &link->service_cred;
    message->link = NULL;
}

static void count_outcome(const struct client_link *link, const int outcome)
{
    switch (CAPS_OUTCOME_KIND(outcome))
    {
        case CAPS_OUTCOME_SERVICE_CLOSED:
            count(link, CLIENT_COUNTER_CLOSED);
            break;
        case CAPS_OUTCOME_SERVICE_DIED:
            count(link, CLIENT_COUNTER_DIED);
            break;
        case CAPS_OUTCOME_UNREACHABLE:
            count(link, CLIENT_COUNTER_UNREACHABLE);
            break;
        case CAPS_OUTCOME_REFUSED:
            count(link, CLIENT_COUNTER_REFUSED);
            break;
        default:
            count(link, CLIENT_COUNTER_ABORTED);
            break;
    }
}

bool client_link_may_end(const int outcome)
{
    const int kind = outcome & ~CAPS_RECEIVED;
    return kind == CAPS_OUTCOME_SERVICE_CLOSED || kind == CAPS_OUTCOME_SERVICE_DIED ||
        kind == CAPS_OUTCOME_UNREACHABLE || outcome == CAPS_OUTCOME_REFUSED;
}

static int take_automatic(struct client_link *link, const int slot, const int outcome, struct message *message)
{
    show(link, message, slot, outcome);
    set_viewed(link, slot);
    link->marks[slot] |= MARK_AUTOMATIC;
    message->is_view = true;
    count_outcome(link, outcome);
    return CAPMS_REPLY;
}

/* No correct service writes this: the link is given up, and its messages are returned. */
static int take_corrupt(struct client_link *link, const int slot, struct message *message, const enum source from)
{
    if (!link->is_given_up)
    {
        report_corrupt(link->port, link->link_index, "a reply's length, flags or outcome is invalid");
    }
    /* The service may be alive: at its next look it drops the link as that of a client that has closed. */
    link->is_given_up = true;
    link_change(link->entry, link->incarnation, LINK_ENTRY_CLIENT_CLOSED, 0);
    add_int(link->port->service_entry, PORT_EVENTS_OFFSET, 1);
    __atomic_store_n(&link->gone_kind, CAPS_OUTCOME_SERVICE_CLOSED, __ATOMIC_RELAXED);
    move_on(link, from);
    return take_automatic(link, slot, CAPS_OUTCOME_SERVICE_CLOSED | CAPS_RECEIVED, message);
}

/* The service ended the request with an outcome instead of a reply: it is disposed of as a reply is. */
static int take_ended(
    struct client_link *link, const int slot, struct message *message, const int flags, const enum source from)
{
    const int outcome = flags >> SLOT_OUTCOME_SHIFT;
    show(link, message, slot, outcome);
    move_on(link, from);
    set_viewed(link, slot);
    link->marks[slot] &= (uint8_t)~MARK_AUTOMATIC;
    message->is_view = true;
    count_outcome(link, outcome);
    return CAPMS_REPLY;
}

static int take(
    struct client_link *link, const int slot, struct message *message, const int limit, const enum source from)
{
    const uint8_t *half = reply_half(link, slot);
    const int length = get_int(half, SLOT_LENGTH_OFFSET);
    const int flags = get_int(half, SLOT_FLAGS_OFFSET);
    if (UNLIKELY((flags & SLOT_OUTCOME_MASK) != 0))
    {
        const int outcome = flags >> SLOT_OUTCOME_SHIFT;
        return client_link_may_end(outcome) && flags == outcome << SLOT_OUTCOME_SHIFT && length == 0 ?
            take_ended(link, slot, message, flags, from) : take_corrupt(link, slot, message, from);
    }
    if (UNLIKELY(!is_payload(link->geometry, flags, length)))
    {
        return take_corrupt(link, slot, message, from);
    }
    show(link, message, slot, CAPS_OUTCOME_REPLIED);
    message->length = length;
    if (length <= limit)
    {
        move_on(link, from);
        set_viewed(link, slot);
        link->marks[slot] &= (uint8_t)~MARK_AUTOMATIC;
        message->is_view = true;
        message->payload = link->base + reply_payload_offset(link->geometry, slot, flags);
        put_long(link->base, CLIENT_COUNTER_REPLIES, ++link->reply_count);
        link->reply_byte_count += length;
        put_long(link->base, CLIENT_COUNTER_REPLY_BYTES, link->reply_byte_count);
    }
    return CAPMS_REPLY;
}

/* The oldest message in a state that no call waits for: its slot, or -1. */
static int oldest(const struct client_link *link, const int state)
{
    int found = -1;
    for (int slot = 0; slot < link->geometry->slot_count; slot++)
    {
        if (link->states[slot] == state && (link->marks[slot] & MARK_CALLED) == 0 &&
            (found < 0 || link->ids[slot] < link->ids[found]))
        {
            found = slot;
        }
    }
    return found;
}

static int gone_outcome(const struct client_link *link, const int slot)
{
    if ((link->marks[slot] & MARK_AT_SERVICE) != 0 && is_skipped(link, slot))
    {
        return CAPS_OUTCOME_ABORTED;
    }
    if (link->is_given_up)
    {
        /* The service may be about to receive the message: the handshake of an abort decides.
           [abort] as in client_link_abort(). */
        put_long_volatile(link->base + request_half_offset(link->geometry, slot), SLOT_ID_OFFSET, -link->ids[slot]);
        full_fence();
    }
    /* [received] acquire: pairs with [received] in service_link_take(). The service is gone, and changes it no more, or
       has been kept from receiving this message. */
    const int64_t received = get_long_acquire(link->base, LINK_RECEIVED_OFFSET);
    return link->gone_kind != CAPS_OUTCOME_REFUSED && link->ids[slot] <= received ?
        link->gone_kind | CAPS_RECEIVED : link->gone_kind;
}

/* Takes what is still due: first the replies (R23), then the automatic replies, which are made here (B1). */
static int poll_gone(struct client_link *link, struct message *message, const int limit)
{
    /* A reply may have been recorded after the last look at the ring and before the service closed or died. */
    const int recorded = next_reply_slot(link);
    if (recorded >= 0)
    {
        return take(link, recorded, message, limit, FROM_RING);
    }
    /* Replied, and the service died before the record was written. */
    int found = -1;
    for (int slot = 0; slot < link->geometry->slot_count; slot++)
    {
        if (link->states[slot] == SLOT_SENT && is_replied(link, slot) &&
            (found < 0 || reply_order(link, slot) < reply_order(link, found)))
        {
            found = slot;
        }
    }
    if (found >= 0)
    {
        return take(link, found, message, limit, FROM_SLOT);
    }
    end_loans(link);
    found = oldest(link, SLOT_SENT);
    return found < 0 ? gone_status(link) : take_automatic(link, found, gone_outcome(link, found), message);
}

static int poll_ring(struct client_link *link, struct message *message, const int limit)
{
    if (link->ready_count > 0)
    {
        return take(link, link->ready_slots[link->ready_head], message, limit, FROM_READY);
    }
    const int slot = next_reply_slot(link);
    if (slot >= 0)
    {
        link->reply_lag = link->put_numbers[slot] - link->replies.passed_count;
        return take(link, slot, message, limit, FROM_RING);
    }
    if (link->returned_count > 0)
    {
        const int returned = oldest(link, SLOT_RETURNED);
        if (returned >= 0)
        {
            return take_automatic(link, returned, link->outcomes[returned], message);
        }
    }
    if (link->at_service_count > 0)
    {
        const int skipped = find_skipped(link);
        if (skipped >= 0)
        {
            return take_automatic(link, skipped, CAPS_OUTCOME_ABORTED, message);
        }
    }
    return client_link_is_service_gone(link) ? poll_gone(link, message, limit) : -EAGAIN;
}

int client_link_poll(struct client_link *link, struct message *message, const int limit)
{
    /* The reply that will most likely be next, by its slot alone: no other cache line is touched. */
    const int64_t order = link->replies.passed_count;
    const int slot = link->slot_by_put[(order + link->reply_lag) & PUT_HISTORY_MASK];
    if (link->states[slot] == SLOT_SENT && link->ready_count == 0)
    {
        const uint8_t *half = reply_half(link, slot);
        /* [reply] acquire: pairs with [reply] in service_link_publish(); descriptor and payload are there. */
        if (get_long_acquire(half, SLOT_ID_OFFSET) == link->ids[slot] && get_long(half, SLOT_ORDER_OFFSET) == order)
        {
            return take(link, slot, message, limit, FROM_RING);
        }
    }
    return poll_ring(link, message, limit);
}

bool client_link_has_next(struct client_link *link)
{
    return link->ready_count > 0 || next_reply_slot(link) >= 0 ||
        (link->returned_count > 0 && oldest(link, SLOT_RETURNED) >= 0) || client_link_is_service_gone(link) ||
        (link->at_service_count > 0 && find_skipped(link) >= 0);
}

bool client_link_release(struct client_link *link, const int slot, const int64_t id)
{
    const bool is_view = slot < link->geometry->slot_count && link->states[slot] == SLOT_VIEWED &&
        link->ids[slot] == id;
    if (is_view)
    {
        finish(link, slot);
    }
    return is_view;
}

/* ---- calls */

void client_link_begin_call(const struct client_link *link, const int64_t id, struct pending_call *call)
{
    call->id = id;
    call->link_entry = link->entry;
    call->reply_half = reply_half(link, id_slot(id));
    call->open_state = link->open_state;
}

bool client_link_may_have_reply(const struct port *port, const struct pending_call *call)
{
    /* The slot is the caller's, and only its own state decides; an abort changes that, and is seen within the gate. */
    const int64_t state = link_state(call->link_entry);
    return get_long_acquire(call->reply_half, SLOT_ID_OFFSET) == call->id ||
        __atomic_load_n(&port->client.returned_count, __ATOMIC_RELAXED) != 0 ||
        __atomic_load_n(&port->client.gone_kind, __ATOMIC_RELAXED) != 0 ||
        (state & ~NEUTRAL_FLAGS) != call->open_state || port_is_attention_due(port);
}

int client_link_take_reply(struct client_link *link, const int slot, struct message *message, const int limit)
{
    if (link->states[slot] == SLOT_RETURNED)
    {
        return take_automatic(link, slot, link->outcomes[slot], message);
    }
    bool is_there = is_replied(link, slot);
    if (!is_there && (link->marks[slot] & MARK_AT_SERVICE) != 0 && is_skipped(link, slot))
    {
        return take_automatic(link, slot, CAPS_OUTCOME_ABORTED, message);
    }
    if (!is_there && client_link_is_service_gone(link))
    {
        /* Read again: replies sent before the end are visible by now. */
        is_there = is_replied(link, slot);
        if (!is_there)
        {
            return take_automatic(link, slot, gone_outcome(link, slot), message);
        }
    }
    if (!is_there)
    {
        return -EAGAIN;
    }
    const bool is_next = reply_order(link, slot) == link->replies.passed_count;
    const int result = take(link, slot, message, limit, is_next ? FROM_RING : FROM_SLOT);
    if (result >= 0 && !message->is_view)
    {
        /* Longer than the caller's buffer: get takes it. */
        if (is_next)
        {
            record_pass(&link->replies);
        }
        link->marks[slot] &= (uint8_t)~MARK_CALLED;
        make_ready(link, slot);
    }
    if (!is_next)
    {
        pass_taken(link);
    }
    return result;
}

void client_link_take_returned(struct client_link *link, const int slot, struct message *message)
{
    take_automatic(link, slot, link->outcomes[slot], message);
}

/* ---- abort */

static void set_returned(struct client_link *link, const int slot, const int outcome)
{
    set_state(link, slot, SLOT_RETURNED);
    link->outcomes[slot] = outcome;
    __atomic_store_n(&link->returned_count, link->returned_count + 1, __ATOMIC_RELAXED);
    count(link, CLIENT_COUNTER_ABORTS);
}

int client_link_abort(struct client_link *link, const int64_t id, const bool is_hard)
{
    const int slot = id_slot(id);
    if (id <= 0 || slot >= link->geometry->slot_count || link->ids[slot] != id)
    {
        return -EINVAL;
    }
    const int state = link->states[slot];
    if (state == SLOT_RETURNED || state == SLOT_READY)
    {
        return CAPS_ABORT_RETURNED;
    }
    if (state != SLOT_SENT && state != SLOT_CALLING)
    {
        return -EINVAL;
    }
    if (is_replied(link, slot) || client_link_is_service_gone(link))
    {
        return CAPS_ABORT_RETURNED;
    }
    /* [abort] volatile store and a full fence before the look at RECEIVED: pairs with the store of RECEIVED in
       service_link_take(), which looks at the id once more after it. One of the two sees the other: if RECEIVED is
       still before this message, the service will find it aborted, and not receive it. Without it the service could
       receive a message although the abort reports that it did not. If the client dies here, the service skips the
       message, or had received it. */
    put_long_volatile(link->base + request_half_offset(link->geometry, slot), SLOT_ID_OFFSET, -id);
    full_fence();
    if (get_long_acquire(link->base, LINK_RECEIVED_OFFSET) < id || is_skipped(link, slot))
    {
        set_returned(link, slot, CAPS_OUTCOME_ABORTED);
        return CAPS_ABORT_BEFORESERVER;
    }
    if (is_replied(link, slot))
    {
        return CAPS_ABORT_RETURNED;
    }
    if ((link->marks[slot] & MARK_AT_SERVICE) == 0)
    {
        link->marks[slot] |= MARK_AT_SERVICE;
        link->at_service_count++;
    }
    if (is_hard)
    {
        link->marks[slot] |= MARK_LENT;
        set_returned(link, slot, CAPS_OUTCOME_ABORTED | CAPS_RECEIVED);
    }
    return CAPS_ABORT_ATSERVER;
}

/* ---- the end */

bool client_link_is_service_gone(struct client_link *link)
{
    if (link->gone_kind != 0)
    {
        return true;
    }
    const bool is_dead = UNLIKELY(port_is_attention_due(link->port)) && port_takes_attention(link->port) &&
        watch_is_dead(link->port->attachment, link->service_process_index, link->service_process_incarnation);
    /* [link] acquire: what the service replied before it closed is seen. Pairs with [link] in link_change(). Looked at
       after the proof of death: a service that closed before it ended had closed. Of another incarnation it is not this
       link's any more, which only a corrupt entry can come to. */
    const int64_t state = link_state(link->entry);
    if ((state & ~NEUTRAL_FLAGS) != link->open_state)
    {
        const bool is_refused =
            link_incarnation(state) == link->incarnation && (state & LINK_ENTRY_REFUSED) != 0;
        __atomic_store_n(&link->gone_kind,
            is_refused ? CAPS_OUTCOME_REFUSED : CAPS_OUTCOME_SERVICE_CLOSED, __ATOMIC_RELAXED);
        return true;
    }
    if (UNLIKELY(is_dead))
    {
        __atomic_store_n(&link->gone_kind, CAPS_OUTCOME_SERVICE_DIED, __ATOMIC_RELAXED);
        return true;
    }
    return false;
}

void client_link_count_open(const struct client_link *link, int *claims, int *views)
{
    *claims = 0;
    *views = 0;
    for (int slot = 0; slot < link->geometry->slot_count; slot++)
    {
        const uint8_t state = __atomic_load_n(&link->states[slot], __ATOMIC_RELAXED);
        *claims += state == SLOT_CLAIMED;
        *views += state == SLOT_VIEWED;
    }
}

bool client_link_has_allocations(const struct client_link *link)
{
    bool has_allocations = false;
    for (int slot = 0; slot < link->geometry->slot_count && !has_allocations; slot++)
    {
        has_allocations = link->claimed_lengths[slot] >= 0;
    }
    return has_allocations;
}

void client_link_close(struct client_link *link, const bool is_kept)
{
    if (is_kept)
    {
        /* The service releases it, and no other client takes it. */
        link_change(link->entry, link->incarnation, LINK_ENTRY_CLIENT_CLOSED, 0);
        return;
    }
    link_change(link->entry, link->incarnation, LINK_ENTRY_CLIENT_CLOSED, LINK_ENTRY_CLIENT_HOLDS);
}
