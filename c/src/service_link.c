/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service_link.h"

#include "port.h"
#include "service.h"
#include "watch.h"

#define REPLY_HISTORY_MASK (REPLY_HISTORY_LENGTH - 1)
/* Up to this many replies are checked for a disposal without reading the client's count of them, which saves a cache
   line. */
#define FEW_REPLIES 4

void service_link_init(
    struct service_link *link,
    struct port *port,
    const int link_index,
    const int64_t incarnation,
    const struct link_ends *ends,
    const int client_flags,
    uint8_t *base)
{
    memset(link, 0, sizeof(*link));
    link->port = port;
    link->geometry = port->geometry;
    link->entry = port->tables + link_entry_offset(port->geometry, link_index);
    link->base = base;
    link->link_index = link_index;
    link->incarnation = incarnation;
    link->client_process_index = ends->client_process_index;
    link->client_process_incarnation = ends->client_process_incarnation;
    link->client_entry = port->tables + port_offset(port->geometry, ends->client_port_index);
    link->client_spins = (client_flags & PORT_FLAG_SPINS) != 0;
    link->client_cannot_wake = (client_flags & PORT_FLAG_CANNOT_WAKE) != 0;
    record_reader_init(&link->requests, base + LINK_REQUEST_RING_OFFSET, port->geometry->ring_capacity);
    record_writer_init(&link->replies, base + port->geometry->reply_ring_offset, port->geometry->ring_capacity);
    link->last_lease = -1;
    link->request_lag = 1;
}

static const uint8_t *request_half(const struct service_link *link, const int slot)
{
    return link->base + request_half_offset(link->geometry, slot);
}

static void count(const struct service_link *link, const size_t counter)
{
    put_long(link->base, counter, get_long(link->base, counter) + 1);
}

static void write_descriptor(struct service_link *link, const int slot, uint8_t *half, const int length,
    const int flags)
{
    const int64_t descriptor = (int64_t)flags << 32 | length;
    if (link->descriptors[slot] != descriptor)
    {
        link->descriptors[slot] = descriptor;
        put_long(half, SLOT_LENGTH_OFFSET, descriptor);
    }
}

/* ---- receiving */

int service_link_poll_expected(struct service_link *link)
{
    const int slot =
        link->slot_by_reply[(link->requests.passed_count - link->request_lag) & REPLY_HISTORY_MASK];
    /* [request] acquire: pairs with [request] in client_link_publish(); descriptor and payload are there. The sequence
       makes it the next in order (R19), whatever the ring shows by now. */
    const int64_t id = get_long_acquire(request_half(link, slot), SLOT_ID_OFFSET);
    if (id > 0 && id_sequence(id) == link->expected_sequence && id_slot(id) == slot)
    {
        link->taken_id = id;
        return slot;
    }
    return NO_SLOT;
}

static void pass(struct service_link *link, const int64_t id)
{
    record_pass(&link->requests);
    link->expected_sequence = id_sequence(id) + 1;
}

/* Tells the client, if it still waits, that an aborted message was not received (R29). */
static void skip(struct service_link *link, const int slot, const int64_t id)
{
    /* The slot's last reply, if it had one, is disposed of: its client has used the slot again since. */
    uint8_t *half = link->base + reply_half_offset(link->geometry, slot);
    write_descriptor(link, slot, half, 0, SLOT_FLAG_SKIPPED);
    put_long(half, SLOT_ORDER_OFFSET, LINK_NO_ORDER);
    /* [reply] release: pairs with [reply] in is_skipped(). A skip has no place among the replies. If the service dies
       before it, the client goes by RECEIVED: a message that was skipped may count as received. */
    put_long_release(half, SLOT_ID_OFFSET, id);
    link->has_skipped = true;
    count(link, SERVICE_COUNTER_SKIPS);
}

static int poll_ring(struct service_link *link)
{
    if (link->is_refused)
    {
        return NO_SLOT;
    }
    for (int i = 0, limit = link->geometry->ring_capacity / LINK_RECORD_LENGTH; i < limit; i++)
    {
        const int64_t id = record_peek(&link->requests);
        if (id == 0)
        {
            return NO_SLOT;
        }
        const int slot = id_slot(id);
        if (id > 0 && slot < link->geometry->slot_count)
        {
            /* [request] acquire: pairs with [request] in client_link_publish(). The record came after it. */
            const int64_t found = get_long_acquire(request_half(link, slot), SLOT_ID_OFFSET);
            if (found == id)
            {
                link->taken_id = id;
                return slot;
            }
            if (found == -id)
            {
                skip(link, slot, id);
            }
        }
        /* Aborted before it was received; its slot may be another message's by now. */
        pass(link, id);
    }
    return NO_SLOT;
}

