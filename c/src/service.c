/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "service.h"

#include "cancel.h"
#include "port.h"
#include "report.h"
#include "watch.h"

#include <errno.h>
#include <stdlib.h>

/* During a round the link that was active last is looked at again after each 4 links without a request: a bit mask. */
#define HOT_LOOK_MASK 3
/* After each 256 requests disposals are looked for, however busy the port is: a bit mask. */
#define DISPOSAL_LOOK_MASK 255U
/* Disposals that one link can have in the queue: those of all of its slots, and one that a new request brings. */
#define DISPOSALS_PER_LINK (SLOT_MAX_SLOT_COUNT + 1)

void service_init(struct service *service, const int32_t uid, const int32_t gid, const int flags)
{
    memset(service, 0, sizeof(*service));
    service->uid = uid;
    service->gid = gid;
    service->flags = flags;
}

/* Room for one more in an array of pointers; false if there is no memory. */
static bool make_room(struct service_link ***array, int *capacity, const int count)
{
    if (count < *capacity)
    {
        return true;
    }
    const int grown = *capacity == 0 ? 8 : 2 * *capacity;
    struct service_link **longer = realloc(*array, (size_t)grown * sizeof(struct service_link *));
    if (longer == NULL)
    {
        return false;
    }
    *array = longer;
    *capacity = grown;
    return true;
}

/* ---- disposals */

/* Grows the queue, a ring, for all disposals that link_count links can bring; false if there is no memory. */
static bool make_room_for_disposals(struct service *service, const int link_count)
{
    const int needed = link_count * DISPOSALS_PER_LINK;
    if (needed <= service->disposal_capacity)
    {
        return true;
    }
    const int grown = 2 * needed;
    struct disposal *longer = malloc((size_t)grown * sizeof(struct disposal));
    if (longer == NULL)
    {
        return false;
    }
    for (int i = 0; i < service->disposal_count; i++)
    {
        longer[i] = service->disposals[(service->disposal_head + i) % service->disposal_capacity];
    }
    free(service->disposals);
    service->disposals = longer;
    service->disposal_capacity = grown;
    service->disposal_head = 0;
    return true;
}

void service_add_disposal(struct service_link *link, const int64_t id)
{
    struct service *service = &link->port->service;
    struct disposal *disposal =
        &service->disposals[(service->disposal_head + service->disposal_count) % service->disposal_capacity];
    disposal->id = id;
    disposal->link = link;
    service->disposal_count++;
    link->pending_disposals++;
}

static int show_disposal(struct service *service, struct message *message)
{
    struct disposal *disposal = &service->disposals[service->disposal_head];
    *message = (struct message){
        .id = disposal->id, .state = CAPMS_DISPOSE, .cred = &disposal->link->cred, .link = disposal->link};
    disposal->link->pending_disposals--;
    service->disposal_head = (service->disposal_head + 1) % service->disposal_capacity;
    service->disposal_count--;
    return CAPMS_DISPOSE;
}

static void find_disposed(struct service *service)
{
    for (int i = 0; i < service->link_count; i++)
    {
        if (service->links[i]->replied_count > 0)
        {
            service_link_find_disposed(service->links[i]);
        }
    }
}

/* ---- receiving */

static void refuse(struct port *port, struct service_link *link, const char *reason)
{
    if (link->is_refused)
    {
        return;
    }
    report_corrupt(port, link->link_index, reason);
    service_link_refuse(link);
    port_draw_attention(port);
    port_wake(port->attachment, link->client_entry, INT32_MAX);
}

/* Adds a new lease in a client's ids, which comes once per link and 33 million messages. False if no correct client has
   it: it is another link's, whose messages a reply by id would reach, or the region has not issued it. */
static bool add_lease(struct port *port, struct service_link *link, const int lease)
{
    struct leases *leases = &port->service.leases;
    const struct service_link *other = leases_find(leases, lease);
    if ((other != NULL && other != link) || lease <= 0 ||
        lease >= get_long_acquire(port->tables, REGION_NEXT_LEASE_OFFSET))
    {
        return false;
    }
    if (other == NULL)
    {
        leases_remove(leases, link, true);
        leases_add(leases, lease, link);
    }
    link->last_lease = lease;
    return true;
}

