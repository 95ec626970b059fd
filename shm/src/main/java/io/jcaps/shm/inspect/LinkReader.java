/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkCounters;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the links' bodies from a region's file, one after the other, and finds the messages in flight from the content
 * of the slots. The body is copied twice, and a slot whose words differ is only counted as moving. One thread.
 * <p>
 * A message that both sides have recorded is certain. An outcome that a client makes by itself (it aborted the message
 * before the service received it, or the service is gone) leaves no record when it is taken; the client's counters show
 * how many are left, and those are assumed to be the newest.
 */
final class LinkReader
{
    private static final byte[] NOTHING = {};
    private static final int PAGE_LENGTH = 4_096;
    private static final long GONE = LinkEntryDescriptor.SERVICE_CLOSED |
        LinkEntryDescriptor.REFUSED | LinkEntryDescriptor.CORRUPT;

    /**
     * Reads part of the region's file.
     */
    interface Source
    {
        void read(long position, UnsafeBuffer target);
    }

    private final Geometry geometry;
    private final SlotTable slots;
    private final Source source;
    private final UnsafeBuffer head;
    private final UnsafeBuffer headBehind;
    private List<MessageView> messages = List.of();
    private int movingCount;

    LinkReader(final Geometry geometry, final Source source)
    {
        this.geometry = geometry;
        this.source = source;
        slots = new SlotTable(geometry);
        head = new UnsafeBuffer(BufferUtil.allocateDirectAligned(geometry.linkHeadLength(), PAGE_LENGTH));
        headBehind = new UnsafeBuffer(BufferUtil.allocateDirectAligned(geometry.linkHeadLength(), PAGE_LENGTH));
    }

    List<MessageView> messages()
    {
        return messages;
    }

    int movingCount()
    {
        return movingCount;
    }

    Map<ClientCounter, Long> clientCounters()
    {
        final Map<ClientCounter, Long> counters = new EnumMap<>(ClientCounter.class);
        for (final ClientCounter counter : ClientCounter.values())
        {
            counters.put(counter, LinkCounters.get(headBehind, counter));
        }
        return Map.copyOf(counters);
    }

    Map<ServiceCounter, Long> serviceCounters()
    {
        final Map<ServiceCounter, Long> counters = new EnumMap<>(ServiceCounter.class);
        for (final ServiceCounter counter : ServiceCounter.values())
        {
            counters.put(counter, LinkCounters.get(headBehind, counter));
        }
        return Map.copyOf(counters);
    }

    /**
     * @param linkIndex   of the link.
     * @param flags       of its state.
     * @param serviceLife whether the service's process lives.
     * @param peekLength  most bytes to read of each payload.
     */
    void read(final int linkIndex, final int flags, final Life serviceLife, final int peekLength)
    {
        final long position = geometry.linkOffset(linkIndex);
        source.read(position, head);
        final boolean isServiceGone = 0 != (flags & GONE) || Life.DEAD == serviceLife;
        // A link that is not open yet still has its last user's messages; a closed client's belong to no process.
        final boolean isInUse = LinkEntryDescriptor.OPEN ==
            (flags & (LinkEntryDescriptor.OPEN | LinkEntryDescriptor.CLIENT_CLOSED));
        final MessageView[] found = new MessageView[geometry.slotCount()];
        final byte[][] peeks = new byte[geometry.slotCount()][];
        if (isInUse && peekLength > 0)
        {
            for (int slot = 0; slot < found.length; slot++)
            {
                final MessageView message = message(head, slot, isServiceGone, NOTHING);
                peeks[slot] = null == message ? NOTHING : peek(position, message, peekLength);
            }
        }
        source.read(position, headBehind);
        movingCount = 0;
        final List<MessageView> list = new ArrayList<>();
        for (int slot = 0; isInUse && slot < found.length; slot++)
        {
            if (isSame(slot))
            {
                final MessageView message =
                    message(headBehind, slot, isServiceGone, null == peeks[slot] ? NOTHING : peeks[slot]);
                if (null != message)
                {
                    list.add(message);
                }
            }
            else
            {
                movingCount++;
            }
        }
        list.sort(Comparator.comparingLong(MessageView::id));
        dropTaken(list);
        messages = List.copyOf(list);
    }

    private boolean isSame(final int slot)
    {
        return isSameHalf(slots.requestHalfOffset(slot)) && isSameHalf(slots.replyHalfOffset(slot));
    }

    private boolean isSameHalf(final int offset)
    {
        for (int i = offset; i < offset + SlotDescriptor.INLINE_OFFSET; i += Long.BYTES)
        {
            if (head.getLong(i) != headBehind.getLong(i))
            {
                return false;
            }
        }
        return true;
    }

