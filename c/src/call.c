/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "call.h"

#include "fail.h"

#include <errno.h>
#include <string.h>

int call_fail_port(const int error)
{
    switch (error)
    {
        case EAGAIN:
            return fail(error, "no message is ready");
        case EINVAL:
            return fail(error, "no such port, or it was closed during the call");
        case ENOTCONN:
            return fail(error, "the service is gone and no outcome is due, or the port was opened before a fork");
        case EACCES:
            return fail(error, "the service did not admit this client");
        case ENOBUFS:
            return fail(error, "the limit of messages in progress is reached: take a reply first");
        case ENOSPC:
            return fail(error, "the file system has no memory for the payload");
        case ETIMEDOUT:
            return fail(error, "the time limit is over");
        case EINTR:
            return fail(error, "a signal handler ran");
        default:
            return fail(error, "failed");
    }
}

struct port *call_refuse(struct port *entered, const int portid, const int is_client)
{
    if (entered == NULL)
    {
        fail_with(EINVAL, "no such port: %d", portid);
        return NULL;
    }
    const int error = entered->end_error;
    gate_exit(entered);
    if (error != 0)
    {
        call_fail_port(error);
    }
    else
    {
        fail_with(EINVAL, "port %d is a %s", portid, is_client == 1 ? "service" : "client");
    }
    return NULL;
}

int call_fail_size(struct port *port, const int size)
{
    const int limit = port->geometry->message_limit;
    gate_exit(port);
    return fail_with(EINVAL, "size must be from 0 to the region's limit of %d bytes, with a message: size=%d", limit,
        size);
}

/* Leaves the gate with an error. */
int call_leave(struct port *port, const int error)
{
    gate_exit(port);
    return call_fail_port(error);
}

int call_fail_request(struct port *port, const off_t msgid)
{
    gate_exit(port);
    return fail_with(EINVAL, "no such request, or it was replied to, or its client is gone: %jd", (intmax_t)msgid);
}

bool call_copy_outside(struct port *port, const int portid, uint8_t *target, const void *msg, const int size)
{
    port->copy_count++;
    gate_exit(port);
    memmove(target, msg, (size_t)size);
    gate_enter(port);
    port->copy_count--;
    const bool is_open = port_id(port) == portid && port->end_error == 0;
    if (!is_open)
    {
        gate_exit(port);
    }
    return is_open;
}
