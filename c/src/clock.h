/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_CLOCK_H
#define CAPS_CLOCK_H

/*
 * Time limits and pauses. No clock takes part in any decision about a peer's life (B2).
 */

#include <stdint.h>

/* Nanoseconds of a clock that never goes back. */
int64_t now_ns(void);

/* Milliseconds since 1970. */
int64_t now_ms(void);

/* The moment at which a time limit is over; INT64_MAX for none. */
int64_t deadline_after(int64_t timeout_ns);

/* Sleeps for about that long, or until a signal. */
void pause_ns(int64_t length_ns);

#endif
