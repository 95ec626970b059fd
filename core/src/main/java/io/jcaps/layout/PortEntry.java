/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.concurrent.AtomicBuffer;

import java.lang.invoke.VarHandle;

import static io.jcaps.layout.PortDescriptor.*;

/**
 * View of one entry of the port table. The view is not thread safe; {@link PortDescriptor} states who writes the entry.
 */
public final class PortEntry
{
    private final AtomicBuffer tables;
    private final Geometry geometry;
    private int index;
    private int offset;

    /**
     * @param tables   header and tables of the region.
     * @param geometry of the region.
     */
    public PortEntry(final AtomicBuffer tables, final Geometry geometry)
    {
        this.tables = tables;
        this.geometry = geometry;
    }

    /**
     * @param portIndex of the entry to look at, 0 to the region's port count - 1.
     * @return this.
     */
    public PortEntry wrap(final int portIndex)
    {
        if (!geometry.hasPort(portIndex))
        {
            throw new RegionException("corrupt region: portIndex=" + portIndex + " of " + geometry.portCount());
        }
        index = portIndex;
        offset = geometry.portOffset(portIndex);
        return this;
    }

    /**
     * @return index of the entry in view.
     */
    public int index()
    {
        return index;
    }

    /**
     * @return incarnation of the port; 0 if the entry is free.
     */
    public long incarnation()
    {
        // [port] acquire: the fields below it are complete. Pairs with [port] in publish().
        return tables.getLongAcquire(offset + INCARNATION_OFFSET);
    }

    /**
     * Fills a free entry and publishes it, under the tables' lock. A process that dies before the last store leaves a
     * free entry.
     *
     * @param incarnation        new, positive.
     * @param kind               such as {@link PortDescriptor#KIND_SERVICE}.
     * @param processIndex       of the owner.
     * @param processIncarnation of the owner.
     * @param linkIndex          of a client, otherwise -1.
     * @param uid                registered or looked up; -1 is any.
     * @param gid                registered or looked up; -1 is any.
     * @param flags              the user's in the low 16 bits, the library's above.
     * @param name               valid (R2).
     * @param generation         initial one (R28).
     * @param openedAtMs         milliseconds since 1970.
     */
    public void publish(
        final long incarnation,
        final int kind,
        final int processIndex,
        final long processIncarnation,
        final int linkIndex,
        final int uid,
        final int gid,
        final int flags,
        final String name,
        final long generation,
        final long openedAtMs)
    {
        tables.putInt(offset + KIND_OFFSET, kind);
        tables.putInt(offset + STATE_OFFSET, STATE_OPEN);
        tables.putInt(offset + PROCESS_INDEX_OFFSET, processIndex);
        tables.putLong(offset + PROCESS_INCARNATION_OFFSET, processIncarnation);
        tables.putInt(offset + LINK_INDEX_OFFSET, linkIndex);
        tables.putInt(offset + UID_OFFSET, uid);
        tables.putInt(offset + GID_OFFSET, gid);
        tables.putInt(offset + FLAGS_OFFSET, flags);
        tables.putInt(offset + NAME_LENGTH_OFFSET, name.length());
        tables.putStringWithoutLengthAscii(offset + NAME_OFFSET, name);
        tables.putLong(offset + OPENED_AT_MS_OFFSET, openedAtMs);
        tables.putLong(offset + GENERATION_OFFSET, generation);
        tables.putLong(offset + CLAIMED_OFFSET, 0);
        tables.setMemory(offset + GONE_OFFSET, EVENTS_OFFSET - GONE_OFFSET, (byte)0);
        tables.putInt(offset + SLEEPERS_OFFSET, 0);
        tables.putInt(offset + WAIT_SET_OFFSET, 0);
        tables.setMemory(offset + GONE_CLIENT_RARE_OFFSET, ENTRY_LENGTH - GONE_CLIENT_RARE_OFFSET, (byte)0);
        // [port] release: pairs with [port] in incarnation(); without it a name could be found with another's owner.
        tables.putLongRelease(offset + INCARNATION_OFFSET, incarnation);
    }

    /**
     * Frees the entry if it still has this incarnation. Its owner may call, and under the tables' lock any process: for
     * a port of a dead process, a closed service, or an entry that only shows a waiting client. An owner that has lost
     * its entry together with its life lock changes nothing.
     *
     * @param incarnation of the port.
     * @return false if the entry is already free or another port's.
     */
    public boolean free(final long incarnation)
    {
        return tables.compareAndSetLong(offset + INCARNATION_OFFSET, incarnation, 0);
    }

