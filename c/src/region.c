/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "region.h"

#include "descriptors.h"
#include "words.h"
#include "zeros.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

uint8_t *region_map(const int descriptor, const int64_t offset, const size_t length)
{
    /* The layout's page may be shorter than the machine's: the mapping then begins before what is wanted. */
    const int64_t page = sysconf(_SC_PAGESIZE);
    const size_t before = (size_t)(offset % page);
    uint8_t *address =
        mmap(NULL, length + before, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, offset - (int64_t)before);
    if (address == MAP_FAILED)
    {
        return NULL;
    }
    /* A forked child must not be able to store here once its parent is proved dead (R27). */
    if (madvise(address, length + before, MADV_DONTFORK) != 0)
    {
        const int error = errno;
        munmap(address, length + before);
        errno = error;
        return NULL;
    }
    return address + before;
}

void region_unmap(uint8_t *address, const size_t length)
{
    const size_t before = (size_t)((uintptr_t)address % (uintptr_t)sysconf(_SC_PAGESIZE));
    munmap(address - before, length + before);
}

uint8_t *region_link(struct region *region, const int link_index)
{
    uint8_t *link = __atomic_load_n(&region->links[link_index], __ATOMIC_ACQUIRE);
    if (link == NULL)
    {
        uint8_t *mapped =
            region_map(region->descriptor, link_offset(&region->geometry, link_index), region->geometry.link_length);
        if (mapped == NULL)
        {
            return NULL;
        }
        region_advise(region, mapped, region->geometry.link_length);
        if (__atomic_compare_exchange_n(
            &region->links[link_index], &link, mapped, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        {
            return mapped;
        }
        region_unmap(mapped, region->geometry.link_length);
    }
    return link;
}

/* Calls madvise for whole pages, from the one of an address. */
static int advise(uint8_t *address, const size_t length, const int advice)
{
    const size_t before = (size_t)((uintptr_t)address % (uintptr_t)sysconf(_SC_PAGESIZE));
    return madvise(address - before, length + before, advice);
}

void region_advise(const struct region *region, uint8_t *address, const size_t length)
{
    if (region->has_huge_pages)
    {
        advise(address, length, MADV_HUGEPAGE);
    }
}

bool region_back(struct region *region, const int link_index, const size_t offset, const size_t length)
{
    uint8_t *link = __atomic_load_n(&region->links[link_index], __ATOMIC_ACQUIRE);
    if (region->has_huge_pages && link != NULL)
    {
        /* A write to the file gets small pages, whatever was advised, so this comes before it. */
        advise(link + offset, length, MADV_POPULATE_WRITE);
    }
    return zeros_write_within(
        region->descriptor, link_offset(&region->geometry, link_index) + (int64_t)offset, length);
}

#define PAGES_AT_A_TIME 256

void region_touch(struct region *region, const int link_index, const size_t offset, const size_t length)
{
    uint8_t *link = region_link(region, link_index);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char has_memory[PAGES_AT_A_TIME];
    uint8_t *start = link == NULL ? NULL : link + offset - (uintptr_t)(link + offset) % page;
    for (uint8_t *address = start; link != NULL && address < link + offset + length; address += page * PAGES_AT_A_TIME)
    {
        const size_t left = (size_t)(link + offset + length - address);
        const size_t count = left > page * PAGES_AT_A_TIME ? PAGES_AT_A_TIME : (left + page - 1) / page;
        if (mincore(address, count * page, has_memory) != 0)
        {
            return;
        }
        for (size_t i = 0; i < count; i++)
        {
            if ((has_memory[i] & 1) != 0)
            {
                (void)*(const volatile uint8_t *)(address + i * page);
            }
        }
    }
}

uint8_t *region_errors(struct region *region, const int process_index)
{
    const int64_t start = error_log_offset(&region->geometry, process_index);
    return zeros_write_within(region->descriptor, start, ERROR_LOG_LOG_LENGTH) ?
        region_map(region->descriptor, start, ERROR_LOG_LOG_LENGTH) : NULL;
}

void region_trim(struct region *region, const int link_index)
{
    /* The memory of a link that was not mapped here is returned by the processes that used it, or by its next user. */
    uint8_t *link = region->links[link_index];
    if (link != NULL && (uintptr_t)link % (uintptr_t)sysconf(_SC_PAGESIZE) == 0)
    {
        madvise(link, region->geometry.link_length, MADV_REMOVE);
    }
}

bool region_is_current(const struct region *region)
{
    struct stat status;
    return lstat(region->path, &status) == 0 ?
        status.st_dev == region->dev && status.st_ino == region->ino : errno != ENOENT && errno != ENOTDIR;
}

void region_close(struct region *region)
{
    for (int i = 0; region->links != NULL && i < region->geometry.link_count; i++)
    {
        if (region->links[i] != NULL)
        {
            region_unmap(region->links[i], region->geometry.link_length);
        }
    }
    if (region->tables != NULL)
    {
        region_unmap(region->tables, region->geometry.tables_length);
    }
    region_forget(region);
    free(region->links);
    free(region->path);
    free(region->lock_path);
    region->links = NULL;
    region->tables = NULL;
    region->path = NULL;
    region->lock_path = NULL;
}

void region_forget(struct region *region)
{
    lock_file_close(&region->locks);
    descriptor_close(region->descriptor, region->dev, region->ino);
    region->descriptor = -1;
}
