/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The bytes of one link that its two sides write, and its entries in the tables: where a hostile side can do harm.
 */
final class VictimBytes
{
    /** Parts of the link, and of the tables. */
    enum Area
    {
        RECEIVED, DISPOSALS, REQUEST_RECORDS, REQUEST_TAIL, REQUEST_HEAD, REPLY_RECORDS, REPLY_TAIL, REPLY_HEAD,
        REQUEST_HALVES, REPLY_HALVES, REQUEST_DESCRIPTORS, REPLY_DESCRIPTORS, REQUEST_CELLS, REPLY_CELLS, LINK_STATE,
        LINK_ENTRY, PORT_ENTRY, PROCESS_ENTRY, FORGED_REQUEST, FORGED_REPLY
    }

    private record Range(AtomicBuffer buffer, int offset, int length)
    {
    }

    private static final Area[] AREAS = Area.values();
    /** Forgeries get further than chance does. */
    private static final int FORGERY_SHARE = 5;

    private final Random random;
    private final Mutator mutator;
    private final Geometry geometry;
    private final AtomicBuffer tables;
    private final AtomicBuffer link;
    private final long[] foreignIds;
    private final Map<Area, List<Range>> ranges = new EnumMap<>(Area.class);

    /**
     * @param foreignIds of other clients' messages, to forge from; the owner of the array keeps it up to date.
     */
    VictimBytes(
        final Random random,
        final Geometry geometry,
        final AtomicBuffer tables,
        final AtomicBuffer link,
        final int linkIndex,
        final int portIndex,
        final int processIndex,
        final long[] foreignIds)
    {
        this.random = random;
        this.geometry = geometry;
        this.tables = tables;
        this.link = link;
        this.foreignIds = foreignIds;
        mutator = new Mutator(random);
        addRing(LinkDescriptor.REQUEST_RING_OFFSET, Area.REQUEST_RECORDS, Area.REQUEST_TAIL, Area.REQUEST_HEAD);
        addRing(geometry.replyRingOffset(), Area.REPLY_RECORDS, Area.REPLY_TAIL, Area.REPLY_HEAD);
        add(Area.RECEIVED, link, LinkDescriptor.RECEIVED_OFFSET, Long.BYTES);
        add(Area.DISPOSALS, link, LinkDescriptor.DISPOSALS_OFFSET, Long.BYTES);
        for (int i = 0; i < geometry.slotCount(); i++)
        {
            add(Area.REQUEST_HALVES, link, geometry.requestHalfOffset(i), SlotDescriptor.HALF_LENGTH);
            add(Area.REPLY_HALVES, link, geometry.replyHalfOffset(i), SlotDescriptor.HALF_LENGTH);
            add(Area.REQUEST_DESCRIPTORS, link, geometry.requestHalfOffset(i), SlotDescriptor.INLINE_OFFSET);
            add(Area.REPLY_DESCRIPTORS, link, geometry.replyHalfOffset(i), SlotDescriptor.INLINE_OFFSET);
            add(Area.REQUEST_CELLS, link, geometry.requestCellOffset(i), geometry.cellStride());
            add(Area.REPLY_CELLS, link, geometry.replyCellOffset(i), geometry.cellStride());
        }
        add(Area.LINK_STATE, tables, geometry.linkEntryOffset(linkIndex), Long.BYTES);
        add(Area.LINK_ENTRY, tables, geometry.linkEntryOffset(linkIndex),
            LinkEntryDescriptor.SERVICE_PORT_INDEX_OFFSET + Integer.BYTES);
        add(Area.PORT_ENTRY, tables, geometry.portOffset(portIndex), PortDescriptor.NAME_OFFSET);
        add(Area.PORT_ENTRY, tables, geometry.portOffset(portIndex) + PortDescriptor.EVENTS_OFFSET,
            PortDescriptor.ENTRY_LENGTH - PortDescriptor.EVENTS_OFFSET);
        add(Area.PROCESS_ENTRY, tables, geometry.processOffset(processIndex), ProcessDescriptor.ENTRY_LENGTH);
    }