    /**
     * Marks the port closed but not yet free.
     */
    public void close()
    {
        // [port-state] volatile store and a full fence, before the closing side looks at its links: pairs with the
        // compare and set by which a connecting client opens its link, before it looks at isOpen(). One of the two sees
        // the other. Without it a client could be connected to a port that a living process has closed, and wait for
        // ever.
        tables.putIntVolatile(offset + STATE_OFFSET, STATE_CLOSED);
        VarHandle.fullFence();
    }

    /**
     * @return whether the port is in use and not closed.
     */
    public boolean isOpen()
    {
        // [port-state] acquire: pairs with close(), after the compare and set of [link] in Connection.open().
        return tables.getIntAcquire(offset + STATE_OFFSET) == STATE_OPEN;
    }

    /**
     * @return kind, such as {@link PortDescriptor#KIND_SERVICE}.
     */
    public int kind()
    {
        return tables.getInt(offset + KIND_OFFSET);
    }

    /**
     * @return index of the owner's process entry; not checked.
     */
    public int processIndex()
    {
        return tables.getInt(offset + PROCESS_INDEX_OFFSET);
    }

    /**
     * @return incarnation of the owner.
     */
    public long processIncarnation()
    {
        return tables.getLong(offset + PROCESS_INCARNATION_OFFSET);
    }

    /**
     * @return index of a client's link, or -1; not checked.
     */
    public int linkIndex()
    {
        return tables.getInt(offset + LINK_INDEX_OFFSET);
    }

    /**
     * @return user id registered or looked up; -1 is any.
     */
    public int uid()
    {
        return tables.getInt(offset + UID_OFFSET);
    }

    /**
     * @return group id registered or looked up; -1 is any.
     */
    public int gid()
    {
        return tables.getInt(offset + GID_OFFSET);
    }

    /**
     * @return the user's flags in the low 16 bits, the library's above.
     */
    public int flags()
    {
        return tables.getInt(offset + FLAGS_OFFSET);
    }

    /**
     * @return name of the port; input, of at most 63 characters.
     */
    public String name()
    {
        final int length = Math.max(0, Math.min(MAX_NAME_LENGTH, tables.getInt(offset + NAME_LENGTH_OFFSET)));
        return tables.getStringWithoutLengthAscii(offset + NAME_OFFSET, length);
    }

    /**
     * Whether the port has a given name. Allocates nothing.
     *
     * @param name of 1 to 63 ASCII characters.
     * @return true if the port has it.
     */
    public boolean hasName(final String name)
    {
        boolean isSame = tables.getInt(offset + NAME_LENGTH_OFFSET) == name.length();
        for (int i = 0; i < name.length() && isSame; i++)
        {
            isSame = tables.getByte(offset + NAME_OFFSET + i) == (byte)name.charAt(i);
        }
        return isSame;
    }

    /**
     * @return milliseconds since 1970 when the port was opened.
     */
    public long openedAtMs()
    {
        return tables.getLong(offset + OPENED_AT_MS_OFFSET);
    }

    /**
     * @return offset of GENERATION from the start of the region.
     */
    public int generationOffset()
    {
        return offset + GENERATION_OFFSET;
    }

    /**
     * @return offset of EVENTS from the start of the region.
     */
    public int eventsOffset()
    {
        return offset + EVENTS_OFFSET;
    }

    /**
     * @return offset of WAKE from the start of the region.
     */
    public int wakeOffset()
    {
        return offset + WAKE_OFFSET;
    }

    /**
     * SLEEPERS and WAIT_SET can be read together, as one long at this offset: 0 if no thread sleeps.
     *
     * @return offset of SLEEPERS from the start of the region.
     */
    public int sleepersOffset()
    {
        return offset + SLEEPERS_OFFSET;
    }

    /**
     * The wake word of a port whose SLEEPERS word is known.
     *
     * @param sleepersOffset of the port.
     * @return offset of WAKE from the start of the region.
     */
    public static int wakeOffset(final int sleepersOffset)
    {
        return sleepersOffset - SLEEPERS_OFFSET + WAKE_OFFSET;
    }

    /**
     * Threads that sleep on a port's own wake word.
     *
     * @param sleepers SLEEPERS and WAIT_SET as one long.
     * @return how many.
     */
    public static int sleeperCount(final long sleepers)
    {
        return (int)sleepers;
    }

