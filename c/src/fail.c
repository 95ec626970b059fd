/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fail.h"
#include "libcaps.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static __thread const char *reason = "no call has failed";
static __thread char text[512];

int fail(const int error, const char *why)
{
    errno = error;
    reason = why;
    return -1;
}

int fail_with(const int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    errno = error;
    reason = text;
    return -1;
}

const char *caps_error(void)
{
    return reason;
}
