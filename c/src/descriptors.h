/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_DESCRIPTORS_H
#define CAPS_DESCRIPTORS_H

/*
 * Numbers of the library's descriptors. They are high, if the limit allows: a program that closes a low range and then
 * opens files of its own must not be given a number that this library still writes to.
 */

#include <sys/types.h>

/* The same file under a high number; the low one is closed. Returns the low one if no high one is free; -1 for -1. */
int descriptor_keep_high(int descriptor);

/* Closes a descriptor if it still is of that file: a program that closed it may have opened another by its number. */
void descriptor_close(int descriptor, dev_t dev, ino_t ino);

#endif
