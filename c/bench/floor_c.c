/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The floor of C programs as a contender of ./caps bench: a number that two processes pass back and forth through two
 * words on two cache lines; if the cell blocks, each sleeps in futex until the other has changed its word.
 */
#include "cell.h"

static uint64_t *words;

static const char *transport_refusal(void)
{
    return cell.length <= 32 && cell.window == 1 ? NULL : "carries one word, one message at a time";
}

static const char *transport_open(const bool is_server)
{
    words = map_words("floor", is_server);
    served.disposals = -1;
    return NULL;
}

static bool transport_serve(const bool is_waiting)
{
    const uint64_t answered = (uint64_t)served.requests;
    uint64_t ping = load(&words[PING]);
    if (ping == answered && is_waiting)
    {
        sleep_on(&words[PING], answered, SHORT_NAP_NS);
        ping = load(&words[PING]);
    }
    if (ping == answered)
    {
        return false;
    }
    served.corrupt += ping != answered + 1;
    served.requests++;
    store(&words[PONG], ping);
    if (is_blocking)
    {
        wake(&words[PONG]);
    }
    return true;
}

static bool transport_send(void)
{
    store(&words[PING], ++sent_count);
    if (is_blocking)
    {
        wake(&words[PING]);
    }
    return true;
}

static bool transport_take(void)
{
    const uint64_t pong = load(&words[PONG]);
    if (pong == taken_count)
    {
        if (is_blocking)
        {
            sleep_on(&words[PONG], pong, 0);
        }
        return false;
    }
    has_failed |= pong != ++taken_count;
    return true;
}

static void transport_close(void)
{
}
