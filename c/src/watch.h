/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_WATCH_H
#define CAPS_WATCH_H

/*
 * Finds which peers have died (R25, B2), and whether the region is still at its path: io.jcaps.Watch. The lock that a
 * process held proves its death; a pidfd only reports when to look, and the timer makes sure that every peer is looked
 * at. No clock takes part in a proof.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct attachment;

struct watch
{
    pthread_mutex_t mutex; /* over the four arrays */
    int *pidfds;           /* by process entry; -1 if it is not followed */
    int *peer_counts;      /* by process entry: links of this process to it */
    int64_t *seen;         /* by process entry: incarnation that was there at the last look */
    int64_t *proved_dead;  /* by process entry: the last incarnation that was proved dead; read by all threads */
    int poller;            /* epoll: pidfds, the timer, and the word to end */
    int timer;
    int end;
    int64_t round;
    bool is_over;  /* the thread is to end; also where nothing can be written to end */
    bool has_thread;
    pthread_t thread;
};

/* 0 or a negative errno value, with the reason. */
int watch_open(struct attachment *attachment, bool with_thread);
void watch_close(struct attachment *attachment);

/* Closes the descriptors; in a forked child, which must not change the poller, as it shares it with its parent. Numbers
   that mean other files by now are the program's. */
void watch_forget(struct attachment *attachment);

/* A link to a process begins, or ends. Never fails: a process that cannot be followed is looked at by the timer. */
void watch_add_peer(struct attachment *attachment, int process_index, int64_t incarnation);
void watch_remove_peer(struct attachment *attachment, int process_index);

/* Whether the watch has proved that a process is dead. */
bool watch_is_dead(const struct attachment *attachment, int process_index, int64_t incarnation);

/* Looks at all peers once; by one thread at a time. */
void watch_round(struct attachment *attachment);

#endif
