/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_REGION_H
#define CAPS_REGION_H

/*
 * A region's file as this process has it, checked, open and mapped: io.jcaps.shm.file.RegionFile. opener.c finds or
 * makes it.
 */

#include "geometry.h"
#include "libcaps.h"
#include "locks.h"

struct region
{
    char *path;
    char *lock_path;
    struct lock_file locks;
    int descriptor;
    dev_t dev;
    ino_t ino;
    int64_t region_id;
    struct geometry geometry;
    uint8_t *tables; /* header and tables */
    bool has_huge_pages; /* whether they are asked for */
    uint8_t **links; /* by link; each is mapped when it is first used, and stays so until the region is left */
};

/* Finds a region or makes it. 0, or -1 with errno; no file remains then. */
int region_open(struct region *region, const char *path, int flags, const struct caps_geometry *geometry);

/* Path of the region that a program means: its own, that of the environment, or the user's default. To be freed. */
char *region_path(const char *path);

/* The body of a link; null with errno if it cannot be mapped. Any thread may call. */
uint8_t *region_link(struct region *region, int link_index);

/* Writes zeros to part of a link through the file, and so gets memory for it: a store to a mapped page that has none
   ends the process. False if the file system has no more; nothing of use was changed then. */
bool region_back(struct region *region, int link_index, size_t offset, size_t length);

/* Reads each page of part of a link that has memory, so that it is mapped here. A page without memory is passed over:
   the read would get it some, or end the process if there is none. */
void region_touch(struct region *region, int link_index, size_t offset, size_t length);

/* Fills the error log of a process with zeros and maps it; null if there is no memory for it. To be unmapped. */
uint8_t *region_errors(struct region *region, int process_index);

/* Returns the memory of a link to the file system; under the tables' lock. Its mappings stay, and show zeros. */
void region_trim(struct region *region, int link_index);

/* False if the file at the path is known to be another one, or missing. */
bool region_is_current(const struct region *region);

/* Maps part of the region's file, for this process alone: a forked child has no such mapping. Null with errno. */
uint8_t *region_map(int descriptor, int64_t offset, size_t length);
void region_unmap(uint8_t *address, size_t length);

/* Asks for huge pages for a mapping, if the region uses them. The kernel may refuse, which changes nothing. */
void region_advise(const struct region *region, uint8_t *address, size_t length);

/* Unmaps and closes everything. */
void region_close(struct region *region);

/* In a forked child: closes the descriptors. The mappings are not there, and nothing is freed: a thread of the parent
   may have been within malloc, which then stays locked in a child that was not made by fork(). */
void region_forget(struct region *region);

#endif
