/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Putting and replying: each call checks its arguments, enters the gate of its port, and does one thing there.
 */
#include "call.h"
#include "fail.h"
#include "send.h"

#include <errno.h>
#include <inttypes.h>

/* ---- putting */

/* Wakes the service if it sleeps, after a put. Outside the gate. */
static void wake_service(struct port *port, struct attachment *attachment, uint8_t *service_entry, const int portid)
{
    const int wake_ups = port_wake(attachment, service_entry, 1);
    if (UNLIKELY(wake_ups > 0) && port_enter(port, portid))
    {
        if (port->end_error == 0)
        {
            uint8_t *base = port->client.base;
            put_long(base, CLIENT_COUNTER_WAKE_UPS, get_long(base, CLIENT_COUNTER_WAKE_UPS) + wake_ups);
        }
        gate_exit(port);
    }
}

int64_t send_put(const int portid, const void *msg, const int size, struct pending_call *call)
{
    struct port *port = call_enter(portid, 1);
    if (UNLIKELY(port == NULL))
    {
        call_free_closed(portid, msg);
        return -1;
    }
    if (UNLIKELY(!call_is_size(port, msg, size)))
    {
        return call_fail_size(port, size);
    }
    struct client_link *link = &port->client;
    int slot = client_link_allocation(link, msg);
    const bool is_allocated = slot >= 0;
    int claimed_length = size;
    if (UNLIKELY(is_allocated))
    {
        claimed_length = link->claimed_lengths[slot];
        if (size > claimed_length)
        {
            gate_exit(port);
            return fail_with(EINVAL, "only %d bytes were allocated: size=%d", claimed_length, size);
        }
    }
    else
    {
        slot = attachment_is_retired(port->attachment) ? -ENOTCONN : client_link_reserve(link, size);
        if (slot < 0)
        {
            return call_leave(port, -slot);
        }
        if (!call_copy(port, portid, client_link_payload(link, slot, size), msg, size))
        {
            return call_fail_port(EINVAL);
        }
    }
    const int64_t id = client_link_publish(link, slot, slot_flags(claimed_length), size, call != NULL);
    if (UNLIKELY(id < 0))
    {
        if (id == -ENOBUFS && !is_allocated)
        {
            client_link_free(link, slot);
        }
        return call_leave(port, (int)-id);
    }
    if (call != NULL)
    {
        client_link_begin_call(link, id, call);
    }
    if (port->service_spins)
    {
        gate_exit(port);
        return id;
    }
    struct attachment *attachment = port->attachment;
    uint8_t *service_entry = port->service_entry;
    gate_exit(port);
    wake_service(port, attachment, service_entry, portid);
    return id;
}

off_t caps_sys_put(const int portid, const void *msg, const int msgsize)
{
    return send_put(portid, msg, msgsize, NULL);
}

/* ---- replying */

static void wake_client(
    struct port *port, const int portid, struct service_link *link, struct attachment *attachment,
        uint8_t *client_entry)
{
    const int wake_ups = port_wake(attachment, client_entry, INT32_MAX);
    if (UNLIKELY(wake_ups > 0) && port_enter(port, portid))
    {
        /* Once the link was dropped it may be another's, or be freed: it is looked for, not looked at. */
        bool is_there = port->end_error == 0 && port->service.last_link == link;
        for (int i = 0; port->end_error == 0 && !is_there && i < port->service.link_count; i++)
        {
            is_there = port->service.links[i] == link;
        }
        if (is_there)
        {
            put_long(link->base, SERVICE_COUNTER_WAKE_UPS, get_long(link->base, SERVICE_COUNTER_WAKE_UPS) + wake_ups);
        }
        gate_exit(port);
    }
}

/* Publishes what was written to a claimed slot, and leaves the gate. */
static int publish_reply(
    struct port *port,
    const int portid,
    struct service_link *link,
    const off_t msgid,
    const int flags,
    const int size)
{
    bool is_corrupt;
    struct attachment *attachment = port->attachment;
    const int result = service_publish(port, link, id_slot(msgid), msgid, flags, size, &is_corrupt);
    uint8_t *client_entry = link->client_entry;
    const bool client_spins = link->client_spins;
    gate_exit(port);
    if (result != 0)
    {
        return fail_with(EINVAL, is_corrupt ? "the client's link is corrupt: message %jd" :
            "no such request, or it was replied to, or its client is gone: %jd", (intmax_t)msgid);
    }
    if (!client_spins)
    {
        wake_client(port, portid, link, attachment, client_entry);
    }
    return 0;
}

/* Replies by memory that was allocated for it. */
static int reply_allocated(
    struct port *port, const int portid, struct service_link *link, const off_t msgid, const int size)
{
    const int slot = id_slot(msgid);
    const int claimed_length = link->claim_lengths[slot];
    if (size > claimed_length)
    {
        gate_exit(port);
        return fail_with(EINVAL, "only %d bytes were allocated: size=%d", claimed_length, size);
    }
    link->claim_ids[slot] = 0;
    service_add_open(&port->service.claim_count, -1);
    service_end_view(port, link);
    return publish_reply(port, portid, link, msgid, slot_flags(claimed_length), size);
}

int caps_sys_reply(const int portid, const void *msg, const int msgsize, const off_t msgid)
{
    struct port *port = call_enter(portid, 0);
    if (UNLIKELY(port == NULL))
    {
        call_free_closed(portid, msg);
        return -1;
    }
    if (UNLIKELY(!call_is_size(port, msg, msgsize)))
    {
        return call_fail_size(port, msgsize);
    }
    const int slot = id_slot(msgid);
    struct service_link *link = service_link_of(&port->service, msgid);
    if (UNLIKELY(link == NULL || !service_link_is_held(link, slot, msgid)))
    {
        link = msgid <= 0 ? NULL : service_claimed_link(&port->service, msgid, msg);
        return link == NULL ? call_fail_request(port, msgid) : reply_allocated(port, portid, link, msgid, msgsize);
    }
    if (!service_link_claim(link, slot, msgsize))
    {
        port_count(port, PORT_COUNTER_NO_SPACE);
        return call_leave(port, ENOSPC);
    }
    /* Outside the gate the client may go: the link stays here until the copy is over. */
    link->view_count++;
    uint8_t *target = link->base + reply_payload_offset(link->geometry, slot, slot_flags(msgsize));
    if (!call_copy(port, portid, target, msg, msgsize))
    {
        return call_fail_port(EINVAL);
    }
    service_end_view(port, link);
    return publish_reply(port, portid, link, msgid, slot_flags(msgsize), msgsize);
}

int caps_sys_end(const int portid, const off_t msgid, const int outcome)
{
    struct port *port = call_enter(portid, 0);
    if (port == NULL)
    {
        return -1;
    }
    struct service_link *link = service_link_of(&port->service, msgid);
    if (!client_link_may_end(outcome) || link == NULL || !service_link_is_held(link, id_slot(msgid), msgid))
    {
        return call_fail_request(port, msgid);
    }
    return publish_reply(port, portid, link, msgid, outcome << SLOT_OUTCOME_SHIFT, 0);
}
