/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "geometry.h"

static size_t align(const size_t value, const size_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

static int next_power_of_two(const int value)
{
    int power = 1;
    while (power < value)
    {
        power *= 2;
    }
    return power;
}

const char *geometry_init(
    struct geometry *geometry,
    const int process_count,
    const int port_count,
    const int link_count,
    const int slot_count,
    const int message_limit)
{
    if (process_count < 1 || process_count > GEOMETRY_MAX_PROCESS_COUNT)
    {
        return "processCount";
    }
    if (port_count < 2 || port_count > GEOMETRY_MAX_PORT_COUNT)
    {
        return "portCount";
    }
    if (link_count < 1 || link_count > GEOMETRY_MAX_LINK_COUNT)
    {
        return "linkCount";
    }
    if (slot_count < 1 || slot_count > SLOT_MAX_SLOT_COUNT)
    {
        return "slotCount";
    }
    if (message_limit < 0 || message_limit > GEOMETRY_MAX_MESSAGE_LIMIT)
    {
        return "messageLimit";
    }
    geometry->process_count = process_count;
    geometry->port_count = port_count;
    geometry->link_count = link_count;
    geometry->slot_count = slot_count;
    geometry->message_limit = message_limit;

    geometry->ports_offset = process_offset(process_count);
    geometry->link_entries_offset = port_offset(geometry, port_count);
    geometry->tables_length = align(link_entry_offset(geometry, link_count), GEOMETRY_PAGE_LENGTH);

    const int records = LINK_RECORDS_PER_SLOT * slot_count;
    geometry->ring_capacity =
        next_power_of_two(records < LINK_MIN_RECORD_COUNT ? LINK_MIN_RECORD_COUNT : records) * LINK_RECORD_LENGTH;
    const size_t ring_length = (size_t)geometry->ring_capacity + LINK_RING_TRAILER_LENGTH;
    geometry->reply_ring_offset = LINK_REQUEST_RING_OFFSET + ring_length;
    geometry->request_halves_offset = geometry->reply_ring_offset + ring_length;
    geometry->reply_halves_offset = request_half_offset(geometry, slot_count) + LINK_REPLY_HALVES_SHIFT;
    geometry->link_head_length = align(reply_half_offset(geometry, slot_count), GEOMETRY_PAGE_LENGTH);
    geometry->cell_stride = (int)align((size_t)message_limit, GEOMETRY_LINE_LENGTH) + 2 * GEOMETRY_LINE_LENGTH;
    geometry->request_cells_offset = geometry->link_head_length + LINK_REQUEST_CELLS_SHIFT;
    geometry->reply_cells_offset =
        align(request_cell_offset(geometry, slot_count), GEOMETRY_PAGE_LENGTH) + LINK_REPLY_CELLS_SHIFT;
    geometry->link_length = align(reply_cell_offset(geometry, slot_count), GEOMETRY_PAGE_LENGTH);
    geometry->file_length =
        link_offset(geometry, link_count) + (int64_t)process_count * ERROR_LOG_LOG_LENGTH;
    return NULL;
}
