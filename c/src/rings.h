/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_RINGS_H
#define CAPS_RINGS_H

/*
 * The two ends of a ring of records: io.jcaps.link.RecordReader and RecordWriter. A record is 16 bytes, a header and a
 * message id; record n is at n times 16, modulo the capacity.
 */

#include "geometry.h"
#include "words.h"

struct record_reader
{
    uint8_t *ring;
    int64_t record_mask;
    size_t head_offset;
    int64_t passed_count;
    int64_t drained_count;
};

struct record_writer
{
    uint8_t *ring;
    int64_t record_mask;
    size_t tail_offset;
    size_t head_offset;
    int64_t sent_count;
    int64_t drained_count;
};

static inline void record_reader_init(struct record_reader *reader, uint8_t *ring, const int capacity)
{
    reader->ring = ring;
    reader->record_mask = capacity / LINK_RECORD_LENGTH - 1;
    reader->head_offset = (size_t)capacity + LINK_RING_HEAD_OFFSET;
    reader->passed_count = 0;
    reader->drained_count = 0;
}

static inline void record_writer_init(struct record_writer *writer, uint8_t *ring, const int capacity)
{
    writer->ring = ring;
    writer->record_mask = capacity / LINK_RECORD_LENGTH - 1;
    writer->tail_offset = (size_t)capacity + LINK_RING_TAIL_OFFSET;
    writer->head_offset = (size_t)capacity + LINK_RING_HEAD_OFFSET;
    writer->sent_count = 0;
    writer->drained_count = 0;
}

/* Length and type of a finished record, as one word: it differs from that of the ring's previous lap. */
static inline int64_t record_header(const int64_t record)
{
    return (int64_t)((uint64_t)((record & LINK_RECORD_TYPE_MASK) + 1) << 32 | LINK_RECORD_LENGTH);
}

static inline size_t record_offset(const int64_t mask, const int64_t record)
{
    return (size_t)(record & mask) * LINK_RECORD_LENGTH;
}

/* Id in the next record, or 0 if it is not there yet. */
static inline int64_t record_peek(const struct record_reader *reader)
{
    const size_t offset = record_offset(reader->record_mask, reader->passed_count);
    /* [record] acquire of length and type in one: they have these values only once the id is written. Pairs with
       [record] in record_write(). Without it the id could be that of the ring's last lap. */
    return get_long_acquire(reader->ring, offset) == record_header(reader->passed_count) ?
        get_long(reader->ring, offset + 8) : 0;
}

/* Passes the next record, whether it was read or its message was found by its slot. */
static inline void record_pass(struct record_reader *reader)
{
    if (++reader->passed_count - reader->drained_count >= LINK_DRAIN_INTERVAL)
    {
        reader->drained_count = reader->passed_count;
        /* [head] release: what was read was read before. Pairs with [head] in record_has_room(). Without it a record
           could be overwritten unread. If the reader dies here, the ring fills up at worst, and goes with the link. */
        put_long_release(reader->ring, reader->head_offset, reader->passed_count * LINK_RECORD_LENGTH);
    }
}

/* Whether one more record can be written; one place of the ring is kept free. */
static inline bool record_has_room(struct record_writer *writer)
{
    if (writer->sent_count - writer->drained_count < writer->record_mask)
    {
        return true;
    }
    /* [head] acquire: the record there was read. Pairs with [head] in record_pass(). The word is the receiver's, so it
       is input: a position that it cannot have reached is ignored. */
    const int64_t drained = get_long_acquire(writer->ring, writer->head_offset) / LINK_RECORD_LENGTH;
    if (drained > writer->drained_count && drained <= writer->sent_count)
    {
        writer->drained_count = drained;
    }
    return writer->sent_count - writer->drained_count < writer->record_mask;
}

static inline void record_write(struct record_writer *writer, const int64_t id)
{
    const int64_t record = writer->sent_count++;
    const size_t offset = record_offset(writer->record_mask, record);
    /* Agrona's reader reads until it finds no length. */
    put_long(writer->ring, record_offset(writer->record_mask, record + 1), 0);
    put_long(writer->ring, offset + 8, id);
    put_long_release(writer->ring, writer->tail_offset, (record + 1) * LINK_RECORD_LENGTH);
    /* [record] release: the id is there when the header is. Pairs with [record] in record_peek(). A writer that dies
       before it leaves no record: the survivor finds the message by its slot, or drops the link. */
    put_long_release(writer->ring, offset, record_header(record));
}

#endif
