/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.Claim;
import io.jcaps.Port;
import io.jcaps.PortFlags;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

import java.util.ArrayDeque;
import java.util.IdentityHashMap;

/**
 * A port with an id, and the memory that was allocated for its messages.
 */
final class SysPort
{
    private final Port port;
    private final boolean isNoFork;
    private final IdentityHashMap<DirectBuffer, Allocation> allocations = new IdentityHashMap<>();
    private final ArrayDeque<Allocation> spare = new ArrayDeque<>();

    SysPort(final Port port, final int flags)
    {
        this.port = port;
        isNoFork = (flags & PortFlags.NOFORK) != 0;
    }

    Port port()
    {
        return port;
    }

    boolean isNoFork()
    {
        return isNoFork;
    }

    synchronized Allocation borrow()
    {
        final Allocation allocation = spare.poll();
        return null == allocation ? new Allocation() : allocation;
    }

    synchronized MutableDirectBuffer remember(final Allocation allocation, final long msgid)
    {
        allocation.msgid = msgid;
        allocation.buffer = allocation.claim.buffer();
        allocations.put(allocation.buffer, allocation);
        return allocation.buffer;
    }

    synchronized void forgetIfSpent(final Allocation allocation)
    {
        if (!allocation.claim.isFilled())
        {
            if (null != allocation.buffer)
            {
                allocations.remove(allocation.buffer);
                allocation.buffer = null;
            }
            spare.push(allocation);
        }
    }

    /** The client is done with a message, or gone: what was allocated for a reply to it will not be sent (R24). */
    synchronized void forgetDisposed(final long msgid)
    {
        for (Allocation allocation = find(msgid); null != allocation; allocation = find(msgid))
        {
            allocation.claim.cancel();
            forgetIfSpent(allocation);
        }
    }

    private Allocation find(final long msgid)
    {
        if (!allocations.isEmpty())
        {
            for (final Allocation allocation : allocations.values())
            {
                if (allocation.msgid == msgid)
                {
                    return allocation;
                }
            }
        }
        return null;
    }

    synchronized Allocation allocationOf(final DirectBuffer buffer)
    {
        return allocations.isEmpty() ? null : allocations.get(buffer);
    }

    /** A claim that is reused, and what it was made for. */
    static final class Allocation
    {
        private final Claim claim = new Claim();
        private MutableDirectBuffer buffer;
        private long msgid;

        Claim claim()
        {
            return claim;
        }

        long msgid()
        {
            return msgid;
        }
    }
}