static int show(
    struct port *port, struct service_link *link, const int slot, struct message *message, const int limit)
{
    struct service *service = &port->service;
    const int64_t id = link->held[slot];
    const uint8_t *half = link->base + request_half_offset(link->geometry, slot);
    const int length = get_int(half, SLOT_LENGTH_OFFSET);
    const int flags = get_int(half, SLOT_FLAGS_OFFSET);
    const int lease = id_lease(id);
    service->peeked_link = NULL;
    if (UNLIKELY(!is_payload(link->geometry, flags, length)) ||
        UNLIKELY(lease != link->last_lease && !add_lease(port, link, lease)))
    {
        /* No correct client writes this: its link is given up. The request is neither received nor reported to the
           program. */
        link->held[slot] = 0;
        refuse(port, link, "a request's length, flags or lease is invalid");
        return -EAGAIN;
    }
    *message = (struct message){
        .id = id, .state = CAPMS_REQUEST, .slot = slot, .length = length, .cred = &link->cred, .link = link};
    service->last_link = link;
    if (length <= limit)
    {
        message->is_view = true;
        message->payload = link->base + request_payload_offset(link->geometry, slot, flags);
        link->viewed[slot] = id;
        link->view_count++;
        service_add_open(&service->view_count, 1);
        service_link_count_get(link, length);
    }
    else
    {
        service->peeked_link = link;
        service->peeked_slot = slot;
    }
    return CAPMS_REQUEST;
}

static int take(
    struct port *port, struct service_link *link, const int slot, struct message *message, const int limit)
{
    if (!service_link_take(link, slot))
    {
        if (service_link_takes_skipped(link) && !link->client_spins)
        {
            port_wake(port->attachment, link->client_entry, INT32_MAX);
        }
        return -EAGAIN;
    }
    const int64_t disposed_id = service_link_disposed_by_reuse(link, slot);
    if (disposed_id != 0)
    {
        service_add_disposal(link, disposed_id);
    }
    return show(port, link, slot, message, limit);
}

/* One round over all links, from the one after the last that had something: no client starves another (R19). In
   between, the expected slot of the last active client is looked at, as its request will most likely come next. */
static int poll_links(struct port *port, struct message *message, const int limit)
{
    struct service *service = &port->service;
    int index = service->cursor;
    for (int i = 0; i < service->link_count; i++, index++)
    {
        if (index >= service->link_count)
        {
            index = 0;
        }
        struct service_link *link = service->links[index];
        for (int slot = service_link_poll(link); slot != NO_SLOT; slot = service_link_poll(link))
        {
            const int result = take(port, link, slot, message, limit);
            if (result != -EAGAIN)
            {
                service->hot_index = index;
                service->cursor = index + 1;
                return result;
            }
        }
        if ((i & HOT_LOOK_MASK) == HOT_LOOK_MASK && service->hot_index < service->link_count)
        {
            struct service_link *hot_link = service->links[service->hot_index];
            const int slot = service_link_poll_expected(hot_link);
            const int result = slot == NO_SLOT ? -EAGAIN : take(port, hot_link, slot, message, limit);
            if (result != -EAGAIN)
            {
                service->cursor = index + 1;
                return result;
            }
        }
        if (service_link_takes_skipped(link) && !link->client_spins)
        {
            port_wake(port->attachment, link->client_entry, INT32_MAX);
        }
    }
    return -EAGAIN;
}

bool service_is_changed(const struct port *port)
{
    return get_int_acquire(port->entry, PORT_EVENTS_OFFSET) != port->service.seen_events || port_is_attention_due(port);
}

