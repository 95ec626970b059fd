/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "header.h"

#include "fail.h"
#include "words.h"

#include <errno.h>
#include <inttypes.h>

/* A header is input: each value is compared with the one that this library would have written for the same counts.
   */

uint32_t header_checksum(const uint8_t *header)
{
    uint32_t crc = UINT32_MAX;
    for (int i = 0; i < REGION_CHECKED_LENGTH; i++)
    {
        crc ^= header[REGION_REGION_ID_OFFSET + i];
        for (int bit = 0; bit < 8; bit++)
        {
            crc = crc >> 1 ^ (0xEDB88320U & (0U - (crc & 1)));
        }
    }
    return ~crc;
}

void header_write(
    uint8_t *tables,
    const struct geometry *geometry,
    const int64_t region_id,
    const int64_t boot_id[2],
    const int64_t created_at_ms,
    const int64_t lock_inode)
{
    put_long(tables, REGION_MAGIC_OFFSET, REGION_MAGIC);
    put_long(tables, REGION_REGION_ID_OFFSET, region_id);
    put_long(tables, REGION_BOOT_ID_OFFSET, boot_id[0]);
    put_long(tables, REGION_BOOT_ID_OFFSET + 8, boot_id[1]);
    put_long(tables, REGION_FILE_LENGTH_OFFSET, geometry->file_length);
    put_int(tables, REGION_PROCESS_COUNT_OFFSET, geometry->process_count);
    put_int(tables, REGION_PORT_COUNT_OFFSET, geometry->port_count);
    put_int(tables, REGION_LINK_COUNT_OFFSET, geometry->link_count);
    put_int(tables, REGION_SLOT_COUNT_OFFSET, geometry->slot_count);
    put_int(tables, REGION_MESSAGE_LIMIT_OFFSET, geometry->message_limit);
    put_int(tables, REGION_HALF_LENGTH_OFFSET, SLOT_HALF_LENGTH);
    put_int(tables, REGION_CELL_STRIDE_OFFSET, geometry->cell_stride);
    put_int(tables, REGION_RING_CAPACITY_OFFSET, geometry->ring_capacity);
    put_long(tables, REGION_CREATED_AT_MS_OFFSET, created_at_ms);
    put_int(tables, REGION_CHECKSUM_OFFSET, (int32_t)header_checksum(tables));
    put_long(tables, REGION_LOCK_INODE_OFFSET, lock_inode);
    put_long(tables, REGION_NEXT_INCARNATION_OFFSET, 1);
    put_long(tables, REGION_NEXT_LEASE_OFFSET, 1);
    /* [region] release: a reader of the version sees a finished header. Pairs with [region] in header_check().
       A creator that dies before it leaves version 0, which every process rejects. */
    put_int_release(tables, REGION_LAYOUT_VERSION_OFFSET, REGION_LAYOUT_VERSION);
}

static int check_equal(const char *path, const char *name, const int64_t found, const int64_t expected)
{
    return found == expected ? 0 : fail_with(EPROTO, "region of another geometry: %s: %s is %" PRId64
        ", this library uses %" PRId64 ": use the same library in all processes, or another path",
        path, name, found, expected);
}

int header_check(
    const uint8_t *header, const int64_t file_length, const char *path, struct geometry *geometry)
{
    if (file_length < REGION_HEADER_LENGTH)
    {
        return fail_with(EPROTO, "not a region: %s is %" PRId64 " bytes long, a region's header alone is %d",
            path, file_length, REGION_HEADER_LENGTH);
    }
    /* [region] acquire: pairs with [region] in header_write(). The version first, as it was stored last. */
    const int32_t layout_version = get_int_acquire(header, REGION_LAYOUT_VERSION_OFFSET);
    const int64_t magic = get_long(header, REGION_MAGIC_OFFSET);
    if (magic == (int64_t)__builtin_bswap64((uint64_t)REGION_MAGIC))
    {
        return fail_with(
            EPROTO, "region of a machine with another byte order: %s: remove it, or use another path", path);
    }
    if (magic != REGION_MAGIC)
    {
        return fail_with(EPROTO, "not a region: %s begins with 0x%016" PRIx64 " instead of 0x%016" PRIx64
            ": use another path", path, (uint64_t)magic, (uint64_t)REGION_MAGIC);
    }
    if (layout_version != REGION_LAYOUT_VERSION)
    {
        return fail_with(EPROTO, "region of layout version %d, this library uses %d: %s: use libraries of one version "
            "in all processes, or another path", layout_version, REGION_LAYOUT_VERSION, path);
    }
    const uint32_t checksum = header_checksum(header);
    if (checksum != (uint32_t)get_int(header, REGION_CHECKSUM_OFFSET))
    {
        return fail_with(EPROTO, "corrupt region: %s: header's checksum is 0x%08x, it says 0x%08x",
            path, checksum, (uint32_t)get_int(header, REGION_CHECKSUM_OFFSET));
    }
    const char *wrong = geometry_init(geometry, get_int(header, REGION_PROCESS_COUNT_OFFSET),
        get_int(header, REGION_PORT_COUNT_OFFSET), get_int(header, REGION_LINK_COUNT_OFFSET),
        get_int(header, REGION_SLOT_COUNT_OFFSET), get_int(header, REGION_MESSAGE_LIMIT_OFFSET));
    if (wrong != NULL)
    {
        return fail_with(EPROTO, "corrupt region: %s: %s is out of range", path, wrong);
    }
    if (check_equal(path, "halfLength", get_int(header, REGION_HALF_LENGTH_OFFSET), SLOT_HALF_LENGTH) != 0 ||
        check_equal(path, "cellStride", get_int(header, REGION_CELL_STRIDE_OFFSET), geometry->cell_stride) != 0 ||
        check_equal(path, "ringCapacity", get_int(header, REGION_RING_CAPACITY_OFFSET), geometry->ring_capacity) != 0 ||
        check_equal(path, "fileLength", get_long(header, REGION_FILE_LENGTH_OFFSET), geometry->file_length) != 0)
    {
        return -1;
    }
    if (file_length < geometry->file_length)
    {
        return fail_with(EPROTO, "truncated region: %s is %" PRId64 " bytes long, its header says %" PRId64
            ": remove it when no process uses it", path, file_length, geometry->file_length);
    }
    return 0;
}
