/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_GEOMETRY_H
#define CAPS_GEOMETRY_H

/*
 * Counts and lengths of a region's structures, and so the offset of each: io.jcaps.layout.Geometry. Offsets
 * of table entries count from the start of the region, offsets within a link from the start of the link.
 */

#include "caps_layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct geometry
{
    int process_count;
    int port_count;
    int link_count;
    int slot_count;
    int message_limit;

    size_t ports_offset;
    size_t link_entries_offset;
    size_t tables_length;
    size_t link_length;
    size_t link_head_length;
    int64_t file_length;
    int ring_capacity;
    int cell_stride;
    size_t reply_ring_offset;
    size_t request_halves_offset;
    size_t reply_halves_offset;
    size_t request_cells_offset;
    size_t reply_cells_offset;
};

/* Fills a geometry from its five counts; null, or which of them is out of range. */
const char *geometry_init(
    struct geometry *geometry, int process_count, int port_count, int link_count, int slot_count, int message_limit);

static inline size_t process_offset(const int process_index)
{
    return REGION_HEADER_LENGTH + (size_t)process_index * PROCESS_ENTRY_LENGTH;
}

static inline size_t port_offset(const struct geometry *geometry, const int port_index)
{
    return geometry->ports_offset + (size_t)port_index * PORT_ENTRY_LENGTH;
}

static inline size_t link_entry_offset(const struct geometry *geometry, const int link_index)
{
    return geometry->link_entries_offset + (size_t)link_index * LINK_ENTRY_ENTRY_LENGTH;
}

static inline int64_t link_offset(const struct geometry *geometry, const int link_index)
{
    return (int64_t)geometry->tables_length + (int64_t)link_index * (int64_t)geometry->link_length;
}

static inline int64_t error_log_offset(const struct geometry *geometry, const int process_index)
{
    return link_offset(geometry, geometry->link_count) + (int64_t)process_index * ERROR_LOG_LOG_LENGTH;
}

static inline size_t request_half_offset(const struct geometry *geometry, const int slot)
{
    return geometry->request_halves_offset + (size_t)slot * SLOT_HALF_LENGTH;
}

static inline size_t reply_half_offset(const struct geometry *geometry, const int slot)
{
    return geometry->reply_halves_offset + (size_t)slot * SLOT_HALF_LENGTH;
}

static inline size_t request_cell_offset(const struct geometry *geometry, const int slot)
{
    return geometry->request_cells_offset + (size_t)slot * (size_t)geometry->cell_stride;
}

static inline size_t reply_cell_offset(const struct geometry *geometry, const int slot)
{
    return geometry->reply_cells_offset + (size_t)slot * (size_t)geometry->cell_stride;
}

/* FLAGS for a payload of that length: whether it is in a cell. */
static inline int slot_flags(const int length)
{
    return length <= SLOT_INLINE_CAPACITY ? 0 : SLOT_FLAG_IN_CELL;
}

/* Whether a payload of that length, which is input, fits the place that the flags name. */
static inline bool is_payload(const struct geometry *geometry, const int flags, const int length)
{
    return length >= 0 && length <= geometry->message_limit &&
        ((flags & SLOT_FLAG_IN_CELL) != 0 || length <= SLOT_INLINE_CAPACITY);
}

static inline size_t request_payload_offset(const struct geometry *geometry, const int slot, const int flags)
{
    return (flags & SLOT_FLAG_IN_CELL) == 0 ?
        request_half_offset(geometry, slot) + SLOT_INLINE_OFFSET : request_cell_offset(geometry, slot);
}

static inline size_t reply_payload_offset(const struct geometry *geometry, const int slot, const int flags)
{
    return (flags & SLOT_FLAG_IN_CELL) == 0 ?
        reply_half_offset(geometry, slot) + SLOT_INLINE_OFFSET : reply_cell_offset(geometry, slot);
}

static inline int id_slot(const int64_t id)
{
    return (int)(id & (SLOT_MAX_SLOT_COUNT - 1));
}

static inline int64_t id_sequence(const int64_t id)
{
    return (int64_t)((uint64_t)id >> SLOT_SLOT_BITS);
}

static inline int id_lease(const int64_t id)
{
    return (int)((uint64_t)id >> (SLOT_SLOT_BITS + SLOT_COUNT_BITS));
}

#endif
