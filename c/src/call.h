/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_CALL_H
#define CAPS_CALL_H

/*
 * How each call on a port begins and how it fails.
 */

#include "process.h"

#include <string.h>
#include <sys/types.h>

/* For is_client: a port of either kind. */
#define EITHER (-1)

/* Sets errno and the reason for the error of a port's call. Returns -1. */
int call_fail_port(int error);

/* Why a call did not find its port: null with errno. The port's gate is left if it was entered; null if not. */
struct port *call_refuse(struct port *entered, int portid, int is_client);

/* Finds a port, a client's (1), a service's (0) or EITHER, and enters its gate; null with errno. */
static inline struct port *call_enter(const int portid, const int is_client)
{
    process_check();
    struct port *port = process_port(portid);
    if (UNLIKELY(port == NULL || !port_enter(port, portid)))
    {
        return call_refuse(NULL, portid, is_client);
    }
    const bool is_meant = port->end_error == 0 && (is_client == EITHER || port->is_client == (is_client == 1));
    return LIKELY(is_meant) ? port : call_refuse(port, portid, is_client);
}

/* Releases an allocation of a port that was closed; false if it is none. Does not change errno and the reason. */
bool call_free_closed(int portid, const void *address);

/* Whether a message of that size can be sent. */
static inline bool call_is_size(const struct port *port, const void *msg, const int size)
{
    return size >= 0 && size <= port->geometry->message_limit && (msg != NULL || size == 0);
}

/* These leave the gate, set errno and the reason, and return -1. */
int call_leave(struct port *port, int error);
int call_fail_size(struct port *port, int size);
int call_fail_request(struct port *port, off_t msgid);

/* Copies a payload while other threads may continue. */
bool call_copy_outside(struct port *port, int portid, uint8_t *target, const void *msg, int size);

/* Copies a payload into a slot of this process's, outside the gate if it is longer than COPY_LIMIT; false if the port
   was closed in the meantime: the gate is left then. */
static inline bool call_copy(
    struct port *port, const int portid, uint8_t *target, const void *msg, const int size)
{
    if (size > COPY_LIMIT)
    {
        return call_copy_outside(port, portid, target, msg, size);
    }
    if (size > 0)
    {
        memmove(target, msg, (size_t)size);
    }
    return true;
}

#endif
