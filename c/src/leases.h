/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_LEASES_H
#define CAPS_LEASES_H

/*
 * Which link a message id belongs to, by the lease in it: a hash table of a service's own.
 */

#include <stdbool.h>

struct service_link;

struct leases
{
    int *keys; /* 0 for none */
    struct service_link **links;
    int capacity; /* a power of two, or 0 */
    int count;
    bool is_incomplete; /* there was no memory for one: it is to be searched for */
};

struct service_link *leases_find(const struct leases *leases, int lease);

/* Adds one that is not there. */
void leases_add(struct leases *leases, int lease, struct service_link *link);

/* Removes those of a link; with keep_held, not those of requests that it has received and not replied to. */
void leases_remove(struct leases *leases, const struct service_link *link, bool keep_held);

void leases_free(struct leases *leases);

#endif
