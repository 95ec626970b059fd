/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * libcaps as a contender of ./caps bench. Longer messages are written and read in place; a shorter one is copied within
 * one call.
 */
#include "cell.h"
#include "libcaps.h"

#define COPY_LIMIT 1024
#define MAX_LENGTH 131072
#define MAX_WINDOW 128
#define WAIT_NS INT64_C(100000000)

static int port;
static _Alignas(64) uint8_t outgoing[COPY_LIMIT];
static _Alignas(64) uint8_t incoming[COPY_LIMIT];

static const char *transport_refusal(void)
{
    return cell.length <= MAX_LENGTH && cell.window <= MAX_WINDOW ? NULL :
        "at most 131,072 bytes and 128 requests in flight";
}

static const char *transport_open(const bool is_server)
{
    char path[4096];
    struct caps_attr attr = CAPS_ATTR_INIT;
    attr.spin_only = !is_blocking;
    attr.spin_count = is_blocking ? 0 : attr.spin_count;
    attr.single_threaded = 1;
    snprintf(path, sizeof(path), "%s/region", cell.directory);
    port = caps_sys_open(path, 0, NULL) != 0 ? -1 : is_server ?
        caps_sys_service_attr("bench", geteuid(), (gid_t)-1, CAPF_USER, &attr) :
        caps_sys_client_attr("bench", geteuid(), (gid_t)-1, CAPF_USER | CAPF_WAITSVC, &attr);
    if (cell.length <= COPY_LIMIT)
    {
        fill(outgoing, 0, is_server ? REPLY_WORD : REQUEST_WORD);
    }
    return port < 0 ? caps_error() : NULL;
}

static int receive(const uint8_t **bytes, struct caps_msgid *id, const int64_t timeout_ns)
{
    const void *view = incoming;
    int length;
    if (cell.length > COPY_LIMIT)
    {
        length = caps_sys_view(port, &view, id, NULL, timeout_ns);
    }
    else if (timeout_ns == 0)
    {
        length = caps_sys_get(port, incoming, sizeof(incoming), id, NULL);
    }
    else if (timeout_ns == CAPS_FOREVER)
    {
        length = caps_sys_wait(port, incoming, sizeof(incoming), id, NULL);
    }
    else
    {
        length = caps_sys_timedwait(port, incoming, sizeof(incoming), id, NULL, timeout_ns);
    }
    *bytes = view;
    return length;
}

static bool transport_serve(const bool is_waiting)
{
    struct caps_msgid id;
    const uint8_t *bytes;
    int length = receive(&bytes, &id, 0);
    if (length < 0 && is_waiting)
    {
        /* With a time limit, so that the end of the input is noticed. */
        length = receive(&bytes, &id, WAIT_NS);
    }
    if (length >= 0 && id.c_state == CAPMS_DISPOSE)
    {
        served.disposals++;
    }
    else if (length >= 0)
    {
        const uint64_t number = number_in(bytes);
        uint8_t *reply = cell.length <= COPY_LIMIT ? outgoing : caps_sys_alloc(port, id.c_id, cell.length);
        served.corrupt += length != cell.length || !is_whole(bytes, number, REQUEST_WORD);
        served.requests++;
        refill(reply, number, REPLY_WORD);
        caps_sys_reply(port, reply, cell.length, id.c_id);
    }
    return length >= 0;
}

static bool transport_send(void)
{
    uint8_t *request = cell.length <= COPY_LIMIT ? outgoing : caps_sys_alloc(port, 0, cell.length);
    int64_t id;
    if (request == NULL)
    {
        return false;
    }
    refill(request, sent_count + 1, REQUEST_WORD);
    id = caps_sys_put(port, request, cell.length);
    sent_count += id > 0;
    return id > 0;
}

static bool transport_take(void)
{
    struct caps_msgid id;
    const uint8_t *bytes;
    const int length = receive(&bytes, &id, is_blocking ? CAPS_FOREVER : 0);
    if (length < 0)
    {
        has_failed |= errno != EAGAIN && errno != EINTR;
        return false;
    }
    taken_count++;
    has_failed |= length != cell.length || number_in(bytes) != taken_count || !is_whole(bytes, taken_count, REPLY_WORD);
    if (cell.length > COPY_LIMIT)
    {
        caps_sys_release(port, id.c_id);
    }
    return true;
}

static void transport_close(void)
{
    caps_sys_close(port);
}
