/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "leases.h"

#include "service_link.h"

#include <stdlib.h>

#define MIN_CAPACITY 16

static int place_of(const struct leases *leases, const int lease)
{
    return (int)((unsigned)lease * 2654435769U) & (leases->capacity - 1);
}

static int next_place(const struct leases *leases, const int place)
{
    return (place + 1) & (leases->capacity - 1);
}

struct service_link *leases_find(const struct leases *leases, const int lease)
{
    if (leases->capacity > 0 && lease > 0)
    {
        for (int place = place_of(leases, lease); leases->keys[place] != 0; place = next_place(leases, place))
        {
            if (leases->keys[place] == lease)
            {
                return leases->links[place];
            }
        }
    }
    return NULL;
}

static void insert(struct leases *leases, const int lease, struct service_link *link)
{
    int place = place_of(leases, lease);
    while (leases->keys[place] != 0)
    {
        place = next_place(leases, place);
    }
    leases->keys[place] = lease;
    leases->links[place] = link;
    leases->count++;
}

static bool grow(struct leases *leases)
{
    struct leases grown = {.capacity = leases->capacity == 0 ? MIN_CAPACITY : 2 * leases->capacity};
    grown.keys = calloc((size_t)grown.capacity, sizeof(int));
    grown.links = calloc((size_t)grown.capacity, sizeof(struct service_link *));
    if (grown.keys == NULL || grown.links == NULL)
    {
        leases_free(&grown);
        return false;
    }
    for (int place = 0; place < leases->capacity; place++)
    {
        if (leases->keys[place] != 0)
        {
            insert(&grown, leases->keys[place], leases->links[place]);
        }
    }
    free(leases->keys);
    free(leases->links);
    leases->keys = grown.keys;
    leases->links = grown.links;
    leases->capacity = grown.capacity;
    return true;
}

void leases_add(struct leases *leases, const int lease, struct service_link *link)
{
    /* At most half full, so that searches for a missing key are short. */
    if (2 * (leases->count + 1) > leases->capacity && !grow(leases))
    {
        leases->is_incomplete = true;
        return;
    }
    insert(leases, lease, link);
}

static void remove_at(struct leases *leases, int hole)
{
    leases->keys[hole] = 0;
    leases->links[hole] = NULL;
    leases->count--;
    /* An entry that was moved by a removed one moves back. */
    for (int place = next_place(leases, hole); leases->keys[place] != 0; place = next_place(leases, place))
    {
        const int home = place_of(leases, leases->keys[place]);
        const int distance = (place - home) & (leases->capacity - 1);
        if (distance >= ((place - hole) & (leases->capacity - 1)))
        {
            leases->keys[hole] = leases->keys[place];
            leases->links[hole] = leases->links[place];
            leases->keys[place] = 0;
            leases->links[place] = NULL;
            hole = place;
        }
    }
}

void leases_remove(struct leases *leases, const struct service_link *link, const bool keep_held)
{
    for (int place = 0; place < leases->capacity; place++)
    {
        while (leases->keys[place] != 0 && leases->links[place] == link &&
            !(keep_held && service_link_holds_lease(link, leases->keys[place])))
        {
            remove_at(leases, place);
        }
    }
}

void leases_free(struct leases *leases)
{
    free(leases->keys);
    free(leases->links);
    *leases = (struct leases){0};
}