    /**
     * The wait set that sleeps for a port.
     *
     * @param sleepers SLEEPERS and WAIT_SET as one long.
     * @return index of the wait set's entry, not checked; -1 if there is none.
     */
    public static int waitSetIndex(final long sleepers)
    {
        return (int)(sleepers >>> Integer.SIZE) - 1;
    }

    /**
     * @param counterIndex 0 to {@link PortDescriptor#COUNTER_COUNT} - 1.
     * @return offset of that number from the start of the region.
     */
    public int counterOffset(final int counterIndex)
    {
        return offset + COUNTERS_OFFSET + counterIndex * Long.BYTES;
    }

    /**
     * Claims of the port that are not spent: at a client for requests, at a service for replies.
     *
     * @return how many there were in the last round of its watch.
     */
    public int claimed()
    {
        return tables.getIntOpaque(offset + CLAIMED_OFFSET);
    }

    /**
     * Views of the port that are not released: at a client replies and other outcomes, at a service requests.
     *
     * @return how many there were in the last round of its watch.
     */
    public int held()
    {
        return tables.getIntOpaque(offset + HELD_OFFSET);
    }

    /**
     * Shows the numbers of {@link #claimed} and {@link #held}; by the owner's watch, while the entry is the port's. A
     * reader may find one number of this round and one of the round before.
     *
     * @param claimed claims that are not spent.
     * @param held    views that are not released.
     */
    public void showOpen(final int claimed, final int held)
    {
        tables.putIntOpaque(offset + CLAIMED_OFFSET, claimed);
        tables.putIntOpaque(offset + HELD_OFFSET, held);
    }

    /**
     * @return GONE: twice the number of links in the totals of a service, plus 1 while one is being added.
     */
    public long gone()
    {
        // Acquire: a reader reads it, then the totals and the links, and then it again.
        return tables.getLongAcquire(offset + GONE_OFFSET);
    }

    /**
     * What the clients of a service that have gone had counted, or the service of them.
     *
     * @param counter which counter to read.
     * @return its total.
     */
    public long goneTotal(final LinkCounter counter)
    {
        return tables.getLongOpaque(goneOffset(counter));
    }

    /**
     * Begins to add a link to the totals: until {@link #endGone}, a reader reads again. By the service alone, within
     * its gate.
     */
    public void beginGone()
    {
        // Volatile store, a full fence: the release of the link and the totals come after it. Without it a reader could
        // miss a link that was released and is not in the totals yet. No decision depends on the totals. If the service
        // dies after this store, the link's numbers are lost, or part of them.
        tables.putLongVolatile(offset + GONE_OFFSET, tables.getLong(offset + GONE_OFFSET) | 1);
    }

    /**
     * Adds to all totals, between {@link #beginGone} and {@link #endGone}.
     *
     * @param counts of {@link LinkCounters#all}.
     */
    public void addGone(final long[] counts)
    {
        for (int i = 0; i < counts.length; i++)
        {
            if (0 != counts[i])
            {
                final int totalOffset = goneOffset(LinkCounters.COUNTERS[i]);
                tables.putLongOpaque(totalOffset, tables.getLong(totalOffset) + counts[i]);
            }
        }
    }

    /**
     * Ends what {@link #beginGone} began: the link is in the totals.
     */
    public void endGone()
    {
        // Release: a reader that finds it finds the totals.
        tables.putLongRelease(offset + GONE_OFFSET, tables.getLong(offset + GONE_OFFSET) + 1);
    }

    private int goneOffset(final LinkCounter counter)
    {
        final int counterOffset = counter.offset();
        if (counterOffset >= LinkDescriptor.SERVICE_COUNTERS_OFFSET)
        {
            return offset + GONE_SERVICE_OFFSET + counterOffset - LinkDescriptor.SERVICE_COUNTERS_OFFSET;
        }
        return offset + (counterOffset >= LinkDescriptor.CLIENT_PUTS_OFFSET ?
            GONE_CLIENT_OFFSET + counterOffset - LinkDescriptor.CLIENT_PUTS_OFFSET :
            GONE_CLIENT_RARE_OFFSET + counterOffset - LinkDescriptor.CLIENT_COUNTERS_OFFSET);
    }

    /**
     * @return offset of WAIT_SET from the start of the region.
     */
    public int waitSetOffset()
    {
        return offset + WAIT_SET_OFFSET;
    }
}
