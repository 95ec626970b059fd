/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.concurrent.AtomicBuffer;

import static io.jcaps.layout.LinkEntryDescriptor.*;

/**
 * View of one entry of the link directory. The view is not thread safe; {@link LinkEntryDescriptor} states who writes
 * the entry.
 */
public final class LinkEntry
{
    private final AtomicBuffer tables;
    private final Geometry geometry;
    private int index;
    private int offset;

    /**
     * @param tables   header and tables of the region.
     * @param geometry of the region.
     */
    public LinkEntry(final AtomicBuffer tables, final Geometry geometry)
    {
        this.tables = tables;
        this.geometry = geometry;
    }

    /**
     * @param linkIndex of the entry to look at, 0 to the region's link count - 1.
     * @return this.
     */
    public LinkEntry wrap(final int linkIndex)
    {
        if (linkIndex < 0 || linkIndex >= geometry.linkCount())
        {
            throw new RegionException("corrupt region: linkIndex=" + linkIndex + " of " + geometry.linkCount());
        }
        index = linkIndex;
        offset = geometry.linkEntryOffset(linkIndex);
        return this;
    }

    /**
     * Whether neither side holds a link.
     *
     * @param state of the link.
     * @return true if it can be used again.
     */
    public static boolean isFree(final long state)
    {
        return (state & (CLIENT_HOLDS | SERVICE_HOLDS)) == 0;
    }

    /**
     * The incarnation in a link's state.
     *
     * @param state of the link.
     * @return incarnation of this use.
     */
    public static long incarnation(final long state)
    {
        return state >>> INCARNATION_SHIFT;
    }

    /**
     * @return index of the entry in view.
     */
    public int index()
    {
        return index;
    }

    /**
     * @return state word: incarnation and flags.
     */
    public long state()
    {
        // [link] acquire: sees what the other side wrote before it changed its flags. Pairs with [link] in change().
        return tables.getLongAcquire(offset + STATE_OFFSET);
    }

    /**
     * @return offset of STATE from the start of the region.
     */
    public int stateOffset()
    {
        return offset + STATE_OFFSET;
    }

    /**
     * Sets and clears flags of one use of the link. A concurrent change of other flags is kept.
     *
     * @param incarnation of that use.
     * @param set         flags to set.
     * @param clear       flags to clear.
     * @return the new state; -1 if the link is in another use by now: then nothing was changed.
     */
    public long change(final long incarnation, final long set, final long clear)
    {
        while (true)
        {
            final long state = state();
            if (incarnation(state) != incarnation)
            {
                return -1;
            }
            final long changed = (state | set) & ~clear;
            // [link] compare and set, a release and a full fence: pairs with [link] in state().
            if (state == changed || tables.compareAndSetLong(offset + STATE_OFFSET, state, changed))
            {
                return changed;
            }
        }
    }

    /**
     * Takes a free link for a client, under the tables' lock. The fields are written first, so that a survivor that
     * finds the link held also finds its holder.
     *
     * @param incarnation               of this use, new.
     * @param clientProcessIndex        of the client.
     * @param clientProcessIncarnation  of the client.
     * @param clientPortIndex           of the client.
     * @param clientPortIncarnation     of the client.
     * @param servicePortIndex          of the service.
     * @param servicePortIncarnation    of the service.
     * @param serviceProcessIndex       of the service.
     * @param serviceProcessIncarnation of the service.
     */
    public void take(
        final long incarnation,
        final int clientProcessIndex,
        final long clientProcessIncarnation,
        final int clientPortIndex,
        final long clientPortIncarnation,
        final int servicePortIndex,
        final long servicePortIncarnation,
        final int serviceProcessIndex,
        final long serviceProcessIncarnation)
    {
        tables.putInt(offset + CLIENT_PROCESS_INDEX_OFFSET, clientProcessIndex);
        tables.putLong(offset + CLIENT_PROCESS_INCARNATION_OFFSET, clientProcessIncarnation);
        tables.putInt(offset + CLIENT_PORT_INDEX_OFFSET, clientPortIndex);
        tables.putLong(offset + CLIENT_PORT_INCARNATION_OFFSET, clientPortIncarnation);
        tables.putInt(offset + SERVICE_PORT_INDEX_OFFSET, servicePortIndex);
        tables.putLong(offset + SERVICE_PORT_INCARNATION_OFFSET, servicePortIncarnation);
        tables.putInt(offset + SERVICE_PROCESS_INDEX_OFFSET, serviceProcessIndex);
        tables.putLong(offset + SERVICE_PROCESS_INCARNATION_OFFSET, serviceProcessIncarnation);
        tables.putLongVolatile(offset + STATE_OFFSET, (incarnation << INCARNATION_SHIFT) | CLIENT_HOLDS);
    }

    /**
     * @return index of the client's process entry; not checked.
     */
    public int clientProcessIndex()
    {
        return tables.getInt(offset + CLIENT_PROCESS_INDEX_OFFSET);
    }

    /**
     * @return incarnation of the client's process.
     */
    public long clientProcessIncarnation()
    {
        return tables.getLong(offset + CLIENT_PROCESS_INCARNATION_OFFSET);
    }

    /**
     * @return index of the client's port entry; not checked.
     */
    public int clientPortIndex()
    {
        return tables.getInt(offset + CLIENT_PORT_INDEX_OFFSET);
    }

    /**
     * @return index of the service's port entry; not checked.
     */
    public int servicePortIndex()
    {
        return tables.getInt(offset + SERVICE_PORT_INDEX_OFFSET);
    }

    /**
     * @return incarnation of the service's port.
     */
    public long servicePortIncarnation()
    {
        return tables.getLong(offset + SERVICE_PORT_INCARNATION_OFFSET);
    }

    /**
     * @return index of the service's process entry; not checked.
     */
    public int serviceProcessIndex()
    {
        return tables.getInt(offset + SERVICE_PROCESS_INDEX_OFFSET);
    }

    /**
     * @return incarnation of the service's process.
     */
    public long serviceProcessIncarnation()
    {
        return tables.getLong(offset + SERVICE_PROCESS_INCARNATION_OFFSET);
    }
}
