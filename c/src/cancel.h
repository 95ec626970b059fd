/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_CANCEL_H
#define CAPS_CANCEL_H

/*
 * No call of the library is a cancellation point: a thread that ended within a call would keep its port's gate, or the
 * process's lock, for ever. Wherever a call makes system calls that are such points, cancellation is put off.
 */

#include <pthread.h>

static inline int cancel_hold(void)
{
    int state = PTHREAD_CANCEL_ENABLE;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return state;
}

static inline void cancel_restore(const int state)
{
    int held;
    pthread_setcancelstate(state, &held);
}

#endif