    /** The message in a slot, or null if there is none. */
    private MessageView message(
        final UnsafeBuffer link, final int slot, final boolean isServiceGone, final byte[] peek)
    {
        final int requestOffset = slots.requestHalfOffset(slot);
        final int replyOffset = slots.replyHalfOffset(slot);
        final long word = link.getLong(requestOffset + SlotDescriptor.ID_OFFSET);
        final long id = Math.abs(word);
        if (0 == word || link.getLong(requestOffset + SlotDescriptor.DISPOSED_OFFSET) == id)
        {
            return null;
        }
        if (id < 0 || SlotDescriptor.slotIndex(id) != slot)
        {
            return new MessageView(id, slot, MessageView.State.CORRUPT, MessageView.Side.CLIENT, false, 0, NOTHING);
        }
        final boolean isReceived = link.getLong(LinkDescriptor.RECEIVED_OFFSET) >= id;
        final int replyFlags = link.getInt(replyOffset + SlotDescriptor.FLAGS_OFFSET);
        final boolean isAnswered = link.getLong(replyOffset + SlotDescriptor.ID_OFFSET) == id;
        final boolean isSkipped = isAnswered && 0 != (replyFlags & SlotDescriptor.FLAG_SKIPPED);
        if (isAnswered && !isSkipped)
        {
            final int length = link.getInt(replyOffset + SlotDescriptor.LENGTH_OFFSET);
            final boolean isPossible = SlotTable.NOWHERE != slots.replyPayloadOffset(slot, replyFlags, length);
            return new MessageView(id, slot,
                isPossible ? MessageView.State.REPLIED : MessageView.State.CORRUPT,
                MessageView.Side.CLIENT, true, length, peek);
        }

        final int length = link.getInt(requestOffset + SlotDescriptor.LENGTH_OFFSET);
        final int flags = link.getInt(requestOffset + SlotDescriptor.FLAGS_OFFSET);
        if (SlotTable.NOWHERE == slots.requestPayloadOffset(slot, flags, length))
        {
            return new MessageView(
                id, slot, MessageView.State.CORRUPT, MessageView.Side.QUEUE, isReceived, length, NOTHING);
        }
        final boolean wasReceived = isReceived && !isSkipped;
        if (isServiceGone)
        {
            return new MessageView(
                id, slot, MessageView.State.RETURNED, MessageView.Side.CLIENT, wasReceived, length, peek);
        }
        if (word < 0)
        {
            return new MessageView(id, slot, MessageView.State.ABORTED,
                wasReceived ? MessageView.Side.SERVICE : MessageView.Side.CLIENT, wasReceived, length, peek);
        }
        return new MessageView(id, slot,
            wasReceived ? MessageView.State.RECEIVED : MessageView.State.PUT,
            wasReceived ? MessageView.Side.SERVICE : MessageView.Side.QUEUE, wasReceived, length, peek);
    }

    /** Drops the messages whose outcome the client took although the slot does not show it: the oldest. */
    private void dropTaken(final List<MessageView> list)
    {
        final long takenCount = counter(ClientCounter.REPLIES) + counter(ClientCounter.CLOSED) +
            counter(ClientCounter.DIED) + counter(ClientCounter.ABORTED) + counter(ClientCounter.UNREACHABLE) +
            counter(ClientCounter.REFUSED);
        final long putCount = counter(ClientCounter.PUTS);
        if (0 == putCount)
        {
            // No living client counts.
            return;
        }
        long certainCount = 0;
        int ownCount = 0;
        for (final MessageView message : list)
        {
            if (isOwn(message))
            {
                ownCount++;
            }
            else if (MessageView.State.REPLIED != message.state())
            {
                certainCount++;
            }
        }
        long tooMany = ownCount - Math.max(0, putCount - takenCount - certainCount);
        for (int i = 0; i < list.size() && tooMany > 0;)
        {
            if (isOwn(list.get(i)))
            {
                list.remove(i);
                tooMany--;
            }
            else
            {
                i++;
            }
        }
    }

    /** Whether the outcome is one that the client makes by itself. */
    private static boolean isOwn(final MessageView message)
    {
        return MessageView.State.RETURNED == message.state() ||
            MessageView.State.ABORTED == message.state() && MessageView.Side.CLIENT == message.side();
    }

    private long counter(final ClientCounter counter)
    {
        return LinkCounters.get(headBehind, counter);
    }

    private byte[] peek(final long position, final MessageView message, final int peekLength)
    {
        if (MessageView.State.CORRUPT == message.state())
        {
            return NOTHING;
        }
        final int slot = message.slot();
        final boolean isReply = MessageView.State.REPLIED == message.state();
        final int flagsOffset =
            (isReply ? slots.replyHalfOffset(slot) : slots.requestHalfOffset(slot)) + SlotDescriptor.FLAGS_OFFSET;
        final int flags = head.getInt(flagsOffset);
        final int payloadOffset = isReply ?
            slots.replyPayloadOffset(slot, flags, message.length()) :
            slots.requestPayloadOffset(slot, flags, message.length());
        final int length = Math.min(message.length(), peekLength);
        final UnsafeBuffer bytes =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(Math.max(1, length), Long.BYTES), 0, length);
        source.read(position + payloadOffset, bytes);
        final byte[] result = new byte[length];
        bytes.getBytes(0, result);
        return result;
    }
}
