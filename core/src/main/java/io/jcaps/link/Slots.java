/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.concurrent.UnsafeBuffer;

import java.lang.invoke.VarHandle;

import static io.jcaps.layout.SlotDescriptor.DISPOSED_OFFSET;
import static io.jcaps.layout.SlotDescriptor.FLAGS_OFFSET;
import static io.jcaps.layout.SlotDescriptor.FLAG_SKIPPED;
import static io.jcaps.layout.SlotDescriptor.ID_OFFSET;
import static io.jcaps.layout.SlotDescriptor.LENGTH_OFFSET;
import static io.jcaps.layout.SlotDescriptor.ORDER_OFFSET;

/**
 * Every load and store of a link's slot halves and of its two watermarks. Both halves of each ordering label are in
 * this file, one below the other: what the writer publishes, and what the reader may rely on.
 * <p>
 * Each side has an instance of its own, used within the gate of its port unless a caller says otherwise. Only a client
 * may call the methods that write the request half, and only a service those that write the reply half.
 */
final class Slots
{
    private final UnsafeBuffer link;
    private final SlotTable table;
    // LENGTH and FLAGS as this side last wrote them to its half of each slot. They are stored only if they change,
    // because each store competes with a peer that reads the same cache line.
    private final long[] descriptors;

    /**
     * @param link     body of the link.
     * @param geometry of the region.
     */
    Slots(final UnsafeBuffer link, final Geometry geometry)
    {
        this.link = link;
        table = new SlotTable(geometry);
        descriptors = new long[geometry.slotCount()];
    }

    // ---- request half: written by the client

    /**
     * Publishes a request whose payload is written.
     *
     * @param slot   index of the slot.
     * @param id     of the message.
     * @param length of the payload in bytes.
     * @param flags  of the half.
     */
    void publishRequest(final int slot, final long id, final int length, final int flags)
    {
        final int halfOffset = table.requestHalfOffset(slot);
        writeDescriptor(slot, halfOffset, length, flags);
        // [request] release: descriptor and payload are written before the service can see the id. Pairs with
        // requestId(). A client that dies before it has put nothing: its link is discarded.
        link.putLongRelease(halfOffset + ID_OFFSET, id);
    }

    /**
     * @param slot index of the slot.
     * @return id of the request in it, negative if its client has aborted it, 0 if there never was one; input.
     */
    long requestId(final int slot)
    {
        // [request] acquire: who sees the id sees its descriptor and payload. Pairs with publishRequest(); without it a
        // service could read the payload of the slot's last message under the id of this one.
        return link.getLongAcquire(table.requestHalfOffset(slot) + ID_OFFSET);
    }

    /**
     * @param slot whose request id was seen.
     * @return length of its payload in bytes; input.
     */
    int requestLength(final int slot)
    {
        return link.getInt(table.requestHalfOffset(slot) + LENGTH_OFFSET);
    }

    /**
     * Place of the payload of a request whose id was seen.
     *
     * @param slot   index of the slot.
     * @param length as {@link #requestLength} returned it.
     * @return offset in the link; {@link SlotTable#NOWHERE} if the descriptor is corrupt.
     */
    int requestPayloadOffset(final int slot, final int length)
    {
        return table.requestPayloadOffset(
            slot, link.getInt(table.requestHalfOffset(slot) + FLAGS_OFFSET), length);
    }

    /**
     * Marks a request as aborted.
     *
     * @param slot index of the slot.
     * @param id   of the message in it.
     */
    void abortRequest(final int slot, final long id)
    {
        // [abort] volatile store and a full fence before the look at RECEIVED: pairs with publishReceived(), after
        // which the service looks at the id again. One of the two sees the other. Without it an abort could report
        // that the service never saw a message that it hands out.
        link.putLongVolatile(table.requestHalfOffset(slot) + ID_OFFSET, -id);
        VarHandle.fullFence();
    }

    /**
     * Returns a reply's memory to the service.
     *
     * @param slot index of the slot.
     * @param id   of the message whose reply the client has finished with.
     */
    void dispose(final int slot, final long id)
    {
        // [disposal] release: this side's reads of the reply are over before the service may write the memory again.
        // Pairs with isDisposed(). It costs no cache line of its own: the slot's next request goes with it. If the
        // client dies before it, the service disposes of everything that it had replied.
        link.putLongRelease(table.requestHalfOffset(slot) + DISPOSED_OFFSET, id);
    }

    /**
     * @param slot index of the slot.
     * @param id   of the message whose reply is in it.
     * @return whether the client has finished with that reply.
     */
    boolean isDisposed(final int slot, final long id)
    {
        final int halfOffset = table.requestHalfOffset(slot);
        // [disposal] acquire: the client's reads are over. Pairs with dispose(); without it the service could
        // overwrite a reply that is being read. A greater request id proves the same, because its put came after the
        // reads.
        return link.getLongAcquire(halfOffset + DISPOSED_OFFSET) == id ||
            Math.abs(link.getLongAcquire(halfOffset + ID_OFFSET)) > id;
    }

    /**
     * Publishes the number of disposals.
     *
     * @param count of the replies of this link that the client has finished with.
     */
    void publishDisposals(final long count)
    {
        // [disposals] release: each disposal that is counted is in its slot. Pairs with disposals(). If the client dies
        // before it, the service disposes of everything that it had replied.
        link.putLongRelease(LinkDescriptor.DISPOSALS_OFFSET, count);
    }

    /**
     * @return how many replies the client has finished with; input.
     */
    long disposals()
    {
        // [disposals] acquire: the slots show the disposals that are counted. Pairs with publishDisposals(); without it
        // the service could search the slots and find nothing, and the disposal is delayed.
        return link.getLongAcquire(LinkDescriptor.DISPOSALS_OFFSET);
    }

