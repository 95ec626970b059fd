/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables.h"

#include "clock.h"
#include "entries.h"
#include "fail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOCK_TIMEOUT_S 10
#define MIN_PAUSE_NS INT64_C(20000)
#define MAX_PAUSE_NS INT64_C(1000000)

bool tables_init(struct tables *tables, struct region *region)
{
    tables->present = calloc((size_t)region->geometry.process_count, sizeof(int64_t));
    tables->used_links = calloc((size_t)region->geometry.link_count, sizeof(bool));
    tables->region = region;
    tables->base = region->tables;
    tables->geometry = &region->geometry;
    tables->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    tables->process_index = NO_INDEX;
    tables->incarnation = 0;
    return tables->present != NULL && tables->used_links != NULL;
}

void tables_destroy(struct tables *tables)
{
    free(tables->present);
    free(tables->used_links);
}

static int fail_lost(const struct tables *tables)
{
    fail_with(ENOTCONN, "this process lost its life lock, so its peers treat it as dead: was the lock file beside the "
        "region opened and closed in this process, or its descriptors closed? Close all ports: %s",
        tables->region->path);
    return -ENOTCONN;
}

int tables_lock(struct tables *tables)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += LOCK_TIMEOUT_S;
    const int64_t deadline = deadline_after(LOCK_TIMEOUT_S * INT64_C(1000000000));
    int64_t pause = MIN_PAUSE_NS;
    bool is_mine = pthread_mutex_timedlock(&tables->mutex, &limit) == 0;
    while (is_mine && !byte_lock(&tables->region->locks, PROCESS_TABLES_POSITION))
    {
        if (!lock_file_is_open(&tables->region->locks))
        {
            pthread_mutex_unlock(&tables->mutex);
            return fail_lost(tables);
        }
        if (now_ns() >= deadline)
        {
            pthread_mutex_unlock(&tables->mutex);
            is_mine = false;
            break;
        }
        pause_ns(pause);
        pause = 2 * pause < MAX_PAUSE_NS ? 2 * pause : MAX_PAUSE_NS;
    }
    if (!is_mine)
    {
        fail_with(ETIMEDOUT, "another process, %ld, has held the tables' lock for %d s, it may be stopped: region=%s",
            (long)byte_holder(&tables->region->locks, PROCESS_TABLES_POSITION, 1), LOCK_TIMEOUT_S,
                tables->region->path);
        return -ETIMEDOUT;
    }
    if (tables->incarnation != 0 && process_incarnation(process_at(tables,
        tables->process_index)) != tables->incarnation)
    {
        tables_unlock(tables);
        return fail_lost(tables);
    }
    return 0;
}

bool tables_try_lock(struct tables *tables)
{
    if (pthread_mutex_trylock(&tables->mutex) != 0)
    {
        return false;
    }
    const bool is_locked = byte_lock(&tables->region->locks, PROCESS_TABLES_POSITION);
    if (!is_locked)
    {
        pthread_mutex_unlock(&tables->mutex);
    }
    return is_locked;
}

void tables_unlock(struct tables *tables)
{
    byte_unlock(&tables->region->locks, PROCESS_TABLES_POSITION);
    pthread_mutex_unlock(&tables->mutex);
}

/* Whether the life lock of an entry is held; this process never asks the kernel about its own lock, which the kernel
   would show as free. */
static bool is_life_held(const struct tables *tables, const int process_index)
{
    return process_index == tables->process_index ||
        byte_holder(&tables->region->locks, life_position(tables->region->region_id, process_index), 1) != 0;
}

bool tables_is_alive(const struct tables *tables, const int process_index, const int64_t incarnation)
{
    return process_index >= 0 && process_index < tables->geometry->process_count &&
        process_incarnation(process_at(tables, process_index)) == incarnation &&
        is_life_held(tables, process_index);
}

/* The number is input: an invalid one, or one too large for a link's state, would make entries that are not found. */
static int64_t peek_incarnation(const struct tables *tables)
{
    const int64_t next = get_long(tables->base, REGION_NEXT_INCARNATION_OFFSET);
    if (next <= 0 || link_incarnation((int64_t)((uint64_t)next << LINK_ENTRY_INCARNATION_SHIFT)) != next)
    {
        fail_with(EPROTO, "corrupt region: nextIncarnation=%" PRId64 ": %s: remove it when no process uses it",
            next, tables->region->path);
        return -EPROTO;
    }
    return next;
}

int64_t tables_next_incarnation(struct tables *tables)
{
    const int64_t next = peek_incarnation(tables);
    if (next > 0)
    {
        put_long(tables->base, REGION_NEXT_INCARNATION_OFFSET, next + 1);
    }
    return next;
}