    private void addRing(final int offset, final Area records, final Area tail, final Area head)
    {
        final int trailerOffset = offset + geometry.ringCapacity();
        add(records, link, offset, geometry.ringCapacity());
        add(tail, link, trailerOffset + RingBufferDescriptor.TAIL_POSITION_OFFSET, Long.BYTES);
        add(head, link, trailerOffset + RingBufferDescriptor.HEAD_POSITION_OFFSET, Long.BYTES);
    }

    private void add(final Area area, final AtomicBuffer buffer, final int offset, final int length)
    {
        ranges.computeIfAbsent(area, (key) -> new ArrayList<>()).add(new Range(buffer, offset, length));
    }

    /** Changes one word, or writes what looks like a message. */
    Area mutate()
    {
        final Area area = random.nextInt(FORGERY_SHARE) == 0 ?
            random.nextInt(4) == 0 ? Area.FORGED_REPLY : Area.FORGED_REQUEST : AREAS[random.nextInt(AREAS.length)];
        switch (area)
        {
            case FORGED_REQUEST -> forge(LinkDescriptor.REQUEST_RING_OFFSET, geometry.requestHalfOffset(0), false);
            case FORGED_REPLY -> forge(geometry.replyRingOffset(), geometry.replyHalfOffset(0), true);
            default ->
            {
                final List<Range> candidates = ranges.get(area);
                final Range range = candidates.get(random.nextInt(candidates.size()));
                mutator.mutate(range.buffer, range.offset, range.length);
            }
        }
        return area;
    }

    /** Writes a message as its side would, but with an id of one's own making. */
    private void forge(final int ringOffset, final int halvesOffset, final boolean isReply)
    {
        final int slot = random.nextInt(geometry.slotCount());
        final long own = link.getLong(geometry.requestHalfOffset(slot));
        final long id = switch (random.nextInt(6))
        {
            case 0 -> own + (1L + random.nextInt(3) << SlotDescriptor.SLOT_BITS);
            case 1 -> foreignIds[random.nextInt(foreignIds.length)];
            case 2 -> foreignIds[random.nextInt(foreignIds.length)] & -SlotDescriptor.MAX_SLOT_COUNT | slot;
            // Another lease: of another client, one that is not given yet, or none.
            case 3 -> own + (random.nextInt(9) - 4L << SlotDescriptor.SLOT_BITS + SlotDescriptor.COUNT_BITS);
            case 4 -> isReply ? own : random.nextLong();
            default -> own;
        };
        final int half = halvesOffset + (isReply || random.nextInt(8) == 0 ?
            slot : SlotDescriptor.slotIndex(id) % geometry.slotCount()) * SlotDescriptor.HALF_LENGTH;
        if (random.nextInt(3) != 0)
        {
            link.putInt(half + SlotDescriptor.LENGTH_OFFSET, random.nextInt(80) - 8);
            link.putInt(half + SlotDescriptor.FLAGS_OFFSET, random.nextInt(4));
            if (isReply)
            {
                link.putLong(half + SlotDescriptor.ORDER_OFFSET, random.nextInt(4));
            }
        }
        link.putLongRelease(half + SlotDescriptor.ID_OFFSET, id);
        final int tailOffset = ringOffset + geometry.ringCapacity() + RingBufferDescriptor.TAIL_POSITION_OFFSET;
        final long record = link.getLong(tailOffset) / LinkDescriptor.RECORD_LENGTH;
        final int index = ringOffset +
            ((int)record & geometry.ringCapacity() / LinkDescriptor.RECORD_LENGTH - 1) * LinkDescriptor.RECORD_LENGTH;
        link.putLong(index + RecordDescriptor.HEADER_LENGTH, id);
        link.putLongRelease(index, LinkDescriptor.recordHeader(record));
        if (random.nextBoolean())
        {
            link.putLong(tailOffset, (record + 1) * LinkDescriptor.RECORD_LENGTH);
        }
    }

    /** What a hand from outside would do when all is over: the entries are free. */
    void clearEntries(final int processIndex, final int portIndex, final int linkIndex)
    {
        tables.setMemory(geometry.linkEntryOffset(linkIndex), LinkEntryDescriptor.ENTRY_LENGTH, (byte)0);
        tables.setMemory(geometry.portOffset(portIndex), PortDescriptor.ENTRY_LENGTH, (byte)0);
        tables.setMemory(geometry.processOffset(processIndex), ProcessDescriptor.ENTRY_LENGTH, (byte)0);
    }
}
