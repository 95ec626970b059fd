/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "receive.h"

#include "clock.h"
#include "futex.h"

#include <errno.h>

/* The first polls have no pause between them: a pause lasts longer than a poll, and would delay an answer. */
#define UNPAUSED_COUNT 64
#define TIME_CHECK_MASK 0x3FF
/* A sleep below this length costs more than it saves. */
#define SHORT_SLEEP_NS INT64_C(100000)

static void tell(const struct message *message, const struct reception *reception)
{
    if (reception->msgid != NULL)
    {
        reception->msgid->c_id = message->id;
        reception->msgid->c_state = (caps_msg_state_t)message->state;
        reception->msgid->c_reserved01 = message->outcome;
    }
    if (reception->cred != NULL)
    {
        *reception->cred = *message->cred;
    }
}

/* Within the gate. */
static void end_view(struct port *port, const struct message *message)
{
    if (port->is_client)
    {
        client_link_release(&port->client, message->slot, message->id);
    }
    else if (message->link->viewed[message->slot] == message->id)
    {
        message->link->viewed[message->slot] = 0;
        service_add_open(&port->service.view_count, -1);
        service_end_view(port, message->link);
    }
}

/* Copies a payload while other threads may continue; a close waits for it. 0, or an error if the port was closed in
   between, or the life lock lost: the view is void then, and nothing is stored any more. Within the gate. */
static int copy_outside(struct port *port, const int id, const struct message *message, void *buffer)
{
    port->copy_count++;
    gate_exit(port);
    memcpy(buffer, message->payload, (size_t)message->length);
    gate_enter(port);
    port->copy_count--;
    return port_id(port) != id ? EINVAL : port->end_error;
}

int receive(struct port *port, const int id, const struct reception *reception)
{
    struct message message;
    if (!port_enter(port, id))
    {
        return -EINVAL;
    }
    if (UNLIKELY(port->end_error != 0))
    {
        const int error = port->end_error;
        gate_exit(port);
        return -error;
    }
    const int limit = reception->view != NULL ? port->geometry->message_limit : reception->capacity;
    const int result = reception->call == NULL ? port_poll(port, &message, limit) :
        client_link_take_reply(&port->client, id_slot(reception->call->id), &message, limit);
    if (result < 0)
    {
        gate_exit(port);
        return result;
    }
    tell(&message, reception);
    if (reception->view != NULL)
    {
        *reception->view = message.payload;
    }
    else if (message.is_view)
    {
        if (message.length > COPY_LIMIT)
        {
            const int error = copy_outside(port, id, &message, reception->buffer);
            if (UNLIKELY(error != 0))
            {
                gate_exit(port);
                return -error;
            }
        }
        else if (message.length > 0)
        {
            memcpy(reception->buffer, message.payload, (size_t)message.length);
        }
        end_view(port, &message);
    }
    gate_exit(port);
    return message.length;
}

/* A call's own poll: outside the gate while there is no message. */
static int look(struct port *port, const int id, const struct reception *reception)
{
    return reception->call != NULL && port_id(port) == id && !client_link_may_have_reply(port, reception->call) ?
        -EAGAIN : receive(port, id, reception);
}

static int spin(struct port *port, const int id, const struct reception *reception, const int64_t deadline_ns)
{
    for (int i = 0;; i++)
    {
        const int result = look(port, id, reception);
        if (result != -EAGAIN)
        {
            return result;
        }
        if ((i & TIME_CHECK_MASK) == 0 && deadline_ns != INT64_MAX && now_ns() >= deadline_ns)
        {
            return -ETIMEDOUT;
        }
        spin_wait();
    }
}

/* Copies of what a waiting thread needs of its port outside the gate, where the port may be closed and used again. */
struct waiting_place
{
    struct attachment *attachment;
    uint8_t *entry;
    bool spin_only;
};

/* False if the port was closed. */
static bool find_place(struct port *port, const int id, struct waiting_place *place)
{
    const bool is_open = port_enter(port, id);
    if (is_open)
    {
        *place = (struct waiting_place){port->attachment, port->entry, port->spin_only};
        gate_exit(port);
    }
    return is_open;
}

