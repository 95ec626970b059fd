/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_HEADER_H
#define CAPS_HEADER_H

/*
 * The header of a region: io.jcaps.layout.RegionHeader.
 */

#include "geometry.h"

/* CRC-32 as in zip files, of the bytes from REGION_ID up to and including CREATED_AT_MS. */
uint32_t header_checksum(const uint8_t *header);

/* Writes the header of a new region into tables that are all zero. The file's name is given only afterwards. */
void header_write(uint8_t *tables, const struct geometry *geometry, int64_t region_id, const int64_t boot_id[2],
    int64_t created_at_ms, int64_t lock_inode);

/* Checks a header: 0, or -1 with errno and the reason. header has at least REGION_HEADER_LENGTH bytes, if file_length
   says that the file has. */
int header_check(const uint8_t *header, int64_t file_length, const char *path, struct geometry *geometry);

#endif
