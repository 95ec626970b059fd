/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_ATTACHMENT_H
#define CAPS_ATTACHMENT_H

/*
 * This process's view of a region: opens ports, and looks after their peers: io.jcaps.Attachment.
 */

#include "error_log.h"
#include "region.h"
#include "tables.h"
#include "watch.h"

struct port;

struct attachment
{
    struct region region;
    struct tables tables;
    struct error_log errors;
    pthread_mutex_t mutex; /* over the list of ports */
    struct port *first_port;
    pthread_mutex_t wait_set_mutex; /* over the next two, while the entry is made */
    int wait_set_index;    /* entry on whose word threads sleep that poll several ports; NO_INDEX before the first */
    int64_t wait_set_incarnation;
    int user_count;        /* threads that open a port or poll: under the process's lock; it is not closed under them */
    bool is_left;          /* the program has left, and allocations keep the process in: under the process's lock */
    bool is_retired;       /* the region was removed or replaced under it, or its life lock lost */
    bool has_lost_life;    /* written by the watch */
    struct watch watch;
};

/* Attaches, with a watch thread unless the flags say otherwise. Null with errno. */
struct attachment *attachment_open(const char *path, int flags, const struct caps_geometry *geometry);

/* Closes what is left: ports are closed already. */
void attachment_close(struct attachment *attachment);

/* As attachment_close, for a region that was retired while allocations are out: the memory of the links stays mapped,
   so that a thread that still writes there does no harm. */
void attachment_abandon(struct attachment *attachment);

/* In a forked child: closes the descriptors; a child has no mappings. */
void attachment_forget(struct attachment *attachment);

/* Registers a service (R1, R3, R4) in a port that is not in use: 0 or a negative errno value, with the reason. */
int attachment_service(struct attachment *attachment, struct port *port, const char *name, uid_t uid, gid_t gid,
    int flags, const struct caps_attr *attr);

/* Connects to a service (R5, R6), as above. */
int attachment_client(struct attachment *attachment, struct port *port, const char *name, uid_t uid, gid_t gid,
    int flags, const struct caps_attr *attr);

void attachment_add(struct attachment *attachment, struct port *port);
void attachment_remove(struct attachment *attachment, struct port *port);

/* Waits until the watch has left the ports that it looks at: then it treats each port without an id as closed. */
void attachment_await_watch(struct attachment *attachment);

static inline bool attachment_is_retired(const struct attachment *attachment)
{
    return __atomic_load_n(&attachment->is_retired, __ATOMIC_RELAXED);
}

/* Whether the life lock was lost: nothing is stored into the region any more. */
static inline bool attachment_has_lost_life(const struct attachment *attachment)
{
    return __atomic_load_n(&attachment->has_lost_life, __ATOMIC_RELAXED);
}

/* What the kernel reports of the process that holds a peer's entry. */
enum attested
{
    ATTESTED_TRUE,   /* it is the entry's, or the kernel shows no credentials here: then they are not known */
    ATTESTED_GONE, /* no process has the entry */
    ATTESTED_FORGED, /* another process than the entry says holds its lock */
    ATTESTED_NOT_YET /* for a cause that may pass, such as no free descriptor */
};

/* Reads a peer's credentials from the kernel (R22). The caller frees them, whatever the result. */
enum attested attachment_attest(
    const struct attachment *attachment, int process_index, int64_t incarnation, struct credentials *credentials);

/* Whether a client may connect to a service (R6). */
bool attachment_is_allowed(
    const struct credentials *client, int client_flags, int32_t uid, int32_t gid, int service_flags);

#endif
