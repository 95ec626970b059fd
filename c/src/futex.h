/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_FUTEX_H
#define CAPS_FUTEX_H

/*
 * Sleeping on a word of the region, by Linux's futex. The word is known by its file and offset, so that processes share
 * it; the calls are raw, so that none is a cancellation point.
 */

#include <stdbool.h>
#include <stdint.h>

/* Sleeps unless the word has changed: 0 if woken, changed or after limit_ns, -EINTR after a signal handler, -ETIMEDOUT
   at the deadline. A sleep without a limit goes on after a handler that was installed with SA_RESTART. */
int futex_sleep(uint8_t *word, int32_t expected, int64_t deadline_ns, int64_t limit_ns);

/* Wakes at most so many sleepers. */
void futex_wake(uint8_t *word, int limit);

#endif