    // ---- reply half: written by the service

    /**
     * Publishes a reply whose payload is written.
     *
     * @param slot   index of the slot.
     * @param id     of the request that it answers.
     * @param length of the payload in bytes.
     * @param flags  of the half.
     * @param order  of this reply among those of the link, from 0.
     */
    void publishReply(final int slot, final long id, final int length, final int flags, final long order)
    {
        final int halfOffset = table.replyHalfOffset(slot);
        writeDescriptor(slot, halfOffset, length, flags);
        link.putLong(halfOffset + ORDER_OFFSET, order);
        // [reply] release: descriptor, order and payload are written before the client can see the id. Pairs with
        // replyId(). If the service dies after it, the client finds the reply by its slot: it counts as replied.
        link.putLongRelease(halfOffset + ID_OFFSET, id);
    }

    /**
     * Publishes that the service found a request aborted and did not receive it (R29). A skip has no place among the
     * replies: its ORDER is -1. It may overwrite the slot's last reply, which its client has disposed of: the client
     * has used the slot again since.
     *
     * @param slot index of the slot.
     * @param id   of the request.
     */
    void publishSkip(final int slot, final long id)
    {
        // If the service dies before the id is stored, only RECEIVED counts: a message that was skipped may then count
        // as received.
        publishReply(slot, id, 0, FLAG_SKIPPED, LinkDescriptor.NO_ORDER);
    }

    /**
     * @param slot index of the slot.
     * @return id of the request that the reply in it answers; input.
     */
    long replyId(final int slot)
    {
        // [reply] acquire: who sees the id sees its descriptor, order and payload. Pairs with publishReply(); without
        // it a client could read the payload of the slot's last reply, or mistake a skip for a reply.
        return link.getLongAcquire(table.replyHalfOffset(slot) + ID_OFFSET);
    }

    /**
     * @param slot whose reply id was seen.
     * @return place of the reply among those of the link; input.
     */
    long replyOrder(final int slot)
    {
        return link.getLong(table.replyHalfOffset(slot) + ORDER_OFFSET);
    }

    /**
     * @param slot whose reply id was seen.
     * @return length of its payload in bytes; input.
     */
    int replyLength(final int slot)
    {
        return link.getInt(table.replyHalfOffset(slot) + LENGTH_OFFSET);
    }

    /**
     * @param slot whose reply id was seen.
     * @return flags of the half; input.
     */
    int replyFlags(final int slot)
    {
        return link.getInt(table.replyHalfOffset(slot) + FLAGS_OFFSET);
    }

    /**
     * @param slot index of the slot.
     * @param id   of the message that was put in it.
     * @return whether the message has a reply, and not a skip.
     */
    boolean isReplied(final int slot, final long id)
    {
        return replyId(slot) == id && (replyFlags(slot) & FLAG_SKIPPED) == 0;
    }

    /**
     * @param slot index of the slot.
     * @param id   of the message that was put in it.
     * @return whether the service has skipped the message.
     */
    boolean isSkipped(final int slot, final long id)
    {
        return replyId(slot) == id && (replyFlags(slot) & FLAG_SKIPPED) != 0;
    }

    // ---- RECEIVED: written by the service

    /**
     * Publishes that all requests up to one were received. The caller must then look at the id again.
     *
     * @param id of that request.
     */
    void publishReceived(final long id)
    {
        publishCollected(id);
        receivedFence();
    }

    /**
     * Publishes that all requests of a batch were received, up to its last one. The caller must call
     * {@link #receivedFence} before it looks at the ids again: one fence for the requests of all links.
     *
     * @param id of the last request of the batch.
     */
    void publishCollected(final long id)
    {
        // [received] store, with the full fence of receivedFence() before the second look at the request's id: pairs
        // with abortRequest(). One of the two sees the other. If the service dies after it, its client counts the
        // message as received: it may have been.
        link.putLongRelease(LinkDescriptor.RECEIVED_OFFSET, id);
    }

    /** The fence after {@link #publishCollected}. */
    static void receivedFence()
    {
        // [received] full fence between RECEIVED and the second looks at the ids: pairs with abortRequest(). Without it
        // a request could be handed out whose abort reports that the service never saw it.
        VarHandle.fullFence();
    }

    /**
     * Publishes that fewer requests were received than a batch had announced: the others are never handed out.
     *
     * @param id of the last request that was handed out or skipped.
     */
    void lowerReceived(final long id)
    {
        // [received] release, before the flag that ends the link is set by [link]: a client that sees the flag sees
        // this value. If the service dies in between, its client reports the same. An abort that reads the former value
        // waits for the end of the link. One that reads this value is right, because no request is handed out after it.
        link.putLongRelease(LinkDescriptor.RECEIVED_OFFSET, id);
    }

    /**
     * @return id of the last request received; input.
     */
    long received()
    {
        // [received] acquire, after the full fence of abortRequest() or the end of the service: pairs with
        // publishReceived(), publishCollected() and lowerReceived().
        return link.getLongAcquire(LinkDescriptor.RECEIVED_OFFSET);
    }

    // ---- both

    private void writeDescriptor(final int slot, final int halfOffset, final int length, final int flags)
    {
        final long descriptor = SlotDescriptor.lengthAndFlags(length, flags);
        if (descriptors[slot] != descriptor)
        {
            descriptors[slot] = descriptor;
            link.putLong(halfOffset + LENGTH_OFFSET, descriptor);
        }
    }
}
