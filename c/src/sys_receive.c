/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Receiving, calls and aborts.
 */
#include "call.h"
#include "fail.h"
#include "process.h"
#include "receive.h"
#include "send.h"

#include <errno.h>
#include <inttypes.h>

/* ---- receiving */

static int wait_for(
    const int portid,
    const struct reception *reception,
    const int64_t timeout_ns)
{
    process_check();
    struct port *port = process_port(portid);
    if (UNLIKELY(port == NULL))
    {
        return fail_with(EINVAL, "no such port: %d", portid);
    }
    if (UNLIKELY(timeout_ns < 0 || reception->capacity < 0 ||
        (reception->view == NULL && reception->buffer == NULL && reception->capacity > 0)))
    {
        return fail(EINVAL, "sizes and time limits must not be negative, and a size needs a buffer");
    }
    const int result = receive_wait(port, portid, reception, timeout_ns);
    return result < 0 ? call_fail_port(-result) : result;
}

int caps_sys_get(const int portid, void *msg, const int maxsize, struct caps_msgid *msgid, struct caps_cred *ccr)
{
    const struct reception reception = {.buffer = msg, .capacity = maxsize, .msgid = msgid, .cred = ccr};
    return wait_for(portid, &reception, 0);
}

int caps_sys_wait(const int portid, void *msg, const int maxsize, struct caps_msgid *msgid, struct caps_cred *ccr)
{
    const struct reception reception = {.buffer = msg, .capacity = maxsize, .msgid = msgid, .cred = ccr};
    return wait_for(portid, &reception, CAPS_FOREVER);
}

int caps_sys_timedwait(
    const int portid,
    void *msg,
    const int maxsize,
    struct caps_msgid *msgid,
    struct caps_cred *ccr,
    const int64_t timeout_ns)
{
    const struct reception reception = {.buffer = msg, .capacity = maxsize, .msgid = msgid, .cred = ccr};
    return wait_for(portid, &reception, timeout_ns);
}

int caps_sys_view(
    const int portid, const void **msg, struct caps_msgid *msgid, struct caps_cred *ccr, const int64_t timeout_ns)
{
    if (msg == NULL)
    {
        return fail(EINVAL, "msg must not be null");
    }
    const struct reception reception = {.view = msg, .msgid = msgid, .cred = ccr};
    return wait_for(portid, &reception, timeout_ns);
}

int caps_sys_release(const int portid, const off_t msgid)
{
    struct port *port = call_enter(portid, EITHER);
    if (port == NULL)
    {
        return -1;
    }
    bool is_view;
    if (port->is_client)
    {
        is_view = msgid > 0 && client_link_release(&port->client, id_slot(msgid), msgid);
    }
    else
    {
        struct service_link *link = service_viewed_link(&port->service, msgid);
        is_view = link != NULL;
        if (is_view)
        {
            link->viewed[id_slot(msgid)] = 0;
            service_add_open(&port->service.view_count, -1);
            service_end_view(port, link);
        }
    }
    gate_exit(port);
    return is_view ? 0 : fail_with(EINVAL, "no such view: message %jd", (intmax_t)msgid);
}

/* ---- calls */

/* Ends a call at its time limit: aborts the message, or takes its reply if that has just arrived. */
static int take_back(
    struct port *port, const int portid, const struct reception *reception, const int error)
{
    if (!port_enter(port, portid))
    {
        return -EINVAL;
    }
    if (port->end_error != 0)
    {
        const int end_error = port->end_error;
        gate_exit(port);
        return -end_error;
    }
    const int slot = id_slot(reception->call->id);
    struct message message;
    if (client_link_abort(&port->client, reception->call->id, true) == CAPS_ABORT_RETURNED)
    {
        gate_exit(port);
        return receive(port, portid, reception);
    }
    client_link_take_returned(&port->client, slot, &message);
    client_link_release(&port->client, slot, message.id);
    gate_exit(port);
    return -error;
}

int caps_sys_call(
    const int portid,
    const void *msg,
    const int msgsize,
    void *reply,
    const int maxsize,
    struct caps_msgid *msgid,
    const int64_t timeout_ns)
{
    if (timeout_ns < 0 || maxsize < 0 || (reply == NULL && maxsize > 0))
    {
        return fail(EINVAL, "sizes and time limits must not be negative, and a size needs a buffer");
    }
    struct pending_call call;
    if (send_put(portid, msg, msgsize, &call) < 0)
    {
        return -1;
    }
    struct port *port = process_port(portid);
    const struct reception reception = {.buffer = reply, .capacity = maxsize, .msgid = msgid, .call = &call};
    int result = port == NULL ? -EINVAL : receive_wait(port, portid, &reception, timeout_ns);
    if (result == -ETIMEDOUT || result == -EINTR || result == -EAGAIN)
    {
        result = take_back(port, portid, &reception, result == -EAGAIN ? ETIMEDOUT : -result);
    }
    return result < 0 ? call_fail_port(-result) : result;
}

/* ---- abort */

int caps_sys_abort(const int portid, const off_t msgid, const int flags)
{
    struct port *port = call_enter(portid, 1);
    if (port == NULL)
    {
        return -1;
    }
    struct attachment *attachment = port->attachment;
    uint8_t *entry = port->entry;
    const int result = client_link_abort(&port->client, msgid, (flags & CAPF_ABORT_HARD) != 0);
    gate_exit(port);
    if (result < 0)
    {
        return fail_with(EINVAL, "no such message in progress: %jd", (intmax_t)msgid);
    }
    /* Other threads may wait for the outcome of this abort. */
    port_wake(attachment, entry, INT32_MAX);
    return result;
}
