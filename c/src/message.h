/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_MESSAGE_H
#define CAPS_MESSAGE_H

/*
 * What a poll found: a view of the message in the region. Valid within the gate, and outside it until the view is
 * released.
 */

#include "libcaps.h"

#include <stdbool.h>

struct service_link;

struct message
{
    int64_t id;
    int state;   /* CAPMS_... */
    int outcome; /* CAPS_OUTCOME_..., at a client */
    int slot;
    int length; /* of the payload in bytes, also if it is not in view */
    bool is_view;
    const uint8_t *payload; /* if it is in view and has any bytes */
    const struct caps_cred *cred;
    struct service_link *link; /* at a service */
};

#endif
