/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "report.h"

#include "port.h"

#include <stdarg.h>
#include <stdio.h>

static void record(struct attachment *attachment, const char *text)
{
    /* The log of a process that lost its life lock may be another's. */
    if (!__atomic_load_n(&attachment->has_lost_life, __ATOMIC_RELAXED))
    {
        error_log_record(&attachment->errors, &attachment->region, attachment->tables.process_index,
            attachment->tables.incarnation, text);
    }
}

__attribute__((format(printf, 2, 3)))
static void record_with(struct attachment *attachment, const char *format, ...)
{
    char text[ERROR_TEXT_LENGTH];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    record(attachment, text);
}

void report_corrupt(struct port *port, const int link_index, const char *reason)
{
    port_count(port, PORT_COUNTER_CORRUPT);
    record_with(port->attachment, "libcaps: corrupt link: %s: port=%s, link=%d", reason, port->name, link_index);
}

void report_forged(struct port *port, const int link_index, const int process_index)
{
    port_count(port, PORT_COUNTER_FORGED);
    record_with(port->attachment, "libcaps: forged process entry: another process than it says holds its lock, the "
        "client was refused: port=%s, link=%d, processIndex=%d", port->name, link_index, process_index);
}

void report_retry(struct port *port, const int link_index, const char *what)
{
    port_count(port, PORT_COUNTER_RETRIES);
    record_with(port->attachment, "libcaps: %s: link=%d, it is tried again: port=%s", what, link_index, port->name);
}

void report_failure(struct attachment *attachment)
{
    record_with(attachment, "libcaps: %s", caps_error());
}
