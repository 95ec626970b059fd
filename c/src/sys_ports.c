/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Attaching, opening and closing.
 */
#include "call.h"
#include "cancel.h"
#include "fail.h"
#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- attaching */

static bool is_enabled(void)
{
    const char *enabled = secure_getenv("CAPS_ENABLED");
    return enabled == NULL || strcmp(enabled, "0") != 0;
}

static int fail_disabled(void)
{
    return fail(EOPNOTSUPP, "CAPS is switched off: CAPS_ENABLED=0");
}

/* Under the process's lock. */
static int attach(const char *path, const int flags, const struct caps_geometry *geometry)
{
    struct attachment *attachment = attachment_open(path, flags, geometry);
    process_set_attachment(attachment);
    return attachment == NULL ? -1 : 0;
}

/* Leaves the region; where allocations are out, their memory stays. Under the process's lock. */
static void leave(struct attachment *attachment)
{
    const bool has_allocations = process_has_allocations();
    if (has_allocations)
    {
        process_disown_closed();
    }
    /* First, so that a child that another thread forks does not find it half closed. */
    process_set_attachment(NULL);
    if (has_allocations)
    {
        attachment_abandon(attachment);
    }
    else
    {
        attachment_close(attachment);
    }
}

/* The region may have been replaced: an attachment to the old one is closed when no port or allocation of it is in use.
   Under the process's lock. */
static void leave_retired(void)
{
    struct attachment *attachment = process_attachment();
    if (attachment != NULL && attachment_is_retired(attachment) && attachment->user_count == 0 &&
        process_any_port() == 0)
    {
        leave(attachment);
    }
}

int caps_sys_open(const char *region, const int flags, const struct caps_geometry *geometry)
{
    process_check();
    if (!is_enabled())
    {
        return fail_disabled();
    }
    const int cancel_state = cancel_hold();
    process_lock();
    int result;
    leave_retired();
    struct attachment *attachment = process_attachment();
    if (attachment == NULL)
    {
        result = attach(region, flags, geometry);
    }
    else
    {
        char *path = region_path(region);
        const bool is_same = path != NULL && strcmp(path, attachment->region.path) == 0;
        result = is_same ? 0 : fail_with(EEXIST, attachment->is_left ? "this process is attached to %s until memory of "
            "caps_sys_alloc is given back" : "this process is attached to %s", attachment->region.path);
        attachment->is_left = attachment->is_left && !is_same;
        free(path);
    }
    process_unlock();
    cancel_restore(cancel_state);
    return result;
}

/* ---- opening and closing */

static int add(struct attachment *attachment, struct port *port)
{
    const int id = process_add_port(port);
    if (id < 0)
    {
        port_end(port);
        port_release(port);
        process_recycle_port(port);
        return fail(ENOMEM, "no memory");
    }
    attachment_add(attachment, port);
    return id;
}

typedef int (*open_function)(struct attachment *, struct port *, const char *, uid_t, gid_t, int,
    const struct caps_attr *);

/* Takes a port that is not in use, and attaches if need be: null with errno. */
static struct port *begin_port(const bool is_shared)
{
    struct port *port = NULL;
    process_lock();
    leave_retired();
    if (process_attachment() != NULL || attach(NULL, 0, NULL) == 0)
    {
        process_attachment()->is_left = false;
        port = process_new_port(is_shared);
        if (port == NULL)
        {
            fail(ENOMEM, "no memory");
        }
        else
        {
            process_attachment()->user_count++;
        }
    }
    process_unlock();
    return port;
}

/* Gives a port that is open its id, or takes back one that is not. */
static int end_port(struct attachment *attachment, struct port *port, const bool is_open)
{
    const int error = errno;
    int id = -1;
    process_lock();
    attachment->user_count--;
    if (is_open)
    {
        id = add(attachment, port);
    }
    else
    {
        process_recycle_port(port);
        errno = error;
    }
    process_unlock();
    return id;
}