int service_link_poll(struct service_link *link)
{
    const int slot = service_link_poll_expected(link);
    return slot == NO_SLOT ? poll_ring(link) : slot;
}

bool service_link_take(struct service_link *link, const int slot)
{
    const int64_t id = link->taken_id;
    /* [received] release store, then a full fence before the second look at the id: pairs with [abort] in
       client_link_abort(). One of the two sees the other. Without it an abort could tell its caller that the service
       never saw a message which is handed out here. If the service dies here, its client counts the message as
       received: it may have been. */
    put_long_release(link->base, LINK_RECEIVED_OFFSET, id);
    full_fence();
    const bool is_taken = get_long_acquire(request_half(link, slot), SLOT_ID_OFFSET) == id;
    if (is_taken)
    {
        link->held[slot] = id;
        link->request_lag = link->requests.passed_count - link->reply_numbers[slot];
    }
    else
    {
        skip(link, slot, id);
    }
    pass(link, id);
    return is_taken;
}

bool service_link_takes_skipped(struct service_link *link)
{
    const bool has_skipped = link->has_skipped;
    link->has_skipped = false;
    return has_skipped;
}

bool service_link_is_held(const struct service_link *link, const int slot, const int64_t id)
{
    return slot < link->geometry->slot_count && link->held[slot] == id && !link->is_claimed[slot];
}

bool service_link_holds_lease(const struct service_link *link, const int lease)
{
    for (int slot = 0; slot < link->geometry->slot_count; slot++)
    {
        if (link->held[slot] != 0 && id_lease(link->held[slot]) == lease)
        {
            return true;
        }
    }
    return false;
}

void service_link_count_get(struct service_link *link, const int length)
{
    put_long(link->base, SERVICE_COUNTER_GETS, ++link->get_count);
    link->get_byte_count += length;
    put_long(link->base, SERVICE_COUNTER_GET_BYTES, link->get_byte_count);
}

/* ---- replying */

/* Gets memory for a payload in a slot's cell, unless the cell has enough already. */
static bool back(struct service_link *link, const int slot, const int length)
{
    const int backed = link->backed_lengths[slot];
    if (length > backed)
    {
        if (!region_back(port_region(link->port), link->link_index,
            reply_cell_offset(link->geometry, slot) + (size_t)backed, (size_t)(length - backed)))
        {
            return false;
        }
        link->backed_lengths[slot] = length;
    }
    return true;
}

void service_link_prefault(struct service_link *link, const int length)
{
    struct region *region = port_region(link->port);
    region_touch(region, link->link_index, 0, link->geometry->link_head_length);
    for (int slot = 0; length > SLOT_INLINE_CAPACITY && slot < link->geometry->slot_count; slot++)
    {
        if (!back(link, slot, length))
        {
            /* No memory now; there may be some when a reply needs it. */
            return;
        }
        region_touch(region, link->link_index, reply_cell_offset(link->geometry, slot), (size_t)length);
        region_touch(region, link->link_index, request_cell_offset(link->geometry, slot), (size_t)length);
    }
}

bool service_link_claim(struct service_link *link, const int slot, const int length)
{
    if (length > SLOT_INLINE_CAPACITY && !back(link, slot, length))
    {
        return false;
    }
    link->is_claimed[slot] = true;
    return true;
}

bool service_link_has_allocations(const struct service_link *link)
{
    bool has_allocations = false;
    for (int slot = 0; slot < link->geometry->slot_count && !has_allocations; slot++)
    {
        has_allocations = link->claim_ids[slot] != 0;
    }
    return has_allocations;
}

int service_link_allocation(const struct service_link *link, const void *address)
{
    if ((uintptr_t)address - (uintptr_t)link->base >= link->geometry->link_length)
    {
        return NO_SLOT;
    }
    for (int slot = 0; slot < link->geometry->slot_count; slot++)
    {
        if (link->claim_ids[slot] != 0 &&
            link->base + reply_payload_offset(link->geometry, slot, slot_flags(link->claim_lengths[slot])) == address)
        {
            return slot;
        }
    }
    return NO_SLOT;
}