static void publish_process(const struct tables *tables, uint8_t *entry, const struct credentials *self)
{
    int64_t start_ticks = 0;
    proc_start_ticks(&start_ticks);
    put_long(entry, PROCESS_START_TICKS_OFFSET, start_ticks);
    put_int(entry, PROCESS_PID_OFFSET, self->own_pid);
    put_int(entry, PROCESS_UID_OFFSET, (int32_t)self->uid);
    put_int(entry, PROCESS_EUID_OFFSET, (int32_t)self->euid);
    put_int(entry, PROCESS_GID_OFFSET, (int32_t)self->gid);
    put_int(entry, PROCESS_LIBRARY_OFFSET, PROCESS_LIBRARY_C);
    const int group_count =
        self->group_count < PROCESS_MAX_GROUP_COUNT ? self->group_count : PROCESS_MAX_GROUP_COUNT;
    put_int(entry, PROCESS_GROUP_COUNT_OFFSET, group_count);
    for (int i = 0; i < group_count; i++)
    {
        put_int(entry, PROCESS_GROUPS_OFFSET + (size_t)i * 4, (int32_t)self->groups[i]);
    }
    /* [process] release: pairs with [process] in process_incarnation(); without it a peer could take the last user's
       pid. If this process dies before it, the entry is free when its lock is. */
    put_long_release(entry, PROCESS_INCARNATION_OFFSET, tables->incarnation);
}

/* Under the lock. */
static int enter(struct tables *tables, const struct credentials *self)
{
    tables_reap(tables);
    /* Checked before a life lock is taken. */
    if (peek_incarnation(tables) < 0)
    {
        return -EPROTO;
    }
    const struct lock_file *locks = &tables->region->locks;
    for (int i = 0; i < tables->geometry->process_count; i++)
    {
        uint8_t *entry = process_at(tables, i);
        const int64_t position = life_position(tables->region->region_id, i);
        if (process_incarnation(entry) != 0 || !byte_lock(locks, position))
        {
            continue;
        }
        if (proc_has_other_locks(locks->dev, locks->ino, position) > 0)
        {
            /* This process has more locks than this one and the tables': another library attached in between. */
            byte_unlock(locks, position);
            fail_with(EBUSY, "another CAPS library of this process, such as the Java one, uses %s",
                tables->region->path);
            return -EBUSY;
        }
        tables->process_index = i;
        tables->incarnation = tables_next_incarnation(tables);
        publish_process(tables, entry, self);
        return 0;
    }
    fail_with(ENOBUFS, "the process table is full: processCount=%d, region=%s",
        tables->geometry->process_count, tables->region->path);
    return -ENOBUFS;
}

int tables_enter(struct tables *tables)
{
    struct credentials self;
    if (!proc_self(&self))
    {
        const int error = errno;
        fail_with(error, "who this process is cannot be read from /proc/self/status: %s", strerror(error));
        return -error;
    }
    int result = tables_lock(tables);
    if (result == 0)
    {
        result = enter(tables, &self);
        tables_unlock(tables);
    }
    credentials_free(&self);
    return result;
}

void tables_leave(struct tables *tables)
{
    if (tables->process_index != NO_INDEX)
    {
        process_free(process_at(tables, tables->process_index), tables->incarnation);
        byte_unlock(&tables->region->locks, life_position(tables->region->region_id, tables->process_index));
        tables->process_index = NO_INDEX;
        tables->incarnation = 0;
    }
}

int tables_find_wanted(
    const struct tables *tables,
    const char *name,
    bool (*is_wanted)(const uint8_t *service, const void *argument),
    const void *argument)
{
    int found = NO_INDEX;
    int64_t found_incarnation = 0;
    for (int i = 0; i < tables->geometry->port_count; i++)
    {
        const uint8_t *entry = port_at(tables, i);
        const int64_t incarnation = port_incarnation(entry);
        if (incarnation > found_incarnation && get_int(entry, PORT_KIND_OFFSET) == PORT_KIND_SERVICE &&
            port_is_open(entry) && port_has_name(entry, name) && is_wanted(entry, argument))
        {
            found = i;
            found_incarnation = incarnation;
        }
    }
    return found;
}

static bool has_ids(const uint8_t *service, const void *argument)
{
    const int32_t *ids = argument;
    return (ids[0] == -1 || get_int(service, PORT_UID_OFFSET) == ids[0]) &&
        (ids[1] == -1 || get_int(service, PORT_GID_OFFSET) == ids[1]);
}

int tables_find(const struct tables *tables, const char *name, const int32_t uid, const int32_t gid)
{
    const int32_t ids[] = {uid, gid};
    return tables_find_wanted(tables, name, has_ids, ids);
}

int tables_free_port(const struct tables *tables)
{
    for (int i = 0; i < tables->geometry->port_count; i++)
    {
        if (port_incarnation(port_at(tables, i)) == 0)
        {
            return i;
        }
    }
    /* An entry that only shows that a client of the Java library waits for a service; that client does without. */
    for (int i = 0; i < tables->geometry->port_count; i++)
    {
        uint8_t *entry = port_at(tables, i);
        const int64_t incarnation = port_incarnation(entry);
        if (incarnation != 0 && get_int(entry, PORT_KIND_OFFSET) == PORT_KIND_WAIT_SET &&
            (get_int(entry, PORT_FLAGS_OFFSET) & CAPF_WAITSVC) != 0)
        {
            port_free(entry, incarnation);
            return i;
        }
    }
    fail_with(ENOBUFS, "the port table is full: portCount=%d, region=%s",
        tables->geometry->port_count, tables->region->path);
    return -ENOBUFS;
}

