/*
 * Copyright 2026 The jcaps authors. SPDX-License-Identifier: Apache-2.0
 *
 * The two ends of one link in states that whole calls of the library never show: one end looks between two stores of
 * the other, its words are written by a hostile program, or its operation is incomplete. The library is compiled so
 * that each store is a step.
 */
#include "check.h"

#include "process.h"
#include "rings.h"

#include <stdbool.h>

#define NAME "ends"
#define RECEIVED(kind) ((kind) | CAPS_RECEIVED)

#define RUN(test) do { watchdog_test(#test); fprintf(stderr, "ends: " #test "\n"); test(); } while (0)

static const struct caps_geometry small = {4, 8, 4, 4, 4000};
static char bytes[4000];
static struct caps_msgid msgid;
static int svc;
static int port;

/* ---- what is done before each store */

static void (*before_store)(void); /* null: nothing */

void caps_step(void)
{
    void (*const look)(void) = before_store;
    if (look != NULL)
    {
        /* Its own stores are no steps. */
        before_store = NULL;
        look();
        before_store = look;
    }
}

/* ---- a link */

static void begin(void)
{
    svc = caps_sys_service(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    port = caps_sys_client(NAME, geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(svc > 0 && port > 0);
    CHECK_FAILS(EAGAIN, caps_sys_get(svc, bytes, 1, &msgid, NULL));
    CHECK(process_port(svc)->service.link_count == 1);
}

static void end(void)
{
    CHECK(caps_sys_close(port) == 0 && caps_sys_close(svc) == 0);
}

static struct service_link *service_link(void)
{
    return process_port(svc)->service.links[0];
}

static struct client_link *client_link(void)
{
    return &process_port(port)->client;
}

static off_t put(const int length)
{
    const off_t id = caps_sys_put(port, bytes, length);
    CHECK(id > 0);
    return id;
}

/* The service retrieves the next request. */
static off_t receive(void)
{
    CHECK(caps_sys_get(svc, bytes, sizeof(bytes), &msgid, NULL) >= 0 && msgid.c_state == CAPMS_REQUEST);
    return msgid.c_id;
}

/* The client takes the reply that must be next. */
static void take(const off_t id, const int outcome)
{
    CHECK(caps_sys_get(port, bytes, sizeof(bytes), &msgid, NULL) >= 0);
    CHECK(msgid.c_id == id && msgid.c_reserved01 == outcome);
}

/* A service's stores of a reply to the slot, with its place among the replies, but without a record. */
static void store_reply(const off_t id, const int length, const int flags, const int64_t order)
{
    uint8_t *half = service_link()->base + reply_half_offset(service_link()->geometry, id_slot(id));
    put_long(half, SLOT_LENGTH_OFFSET, (int64_t)flags << 32 | (uint32_t)length);
    put_long(half, SLOT_ORDER_OFFSET, order);
    put_long_release(half, SLOT_ID_OFFSET, id);
}

/* ---- between two stores */

static const int lengths[] = {8, 3000, 0, 32, 33, 8};

#define LENGTH_COUNT (int)(sizeof(lengths) / sizeof(lengths[0]))

static struct
{
    int receiver;
    caps_msg_state_t state;
    int number; /* of the message that is under way */
    int count;  /* how often it was received */
} watched;

/* Takes the message if it is available, and checks that it is complete. */
static void look_for_message(void)
{
    char found[sizeof(bytes)];
    const int length = caps_sys_get(watched.receiver, found, sizeof(found), &msgid, NULL);
    if (length >= 0 && msgid.c_state == watched.state)
    {
        CHECK(length == lengths[watched.number]);
        for (int i = 0; i < length; i++)
        {
            CHECK(found[i] == 'a' + watched.number);
        }
        watched.count++;
    }
}

static void expect(const int receiver, const caps_msg_state_t state, const int number)
{
    watched.receiver = receiver;
    watched.state = state;
    watched.number = number;
    watched.count = 0;
    memset(bytes, 'a' + number, (size_t)lengths[number]);
    before_store = look_for_message;
}

/* The message was received once, before the last store or after it. */
static void check_received(void)
{
    before_store = NULL;
    look_for_message();
    CHECK(watched.count == 1);
}

static void test_request_between_stores(void)
{
    /* R12, R19: a service that sees a request sees its length and its payload; [request]. One slot, again and again. */
    begin();
    for (int i = 0; i < LENGTH_COUNT; i++)
    {
        expect(svc, CAPMS_REQUEST, i);
        const off_t id = caps_sys_put(port, bytes, lengths[i]);
        check_received();
        CHECK(id > 0 && msgid.c_id == id && caps_sys_reply(svc, NULL, 0, id) == 0);
        take(id, CAPS_OUTCOME_REPLIED);
    }
    end();
}

static void test_reply_between_stores(void)
{
    /* R20: a client that sees a reply sees its length and its payload; [reply]. */
    begin();
    for (int i = 0; i < LENGTH_COUNT; i++)
    {
        const off_t id = put(1);
        do
        {
            CHECK(caps_sys_get(svc, bytes, sizeof(bytes), &msgid, NULL) >= 0);
        }
        while (msgid.c_state != CAPMS_REQUEST);
        expect(port, CAPMS_REPLY, i);
        CHECK(caps_sys_reply(svc, bytes, lengths[i], id) == 0);
        check_received();
        CHECK(msgid.c_id == id && msgid.c_reserved01 == CAPS_OUTCOME_REPLIED);
    }
    end();
}

#define RING_CAPACITY 128
#define LAP_COUNT 5

static struct record_reader reader;
static int64_t next_id;

static void look_for_record(void)
{
    const int64_t id = record_peek(&reader);
    CHECK(id == 0 || id == next_id);
}

static void test_record_between_stores(void)
{
    /* R19: who sees a record sees its id, not that of the ring's last lap; [record]. */
    _Alignas(64) static uint8_t ring[RING_CAPACITY + LINK_RING_TRAILER_LENGTH];
    struct record_writer writer;
    record_writer_init(&writer, ring, RING_CAPACITY);
    record_reader_init(&reader, ring, RING_CAPACITY);
    for (int i = 1; i <= LAP_COUNT * RING_CAPACITY / LINK_RECORD_LENGTH; i++)
    {
        next_id = 1000 + i;
        before_store = look_for_record;
        CHECK(record_has_room(&writer));
        record_write(&writer, next_id);
        before_store = NULL;
        CHECK(record_peek(&reader) == next_id);
        record_pass(&reader);
        CHECK(record_peek(&reader) == 0);
        /* The reader stores its position less often than this short ring needs. */
        put_long_release(ring, reader.head_offset, reader.passed_count * LINK_RECORD_LENGTH);
    }
}

/* ---- words of another program's */

static void test_record_of_another_message(void)
{
    /* R29, F45: the slot of a message that was taken back stays in use until the service is done with that message,
       whatever other record names the slot. */
    begin();
    const off_t id = put(8);
    CHECK(receive() == id && caps_sys_abort(port, id, CAPF_ABORT_HARD) == CAPS_ABORT_ATSERVER);
    const int64_t others[] = {id + (INT64_C(1) << SLOT_SLOT_BITS), id - (INT64_C(1) << SLOT_SLOT_BITS), -id,
        id | (SLOT_MAX_SLOT_COUNT - 1), small.slot_count, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
    {
        record_write(&service_link()->replies, others[i]);
    }
    take(id, RECEIVED(CAPS_OUTCOME_ABORTED));
    CHECK_FAILS(EAGAIN, caps_sys_get(port, bytes, 1, &msgid, NULL));
    for (int i = 1; i < small.slot_count; i++)
    {
        put(8);
    }
    CHECK_FAILS(ENOBUFS, caps_sys_put(port, bytes, 8));
    CHECK(caps_sys_reply(svc, "late", 4, id) == 0);
    put(8);
    end();
}

static void check_refused(const int length, const int flags)
{
    begin();
    const off_t id = put(8);
    const off_t other = put(8);
    CHECK(receive() == id);
    store_reply(id, length, flags, 0);
    /* No message of it is returned, and the link is given up. */
    CHECK(caps_sys_get(port, bytes, sizeof(bytes), &msgid, NULL) == 0);
    CHECK(msgid.c_id == id && msgid.c_reserved01 == RECEIVED(CAPS_OUTCOME_SERVICE_CLOSED));
    take(other, CAPS_OUTCOME_SERVICE_CLOSED);
    CHECK_FAILS(ENOTCONN, caps_sys_get(port, bytes, 1, &msgid, NULL));
    CHECK_FAILS(ENOTCONN, caps_sys_put(port, bytes, 1));
    end();
}

static void test_reply_of_another_length(void)
{
    /* F45: a length is accepted only if a reply of that length fits the place that the flags name. */
    check_refused(small.message_limit + 1, SLOT_FLAG_IN_CELL);
    check_refused(INT32_MAX, SLOT_FLAG_IN_CELL);
    check_refused(-1, SLOT_FLAG_IN_CELL);
    check_refused(INT32_MIN, 0);
    check_refused(SLOT_INLINE_CAPACITY + 1, 0);
}

/* ---- incomplete operations */

static void test_reply_without_record(void)
{
    /* R23, B1: a service that ended between a reply and its record has replied, and what it replied comes first, in
       the order of the replies; then what was received, and what was not. */
    begin();
    off_t ids[4];
    for (int i = 0; i < 4; i++)
    {
        ids[i] = put(8);
    }
    for (int i = 0; i < 3; i++)
    {
        CHECK(receive() == ids[i]);
    }
    store_reply(ids[1], 8, 0, 1);
    store_reply(ids[2], 5, 0, 0);
    CHECK(caps_sys_close(svc) == 0);
    take(ids[2], CAPS_OUTCOME_REPLIED);
    take(ids[1], CAPS_OUTCOME_REPLIED);
    take(ids[0], RECEIVED(CAPS_OUTCOME_SERVICE_CLOSED));
    take(ids[3], CAPS_OUTCOME_SERVICE_CLOSED);
    CHECK_FAILS(ENOTCONN, caps_sys_get(port, bytes, 1, &msgid, NULL));
    CHECK(caps_sys_close(port) == 0);
}

static void test_abort_beside_a_later_request(void)
{
    /* R29: an abort has marked its message, and before it reads RECEIVED, the service passes that message and receives
       a later one: the first was not received, and the abort reports that. */
    begin();
    const off_t id = put(8);
    const off_t later = put(8);
    const struct client_link *link = client_link();
    put_long_volatile(link->base + request_half_offset(link->geometry, id_slot(id)), SLOT_ID_OFFSET, -id);
    CHECK(receive() == later);
    CHECK(get_long(link->base, LINK_RECEIVED_OFFSET) > id && get_long(link->base, SERVICE_COUNTER_SKIPS) == 1);
    CHECK(caps_sys_abort(port, id, 0) == CAPS_ABORT_BEFORESERVER);
    take(id, CAPS_OUTCOME_ABORTED);
    CHECK_FAILS(EINVAL, caps_sys_reply(svc, "x", 1, id));
    end();
}

int main(void)
{
    region_make();
    /* Each step is a step of this thread. */
    CHECK(caps_sys_open(NULL, CAPS_OPEN_NOWATCH, &small) == 0);
    RUN(test_request_between_stores);
    RUN(test_reply_between_stores);
    RUN(test_record_between_stores);
    RUN(test_record_of_another_message);
    RUN(test_reply_of_another_length);
    RUN(test_reply_without_record);
    RUN(test_abort_beside_a_later_request);
    CHECK(caps_sys_leave() == 0);
    printf("ends: ok\n");
    return 0;
}