bool service_link_publish(
    struct service_link *link, const int slot, const int64_t id, const int flags, const int length)
{
    const int64_t order = link->replies.sent_count;
    if (!record_has_room(&link->replies))
    {
        return false;
    }
    uint8_t *half = link->base + reply_half_offset(link->geometry, slot);
    write_descriptor(link, slot, half, length, flags);
    put_long(half, SLOT_ORDER_OFFSET, order);
    /* [reply] release: descriptor and payload are there before the client can see the id. Pairs with [reply] in
       client_link_poll() and is_replied(). Without it the client could read an old payload, or take a skip for a reply.
       If the service dies here, the client finds the reply by its slot: it counts as replied. */
    put_long_release(half, SLOT_ID_OFFSET, id);
    /* The other side waits for the id alone, so it comes first. */
    record_write(&link->replies, id);
    link->held[slot] = 0;
    link->replied[slot] = id;
    link->replied_count++;
    link->reply_numbers[slot] = order;
    link->slot_by_reply[order & REPLY_HISTORY_MASK] = (uint8_t)slot;
    put_long(link->base, SERVICE_COUNTER_REPLIES, order + 1);
    link->reply_byte_count += length;
    put_long(link->base, SERVICE_COUNTER_REPLY_BYTES, link->reply_byte_count);
    if (UNLIKELY((flags & SLOT_OUTCOME_MASK) != 0))
    {
        count(link, SERVICE_COUNTER_ENDS);
    }
    return true;
}

/* ---- disposals */

static void count_disposal(struct service_link *link)
{
    put_long(link->base, SERVICE_COUNTER_DISPOSALS, ++link->disposed_count);
}

static int64_t clear_replied(struct service_link *link, const int slot)
{
    const int64_t id = link->replied[slot];
    link->replied[slot] = 0;
    link->replied_count--;
    count_disposal(link);
    return id;
}

int64_t service_link_disposed_by_reuse(struct service_link *link, const int slot)
{
    return link->replied[slot] == 0 ? 0 : clear_replied(link, slot);
}

static bool is_disposed(const struct service_link *link, const int slot)
{
    const int64_t id = link->replied[slot];
    const uint8_t *half = request_half(link, slot);
    /* [disposal] acquire: pairs with [disposal] in finish(); the client's reads are over. If the slot's request has
       moved on, they are as well. */
    if (get_long_acquire(half, SLOT_DISPOSED_OFFSET) == id)
    {
        return true;
    }
    const int64_t found = get_long_acquire(half, SLOT_ID_OFFSET);
    return found > id || found < -id;
}

static int64_t oldest_number(const struct service_link *link, const int64_t end_reply)
{
    int64_t oldest = end_reply;
    for (int slot = 0; slot < link->geometry->slot_count; slot++)
    {
        if (link->replied[slot] != 0 && link->reply_numbers[slot] < oldest)
        {
            oldest = link->reply_numbers[slot];
        }
    }
    return oldest;
}

/* Each look fetches a cache line to which the client is about to write its next request. So if many replies are out,
   only as many are looked at as the client has counted, the oldest first. */
void service_link_find_disposed(struct service_link *link)
{
    int64_t due_count = SLOT_MAX_SLOT_COUNT;
    if (link->replied_count > FEW_REPLIES)
    {
        /* [disposals] acquire: pairs with [disposals] in finish(). What it counts is in the slots. The count is input:
           an invalid one only delays the disposals of that client, until it is gone. */
        due_count = get_long_acquire(link->base, LINK_DISPOSALS_OFFSET) - link->disposed_count;
    }
    const int64_t end_reply = link->replies.sent_count;
    if (end_reply - link->oldest_reply > REPLY_HISTORY_LENGTH)
    {
        /* The history no longer has the slot of a reply that is out for long. */
        for (int slot = 0; slot < link->geometry->slot_count && due_count > 0; slot++)
        {
            if (link->replied[slot] != 0 && is_disposed(link, slot))
            {
                service_add_disposal(link, clear_replied(link, slot));
                due_count--;
            }
        }
        link->oldest_reply = oldest_number(link, end_reply);
        return;
    }
    bool is_oldest = true;
    for (int64_t reply = link->oldest_reply; reply < end_reply && due_count > 0; reply++)
    {
        const int slot = link->slot_by_reply[reply & REPLY_HISTORY_MASK];
        if (link->replied[slot] != 0 && link->reply_numbers[slot] == reply)
        {
            if (is_disposed(link, slot))
            {
                service_add_disposal(link, clear_replied(link, slot));
                due_count--;
            }
            else
            {
                is_oldest = false;
            }
        }
        if (is_oldest)
        {
            link->oldest_reply = reply + 1;
        }
    }
}

