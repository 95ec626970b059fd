/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_TABLES_H
#define CAPS_TABLES_H

/*
 * The tables of a region, as this process uses them: io.jcaps.table.Registry. All but tables_lock is used under the
 * tables' lock. Results below 0 are negative errno values, with the reason noted.
 */

#include "proc.h"
#include "region.h"

#include <pthread.h>

#define NO_INDEX (-1)

struct tables
{
    struct region *region;
    uint8_t *base;
    const struct geometry *geometry;
    pthread_mutex_t mutex; /* held along with byte 0, as the kernel does not keep the threads of one process apart */
    int process_index;     /* this process's entry; NO_INDEX before it has entered */
    int64_t incarnation;   /* of this process; 0 before it has entered */
    int64_t *present;      /* by process entry, during a reap: incarnation of the living process, or 0 */
    bool *used_links;      /* links whose memory is to be returned when no side holds them */
};

/* False if there is no memory. */
bool tables_init(struct tables *tables, struct region *region);
void tables_destroy(struct tables *tables);

/* Takes the lock, within 10 s: 0, -ETIMEDOUT, or -ENOTCONN if this process has lost its entry. */
int tables_lock(struct tables *tables);

/* Takes the lock if it is free; whether it did. */
bool tables_try_lock(struct tables *tables);
void tables_unlock(struct tables *tables);

/* Enters this process into the region, without the lock held: 0, -ENOBUFS, -ETIMEDOUT, -EPROTO, -EBUSY or another. */
int tables_enter(struct tables *tables);

/* This process leaves. Needs no lock: the entry is its own. */
void tables_leave(struct tables *tables);

/* Frees the entries and links of dead processes, and those that name a process that has left. Each step can be
   repeated. */
void tables_reap(struct tables *tables);

/* A closed service's entry stays while a client may ask for its generation (R28): frees those of which none can.
   */
void tables_free_closed(struct tables *tables);

/* A link is used by this process: when no side holds it, its memory is returned. Any thread, also without the lock. */
void tables_use_link(struct tables *tables, int link_index);

/* Returns the memory of links that were used and that no side holds: no link is taken without the lock. */
void tables_trim(struct tables *tables);

/* The newest living service that matches (R4, R5), after a reap: its index or NO_INDEX. */
int tables_find(const struct tables *tables, const char *name, int32_t uid, int32_t gid);

/* As tables_find, among the services of that name for which the function is_wanted returns true. */
int tables_find_wanted(const struct tables *tables, const char *name,
    bool (*is_wanted)(const uint8_t *service, const void *argument), const void *argument);

/* Index of a free entry: or -ENOBUFS. */
int tables_free_port(const struct tables *tables);
int tables_free_link(const struct tables *tables);

/* A number that no process, port or link of the region has had: or -EPROTO. */
int64_t tables_next_incarnation(struct tables *tables);

/* Whether the process of an entry is alive (B2): the entry has that incarnation, and its life lock is held. */
bool tables_is_alive(const struct tables *tables, int process_index, int64_t incarnation);

static inline uint8_t *process_at(const struct tables *tables, const int process_index)
{
    return tables->base + process_offset(process_index);
}

static inline uint8_t *port_at(const struct tables *tables, const int port_index)
{
    return tables->base + port_offset(tables->geometry, port_index);
}

static inline uint8_t *link_at(const struct tables *tables, const int link_index)
{
    return tables->base + link_entry_offset(tables->geometry, link_index);
}

#endif
