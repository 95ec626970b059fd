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
    const struct attachment *attachment = process_attachment();
    if (attachment == NULL)
    {
        result = attach(region, flags, geometry);
    }
    else
    {
        char *path = region_path(region);
        result = path != NULL && strcmp(path, attachment->region.path) == 0 ? 0 :
            fail_with(EEXIST, "this process is attached to %s", attachment->region.path);
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
        process_recycle_port(port);
        return fail(ENOMEM, "no memory");
    }
    attachment_add(attachment, port);
    return id;
}

typedef int (*open_function)(struct attachment *, struct port *, const char *, uid_t, gid_t, int,
    const struct caps_attr *);

/* The region may be another by now: an attachment to the old one goes when nothing of it is in use. Under the process's
   lock. */
static void leave_retired(void)
{
    struct attachment *attachment = process_attachment();
    if (attachment != NULL && attachment_is_retired(attachment) && attachment->user_count == 0 &&
        process_any_port() == 0)
    {
        /* First, so that the child of a fork on another thread meanwhile does not find it half closed. */
        process_set_attachment(NULL);
        attachment_close(attachment);
    }
}

/* Takes a port that is not in use, and attaches if need be: null with errno. */
static struct port *begin_port(const bool is_shared)
{
    struct port *port = NULL;
    process_lock();
    leave_retired();
    if (process_attachment() != NULL || attach(NULL, 0, NULL) == 0)
    {
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
        /* One is there, so it is not reported as missing. */
        fail_with(EACCES, "no generic service admits this client: name=%s", name);
    }
    return id;
}

/* Ends a port whose id this thread has taken away. */
static void close_port(struct port *port)
{
    struct attachment *attachment = port->attachment;
    if (attachment == NULL)
    {
        /* The parent's: its memory here is as another thread may have left it, so it is not used again. */
        return;
    }
    const bool is_disowned = port->is_disowned;
    port_end(port);
    attachment_remove(attachment, port);
    /* What the close has left in the tables is freed now if nobody is in them, otherwise by the next who comes. */
    if (!is_disowned && tables_try_lock(&attachment->tables))
    {
        tables_free_closed(&attachment->tables);
        tables_trim(&attachment->tables);
        tables_unlock(&attachment->tables);
    }
    process_lock();
    process_recycle_port(port);
    process_unlock();
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
        /* First, so that the child of a fork on another thread meanwhile does not find it half closed. */
        process_set_attachment(NULL);
        attachment_close(attachment);
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
    /* [generation] release: pairs with the acquire in caps_sys_getgen(). Without it the number could be seen before
       what it tells of. If this process dies before it, the old number stays. */
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
    const int descriptor = attachment == NULL ? -1 : attachment->watch.poller;
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
    if (attachment == NULL)
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