/* How long a sleeper may sleep without a look, if its port is still open. */
static int64_t sleep_limit(struct port *port, const int id)
{
    int64_t limit = 0;
    if (port_enter(port, id))
    {
        limit = port_sleep_limit(port);
        gate_exit(port);
    }
    return limit;
}

static int sleep_once(
    struct port *port, const int id, uint8_t *word, const struct reception *reception, const int64_t deadline_ns)
{
    /* [wake] volatile read before the announcement and the last look: pairs with the atomic add in wake_word(). */
    const int32_t sequence = get_int_volatile(word, 0);
    const bool is_announced = port_announce_sleeper(port, id, 1);
    int result = receive(port, id, reception);
    if (result == -EAGAIN)
    {
        const int end = futex_sleep(word, sequence, deadline_ns, sleep_limit(port, id));
        if (end != 0)
        {
            result = receive(port, id, reception);
            result = result == -EAGAIN ? end : result;
        }
    }
    if (is_announced)
    {
        port_announce_sleeper(port, id, -1);
    }
    return result;
}

/* Adapts the polls before a sleep: a short sleep makes them more, a long one fewer. Otherwise two sides that have slept
   once would sleep at every message, as each answer comes after the other side has stopped polling. Within the gate. */
static void adapt_spin_count(struct port *port, const int64_t slept_ns)
{
    const int spin_count = __atomic_load_n(&port->spin_count, __ATOMIC_RELAXED);
    const int changed = slept_ns < SHORT_SLEEP_NS ? 2 * spin_count + 1 : spin_count / 2;
    __atomic_store_n(&port->spin_count, changed > port->max_spin_count ? port->max_spin_count :
        changed < port->min_spin_count ? port->min_spin_count : changed, __ATOMIC_RELAXED);
}

static int sleep_on(
    struct port *port,
    const int id,
    const struct waiting_place *place,
    const struct reception *given,
    const int64_t deadline_ns)
{
    /* The received message decides which thread is woken next, even if the caller does not want its id. */
    struct caps_msgid msgid;
    struct reception reception = *given;
    reception.msgid = given->msgid != NULL ? given->msgid : &msgid;
    const int64_t start_ns = now_ns();
    int result;
    (void)__atomic_add_fetch(&port->sleeper_count, 1, __ATOMIC_SEQ_CST);
    do
    {
        result = sleep_once(port, id, place->entry + PORT_WAKE_OFFSET, &reception, deadline_ns);
    }
    while (result == -EAGAIN);
    (void)__atomic_sub_fetch(&port->sleeper_count, 1, __ATOMIC_RELEASE);
    if (!port_enter(port, id))
    {
        return result;
    }
    adapt_spin_count(port, now_ns() - start_ns);
    const int wake_limit = port->is_client ? INT32_MAX : 1;
    gate_exit(port);
    if (result < 0 || reception.msgid->c_state == CAPMS_DISPOSE)
    {
        /* This thread may have used up a wake-up that announced a message, or received a disposal, which wakes no
           thread: it passes the wake-up on to another sleeper. */
        port_wake(place->attachment, place->entry, wake_limit);
    }
    return result;
}

int receive_wait(struct port *port, const int id, const struct reception *reception, const int64_t timeout_ns)
{
    if (timeout_ns <= 0)
    {
        return receive(port, id, reception);
    }
    const int64_t deadline_ns = timeout_ns == INT64_MAX ? INT64_MAX : deadline_after(timeout_ns);
    const int limit = __atomic_load_n(&port->spin_count, __ATOMIC_RELAXED);
    for (int i = 0; i <= limit; i++)
    {
        const int result = look(port, id, reception);
        if (result != -EAGAIN)
        {
            return result;
        }
        if (i >= UNPAUSED_COUNT)
        {
            spin_wait();
        }
    }
    struct waiting_place place;
    return !find_place(port, id, &place) ? -EINVAL :
        place.spin_only ? spin(port, id, reception, deadline_ns) :
        sleep_on(port, id, &place, reception, deadline_ns);
}
