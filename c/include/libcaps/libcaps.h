/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBCAPS_H
#define LIBCAPS_H

/*
 * The calls that this implementation adds to the original's ten (B1 to B8). The conventions are those of
 * <sys/caps.h>: -1 and errno, any thread. Time limits are in nanoseconds: 0 does not wait, CAPS_FOREVER has no limit.
 */

#include <sys/caps.h>

#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif
#ifdef __cplusplus
extern "C"
{
#endif

#define CAPS_FOREVER INT64_MAX

/* Outcome of a put, in c_reserved01 at the client (B1): one kind, and CAPS_RECEIVED if the service had the message. */
#define CAPS_OUTCOME_REPLIED 0        /* a reply, which may have 0 bytes */
#define CAPS_OUTCOME_SERVICE_CLOSED 1 /* the service closed its port without a reply */
#define CAPS_OUTCOME_SERVICE_DIED 2   /* the service's process ended without closing its port */
#define CAPS_OUTCOME_ABORTED 3        /* the client aborted it */
#define CAPS_OUTCOME_UNREACHABLE 4    /* a bridge lost its connection to the remote service */
#define CAPS_OUTCOME_REFUSED 5        /* the service did not admit this client, and never received the message */
#define CAPS_OUTCOME_KIND(outcome) ((outcome) & 0xFF)
#define CAPS_RECEIVED 0x100           /* the service had received the message */

/* Flags of caps_sys_open. */
#define CAPS_OPEN_NOCREATE 0x01 /* fail with ENOENT if there is no region */
#define CAPS_OPEN_GROUP 0x02    /* the region is shared by the directory's group: mode 0660 */
#define CAPS_OPEN_WORLD 0x04    /* every user may attach: mode 0666, in a directory that only its owner may change */
#define CAPS_OPEN_NOWATCH 0x08  /* start no thread: the program calls caps_watch */
#define CAPS_OPEN_HUGE_PAGES 0x10 /* ask for pages of 2 MiB: on a tmpfs mounted with huge=advise */

/* Size of a region, fixed when the region is created. Only pages that are used take memory. */
struct caps_geometry
{
    int process_count; /* processes attached at a time, 1 to 4,096 */
    int port_count;    /* ports at a time, 2 to 65,536 */
    int link_count;    /* clients at a time, 1 to 16,384 */
    int slot_count;    /* messages in progress per client, 1 to 128 */
    int message_limit; /* longest message in bytes, 0 to 131,072 */
};
#define CAPS_GEOMETRY_INIT {256, 512, 256, 128, 131072}

/* How a port is used; it is fixed when the port is opened. */
struct caps_attr
{
    int spin_only;              /* not 0: waits poll and never sleep, and peers need not wake; signals end no wait */
    int single_threaded;        /* not 0: one thread at a time uses the port, so calls need no lock */
    int spin_count;             /* most polls before a wait sleeps, 0 or more */
    int64_t connect_timeout_ns; /* with CAPF_WAITSVC: longest wait for the service */
    caps_gen_t generation;      /* the port's generation from the start: caps_sys_setgen */
    int prefault_length;        /* bytes of payload for which each slot of a link gets memory before its first
                                   message, 0 to the region's limit; takes that much memory per slot and side */
};
#define CAPS_ATTR_INIT {0, 0, 2000, CAPS_FOREVER, 0, 0}

/*
 * Attaches this process to a region, and creates it with the given geometry if it does not exist. Calls that open
 * ports attach by themselves, with no flags and the default geometry. region is the path of the file; null means the
 * one that CAPS_REGION names (ignored in a set-user-id program), otherwise /dev/shm/jcaps-<user>/default. geometry may
 * be null. Returns 0, also if the process is attached to that region already.
 *   EEXIST     the process is attached to another region
 *   ENOENT     no region, with CAPS_OPEN_NOCREATE
 *   EBUSY      another CAPS library in this process, such as the Java one, uses the region
 *   ENOBUFS    the region has no free process entry
 *   EAGAIN     no watch thread can be started
 *   EPROTO     the file is not a region, or has another version, geometry or byte order
 *   EACCES, EPERM, EIO, ENOSPC, ENOMEM, EMFILE, ETIMEDOUT, EOPNOTSUPP: see caps_error()
 */
int caps_sys_open(const char *region, int flags, const struct caps_geometry *geometry);

/*
 * Closes each port and leaves the region; its memory is unmapped. No other thread may be in a call, and views are void.
 * If memory of caps_sys_alloc is not released, a thread may still write to it: the process then stays in the region
 * until the last such memory is released. Returns 0, also if the process was not attached.
 */
int caps_sys_leave(void);

/* As caps_sys_service and caps_sys_client, with attributes. attr may be null. */
int caps_sys_service_attr(const char *name, uid_t uid, gid_t gid, int flags, const struct caps_attr *attr);
int caps_sys_client_attr(const char *name, uid_t uid, gid_t gid, int flags, const struct caps_attr *attr);

/*
 * Connects to a 'generic' service (R7): of (getuid(), -1), else (-1, getgid()), else (0, 0). CAPF_WAITSVC is ignored.
 * Errors as caps_sys_client does for the last of the three.
 */
int caps_sys_generic(const char *name, int flags);

/*
 * Memory of the region for one message of at most size bytes, to be filled and then given to caps_sys_put or
 * caps_sys_reply, which send it without a copy (B6). msgid is 0 at a client; at a service, the request that it will
 * answer. Aligned to 32 bytes. Valid until it was put, replied or freed, even if the port is closed before that. Then
 * release it by caps_sys_free, or by a caps_sys_put or caps_sys_reply, which fails: until then no other client gets the
 * link that it is part of. Null with
 *   EINVAL, ENOTCONN, ENOBUFS, ENOSPC as caps_sys_put
 */
void *caps_sys_alloc(int portid, off_t msgid, int size);

/*
 * Releases memory of caps_sys_alloc that will not be sent. The port may be closed. Returns 0.
 *   EINVAL     not an allocation of this port
 */
int caps_sys_free(int portid, void *msg);

/*
 * Takes the next message, of any length, and shows its bytes in place. Waits at most timeout_ns. *msg is valid until
 * caps_sys_release; at a service, only until the reply if that is earlier. Returns the length in bytes.
 *   EWOULDBLOCK timeout_ns is 0 and no message is ready
 *   ETIMEDOUT   none came in time
 *   EINVAL, ENOTCONN, EINTR as caps_sys_wait; with a time limit, every signal handler ends the sleep
 */
int caps_sys_view(int portid, const void **msg, struct caps_msgid *msgid, struct caps_cred *ccr, int64_t timeout_ns);

/*
 * Ends a view. At a client this is the disposal of the reply (R21): the message is no longer in progress. Returns 0.
 *   EINVAL     no such view, or it was released before
 */
int caps_sys_release(int portid, off_t msgid);

/*
 * As caps_sys_wait, waiting at most timeout_ns.
 *   ETIMEDOUT  no message came in time; EWOULDBLOCK if timeout_ns is 0
 *   EINTR      a signal handler ran, with or without SA_RESTART
 */
int caps_sys_timedwait(int portid, void *msg, int maxsize, struct caps_msgid *msgid, struct caps_cred *ccr,
    int64_t timeout_ns);

/*
 * Sends a request and waits for its own reply (B5), at most timeout_ns; other replies are left to caps_sys_get. Returns
 * the reply's length in bytes, and the outcome in msgid, which may be null. A reply longer than maxsize is not copied:
 * it becomes the next one for caps_sys_get. Errors as caps_sys_put and caps_sys_timedwait; at ETIMEDOUT and EINTR the
 * message was aborted, and no reply will come. A reply that arrives at that moment is returned.
 */
int caps_sys_call(int portid, const void *msg, int msgsize, void *reply, int maxsize, struct caps_msgid *msgid,
    int64_t timeout_ns);

/*
 * Ends a request with an outcome instead of a reply (B7), for a service that stands in for another: SERVICE_CLOSED,
 * SERVICE_DIED or UNREACHABLE, with CAPS_RECEIVED or without, or REFUSED. Returns 0.
 *   EINVAL      no such request, or another outcome
 */
int caps_sys_end(int portid, off_t msgid, int outcome);

/* One port to wait on. */
struct caps_poll
{
    int portid; /* of the port; a negative one is ignored */
    int ready;  /* result: 1 if caps_sys_get would not block, which includes ends and errors; otherwise 0 */
};

/*
 * Waits until at least one of count ports is ready (B4), at most timeout_ns. Ports opened with spin_only are polled
 * once per millisecond while the thread sleeps. Returns the number of ready ports, 0 after timeout_ns.
 *   EINTR      a signal handler ran
 *   EINVAL     count is negative
 *   ENOBUFS    the region's tables are full
 */
int caps_sys_poll(struct caps_poll *ports, int count, int64_t timeout_ns);

/*
 * For programs that attach with CAPS_OPEN_NOWATCH: a descriptor that is readable when caps_watch() has something to do,
 * because a peer's process ended or a check is due. Never read or close it. -1 with
 *   ENOTCONN   the process is not attached
 */
int caps_watch_fd(void);

/*
 * Checks the peers once: detects their deaths (B2), and wakes the threads that wait for them. One thread at a time may
 * call. Makes a few system calls, and waits for no other process. Returns 0.
 *   ENOTCONN   the process is not attached
 *   EINVAL     the library's own thread does it
 */
int caps_watch(void);

/* Describes the calling thread's last failed call, with the values: never null, valid until its next call. */
const char *caps_error(void);

#ifdef __cplusplus
}
#endif
#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#endif
