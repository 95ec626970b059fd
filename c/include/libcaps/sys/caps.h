/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBCAPS_SYS_CAPS_H
#define LIBCAPS_SYS_CAPS_H

/*
 * CAPS: messages between the programs of one machine, by the ten calls of the original. Arguments, results and errors
 * are those of its documentation; <libcaps.h> has the additions. R and B numbers cite the project's rules.
 *
 * A call that fails returns -1 and sets errno; nothing was changed then. caps_error() of <libcaps.h> gives the reason
 * in words. Any thread may use any port at any time, unless the port was opened for one thread. No call is safe in a
 * signal handler, and none is a cancellation point.
 *
 * The first call that opens a port attaches the process to a region: the file that CAPS_REGION names, otherwise
 * /dev/shm/jcaps-<user>/default. Programs that exchange messages use the same region, Java programs included.
 *
 * After a fork the child cannot use the inherited ports: each call on one fails with ENOTCONN (R27). The child may open
 * ports of its own. The parent is not affected.
 */

#include <stdint.h>
#include <sys/types.h>

#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif
#ifdef __cplusplus
extern "C"
{
#endif

/* Kind of a received message (R18). */
typedef enum caps_msg_state
{
    CAPMS_REQUEST = 0,       /* at a service: a request, to be replied to */
    CAPMS_REQUEST_RETRY = 1, /* reserved */
    CAPMS_REPLY = 2,         /* at a client: a reply, or the outcome of a message without one */
    CAPMS_REPLY_RETRY = 3,   /* reserved */
    CAPMS_DISPOSE = 4        /* at a service: the client has released a reply, or has gone; 0 bytes (R21, R24) */
} caps_msg_state_t;

/* Number with which a service notifies its clients of a restart (R28). */
typedef int64_t caps_gen_t;

/* Message ids have 64 bits: where off_t has fewer, compile with -D_FILE_OFFSET_BITS=64. */
typedef char caps_off_t_has_64_bits[sizeof(off_t) == 8 ? 1 : -1];

/* Which message was received: 16 bytes. */
typedef struct caps_msgid
{
    off_t c_id;               /* message id, positive, 64 bits, never used again (R12) */
    caps_msg_state_t c_state; /* kind of the message */
    int c_reserved01;         /* at a client: the outcome (B1), CAPS_OUTCOME_... of <libcaps.h>; otherwise 0 */
} *caps_msgid_t;

/* Flags of a port (R8). Only the low 16 bits are the user's; others are ignored. */
#define CAPF_UFLAGS 0xFFFF
#define CAPF_USER 0x0001      /* clients whose effective uid is the service's uid may connect (R6) */
#define CAPF_GROUP 0x0002     /* clients with the service's gid among their groups may connect */
#define CAPF_WORLD 0x0004     /* every client may connect */
#define CAPF_EXCL 0x0008      /* service: fail with EEXIST if a living one matches (R4) */
#define CAPF_ANYCLIENT (CAPF_USER | CAPF_GROUP | CAPF_WORLD)
#define CAPF_WCRED 0x0010     /* reserved */
#define CAPF_NOFORK 0x0020    /* in a forked child the port's id is unknown: EINVAL instead of ENOTCONN (R27) */
#define CAPF_WAITSVC 0x0040   /* client: wait until the service is registered (R5) */

/* The names of the first version. */
#define CAPS_USER CAPF_USER
#define CAPS_GROUP CAPF_GROUP
#define CAPS_WORLD CAPF_WORLD
#define CAPS_EXCL CAPF_EXCL
#define CAPS_ANYCLIENT CAPF_ANYCLIENT
#define CAPS_WCRED CAPF_WCRED

/* Results of caps_sys_abort (R29). */
#define CAPS_ABORT_NOTIMPL 0      /* never returned here */
#define CAPS_ABORT_RETURNED 1     /* its reply or other outcome was there already */
#define CAPS_ABORT_BEFORESERVER 2 /* the service had not received it, and will not */
#define CAPS_ABORT_ATSERVER 3     /* the service had received it */

/* Flag of caps_sys_abort: the message returns at once, even if the service has it. */
#define CAPF_ABORT_HARD 0x0001

#define CAPS_MAXGROUPS 16     /* groups in a caps_cred */
#define CAPS_MAXNAMELEN 64    /* bytes of a service's name, with the closing 0 */
#define CAPS_MAXINPROG 128    /* messages that a client may have in progress (R14) */

/* Sender of a message, as the kernel reported it when the link was made (R22): 88 bytes. Ids are -1 if unknown. */
typedef struct caps_cred
{
    pid_t pid;                    /* process, as this process sees it; 0 if unknown */
    uid_t uid;                    /* real user id */
    uid_t euid;                   /* effective user id */
    gid_t gid;                    /* real group id */
    int ngroups;                  /* supplementary groups in groups[], 0 to 16 */
    int cacheid;                  /* 0 */
    gid_t groups[CAPS_MAXGROUPS]; /* supplementary groups */
} *caps_cred_t;

/*
 * Registers a service (R1 to R4) under a name of 1 to 63 characters of 0-9 A-Z a-z _ . and a uid and gid, of which one
 * may be -1 for any. upcid is ignored, as in the original. Returns a port id, positive.
 *   EINVAL      name, or uid and gid both -1
 *   EPERM       the caller is not root, and uid or gid is not its own
 *   EEXIST      with CAPF_EXCL: a living service matches
 *   ENOBUFS     the region's tables are full
 *   ETIMEDOUT   another process held the region's tables for 10 s: it may be stopped
 *   EOPNOTSUPP  CAPS is switched off: CAPS_ENABLED is 0 (R10)
 *   EBUSY       another CAPS library of this process, as in a JVM, uses the same region
 *   ENOTCONN    the region was removed while this process used it
 *   EACCES, EPERM, EIO, ENOSPC, ENOMEM, EAGAIN and others if the region cannot be attached: see caps_error()
 */
int caps_sys_service(const char *name, uid_t uid, gid_t gid, int upcid, int flags);

/*
 * Connects to the newest living service of that name whose uid and gid match; -1 matches any, but not both may be -1
 * (R5, R6). Returns a port id, positive. Errors as caps_sys_service, and
 *   ENOENT      there is no such service
 *   EACCES      the service does not admit this client
 *   EINTR       with CAPF_WAITSVC: a signal handler ran
 *   ENOSPC      the file system has no memory for the link
 */
int caps_sys_client(const char *name, uid_t uid, gid_t gid, int upcid, int flags);

/*
 * Closes a port (R23, R24). At a service, messages without a reply return to their clients with an outcome. At a
 * client, the service gets a disposal for each message in progress that it had received. Threads that wait on the port
 * return with EINVAL. Returns 0. In a forked child this releases the id of a port that its parent opened, and does not
 * affect the parent.
 *   EINVAL      no such port, or it was closed before (R26)
 */
int caps_sys_close(int portid);

/*
 * Sets this port's own generation (R28). Returns 0.
 *   EINVAL      no such port
 *   ENOTCONN    the port was opened before a fork
 */
int caps_sys_setgen(int portid, caps_gen_t gen);

/*
 * Returns the generation of a client port's service, also after the service has gone (R28). -1 may be a generation, so
 * set errno to 0 first.
 *   EINVAL      no such client port
 *   ENOTCONN    the port was opened before a fork
 */
caps_gen_t caps_sys_getgen(int portid);

/*
 * Sends a request of 0 to 131,072 bytes (R12 to R15). The bytes are copied into the region before the call returns;
 * memory of caps_sys_alloc is sent without a copy. Returns the message id, positive.
 *   EINVAL      no such client port, or a size out of range
 *   ENOTCONN    the service is closed or dead, or the port was opened before a fork
 *   ENOBUFS     128 messages, or as many as the region allows, are in progress: take a reply first (R14)
 *   ENOSPC      the file system has no memory for the payload
 */
off_t caps_sys_put(int portid, const void *msg, int msgsize);

/*
 * Replies to a request (R20) with 0 to 131,072 bytes, copied before the call returns unless the memory is that of
 * caps_sys_alloc for this request. Any thread may reply, in any order, even if the request's bytes were not retrieved
 * (R17). Returns 0.
 *   EINVAL      no such service port, or no such request: it was replied to, or its client has gone; or a size out of
 *               range
 *   ENOTCONN    the port was opened before a fork
 *   ENOSPC      the file system has no memory for the payload; the request still waits for its reply
 */
int caps_sys_reply(int portid, const void *msg, int msgsize, off_t msgid);

/*
 * Takes the next message without blocking (R16 to R19): copies at most maxsize bytes of payload to msg. msgid and ccr
 * may be null. Returns the payload's length in bytes. A longer one than maxsize is not copied, and the message stays
 * first in line: call again with more room, or, at a service, reply to its id.
 *   EINVAL      no such port, or a negative size
 *   EWOULDBLOCK no message is ready
 *   ENOTCONN    at a client: the service has gone and no outcome is due; or the port was opened before a fork
 *   EACCES      at a client: the service refused it after the connect (R6), and no outcome is due
 */
int caps_sys_get(int portid, void *msg, int maxsize, struct caps_msgid *msgid, struct caps_cred *ccr);

/*
 * As caps_sys_get, but waits for a message: first polling for some microseconds, then asleep. A disposal does not end
 * the sleep (R21).
 *   EINTR       a signal handler ran that was not installed with SA_RESTART; while it polls, signals do not end it
 */
int caps_sys_wait(int portid, void *msg, int maxsize, struct caps_msgid *msgid, struct caps_cred *ccr);

/*
 * Aborts a request (R29). Its outcome must still be taken. Returns CAPS_ABORT_RETURNED,
 * CAPS_ABORT_BEFORESERVER or CAPS_ABORT_ATSERVER.
 *   EINVAL      no such client port, or no such message in progress
 *   ENOTCONN    the port was opened before a fork
 */
int caps_sys_abort(int portid, off_t msgid, int flags);

#ifdef __cplusplus
}
#endif
#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#endif
