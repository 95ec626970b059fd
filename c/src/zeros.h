/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_ZEROS_H
#define CAPS_ZEROS_H

/*
 * Gets memory for part of a file on tmpfs. Without memory a store to a mapped page ends the process, while a write to
 * the file fails.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills part of a file with zeros; false with errno if there is no memory, or RLIMIT_FSIZE is exceeded. */
bool zeros_write(int descriptor, int64_t start, size_t length);

/* As zeros_write(), within the file: one that was cut short is not made longer again, so that later processes refuse
   it. */
bool zeros_write_within(int descriptor, int64_t start, size_t length);

#endif