static int open_port(
    const open_function open,
    const char *name,
    const uid_t uid,
    const gid_t gid,
    const int flags,
    const struct caps_attr *attr)
{
    process_check();
    if (!is_enabled())
    {
        return fail_disabled();
    }
    const int cancel_state = cancel_hold();
    int id = -1;
    struct port *port = begin_port(attr == NULL || attr->single_threaded == 0);
    if (port != NULL)
    {
        struct attachment *attachment = process_attachment();
        /* Not under the lock: a client may wait for its service. */
        id = end_port(attachment, port, open(attachment, port, name, uid, gid, flags, attr) == 0);
    }
    cancel_restore(cancel_state);
    return id;
}

int caps_sys_service_attr(
    const char *name, const uid_t uid, const gid_t gid, const int flags, const struct caps_attr *attr)
{
    return open_port(attachment_service, name, uid, gid, flags, attr);
}

int caps_sys_client_attr(
    const char *name, const uid_t uid, const gid_t gid, const int flags, const struct caps_attr *attr)
{
    return open_port(attachment_client, name, uid, gid, flags, attr);
}

int caps_sys_service(const char *name, const uid_t uid, const gid_t gid, const int upcid, const int flags)
{
    (void)upcid;
    return caps_sys_service_attr(name, uid, gid, flags, NULL);
}

int caps_sys_client(const char *name, const uid_t uid, const gid_t gid, const int upcid, const int flags)
{
    (void)upcid;
    return caps_sys_client_attr(name, uid, gid, flags, NULL);
}

int caps_sys_generic(const char *name, const int flags)
{
    const uid_t uids[] = {getuid(), (uid_t)-1, 0};
    const gid_t gids[] = {(gid_t)-1, getgid(), 0};
    int id = -1;
    bool is_denied = false;
    for (int i = 0; i < 3 && id < 0; i++)
    {
        id = caps_sys_client(name, uids[i], gids[i], 0, flags & ~CAPF_WAITSVC);
        if (id < 0 && errno != ENOENT && errno != EACCES)
        {
            return id;
        }
        is_denied = is_denied || (id < 0 && errno == EACCES);
    }
    if (id < 0 && errno == ENOENT && is_denied)
    {
        /* At least one is registered, so the error is not ENOENT. */
        fail_with(EACCES, "no generic service admits this client: name=%s", name);
    }
    else if (id < 0 && errno == ENOENT)
    {
        fail_with(ENOENT, "no such service is registered: name=%s, of uid=%u, else of gid=%u, else of uid=0 and gid=0",
            name, (unsigned)uids[0], (unsigned)gids[1]);
    }
    return id;
}

/* Frees the entries of an ended port now if the tables are not locked; otherwise the next process does. */
static void tidy(const struct port *port)
{
    struct tables *tables = &port->attachment->tables;
    if (!port->is_disowned && !attachment_has_lost_life(port->attachment) && tables_try_lock(tables))
    {
        tables_free_closed(tables);
        tables_trim(tables);
        tables_unlock(tables);
    }
}

/* The attachment goes once the program has left and no allocation keeps it. Under the process's lock. */
static void end_leaving(void)
{
    struct attachment *attachment = process_attachment();
    if (attachment != NULL && attachment->is_left && !process_has_allocations())
    {
        /* First, so that a child that another thread forks does not find it half closed. */
        process_set_attachment(NULL);
        attachment_close(attachment);
    }
}

/* A port that has ended, and in which no allocation is out, is not in use any more. */
static void retire_port(struct port *port)
{
    port_release(port);
    if (port->closed_id != 0)
    {
        tidy(port);
    }
    process_lock();
    __atomic_store_n(&port->closed_id, 0, __ATOMIC_RELAXED);
    process_recycle_port(port);
    end_leaving();
    process_unlock();
}

/* Ends a port whose id this thread has taken away. */
static void close_port(struct port *port)
{
    struct attachment *attachment = port->attachment;
    if (attachment == NULL)
    {
        /* A port of the parent's: another thread may have been changing it at the fork, so it is not used again. */
        return;
    }
    /* The watch may be about to show numbers in the entry, which is another port's once this one has ended. */
    attachment_await_watch(attachment);
    port_end(port);
    attachment_remove(attachment, port);
    tidy(port);
    gate_enter(port);
    port->is_lingering = port->closed_id != 0 && port_has_allocations(port);
    const bool is_lingering = port->is_lingering;
    gate_exit(port);
    if (!is_lingering)
    {
        retire_port(port);
    }
}