int service_poll(struct port *port, struct message *message, const int limit)
{
    struct service *service = &port->service;
    if (service->peeked_link != NULL)
    {
        return show(port, service->peeked_link, service->peeked_slot, message, limit);
    }
    if (service->disposal_count > 0)
    {
        return show_disposal(service, message);
    }
    if (service_is_changed(port))
    {
        service_accept_and_drop(port);
    }
    const int result = poll_links(port, message, limit);
    if (result == -EAGAIN)
    {
        find_disposed(service);
        return service->disposal_count > 0 ? show_disposal(service, message) : -EAGAIN;
    }
    if ((++service->request_count & DISPOSAL_LOOK_MASK) == 0)
    {
        /* The disposals of a client that sends nothing more must not wait until all others are idle, too: they come
           after this request. */
        find_disposed(service);
    }
    return result;
}

bool service_has_next(struct port *port)
{
    struct service *service = &port->service;
    if (service->peeked_link != NULL || service->disposal_count > 0)
    {
        return true;
    }
    if (service_is_changed(port))
    {
        service_accept_and_drop(port);
    }
    for (int i = 0; i < service->link_count; i++)
    {
        if (service_link_poll(service->links[i]) != NO_SLOT)
        {
            return true;
        }
    }
    find_disposed(service);
    return service->disposal_count > 0;
}

/* ---- replying */

struct service_link *service_link_of(const struct service *service, const int64_t id)
{
    if (id <= 0)
    {
        return NULL;
    }
    const int lease = id_lease(id);
    if (LIKELY(service->last_link != NULL && service->last_link->last_lease == lease))
    {
        return service->last_link;
    }
    struct service_link *link = leases_find(&service->leases, lease);
    for (int i = 0; link == NULL && service->leases.is_incomplete && i < service->link_count; i++)
    {
        if (service->links[i]->held[id_slot(id)] == id)
        {
            link = service->links[i];
        }
    }
    return link;
}

struct service_link *service_viewed_link(const struct service *service, const int64_t id)
{
    if (id <= 0)
    {
        return NULL;
    }
    const int slot = id_slot(id);
    struct service_link *link = service_link_of(service, id);
    for (int i = 0; (link == NULL || link->viewed[slot] != id) && i < service->dropped_count; i++)
    {
        link = service->dropped_links[i];
    }
    return link != NULL && link->viewed[slot] == id ? link : NULL;
}

struct service_link *service_claimed_link(const struct service *service, const int64_t id, const void *address)
{
    const int slot = id_slot(id);
    struct service_link *link = service_link_of(service, id);
    for (int i = 0; (link == NULL || link->claim_ids[slot] != id) && i < service->dropped_count; i++)
    {
        link = service->dropped_links[i];
    }
    return link != NULL && link->claim_ids[slot] == id &&
        link->base + reply_payload_offset(link->geometry, slot, slot_flags(link->claim_lengths[slot])) == address ?
        link : NULL;
}

void service_end_view(struct port *port, struct service_link *link)
{
    link->view_count--;
    if (link->is_dropped && link->view_count == 0)
    {
        port_draw_attention(port);
    }
}

int service_publish(
    struct port *port,
    struct service_link *link,
    const int slot,
    const int64_t id,
    const int flags,
    const int length,
    bool *is_corrupt)
{
    struct service *service = &port->service;
    *is_corrupt = false;
    link->is_claimed[slot] = false;
    if (!service_link_is_held(link, slot, id))
    {
        return -EINVAL;
    }
    if (service->peeked_link == link && service->peeked_slot == slot)
    {
        /* Replied to without being retrieved (R17): it is no longer first in line. */
        service->peeked_link = NULL;
        service_link_count_get(link, 0);
    }
    if (link->viewed[slot] == id)
    {
        link->viewed[slot] = 0;
        service_add_open(&service->view_count, -1);
        service_end_view(port, link);
    }
    if (!service_link_publish(link, slot, id, flags, length))
    {
        refuse(port, link, "the reply ring has no room");
        *is_corrupt = true;
        return -EINVAL;
    }
    return 0;
}

/* ---- links */

