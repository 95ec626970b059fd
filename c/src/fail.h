/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_FAIL_H
#define CAPS_FAIL_H

/*
 * How a call fails: errno, and the reason in words for the calling thread.
 */

/* Notes an expected outcome, such as "no message": a constant text, so it costs two stores. Returns -1. */
int fail(int error, const char *reason);

/* Notes a failure with its values. Returns -1. */
int fail_with(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
