/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Port;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;

/**
 * A port with an id, and the memory that was allocated for its messages.
 * <p>
 * The program holds a buffer for each allocation. The buffer is detached only when the program gives it back by put,
 * reply or free: until then a thread may be writing to it, also when another thread finds that the client is gone.
 */
final class SysPort
{
    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final Port port;
    // Searched from its end: a program mostly gives back its newest allocation first.
    private final ArrayList<Allocation> allocations = new ArrayList<>();
    private final ArrayDeque<Allocation> spare = new ArrayDeque<>();
    // For replies whose client is gone: their memory is kept until the program has dropped the buffer.
    private final ArrayList<Orphan> orphans = new ArrayList<>();

    SysPort(final Port port)
    {
        this.port = port;
    }

    Port port()
    {
        return port;
    }

    /** Claims memory. Returns a status, and if that is OK, the buffer in the first element. */
    synchronized int alloc(final long msgid, final int size, final MutableDirectBuffer[] buffer)
    {
        freeOrphans();
        // Made before the claim: without heap memory for its record the claim could not be given back.
        allocations.ensureCapacity(allocations.size() + 1);
        final Allocation pooled = spare.poll();
        final Allocation allocation = null == pooled ? new Allocation() : pooled;
        final int status = port instanceof ClientPort client ?
            client.claim(size, allocation.claim) : ((ServicePort)port).claim(msgid, size, allocation.claim);
        if (Status.OK != status)
        {
            spare.push(allocation);
            return status;
        }
        allocation.msgid = msgid;
        try
        {
            allocation.buffer.wrap(allocation.claim.buffer(), 0, size);
        }
        catch (final IllegalStateException ex)
        {
            // Closed by another thread in between.
            allocation.claim.cancel();
            spare.push(allocation);
            return port.endStatus();
        }
        allocations.add(allocation);
        buffer[0] = allocation.buffer;
        return Status.OK;
    }

    /** Whether alloc returned the buffer, and it was not put, replied or freed since. */
    synchronized boolean isAllocated(final DirectBuffer buffer)
    {
        return null != allocationOf(buffer) || null != orphanOf(buffer);
    }

    synchronized long put(final DirectBuffer buffer, final int size)
    {
        final Allocation allocation = allocationOf(buffer);
        if (null == allocation)
        {
            return Status.INVALID;
        }
        final long id = allocation.claim.put(size);
        giveBackIfSpent(allocation);
        return id;
    }

    synchronized int reply(final DirectBuffer buffer, final int size, final long msgid)
    {
        final Orphan orphan = orphanOf(buffer);
        if (null != orphan)
        {
            orphan.claim.cancel();
            orphans.remove(orphan);
            return Status.INVALID;
        }
        final Allocation allocation = allocationOf(buffer);
        if (null == allocation || allocation.msgid != msgid)
        {
            return Status.INVALID;
        }
        final int status = allocation.claim.reply(size);
        giveBackIfSpent(allocation);
        return status;
    }

    /** Gives an allocation back unused. */
    synchronized int free(final DirectBuffer buffer)
    {
        final Orphan orphan = orphanOf(buffer);
        if (null != orphan)
        {
            orphan.claim.cancel();
            orphans.remove(orphan);
            return Status.OK;
        }
        final Allocation allocation = allocationOf(buffer);
        if (null == allocation)
        {
            return Status.INVALID;
        }
        allocation.claim.cancel();
        giveBackIfSpent(allocation);
        return Status.OK;
    }

    /** Handles a disposal: memory that was allocated for a reply to that message will not be sent (R24). */
    synchronized void forgetDisposed(final long msgid)
    {
        for (int i = allocations.size() - 1; i >= 0; i--)
        {
            if (allocations.get(i).msgid == msgid)
            {
                orphans.add(new Orphan(allocations.remove(i)));
            }
        }
        freeOrphans();
    }

    private void giveBackIfSpent(final Allocation allocation)
    {
        if (!allocation.claim.isFilled())
        {
            allocations.remove(allocation);
            allocation.buffer.wrap(allocation.buffer, 0, 0);
            spare.push(allocation);
        }
    }

    private void freeOrphans()
    {
        for (int i = orphans.size() - 1; i >= 0; i--)
        {
            if (null == orphans.get(i).buffer.get())
            {
                orphans.remove(i).claim.cancel();
            }
        }
    }

    private Allocation allocationOf(final DirectBuffer buffer)
    {
        for (int i = allocations.size() - 1; i >= 0; i--)
        {
            if (allocations.get(i).buffer == buffer)
            {
                return allocations.get(i);
            }
        }
        return null;
    }

    private Orphan orphanOf(final DirectBuffer buffer)
    {
        for (int i = orphans.size() - 1; null != buffer && i >= 0; i--)
        {
            if (orphans.get(i).buffer.get() == buffer)
            {
                return orphans.get(i);
            }
        }
        return null;
    }

    /** A reusable claim, and the message that it was made for. */
    private static final class Allocation
    {
        private final Claim claim = new Claim();
        private final UnsafeBuffer buffer = new UnsafeBuffer(NOTHING);
        private long msgid;
    }

    /** An allocation for a reply whose client is gone. */
    private static final class Orphan
    {
        private final Claim claim;
        private final WeakReference<DirectBuffer> buffer;

        Orphan(final Allocation allocation)
        {
            claim = allocation.claim;
            buffer = new WeakReference<>(allocation.buffer);
        }
    }
}
