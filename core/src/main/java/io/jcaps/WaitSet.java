/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Host;
import io.jcaps.layout.PortEntry;
import org.agrona.concurrent.AtomicBuffer;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Lets one thread wait on many ports (B4). It tells which port is worth a {@code get}, and takes nothing itself.
 * <p>
 * One thread at a time; the ports may be used by others meanwhile. A port can be in one wait set only.
 */
public final class WaitSet implements AutoCloseable
{
    private static final int SPIN_COUNT = PortOptions.DEFAULT_SPIN_COUNT;

    private final Attachment attachment;
    private final Host host;
    private final AtomicBuffer tables;
    private final PortEntry entry;
    private final int portIndex;
    private final int wakeOffset;
    private Port[] ports = new Port[0];
    private int cursor;
    private volatile boolean isClosed;

    WaitSet(final Attachment attachment, final int portIndex)
    {
        this.attachment = attachment;
        this.portIndex = portIndex;
        host = attachment.host();
        tables = host.tables();
        entry = new PortEntry(tables, host.header().geometry()).wrap(portIndex);
        wakeOffset = entry.wakeOffset();
    }

    /**
     * Adds a port.
     *
     * @param port of the same attachment, not opened with {@link PortOptions#spinOnly}, in no other wait set.
     * @return this.
     * @throws IllegalArgumentException if it is another kind of port.
     */
    public WaitSet add(final Port port)
    {
        checkOpen();
        if (port.attachment != attachment)
        {
            throw new IllegalArgumentException("port is of another attachment: name=" + port.name());
        }
        if (port.spinOnly())
        {
            throw new IllegalArgumentException("port was opened to spin only, nobody would wake it: name=" +
                port.name());
        }
        if (!port.join(this))
        {
            throw new IllegalArgumentException("port is in a wait set already: name=" + port.name());
        }
        ports = Arrays.copyOf(ports, ports.length + 1);
        ports[ports.length - 1] = port;
        return this;
    }

    /**
     * Removes a port. One that is not there is ignored.
     *
     * @param port to remove.
     * @return this.
     */
    public WaitSet remove(final Port port)
    {
        checkOpen();
        final int index = Arrays.asList(ports).indexOf(port);
        if (index >= 0)
        {
            port.leave();
            final Port[] kept = Arrays.copyOf(ports, ports.length - 1);
            System.arraycopy(ports, index + 1, kept, index, kept.length - index);
            ports = kept;
        }
        return this;
    }

    /**
     * @return number of ports in the set.
     */
    public int size()
    {
        return ports.length;
    }

    /**
     * Finds a port that is worth a {@code get}, each in its turn.
     *
     * @return the port, or null if there is none now.
     */
    public Port poll()
    {
        checkOpen();
        return find();
    }

    private Port find()
    {
        final Port[] ports = this.ports;
        for (int i = 0; i < ports.length; i++)
        {
            if (cursor >= ports.length)
            {
                cursor = 0;
            }
            final Port port = ports[cursor++];
            if (port.isReady())
            {
                return port;
            }
        }
        return null;
    }

    /**
     * Waits for a port that is worth a {@code get}: first polling, then asleep, until a message comes or a port or its
     * peer ends.
     *
     * @param timeoutNs longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return the port; null if the time is over, the set was closed, or the thread was interrupted: its interrupt
     * status stays set.
     */
    public Port await(final long timeoutNs)
    {
        final boolean isTimed = Long.MAX_VALUE != timeoutNs;
        final long deadlineNs = Port.deadline(timeoutNs);
        checkOpen();
        for (int i = 0; i <= SPIN_COUNT; i++)
        {
            final Port port = find();
            if (null != port)
            {
                return port;
            }
            Thread.onSpinWait();
        }
        while (!isClosed)
        {
            final int wakeSequence = tables.getIntVolatile(wakeOffset);
            announce(portIndex + 1);
            try
            {
                final Port port = find();
                if (null != port)
                {
                    return port;
                }
                if (!attachment.sleep(wakeOffset, wakeSequence, deadlineNs, isTimed, sleepLimitNs()))
                {
                    return find();
                }
            }
            finally
            {
                announce(0);
            }
        }
        return null;
    }

    /**
     * Gives the set up; its ports stay open. Any thread may call; one that waits returns null. A second call does
     * nothing.
     */
    @Override
    public void close()
    {
        if (!isClosed)
        {
            isClosed = true;
            for (final Port port : ports)
            {
                port.leave();
            }
            if (host.isOwnProcess())
            {
                attachment.wakeAll(wakeOffset);
                entry.free();
            }
            attachment.onClosed(this);
        }
    }

    private long sleepLimitNs()
    {
        long limitNs = Long.MAX_VALUE;
        for (final Port port : ports)
        {
            limitNs = Math.min(limitNs, port.sleepLimitNs());
        }
        return limitNs;
    }

    private void announce(final int waitSet)
    {
        for (final Port port : ports)
        {
            port.announceWaitSet(waitSet);
        }
        // [wake] full fence behind the announcements, before the last look: pairs with the fence in Port.wakePeer().
        VarHandle.fullFence();
    }

    private void checkOpen()
    {
        if (isClosed)
        {
            throw new IllegalStateException("wait set is closed");
        }
    }
}
