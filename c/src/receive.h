/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_RECEIVE_H
#define CAPS_RECEIVE_H

/*
 * Taking a message, and waiting for it: first polling, then asleep.
 */

#include "port.h"

/* What a caller wants of a message, and where it is put. */
struct reception
{
    void *buffer;        /* where the payload is copied to; null for a view */
    int capacity;        /* bytes of the buffer */
    const void **view;   /* where the address of the payload is put; null for a copy */
    struct caps_msgid *msgid;
    struct caps_cred *cred;
    const struct pending_call *call; /* the one message that is waited for; null for the next one */
};

/* Polls once: length of the payload in bytes, or -EAGAIN, -EINVAL (closed), -ENOTCONN, -EACCES. */
int receive(struct port *port, int id, const struct reception *reception);

/* Waits: as receive, but -ETIMEDOUT or -EINTR instead of -EAGAIN, which is for a time limit of 0. */
int receive_wait(struct port *port, int id, const struct reception *reception, int64_t timeout_ns);

#endif
