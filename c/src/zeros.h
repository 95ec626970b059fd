/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_ZEROS_H
#define CAPS_ZEROS_H

/*
 * Memory for part of a file on tmpfs: a store to a mapped page that has none ends the process, a write that finds none
 * fails.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills part of a file with zeros; false with errno if there is no memory, or the process may not write so far. */
bool zeros_write(int descriptor, int64_t start, size_t length);

/* As zeros_write(), within the file: one that was cut short is not made longer again, so that later processes refuse
   it. */
bool zeros_write_within(int descriptor, int64_t start, size_t length);

#endif
