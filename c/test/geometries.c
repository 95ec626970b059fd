/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Prints geometries, so that the Java side can compare them with its own: SEED and COUNT as arguments, one line each.
 */
#include "geometry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static int next(const int first, const int last)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return first + (int)((state >> 33) % (uint64_t)(last - first + 1));
}

int main(const int argc, char **argv)
{
    state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    for (int i = argc > 2 ? atoi(argv[2]) : 1000; i > 0; i--)
    {
        struct geometry geometry;
        const int processes = next(1, GEOMETRY_MAX_PROCESS_COUNT);
        const int ports = next(2, GEOMETRY_MAX_PORT_COUNT);
        const int links = next(1, GEOMETRY_MAX_LINK_COUNT);
        const int slots = next(1, SLOT_MAX_SLOT_COUNT);
        const int limit = next(0, GEOMETRY_MAX_MESSAGE_LIMIT);
        if (geometry_init(&geometry, processes, ports, links, slots, limit) != NULL)
        {
            return 1;
        }
        printf("%d %d %d %d %d %zu %zu %zu %" PRId64 " %" PRId64 " %d %zu %zu %zu %zu %zu %zu %d %zu\n", processes,
            ports,
            links, slots, limit, process_offset(processes - 1), port_offset(&geometry, ports - 1),
            link_entry_offset(&geometry, links - 1), link_offset(&geometry, links - 1), geometry.file_length,
            geometry.ring_capacity, geometry.reply_ring_offset, request_half_offset(&geometry, slots - 1),
            reply_half_offset(&geometry, slots - 1), geometry.link_head_length, request_cell_offset(&geometry,
                slots - 1),
            reply_cell_offset(&geometry, slots - 1), geometry.cell_stride, geometry.link_length);
    }
    return 0;
}
