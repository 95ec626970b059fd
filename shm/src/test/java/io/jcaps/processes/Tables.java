/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionHeader;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Header and tables of a region as anybody sees them who may read its file. They are mapped read-only: a test that
 * changes them by mistake ends at once.
 */
public final class Tables
{
    private final UnsafeBuffer buffer;
    private final Geometry geometry;

    Tables(final Path path) throws IOException
    {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ))
        {
            final UnsafeBuffer header = new UnsafeBuffer(
                channel.map(FileChannel.MapMode.READ_ONLY, 0, RegionDescriptor.HEADER_LENGTH));
            geometry = RegionHeader.read(header, channel.size(), path.toString()).geometry();
            buffer = new UnsafeBuffer(channel.map(FileChannel.MapMode.READ_ONLY, 0, geometry.tablesLength()));
        }
    }

    /**
     * @return each port that is in use, with what it is.
     */
    public List<String> openPorts()
    {
        final List<String> result = new ArrayList<>();
        final PortEntry port = new PortEntry(buffer, geometry);
        for (int i = 0; i < geometry.portCount(); i++)
        {
            if (0 != port.wrap(i).incarnation())
            {
                result.add(i + ":" + port.name() + ":kind=" + port.kind() + ":open=" + port.isOpen());
            }
        }
        return result;
    }

    /**
     * @return each link that is in use, with the bits of its state.
     */
    public List<String> usedLinks()
    {
        final List<String> result = new ArrayList<>();
        final LinkEntry link = new LinkEntry(buffer, geometry);
        for (int i = 0; i < geometry.linkCount(); i++)
        {
            final long state = link.wrap(i).state();
            if (!LinkEntry.isFree(state))
            {
                result.add(i + ":state=0x" +
                    Long.toHexString(state & ((1L << LinkEntryDescriptor.INCARNATION_SHIFT) - 1)));
            }
        }
        return result;
    }

    /**
     * @return links that a service has accepted.
     */
    public int acceptedLinkCount()
    {
        final LinkEntry link = new LinkEntry(buffer, geometry);
        int result = 0;
        for (int i = 0; i < geometry.linkCount(); i++)
        {
            result += 0 == (link.wrap(i).state() & LinkEntryDescriptor.SERVICE_HOLDS) ? 0 : 1;
        }
        return result;
    }

    /**
     * @return number of processes that are attached.
     */
    public int processCount()
    {
        final ProcessEntry process = new ProcessEntry(buffer, geometry);
        int result = 0;
        for (int i = 0; i < geometry.processCount(); i++)
        {
            result += 0 == process.wrap(i).incarnation() ? 0 : 1;
        }
        return result;
    }

    /**
     * @param name of a service that is open.
     * @return its threads that sleep.
     */
    public int sleeperCount(final String name)
    {
        return PortEntry.sleeperCount(buffer.getLongVolatile(service(name).sleepersOffset()));
    }

    /**
     * @param name of a service that is open.
     * @return how often its threads were woken.
     */
    public int wakeCount(final String name)
    {
        return buffer.getIntVolatile(service(name).wakeOffset());
    }

    /**
     * @return threads that sleep on any client's port.
     */
    public int clientSleeperCount()
    {
        final PortEntry port = new PortEntry(buffer, geometry);
        int result = 0;
        for (int i = 0; i < geometry.portCount(); i++)
        {
            if (0 != port.wrap(i).incarnation() && PortDescriptor.KIND_CLIENT == port.kind())
            {
                result += PortEntry.sleeperCount(buffer.getLongVolatile(port.sleepersOffset()));
            }
        }
        return result;
    }

    private PortEntry service(final String name)
    {
        final PortEntry port = new PortEntry(buffer, geometry);
        for (int i = 0; i < geometry.portCount(); i++)
        {
            if (0 != port.wrap(i).incarnation() && PortDescriptor.KIND_SERVICE == port.kind() && port.isOpen() &&
                name.equals(port.name()))
            {
                return port;
            }
        }
        throw new AssertionError("no service " + name + ": " + openPorts());
    }
}
