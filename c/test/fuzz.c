/*
 * Copyright 2026 The jcaps authors. SPDX-License-Identifier: Apache-2.0
 *
 * Hostile bytes, with a seed: headers, the tables, and both sides of a link, changed between the calls of an honest
 * program, and by another thread in the middle of them. Nothing may crash, hang or report a message that was not sent
 * by its own client; run it under the sanitizers.
 *
 *   fuzz SEED COUNT
 */
#include "check.h"

#include "header.h"
#include "process.h"

static __thread uint64_t state; /* each thread draws its own numbers */

static uint32_t next(const uint32_t bound)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % bound;
}

static const struct caps_geometry small = {8, 16, 4, 4, 300};
static char bytes[512];

/* Any header with a few bytes changed, often with a correct checksum: it is never accepted as one of another
   geometry. */
static void fuzz_header(const int count)
{
    struct geometry geometry;
    struct geometry found;
    const int64_t boot_id[2] = {1, 2};
    _Alignas(8) static uint8_t honest[REGION_HEADER_LENGTH];
    _Alignas(8) static uint8_t header[REGION_HEADER_LENGTH];
    CHECK(geometry_init(&geometry, 8, 16, 4, 4, 300) == NULL);
    header_write(honest, &geometry, 3, boot_id, 4, 5);
    CHECK(header_check(honest, geometry.file_length, "honest", &found) == 0);
    for (int i = 0; i < count; i++)
    {
        memcpy(header, honest, sizeof(header));
        for (uint32_t j = next(4) + 1; j > 0; j--)
        {
            header[next(92)] = (uint8_t)next(256);
        }
        if (next(2) == 0)
        {
            put_int(header, REGION_CHECKSUM_OFFSET, (int32_t)header_checksum(header));
        }
        const int64_t length = next(2) == 0 ? geometry.file_length : next(100000);
        if (header_check(header, length, "changed", &found) == 0)
        {
            CHECK(found.file_length <= length && found.slot_count >= 1 && found.slot_count <= 128);
        }
    }
}

/* A value that is often valid or near a limit. */
static int64_t value(void)
{
    static const int64_t known[] = {0, 1, -1, 2, 31, 32, 33, 127, 128, 255, 256, 300, 301, 0x7FFFFFFF, INT64_MIN,
        INT64_MAX};
    return next(3) == 0 ? (int64_t)next(0x7FFFFFFF) << next(33) : known[next(16)];
}

/* Changes some words of one link: of its entry, its rings, its halves. */
static void change_link(const struct port *port)
{
    const struct client_link *link = &port->client;
    const size_t length = link->geometry->link_head_length;
    for (uint32_t i = next(3); i > 0; i--)
    {
        if (next(8) == 0)
        {
            put_long(link->entry, next(7) * 8, value());
        }
        else
        {
            put_long(link->base, (size_t)next((uint32_t)length / 8) * 8, value());
        }
    }
}

static void change_tables(const struct port *port)
{
    const struct tables *tables = &port->attachment->tables;
    for (uint32_t i = next(3) + 1; i > 0; i--)
    {
        const size_t first = REGION_HEADER_LENGTH + PROCESS_ENTRY_LENGTH;
        put_int(tables->base, first + (size_t)next((uint32_t)(tables->geometry->tables_length - first) / 4) * 4,
            (int32_t)value());
    }
}

/* The calls of an honest program; every call may fail, none may crash or hang. */
static void exchange(const int svc, const int port)
{
    struct caps_msgid msgid;
    const void *view;
    const off_t id = caps_sys_put(port, bytes, (int)next(301));
    for (int i = 0; i < 3; i++)
    {
        const int length = caps_sys_get(svc, bytes, (int)next(512), &msgid, NULL);
        CHECK(length <= 300);
        if (length >= 0 && msgid.c_state == CAPMS_REQUEST && next(4) != 0)
        {
            caps_sys_reply(svc, bytes, length, msgid.c_id);
        }
    }
    if (next(4) == 0)
    {
        caps_sys_abort(port, id, (int)next(2));
    }
    if (next(2) == 0 && caps_sys_view(port, &view, &msgid, NULL, 0) >= 0)
    {
        caps_sys_release(port, msgid.c_id);
    }
    CHECK(caps_sys_get(port, bytes, sizeof(bytes), &msgid, NULL) <= 300);
    struct caps_poll ports[2] = {{svc, 0}, {port, 0}};
    caps_sys_poll(ports, 2, 0);
    if (next(64) == 0)
    {
        caps_watch();
    }
}

