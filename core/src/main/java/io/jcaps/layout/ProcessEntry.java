/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.concurrent.AtomicBuffer;

import static io.jcaps.layout.ProcessDescriptor.*;

/**
 * View of one entry of the process table. The view is not thread safe; {@link ProcessDescriptor} states who writes the
 * entry.
 */
public final class ProcessEntry
{
    private final AtomicBuffer tables;
    private final Geometry geometry;
    private int offset;

    /**
     * @param tables   header and tables of the region.
     * @param geometry of the region.
     */
    public ProcessEntry(final AtomicBuffer tables, final Geometry geometry)
    {
        this.tables = tables;
        this.geometry = geometry;
    }

    /**
     * @param processIndex of the entry to look at, 0 to the region's process count - 1.
     * @return this.
     */
    public ProcessEntry wrap(final int processIndex)
    {
        if (processIndex < 0 || processIndex >= geometry.processCount())
        {
            throw new RegionException("corrupt region: processIndex=" + processIndex + " of " +
                geometry.processCount());
        }
        offset = geometry.processOffset(processIndex);
        return this;
    }

    /**
     * @return incarnation of the process; 0 if the entry is free.
     */
    public long incarnation()
    {
        // [process] acquire: the fields below it are complete. Pairs with [process] in publish().
        return tables.getLongAcquire(offset + INCARNATION_OFFSET);
    }

    /**
     * Fills a free entry and publishes it. A process that dies before the last store leaves a free entry.
     *
     * @param incarnation new, positive.
     * @param startTicks  of the process.
     * @param pid         of the process, as it sees itself.
     * @param uid         real.
     * @param euid        effective.
     * @param gid         real.
     * @param groups      supplementary; the first {@link ProcessDescriptor#MAX_GROUP_COUNT} are kept.
     */
    public void publish(
        final long incarnation,
        final long startTicks,
        final int pid,
        final int uid,
        final int euid,
        final int gid,
        final int[] groups)
    {
        tables.putLong(offset + START_TICKS_OFFSET, startTicks);
        tables.putInt(offset + PID_OFFSET, pid);
        tables.putInt(offset + UID_OFFSET, uid);
        tables.putInt(offset + EUID_OFFSET, euid);
        tables.putInt(offset + GID_OFFSET, gid);
        tables.putInt(offset + LIBRARY_OFFSET, LIBRARY_JAVA);
        final int groupCount = Math.min(groups.length, MAX_GROUP_COUNT);
        tables.putInt(offset + GROUP_COUNT_OFFSET, groupCount);
        for (int i = 0; i < groupCount; i++)
        {
            tables.putInt(offset + GROUPS_OFFSET + i * Integer.BYTES, groups[i]);
        }
        // [process] release: pairs with [process] in incarnation(); without it a peer could take the last user's pid.
        tables.putLongRelease(offset + INCARNATION_OFFSET, incarnation);
    }

    /**
     * Frees the entry if it still has this incarnation. Its process may call, and under the tables' lock a process that
     * has proof of the owner's death. An owner that has lost its entry together with its life lock changes nothing.
     *
     * @param incarnation of the process.
     * @return false if the entry is already free or another process's.
     */
    public boolean free(final long incarnation)
    {
        return tables.compareAndSetLong(offset + INCARNATION_OFFSET, incarnation, 0);
    }

    /**
     * @return start time of the process in ticks since boot.
     */
    public long startTicks()
    {
        return tables.getLong(offset + START_TICKS_OFFSET);
    }

    /**
     * @return process id as the process itself sees it.
     */
    public int pid()
    {
        return tables.getInt(offset + PID_OFFSET);
    }

    /**
     * @return which library the process uses: {@link ProcessDescriptor#LIBRARY_JAVA} or
     * {@link ProcessDescriptor#LIBRARY_C}; not checked.
     */
    public int library()
    {
        return tables.getInt(offset + LIBRARY_OFFSET);
    }

    /**
     * @return for people: effective user id when the process attached, as the process itself saw it.
     */
    public int euid()
    {
        return tables.getInt(offset + EUID_OFFSET);
    }
}
