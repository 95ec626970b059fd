/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_LEASES_H
#define CAPS_LEASES_H

/*
 * A service's hash table from the lease in a message id to the link that the id belongs to.
 */

#include <stdbool.h>

struct service_link;

struct leases
{
    int *keys; /* 0 for none */
    struct service_link **links;
    int capacity; /* a power of two, or 0 */
    int count;
    bool is_incomplete; /* a lease is missing for want of memory: links must be searched for it */
};

struct service_link *leases_find(const struct leases *leases, int lease);

/* Adds a lease that is not in the table. */
void leases_add(struct leases *leases, int lease, struct service_link *link);

/* Removes the leases of a link; with keep_held it keeps those of requests that were received and not replied to. */
void leases_remove(struct leases *leases, const struct service_link *link, bool keep_held);

void leases_free(struct leases *leases);

#endif
