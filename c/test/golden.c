/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Reads a region's file that the Java side wrote, through this library's layout, and prints its content.
 *
 *   golden FILE
 */
#include "entries.h"
#include "header.h"
#include "libcaps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(const int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
    {
        return 2;
    }
    const long length = ftell(file);
    uint8_t *bytes = aligned_alloc(4096, ((size_t)length + 4095) / 4096 * 4096);
    rewind(file);
    struct geometry geometry;
    if (bytes == NULL || fread(bytes, 1, (size_t)length, file) != (size_t)length ||
        header_check(bytes, length, argv[1], &geometry) != 0)
    {
        printf("refused: %s\n", caps_error());
        return 1;
    }
    printf("region %" PRIx64 "\n", get_long(bytes, REGION_REGION_ID_OFFSET));
    for (int i = 0; i < geometry.process_count; i++)
    {
        const uint8_t *entry = bytes + process_offset(i);
        printf("process %" PRId64 " %d\n", process_incarnation(entry), get_int(entry, PROCESS_PID_OFFSET));
    }
    for (int i = 0; i < geometry.port_count; i++)
    {
        const uint8_t *entry = bytes + port_offset(&geometry, i);
        printf("port %" PRId64 " %d %d %d %.*s\n", port_incarnation(entry), get_int(entry, PORT_KIND_OFFSET),
            port_is_open(entry), get_int(entry, PORT_UID_OFFSET), get_int(entry, PORT_NAME_LENGTH_OFFSET),
            (const char *)entry + PORT_NAME_OFFSET);
    }
    for (int i = 0; i < geometry.link_count; i++)
    {
        struct link_ends ends;
        const uint8_t *entry = bytes + link_entry_offset(&geometry, i);
        const uint8_t *link = bytes + link_offset(&geometry, i);
        link_read_ends(entry, &ends);
        printf("link %" PRIx64 " %d %d %" PRId64, link_state(entry), ends.client_port_index, ends.service_port_index,
            get_long(link, LINK_RECEIVED_OFFSET));
        for (int slot = 0; slot < geometry.slot_count; slot++)
        {
            const uint8_t *request = link + request_half_offset(&geometry, slot);
            const uint8_t *reply = link + reply_half_offset(&geometry, slot);
            printf(" %" PRId64 ":%d %" PRId64 ":%d", get_long(request, SLOT_ID_OFFSET), get_int(request,
                SLOT_LENGTH_OFFSET),
                get_long(reply, SLOT_ID_OFFSET), get_int(reply, SLOT_LENGTH_OFFSET));
        }
        printf("\n");
    }
    free(bytes);
    return fclose(file);
}
