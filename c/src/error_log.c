/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "error_log.h"

#include "cancel.h"
#include "clock.h"
#include "words.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void error_log_init(struct error_log *errors)
{
    memset(errors, 0, sizeof(*errors));
    errors->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

/* Begins this process's log: zeros, then the pid, and last the incarnation that owns it. */
static uint8_t *begin(struct region *region, const int process_index, const int64_t incarnation)
{
    uint8_t *log = region_errors(region, process_index);
    if (log != NULL)
    {
        put_int(log, ERROR_LOG_PID_OFFSET, getpid());
        /* [error-log] release: the records are zeros, and the pid is there. Pairs with [error-log] in ErrorRecord.
           Without it the records of another process, now dead, could pass for this one's. If this process dies before
           it, there is no log. */
        put_long_release(log, ERROR_LOG_PROCESS_INCARNATION_OFFSET, incarnation);
    }
    return log;
}

static uint8_t *records_of(const struct error_log *errors)
{
    return errors->log + ERROR_LOG_RECORDS_OFFSET;
}

/* The record of the same text, or null. */
static struct error_record *find(struct error_log *errors, const char *text, const int length)
{
    for (int i = 0; i < errors->count; i++)
    {
        struct error_record *record = &errors->records[i];
        if (record->text_length == length &&
            memcmp(records_of(errors) + record->offset + ERROR_LOG_TEXT_OFFSET, text, (size_t)length) == 0)
        {
            return record;
        }
    }
    return NULL;
}

/* A new record, or null if there is no room for it. */
static struct error_record *add(struct error_log *errors, const char *text, const int length, const int64_t now)
{
    const int end = errors->next_offset + ERROR_LOG_TEXT_OFFSET + length;
    if (errors->count == MAX_ERROR_COUNT || end > ERROR_LOG_RECORDS_LENGTH)
    {
        return NULL;
    }
    uint8_t *record = records_of(errors) + errors->next_offset;
    memcpy(record + ERROR_LOG_TEXT_OFFSET, text, (size_t)length);
    put_long(record, ERROR_LOG_FIRST_AT_MS_OFFSET, now);
    put_long(record, ERROR_LOG_LAST_AT_MS_OFFSET, now);
    /* As Agrona does: the length is the last of a new record, and a reader stops where there is none. */
    put_int_release(record, ERROR_LOG_RECORD_LENGTH_OFFSET, ERROR_LOG_TEXT_OFFSET + length);
    struct error_record *added = &errors->records[errors->count++];
    *added = (struct error_record){.offset = errors->next_offset, .text_length = length};
    errors->next_offset = (end + ERROR_LOG_RECORD_ALIGNMENT - 1) & -ERROR_LOG_RECORD_ALIGNMENT;
    return added;
}

static void record_text(struct error_log *errors, const char *text)
{
    const int length = (int)strnlen(text, ERROR_TEXT_LENGTH);
    const int64_t now = now_ms();
    struct error_record *record = find(errors, text, length);
    record = record == NULL ? add(errors, text, length, now) : record;
    if (record != NULL)
    {
        uint8_t *bytes = records_of(errors) + record->offset;
        put_long_release(bytes, ERROR_LOG_LAST_AT_MS_OFFSET, now);
        add_int(bytes, ERROR_LOG_COUNT_OFFSET, 1);
    }
}

void error_log_record(
    struct error_log *errors,
    struct region *region,
    const int process_index,
    const int64_t incarnation,
    const char *text)
{
    const int error = errno;
    const int cancel_state = cancel_hold();
    pthread_mutex_lock(&errors->mutex);
    if (errors->log == NULL && !errors->is_closed)
    {
        errors->log = begin(region, process_index, incarnation);
    }
    if (errors->log != NULL)
    {
        record_text(errors, text);
    }
    pthread_mutex_unlock(&errors->mutex);
    cancel_restore(cancel_state);
    errno = error;
}

void error_log_close(struct error_log *errors)
{
    pthread_mutex_lock(&errors->mutex);
    errors->is_closed = true;
    if (errors->log != NULL)
    {
        region_unmap(errors->log, ERROR_LOG_LOG_LENGTH);
        errors->log = NULL;
    }
    pthread_mutex_unlock(&errors->mutex);
}