bool call_free_closed(const int portid, const void *address)
{
    if (portid <= 0 || address == NULL)
    {
        return false;
    }
    const int error = errno;
    const int cancel_state = cancel_hold();
    process_lock();
    struct port *port = process_closed_port(portid);
    process_unlock();
    bool is_freed = false;
    if (port != NULL)
    {
        gate_enter(port);
        is_freed = __atomic_load_n(&port->closed_id, __ATOMIC_ACQUIRE) == portid &&
            port_free_allocation(port, address);
        const bool is_last = is_freed && port->is_lingering && !port_has_allocations(port);
        port->is_lingering = port->is_lingering && !is_last;
        gate_exit(port);
        if (is_last)
        {
            retire_port(port);
        }
    }
    cancel_restore(cancel_state);
    errno = error;
    return is_freed;
}

int caps_sys_close(const int portid)
{
    process_check();
    struct port *port = process_port(portid);
    if (port == NULL || !port_enter(port, portid))
    {
        return fail_with(EINVAL, "no such port: %d", portid);
    }
    port->is_disowned = port->end_error != 0;
    if (port->attachment != NULL)
    {
        __atomic_store_n(&port->closed_id, port_has_allocations(port) ? portid : 0, __ATOMIC_RELEASE);
    }
    port->end_error = EINVAL;
    process_remove_id(port, portid);
    gate_exit(port);
    const int cancel_state = cancel_hold();
    close_port(port);
    cancel_restore(cancel_state);
    return 0;
}

int caps_sys_leave(void)
{
    process_check();
    int id;
    do
    {
        process_lock();
        id = process_any_port();
        process_unlock();
        if (id != 0)
        {
            caps_sys_close(id);
        }
    }
    while (id != 0);
    const int cancel_state = cancel_hold();
    process_lock();
    struct attachment *attachment = process_attachment();
    if (attachment != NULL)
    {
        /* A thread may still write to memory that it allocated, which must not become another's: this process is in the
           region until that is released. A process without the life lock has left the region already. */
        attachment->is_left = process_has_allocations() && !attachment_has_lost_life(attachment);
        if (!attachment->is_left)
        {
            leave(attachment);
        }
    }
    process_unlock();
    cancel_restore(cancel_state);
    return 0;
}

/* ---- generations */

int caps_sys_setgen(const int portid, const caps_gen_t gen)
{
    struct port *port = call_enter(portid, EITHER);
    if (port == NULL)
    {
        return -1;
    }
    /* [generation] release: pairs with the acquire in caps_sys_getgen(). Without it a client could see the number
       before the change that it announces. If this process dies before it, the old number stays. */
    put_long_release(port->entry, PORT_GENERATION_OFFSET, gen);
    gate_exit(port);
    return 0;
}

caps_gen_t caps_sys_getgen(const int portid)
{
    struct port *port = call_enter(portid, 1);
    if (port == NULL)
    {
        return -1;
    }
    /* [generation] acquire: pairs with the release in caps_sys_setgen(). */
    const caps_gen_t generation = get_long_acquire(port->service_entry, PORT_GENERATION_OFFSET);
    gate_exit(port);
    return generation;
}

/* ---- the watch */

int caps_watch_fd(void)
{
    process_check();
    process_lock();
    const struct attachment *attachment = process_attachment();
    const int descriptor = attachment == NULL || attachment->is_left ? -1 : attachment->watch.poller;
    process_unlock();
    return descriptor >= 0 ? descriptor : fail(ENOTCONN, "the process is not attached");
}

int caps_watch(void)
{
    process_check();
    const int cancel_state = cancel_hold();
    process_lock();
    struct attachment *attachment = process_attachment();
    int result = 0;
    if (attachment == NULL || attachment->is_left)
    {
        result = fail(ENOTCONN, "the process is not attached");
    }
    else if (attachment->watch.has_thread)
    {
        result = fail(EINVAL, "the library's own thread does it: attach with CAPS_OPEN_NOWATCH");
    }
    else
    {
        watch_round(attachment);
    }
    process_unlock();
    cancel_restore(cancel_state);
    return result;
}
