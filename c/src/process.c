/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "process.h"

#include "cancel.h"
#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK_LENGTH 1024
#define CHUNK_COUNT 1024
#define MAX_ID (CHUNK_LENGTH * CHUNK_COUNT - 1)
#define PORT_ALIGNMENT 128

static struct fork_page no_page;
struct fork_page *caps_fork_page = &no_page;

static struct
{
    bool is_wiped;                /* the kernel wipes the page in a child; otherwise pids are compared */
    pid_t owner;
    struct attachment *attachment;
    struct port **chunks[CHUNK_COUNT]; /* ports by id; an address never changes to another port's under a reader */
    int last_id;
    struct port *all;             /* every port that was ever made, so that none is lost */
    struct port *unused[2];       /* not in use: for one thread, and for several */
} process;

static void lock_word(uint32_t *word)
{
    for (int i = 0;; i++)
    {
        uint32_t expected = 0;
        if (__atomic_compare_exchange_n(word, &expected, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        {
            return;
        }
        pause_ns(i < 100 ? 1000 : 100000);
    }
}

static void unlock_word(uint32_t *word)
{
    __atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

__attribute__((constructor)) static void begin(void)
{
    process.owner = getpid();
    struct fork_page *page =
        mmap(NULL, sizeof(struct fork_page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED)
    {
        caps_fork_page = page;
        process.is_wiped = madvise(page, sizeof(struct fork_page), MADV_WIPEONFORK) == 0;
        page->is_own = process.is_wiped;
    }
}

/* In a child: disables its copies of the parent's ports. Nothing is freed, as another thread of the parent may have
   been in the middle of a change, and nothing of the region is touched: it is not mapped here. */
static void give_up(void)
{
    struct attachment *attachment = process.attachment;
    process.attachment = NULL;
    process.unused[0] = NULL;
    process.unused[1] = NULL;
    for (struct port *port = process.all; port != NULL; port = port->next_of_all)
    {
        port->is_held = 0;
        port->attachment = NULL;
        const int id = port->id;
        if (id != 0 && port->end_error == 0)
        {
            port->end_error = ENOTCONN;
        }
        if (id != 0 && port->is_no_fork)
        {
            process_remove_id(port, id);
        }
    }
    if (attachment != NULL)
    {
        attachment_forget(attachment);
    }
}

void process_check_fork(void)
{
    const int cancel_state = cancel_hold();
    lock_word(&caps_fork_page->is_checked);
    if (caps_fork_page->is_own == 0 && (process.is_wiped || process.owner != getpid()))
    {
        give_up();
        process.owner = getpid();
        __atomic_store_n(&caps_fork_page->is_own, process.is_wiped, __ATOMIC_RELEASE);
    }
    unlock_word(&caps_fork_page->is_checked);
    cancel_restore(cancel_state);
}

void process_lock(void)
{
    lock_word(&caps_fork_page->is_locked);
}

void process_unlock(void)
{
    unlock_word(&caps_fork_page->is_locked);
}

struct attachment *process_attachment(void)
{
    return process.attachment;
}

void process_set_attachment(struct attachment *attachment)
{
    process.attachment = attachment;
}

struct attachment *process_use_attachment(void)
{
    process_lock();
    struct attachment *attachment = process.attachment;
    if (attachment != NULL && attachment->is_left)
    {
        attachment = NULL;
    }
    if (attachment != NULL)
    {
        attachment->user_count++;
    }
    process_unlock();
    return attachment;
}

void process_unuse_attachment(struct attachment *attachment)
{
    const int error = errno;
    process_lock();
    attachment->user_count--;
    process_unlock();
    errno = error;
}

static struct port **place_of(const int id)
{
    struct port **chunk = __atomic_load_n(&process.chunks[id / CHUNK_LENGTH], __ATOMIC_ACQUIRE);
    return chunk == NULL ? NULL : &chunk[id % CHUNK_LENGTH];
}

struct port *process_port(const int id)
{
    struct port **place = id > 0 && id <= MAX_ID ? place_of(id) : NULL;
    return place == NULL ? NULL : __atomic_load_n(place, __ATOMIC_ACQUIRE);
}

struct port *process_new_port(const bool is_shared)
{
    struct port *port = process.unused[is_shared];
    if (port != NULL)
    {
        process.unused[is_shared] = port->next;
        port->next = NULL;
        return port;
    }
    port = aligned_alloc(PORT_ALIGNMENT, (sizeof(struct port) + PORT_ALIGNMENT - 1) / PORT_ALIGNMENT * PORT_ALIGNMENT);
    if (port != NULL)
    {
        memset(port, 0, sizeof(*port));
        port->is_shared = is_shared;
        port->next_of_all = process.all;
        /* A child that is forked just now finds it complete, or not at all. */
        __atomic_store_n(&process.all, port, __ATOMIC_RELEASE);
    }
    return port;
}

int process_add_port(struct port *port)
{
    struct port **place = NULL;
    int id = process.last_id;
    /* An id is not given again soon after its port was closed. There are more ids than ports of any region. */
    do
    {
        id = id == MAX_ID ? 1 : id + 1;
        place = place_of(id);
        if (place == NULL)
        {
            struct port **chunk = calloc(CHUNK_LENGTH, sizeof(struct port *));
            if (chunk == NULL)
            {
                return -ENOMEM;
            }
            __atomic_store_n(&process.chunks[id / CHUNK_LENGTH], chunk, __ATOMIC_RELEASE);
            place = &chunk[id % CHUNK_LENGTH];
        }
    }
    while (*place != NULL);
    process.last_id = id;
    __atomic_store_n(&port->id, id, __ATOMIC_RELAXED);
    __atomic_store_n(place, port, __ATOMIC_RELEASE);
    return id;
}

void process_remove_id(struct port *port, const int id)
{
    __atomic_store_n(&port->id, 0, __ATOMIC_RELAXED);
    __atomic_store_n(place_of(id), NULL, __ATOMIC_RELEASE);
}

struct port *process_closed_port(const int id)
{
    struct port *port = process.all;
    /* The id first: only of a port that has one the attachment does not change. */
    while (port != NULL && (__atomic_load_n(&port->closed_id, __ATOMIC_ACQUIRE) != id || port->attachment == NULL))
    {
        port = port->next_of_all;
    }
    return port;
}

bool process_has_allocations(void)
{
    bool has_allocations = false;
    for (struct port *port = process.all; port != NULL && !has_allocations; port = port->next_of_all)
    {
        has_allocations = __atomic_load_n(&port->closed_id, __ATOMIC_ACQUIRE) != 0 && port->attachment != NULL &&
            port->attachment == process.attachment;
    }
    return has_allocations;
}

void process_disown_closed(void)
{
    for (struct port *port = process.all; port != NULL; port = port->next_of_all)
    {
        if (__atomic_load_n(&port->closed_id, __ATOMIC_ACQUIRE) != 0 && port->attachment == process.attachment)
        {
            gate_enter(port);
            port->is_disowned = true;
            gate_exit(port);
        }
    }
}

void process_recycle_port(struct port *port)
{
    port->next = process.unused[port->is_shared];
    process.unused[port->is_shared] = port;
}

int process_any_port(void)
{
    int id = 0;
    for (struct port *port = process.all; port != NULL && id == 0; port = port->next_of_all)
    {
        id = port->attachment != NULL ? port_id(port) : 0;
    }
    return id;
}