/* ---- a thread that changes a link at any time */

static struct
{
    pthread_mutex_t mutex;
    uint8_t *base;
    uint8_t *entry;
    size_t length;
    uint64_t seed;
    bool is_over;
} hostile = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void *change_at_any_time(void *argument)
{
    (void)argument;
    state = hostile.seed;
    for (bool is_over = false; !is_over;)
    {
        pthread_mutex_lock(&hostile.mutex);
        is_over = hostile.is_over;
        for (uint32_t i = next(4); hostile.base != NULL && i > 0; i--)
        {
            if (next(16) == 0)
            {
                put_long(hostile.entry, next(7) * 8, value());
            }
            else
            {
                put_int(hostile.base, (size_t)next((uint32_t)hostile.length / 4) * 4, (int32_t)value());
            }
        }
        pthread_mutex_unlock(&hostile.mutex);
        for (uint32_t i = next(2000); i > 0; i--)
        {
            spin_wait();
        }
    }
    return NULL;
}

/* From here on, or not any more: the link of a port. */
static void aim_at(const int port)
{
    pthread_mutex_lock(&hostile.mutex);
    hostile.base = NULL;
    if (port > 0)
    {
        const struct client_link *link = &process_port(port)->client;
        hostile.entry = link->entry;
        hostile.length = link->geometry->link_head_length;
        hostile.base = link->base;
    }
    pthread_mutex_unlock(&hostile.mutex);
}

static void fuzz_at_any_time(const int count)
{
    pthread_t thread;
    CHECK(caps_sys_open(NULL, CAPS_OPEN_NOWATCH, &small) == 0);
    hostile.seed = state;
    CHECK(pthread_create(&thread, NULL, change_at_any_time, NULL) == 0);
    for (int i = 0; i < count;)
    {
        const int svc = caps_sys_service("fuzz", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
        const int port = svc < 0 ? -1 : caps_sys_client("fuzz", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
        aim_at(port);
        for (uint32_t j = next(30) + 1; j > 0 && port > 0; j--, i++)
        {
            exchange(svc, port);
        }
        aim_at(-1);
        if (port > 0)
        {
            caps_sys_close(port);
        }
        if (svc > 0)
        {
            caps_sys_close(svc);
        }
        i++;
        if (port < 0)
        {
            CHECK(caps_sys_leave() == 0 && unlink(region_file) == 0);
            CHECK(caps_sys_open(NULL, CAPS_OPEN_NOWATCH, &small) == 0);
        }
    }
    pthread_mutex_lock(&hostile.mutex);
    hostile.is_over = true;
    pthread_mutex_unlock(&hostile.mutex);
    CHECK(pthread_join(thread, NULL) == 0 && caps_sys_leave() == 0 && unlink(region_file) == 0);
}

static void fuzz_region(const int count, const bool with_tables)
{
    CHECK(caps_sys_open(NULL, CAPS_OPEN_NOWATCH, &small) == 0);
    for (int i = 0; i < count;)
    {
        const int svc = caps_sys_service("fuzz", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
        const int port = svc < 0 ? -1 : caps_sys_client("fuzz", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
        for (uint32_t j = next(30) + 1; j > 0 && port > 0; j--, i++)
        {
            exchange(svc, port);
            if (with_tables)
            {
                change_tables(process_port(port));
            }
            else
            {
                change_link(process_port(port));
            }
        }
        if (port > 0)
        {
            caps_sys_close(port);
        }
        if (svc > 0)
        {
            caps_sys_close(svc);
        }
        i++;
        if (port < 0)
        {
            /* No port can be opened in these tables any more: make a new region. */
            CHECK(caps_sys_leave() == 0 && unlink(region_file) == 0);
            CHECK(caps_sys_open(NULL, CAPS_OPEN_NOWATCH, &small) == 0);
        }
    }
    CHECK(caps_sys_leave() == 0 && unlink(region_file) == 0);
}

int main(const int argc, char **argv)
{
    state = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)getpid();
    const int count = argc > 2 ? atoi(argv[2]) : 20000;
    printf("fuzz: seed %ju, count %d\n", (uintmax_t)state, count);
    fflush(stdout);
    region_make();
    fuzz_header(count);
    fuzz_region(count, false);
    fuzz_region(count, true);
    fuzz_at_any_time(count);
    printf("fuzz: ok\n");
    return 0;
}