/* Releases and frees the links without views, allocations and copies. */
static void release_dropped(struct port *port)
{
    struct service *service = &port->service;
    int kept = 0;
    for (int i = 0; i < service->dropped_count; i++)
    {
        struct service_link *link = service->dropped_links[i];
        if (link->view_count == 0 && !link->is_released)
        {
            service_link_release_counted(link);
            watch_remove_peer(port->attachment, link->client_process_index);
        }
        if (link->is_released && link->pending_disposals == 0)
        {
            free(link);
        }
        else
        {
            service->dropped_links[kept++] = link;
        }
    }
    service->dropped_count = kept;
}

static void drop_gone(struct port *port)
{
    struct service *service = &port->service;
    int kept = 0;
    for (int i = 0; i < service->link_count; i++)
    {
        struct service_link *link = service->links[i];
        if (!service_link_is_client_gone(link) ||
            !make_room(&service->dropped_links, &service->dropped_capacity, service->dropped_count))
        {
            service->links[kept++] = link;
            continue;
        }
        if (service->peeked_link == link)
        {
            service->peeked_link = NULL;
            service_link_count_get(link, 0);
        }
        if (service->last_link == link)
        {
            service->last_link = NULL;
        }
        if (link->has_died)
        {
            port_count(port, PORT_COUNTER_DEATHS);
        }
        service_link_drop(link);
        leases_remove(&service->leases, link, false);
        service->dropped_links[service->dropped_count++] = link;
    }
    service->link_count = kept;
    release_dropped(port);
}

static bool is_newcomer(const struct port *port, const uint8_t *entry, const int64_t state)
{
    return (state & (LINK_ENTRY_OPEN | LINK_ENTRY_CLIENT_CLOSED | LINK_ENTRY_SERVICE_HOLDS | LINK_ENTRY_REFUSED |
        LINK_ENTRY_CORRUPT)) == LINK_ENTRY_OPEN && get_long(entry,
            LINK_ENTRY_SERVICE_PORT_INCARNATION_OFFSET) == port->incarnation;
}

/* The state is input: it can show an accepted link as a new one, which must not be accepted twice. */
static bool is_accepted(const struct service *service, const int link_index)
{
    bool is_found = false;
    for (int i = 0; i < service->link_count && !is_found; i++)
    {
        is_found = service->links[i]->link_index == link_index;
    }
    return is_found;
}

static int flags_of(const struct port *port, const int port_index)
{
    return port_index < 0 || port_index >= port->geometry->port_count ? 0 :
        get_int(port->tables + port_offset(port->geometry, port_index), PORT_FLAGS_OFFSET);
}

static void turn_away(
    struct port *port, const int link_index, const int64_t incarnation, const struct link_ends *ends,
    const bool is_forged)
{
    const int port_index = ends->client_port_index;
    uint8_t *entry = port->tables + link_entry_offset(port->geometry, link_index);
    link_change(entry, incarnation, LINK_ENTRY_REFUSED, 0);
    if (is_forged)
    {
        report_forged(port, link_index, ends->client_process_index);
    }
    else
    {
        port_count(port, PORT_COUNTER_REFUSED);
    }
    if (port_index >= 0 && port_index < port->geometry->port_count)
    {
        port_wake(port->attachment, port->tables + port_offset(port->geometry, port_index), INT32_MAX);
    }
}

/* A new client could not be accepted for a cause that may pass: the watch makes the port try it again in its next
   round. */
static void accept_later(struct port *port, const int link_index, const char *what)
{
    port->service.pending_count++;
    report_retry(port, link_index, what);
}

/* Makes what a link needs in the heap and the address space; null if there is no memory for it now. */
static struct service_link *prepare_link(struct service *service)
{
    if (!make_room(&service->links, &service->link_capacity, service->link_count) ||
        !make_room_for_disposals(service, service->link_count + service->dropped_count + 1))
    {
        return NULL;
    }
    return malloc(sizeof(struct service_link));
}