int tables_free_link(const struct tables *tables)
{
    for (int i = 0; i < tables->geometry->link_count; i++)
    {
        if (link_is_free(link_state(link_at(tables, i))))
        {
            return i;
        }
    }
    fail_with(ENOBUFS, "the link directory is full: linkCount=%d, region=%s",
        tables->geometry->link_count, tables->region->path);
    return -ENOBUFS;
}

/* Whether a process is neither dead nor gone; what an entry says of its owner is input. */
static bool is_present(const struct tables *tables, const int process_index, const int64_t incarnation)
{
    return process_index >= 0 && process_index < tables->geometry->process_count && incarnation != 0 &&
        tables->present[process_index] == incarnation;
}

static void reap_links(struct tables *tables)
{
    for (int i = 0; i < tables->geometry->link_count; i++)
    {
        uint8_t *entry = link_at(tables, i);
        const int64_t state = link_state(entry);
        struct link_ends ends;
        link_read_ends(entry, &ends);
        if ((state & LINK_ENTRY_CLIENT_HOLDS) != 0 &&
            !is_present(tables, ends.client_process_index, ends.client_process_incarnation))
        {
            link_change(entry, link_incarnation(state), LINK_ENTRY_CLIENT_CLOSED, LINK_ENTRY_CLIENT_HOLDS);
            tables_use_link(tables, i);
            if (ends.service_port_index >= 0 && ends.service_port_index < tables->geometry->port_count)
            {
                add_int(port_at(tables, ends.service_port_index), PORT_EVENTS_OFFSET, 1);
            }
        }
        if ((state & LINK_ENTRY_SERVICE_HOLDS) != 0 &&
            !is_present(tables, ends.service_process_index, ends.service_process_incarnation))
        {
            /* Not SERVICE_CLOSED: its clients detect the death themselves, and distinguish it from a close (B1). */
            link_change(entry, link_incarnation(state), 0, LINK_ENTRY_SERVICE_HOLDS);
            tables_use_link(tables, i);
        }
    }
}

static void reap_ports(const struct tables *tables)
{
    for (int i = 0; i < tables->geometry->port_count; i++)
    {
        uint8_t *entry = port_at(tables, i);
        const int64_t incarnation = port_incarnation(entry);
        if (incarnation != 0 && !is_present(tables, get_int(entry, PORT_PROCESS_INDEX_OFFSET),
            get_long(entry, PORT_PROCESS_INCARNATION_OFFSET)))
        {
            if (get_int(entry, PORT_KIND_OFFSET) == PORT_KIND_SERVICE)
            {
                port_close(entry);
            }
            else
            {
                port_free(entry, incarnation);
            }
        }
    }
}

void tables_reap(struct tables *tables)
{
    for (int i = 0; i < tables->geometry->process_count; i++)
    {
        const int64_t found = process_incarnation(process_at(tables, i));
        tables->present[i] = found == 0 || found == tables->incarnation || is_life_held(tables, i) ? found : 0;
    }
    reap_links(tables);
    reap_ports(tables);
    /* The process entries last: a process that dies within a reap leaves the rest to the next one. */
    for (int i = 0; i < tables->geometry->process_count; i++)
    {
        uint8_t *entry = process_at(tables, i);
        const int64_t found = process_incarnation(entry);
        if (found != 0 && tables->present[i] == 0)
        {
            process_free(entry, found);
        }
    }
    tables_free_closed(tables);
    tables_trim(tables);
}

void tables_free_closed(struct tables *tables)
{
    for (int i = 0; i < tables->geometry->port_count; i++)
    {
        uint8_t *entry = port_at(tables, i);
        const int64_t incarnation = port_incarnation(entry);
        if (incarnation == 0 || port_is_open(entry))
        {
            continue;
        }
        bool is_used = false;
        for (int j = 0; j < tables->geometry->link_count && !is_used; j++)
        {
            const uint8_t *link = link_at(tables, j);
            is_used = (link_state(link) & LINK_ENTRY_CLIENT_HOLDS) != 0 &&
                get_int(link, LINK_ENTRY_SERVICE_PORT_INDEX_OFFSET) == i;
        }
        if (!is_used)
        {
            port_free(entry, incarnation);
        }
    }
}

void tables_use_link(struct tables *tables, const int link_index)
{
    __atomic_store_n(&tables->used_links[link_index], true, __ATOMIC_RELAXED);
}

void tables_trim(struct tables *tables)
{
    for (int i = 0; i < tables->geometry->link_count; i++)
    {
        if (__atomic_load_n(&tables->used_links[i], __ATOMIC_RELAXED) && link_is_free(link_state(link_at(tables, i))))
        {
            region_trim(tables->region, i);
            __atomic_store_n(&tables->used_links[i], false, __ATOMIC_RELAXED);
        }
    }
}
