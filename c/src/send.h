/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_SEND_H
#define CAPS_SEND_H

/*
 * What a call has in common with a put.
 */

#include "client_link.h"

/* Puts a request: its id, or -1 with errno. call is null unless a call will take the reply. */
int64_t send_put(int portid, const void *msg, int size, struct pending_call *call);

#endif