/* ---- the end */

bool service_link_is_client_gone(struct service_link *link)
{
    if (link->is_client_dead || link->is_refused)
    {
        return true;
    }
    const bool is_dead =
        watch_is_dead(link->port->attachment, link->client_process_index, link->client_process_incarnation);
    const int64_t state = link_state(link->entry);
    if (is_dead)
    {
        /* A client that closed before its process ended counts as closed, whichever was noticed first. */
        link->has_died = (state & LINK_ENTRY_CLIENT_CLOSED) == 0;
        link->is_client_dead = true;
        return true;
    }
    return link_incarnation(state) != link->incarnation ||
        (state & (LINK_ENTRY_CLIENT_CLOSED | LINK_ENTRY_SERVICE_HOLDS)) != LINK_ENTRY_SERVICE_HOLDS;
}

void service_link_drop(struct service_link *link)
{
    link->is_dropped = true;
    for (int slot = 0; slot < link->geometry->slot_count; slot++)
    {
        if (link->replied[slot] != 0)
        {
            service_add_disposal(link, clear_replied(link, slot));
        }
        if (link->held[slot] != 0)
        {
            service_add_disposal(link, link->held[slot]);
            link->held[slot] = 0;
            count_disposal(link);
        }
    }
}

void service_link_release(struct service_link *link)
{
    link->is_released = true;
    /* A dead client's link is closed, too: a free link that is OPEN and not closed would be treated as a new client's,
       while the next client may be writing its fields. */
    link_change(link->entry, link->incarnation, link->is_client_dead ? LINK_ENTRY_CLIENT_CLOSED : 0,
        LINK_ENTRY_SERVICE_HOLDS | (link->is_client_dead ? LINK_ENTRY_CLIENT_HOLDS : 0));
}

/* The counters of a link, in the groups in which the totals of a port's entry have them. */
static const struct
{
    size_t total_offset;
    size_t counter_offset;
    int count;
} counter_groups[] = {
    {PORT_GONE_SERVICE_OFFSET, LINK_SERVICE_COUNTERS_OFFSET, 8},
    {PORT_GONE_CLIENT_OFFSET, LINK_CLIENT_PUTS_OFFSET, 6},
    {PORT_GONE_CLIENT_RARE_OFFSET, LINK_CLIENT_COUNTERS_OFFSET, 6},
};

#define GROUP_COUNT (int)(sizeof(counter_groups) / sizeof(counter_groups[0]))
#define MAX_GROUP_LENGTH 8

void service_link_release_counted(struct service_link *link)
{
    int64_t counts[GROUP_COUNT][MAX_GROUP_LENGTH];
    uint8_t *port = link->port->entry;
    /* Another client may set them to zero once the link is free. */
    for (int group = 0; group < GROUP_COUNT; group++)
    {
        for (int i = 0; i < counter_groups[group].count; i++)
        {
            counts[group][i] = get_long(link->base, counter_groups[group].counter_offset + (size_t)i * 8);
        }
    }
    /* Odd, and a full fence: the release of the link and the totals come after it. Without it a reader could miss a
       link that is free and not in the totals yet. No decision depends on it. A process that dies after it loses this
       link's numbers, or part of them. */
    put_long_volatile(port, PORT_GONE_OFFSET, get_long(port, PORT_GONE_OFFSET) | 1);
    service_link_release(link);
    for (int group = 0; group < GROUP_COUNT; group++)
    {
        for (int i = 0; i < counter_groups[group].count; i++)
        {
            const size_t offset = counter_groups[group].total_offset + (size_t)i * 8;
            if (counts[group][i] != 0)
            {
                put_long(port, offset, (int64_t)((uint64_t)get_long(port, offset) + (uint64_t)counts[group][i]));
            }
        }
    }
    /* Release: a reader that finds it finds the totals. */
    put_long_release(port, PORT_GONE_OFFSET, get_long(port, PORT_GONE_OFFSET) + 1);
}

void service_link_refuse(struct service_link *link)
{
    link_change(link->entry, link->incarnation, LINK_ENTRY_CORRUPT, 0);
    link->is_refused = true;
    /* No message id has this sequence: nothing more is received from this link. */
    link->expected_sequence = -1;
}
