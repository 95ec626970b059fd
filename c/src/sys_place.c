/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Memory of the region for messages that are not copied (B6).
 */
#include "call.h"
#include "fail.h"

#include <errno.h>

/* Memory for a request. */
static void *alloc_request(struct port *port, const int size)
{
    struct client_link *link = &port->client;
    const int slot = attachment_is_retired(port->attachment) ? -ENOTCONN : client_link_reserve(link, size);
    if (slot < 0)
    {
        call_leave(port, -slot);
        return NULL;
    }
    link->claimed_lengths[slot] = size;
    void *address = client_link_payload(link, slot, size);
    gate_exit(port);
    return address;
}

/* Memory for the reply to a request. */
static void *alloc_reply(struct port *port, const off_t msgid, const int size)
{
    const int slot = id_slot(msgid);
    struct service_link *link = service_link_of(&port->service, msgid);
    if (link == NULL || !service_link_is_held(link, slot, msgid))
    {
        call_fail_request(port, msgid);
        return NULL;
    }
    if (!service_link_claim(link, slot, size))
    {
        port_count(port, PORT_COUNTER_NO_SPACE);
        call_leave(port, ENOSPC);
        return NULL;
    }
    link->claim_ids[slot] = msgid;
    link->claim_lengths[slot] = size;
    link->view_count++;
    service_add_open(&port->service.claim_count, 1);
    void *address = link->base + reply_payload_offset(link->geometry, slot, slot_flags(size));
    gate_exit(port);
    return address;
}

void *caps_sys_alloc(const int portid, const off_t msgid, const int size)
{
    struct port *port = call_enter(portid, msgid == 0);
    if (port == NULL)
    {
        return NULL;
    }
    if (size < 0 || size > port->geometry->message_limit)
    {
        call_fail_size(port, size);
        return NULL;
    }
    return msgid == 0 ? alloc_request(port, size) : alloc_reply(port, msgid, size);
}

int caps_sys_free(const int portid, void *msg)
{
    struct port *port = call_enter(portid, EITHER);
    if (port == NULL)
    {
        return call_free_closed(portid, msg) ? 0 : -1;
    }
    const bool is_freed = port_free_allocation(port, msg);
    gate_exit(port);
    return is_freed ? 0 : fail(EINVAL, "not an allocation of this port");
}
