/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_ERROR_LOG_H
#define CAPS_ERROR_LOG_H

/*
 * The error log of this process, in the region, where it outlives its writer: io.jcaps.table.ErrorLog, in the format of
 * Agrona's DistinctErrorLog. It gets memory with the first error; without any, and when it is full, errors go
 * unrecorded. Any thread may write, also within a gate: errors are rare.
 */

#include "region.h"

#include <pthread.h>

#define ERROR_TEXT_LENGTH 512
/* No more records fit: each has a head and a text of its own. */
#define MAX_ERROR_COUNT 256

struct error_record
{
    int offset; /* from the start of the records */
    int text_length;
};

struct error_log
{
    pthread_mutex_t mutex;
    uint8_t *log; /* null before the first error */
    bool is_closed;
    int next_offset;
    int count;
    /* Not read back from the log, which others can write. */
    struct error_record records[MAX_ERROR_COUNT];
};

void error_log_init(struct error_log *errors);

/* Records a text, or raises its count. process_index and incarnation are this process's. Never fails. */
void error_log_record(
    struct error_log *errors, struct region *region, int process_index, int64_t incarnation, const char *text);

/* Called before the process entry is freed, as another process may use the log after that. */
void error_log_close(struct error_log *errors);

#endif
