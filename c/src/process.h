/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_PROCESS_H
#define CAPS_PROCESS_H

/*
 * The state of this process: its attachment, its ports and their ids (R9), and the detection of a forked child (R27).
 *
 * A forked child is found out by a page that the kernel wipes in it (MADV_WIPEONFORK): however it was forked, each call
 * sees zero there first. The locks of this file lie in that page, too, so that a child never finds one held by a thread
 * that it does not have.
 */

#include "port.h"

/* The page that a child finds wiped. */
struct fork_page
{
    uint32_t is_own;     /* 0: a child that has not noticed yet */
    uint32_t is_checked; /* lock: a thread finds out that it is in a child */
    uint32_t is_locked;  /* lock: over the attachment, the table of ids, and the ports that are not in use */
};

extern struct fork_page *caps_fork_page;

/* The slow path of process_check. */
void process_check_fork(void);

/* Each call begins with it: in a forked child it gives up the parent's ports and attachment. */
static inline void process_check(void)
{
    if (UNLIKELY(__atomic_load_n(&caps_fork_page->is_own, __ATOMIC_RELAXED) == 0))
    {
        process_check_fork();
    }
}

/* Serialises the threads that attach, leave, open and close. */
void process_lock(void);
void process_unlock(void);

/* The attachment, or null; under the lock, or from within a call on one of its ports. */
struct attachment *process_attachment(void);
void process_set_attachment(struct attachment *attachment);

/* The attachment, or null; it is not closed, unless by caps_sys_leave, until it is given back. Without the lock. */
struct attachment *process_use_attachment(void);
void process_unuse_attachment(struct attachment *attachment);

/* The port with an id, or null. It may be closed at any time: see port_enter. */
struct port *process_port(int id);

/* A port that is not in use; null if there is no memory. Under the lock. */
struct port *process_new_port(bool is_shared);

/* Gives a port that is complete its id. Under the lock. */
int process_add_port(struct port *port);

/* Takes the id away from a port, within its gate. */
void process_remove_id(struct port *port, int id);

/* The port that had an id, while allocations keep it; or null. Under the lock. */
struct port *process_closed_port(int id);

/* Whether allocations keep any port of the attachment, which is closed otherwise. Under the lock. */
bool process_has_allocations(void);

/* Ends the closed ports that allocations keep: nothing more is stored for them, and their memory stays mapped when the
   process leaves the region. Under the lock. */
void process_disown_closed(void);

/* The port is not in use any more. Under the lock. */
void process_recycle_port(struct port *port);

/* Id of the next port of the attachment that is open; 0 if there is none. Under the lock. */
int process_any_port(void);

#endif