/* The entry's fields are input, and may change: each is read once, before it is checked. */
static void accept_newcomer(struct port *port, const int link_index, uint8_t *entry, const int64_t state)
{
    struct service *service = &port->service;
    const int64_t incarnation = link_incarnation(state);
    struct link_ends ends;
    struct credentials credentials;
    link_read_ends(entry, &ends);
    const enum attested attested = attachment_attest(
        port->attachment, ends.client_process_index, ends.client_process_incarnation, &credentials);
    if (attested == ATTESTED_GONE)
    {
        /* The client died in the meantime, or no process holds its entry. Release the link here: the watch looks only
           at accepted links. */
        link_change(entry, incarnation, LINK_ENTRY_CLIENT_CLOSED, LINK_ENTRY_CLIENT_HOLDS);
        return;
    }
    if (attested == ATTESTED_NOT_YET)
    {
        accept_later(port, link_index, "the operating system did not report who a client is");
        return;
    }
    const int client_flags = flags_of(port, ends.client_port_index);
    if (attested == ATTESTED_FORGED || ends.client_port_index < 0 ||
        ends.client_port_index >= port->geometry->port_count ||
        !attachment_is_allowed(&credentials, client_flags, service->uid, service->gid, service->flags))
    {
        turn_away(port, link_index, incarnation, &ends, attested == ATTESTED_FORGED);
        credentials_free(&credentials);
        return;
    }
    struct service_link *link = prepare_link(service);
    uint8_t *base = link == NULL ? NULL : region_link(port_region(port), link_index);
    if (base == NULL)
    {
        accept_later(port, link_index, "a client could not be accepted for want of memory");
        free(link);
    }
    else
    {
        service_link_init(link, port, link_index, incarnation, &ends, client_flags, base);
        credentials_fill(&credentials, &link->cred);
        /* [accept] compare and set, a full fence: the client's fields and head are as they were before its OPEN, which
           this state contains. Pairs with [link] in link_change(). It fails if the client has closed meanwhile or the
           link is another client's: nothing was taken then. If this process dies after it, the next reap takes the
           flag away. */
        if (swap_long(entry, LINK_ENTRY_STATE_OFFSET, state, state | LINK_ENTRY_SERVICE_HOLDS))
        {
            watch_add_peer(port->attachment, ends.client_process_index, ends.client_process_incarnation);
            tables_use_link(&port->attachment->tables, link_index);
            service->links[service->link_count++] = link;
            port_count(port, PORT_COUNTER_ACCEPTED);
            if (port->prefault_length > 0)
            {
                service_link_prefault(link, port->prefault_length);
            }
        }
        else
        {
            free(link);
        }
    }
    credentials_free(&credentials);
}

static void accept_newcomers(struct port *port)
{
    port->service.pending_count = 0;
    for (int i = 0; i < port->geometry->link_count; i++)
    {
        uint8_t *entry = port->tables + link_entry_offset(port->geometry, i);
        const int64_t state = link_state(entry);
        if (is_newcomer(port, entry, state) && !is_accepted(&port->service, i))
        {
            accept_newcomer(port, i, entry, state);
        }
    }
}

void service_accept_and_drop(struct port *port)
{
    const int cancel_state = cancel_hold();
    /* [events] acquire, before the look: what changes after it is looked at next time. Pairs with the atomic adds.
       Without it the service could miss the announcement of a new client or of a close. */
    port->service.seen_events = get_int_acquire(port->entry, PORT_EVENTS_OFFSET);
    port_takes_attention(port);
    drop_gone(port);
    accept_newcomers(port);
    cancel_restore(cancel_state);
}

bool service_has_silent_newcomer(const struct port *port)
{
    for (int i = 0; i < port->geometry->link_count; i++)
    {
        const uint8_t *entry = port->tables + link_entry_offset(port->geometry, i);
        if (is_newcomer(port, entry, link_state(entry)) &&
            (flags_of(port, get_int(entry, LINK_ENTRY_CLIENT_PORT_INDEX_OFFSET)) & PORT_FLAG_CANNOT_WAKE) != 0)
        {
            return true;
        }
    }
    return false;
}

bool service_must_look(const struct port *port)
{
    bool must_look = false;
    for (int i = 0; i < port->service.link_count && !must_look; i++)
    {
        must_look = port->service.links[i]->client_cannot_wake;
    }
    return must_look;
}

/* ---- allocations */

static struct service_link *link_at_number(const struct service *service, const int number)
{
    return number < service->link_count ? service->links[number] :
        service->dropped_links[number - service->link_count];
}

static int count_links(const struct service *service)
{
    return service->link_count + service->dropped_count;
}

bool service_has_allocations(const struct service *service)
{
    bool has_allocations = false;
    for (int i = 0; i < count_links(service) && !has_allocations; i++)
    {
        has_allocations = service_link_has_allocations(link_at_number(service, i));
    }
    return has_allocations;
}

bool service_free_allocation(struct port *port, const void *address)
{
    for (int i = 0; i < count_links(&port->service); i++)
    {
        struct service_link *link = link_at_number(&port->service, i);
        const int slot = service_link_allocation(link, address);
        if (slot >= 0)
        {
            link->claim_ids[slot] = 0;
            link->is_claimed[slot] = false;
            service_add_open(&port->service.claim_count, -1);
            service_end_view(port, link);
            return true;
        }
    }
    return false;
}

/* ---- the end */

/* Whether the program holds allocations in a link. */
static bool is_kept(const struct service *service, const int link_index, const int64_t incarnation)
{
    for (int i = 0; i < count_links(service); i++)
    {
        const struct service_link *link = link_at_number(service, i);
        if (link->link_index == link_index && link->incarnation == incarnation && !link->is_released)
        {
            return service_link_has_allocations(link);
        }
    }
    return false;
}

void service_end(struct port *port)
{
    struct service *service = &port->service;
    /* No client finds the port after this; one that is connecting checks it again after it has opened its link. */
    port_close(port->entry);
    for (int i = 0; i < port->geometry->link_count; i++)
    {
        uint8_t *entry = port->tables + link_entry_offset(port->geometry, i);
        const int64_t state = link_state(entry);
        if (!link_is_free(state) && get_long(entry, LINK_ENTRY_SERVICE_PORT_INCARNATION_OFFSET) == port->incarnation)
        {
            const int port_index = get_int(entry, LINK_ENTRY_CLIENT_PORT_INDEX_OFFSET);
            link_change(entry, link_incarnation(state), LINK_ENTRY_SERVICE_CLOSED,
                is_kept(service, i, link_incarnation(state)) ? 0 : LINK_ENTRY_SERVICE_HOLDS);
            if (port_index >= 0 && port_index < port->geometry->port_count)
            {
                port_wake(port->attachment, port->tables + port_offset(port->geometry, port_index), INT32_MAX);
            }
        }
    }
    for (int i = 0; i < service->link_count; i++)
    {
        watch_remove_peer(port->attachment, service->links[i]->client_process_index);
    }
    for (int i = 0; i < service->dropped_count; i++)
    {
        struct service_link *link = service->dropped_links[i];
        if (!link->is_released)
        {
            if (!service_link_has_allocations(link))
            {
                service_link_release(link);
            }
            watch_remove_peer(port->attachment, link->client_process_index);
        }
    }
}

void service_release_links(struct service *service)
{
    for (int i = 0; i < count_links(service); i++)
    {
        struct service_link *link = link_at_number(service, i);
        if (!link->is_released)
        {
            service_link_release(link);
        }
    }
}

void service_free(struct service *service)
{
    for (int i = 0; i < service->link_count; i++)
    {
        free(service->links[i]);
    }
    for (int i = 0; i < service->dropped_count; i++)
    {
        free(service->dropped_links[i]);
    }
    free(service->links);
    free(service->dropped_links);
    free(service->disposals);
    leases_free(&service->leases);
    memset(service, 0, sizeof(*service));
}
