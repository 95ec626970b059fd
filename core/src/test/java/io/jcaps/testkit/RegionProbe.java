/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionHeader;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.IntFunction;
import java.util.zip.CRC32;

/**
 * A region as the {@link Watchdog} sees it: a fingerprint that changes with each message, wake-up, port or process, and
 * the tables as text. It only reads. A file is read and not mapped, so a truncated file is an error here and not a
 * signal.
 */
public final class RegionProbe
{
    /** Where the region's bytes come from. */
    private interface Source
    {
        Bytes read() throws IOException;
    }

    /** Tables, and the heads of links by index. */
    private record Bytes(Geometry geometry, AtomicBuffer tables, IntFunction<DirectBuffer> linkHeads)
    {
    }

    private final String name;
    private final Source source;

    private RegionProbe(final String name, final Source source)
    {
        this.name = name;
        this.source = source;
    }

    /**
     * @param name     of the region, for people.
     * @param geometry of the region.
     * @param tables   of the region.
     * @param links    returns a link by its index; called only for links that are in use.
     * @return a probe of a region in this process.
     */
    public static RegionProbe of(
        final String name, final Geometry geometry, final AtomicBuffer tables, final IntFunction<DirectBuffer> links)
    {
        final Bytes bytes = new Bytes(geometry, tables, links);
        return new RegionProbe(name, () -> bytes);
    }

    /**
     * @param path of the region's file, which need not exist yet.
     * @return a probe of that region.
     */
    public static RegionProbe of(final Path path)
    {
        return new RegionProbe(path.toString(), () -> read(path));
    }

    /**
     * @return a number that is the same as long as nothing happens in the region; 0 if it cannot be read.
     */
    long fingerprint()
    {
        try
        {
            final Bytes bytes = source.read();
            final CRC32 crc = new CRC32();
            update(crc, bytes.tables, bytes.geometry.tablesLength());
            final LinkEntry link = new LinkEntry(bytes.tables, bytes.geometry);
            for (int i = 0; i < bytes.geometry.linkCount(); i++)
            {
                if (!LinkEntry.isFree(link.wrap(i).state()))
                {
                    update(crc, bytes.linkHeads.apply(i), bytes.geometry.linkHeadLength());
                }
            }
            return crc.getValue();
        }
        catch (final IOException | RuntimeException ex)
        {
            return 0;
        }
    }

    /**
     * @return every entry of the tables that is in use, one a line, below the region's name.
     */
    String tables()
    {
        final StringBuilder text = new StringBuilder("region ").append(name).append('\n');
        try
        {
            append(text, source.read());
        }
        catch (final IOException | RuntimeException ex)
        {
            text.append("  not readable: ").append(ex).append('\n');
        }
        return text.toString();
    }

    private static void append(final StringBuilder text, final Bytes bytes)
    {
        final Geometry geometry = bytes.geometry;
        final ProcessEntry process = new ProcessEntry(bytes.tables, geometry);
        for (int i = 0; i < geometry.processCount(); i++)
        {
            if (0 != process.wrap(i).incarnation())
            {
                text.append(String.format("  process %d: incarnation=%d pid=%d euid=%d%n",
                    i, process.incarnation(), process.pid(), process.euid()));
            }
        }
        final PortEntry port = new PortEntry(bytes.tables, geometry);
        for (int i = 0; i < geometry.portCount(); i++)
        {
            if (0 != port.wrap(i).incarnation())
            {
                final long sleepers = bytes.tables.getLongVolatile(port.sleepersOffset());
                text.append(String.format(
                    "  port %d: name=%s kind=%d open=%b process=%d link=%d wake=%d sleepers=%d wait-set=%d events=%d%n",
                    i, port.name(), port.kind(), port.isOpen(), port.processIndex(), port.linkIndex(),
                    bytes.tables.getIntVolatile(port.wakeOffset()), PortEntry.sleeperCount(sleepers),
                    PortEntry.waitSetIndex(sleepers), bytes.tables.getIntVolatile(port.eventsOffset())));
            }
        }
        final LinkEntry link = new LinkEntry(bytes.tables, geometry);
        for (int i = 0; i < geometry.linkCount(); i++)
        {
            final long state = link.wrap(i).state();
            if (!LinkEntry.isFree(state))
            {
                text.append(String.format(
                    "  link %d: state=0x%x client port=%d process=%d, service port=%d process=%d%n",
                    i, state, link.clientPortIndex(), link.clientProcessIndex(),
                    link.servicePortIndex(), link.serviceProcessIndex()));
            }
        }
    }

    private static Bytes read(final Path path) throws IOException
    {
        final Geometry geometry;
        final AtomicBuffer tables;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ))
        {
            geometry = RegionHeader.read(
                read(channel, 0, RegionDescriptor.HEADER_LENGTH), channel.size(), path.toString()).geometry();
            tables = read(channel, 0, geometry.tablesLength());
        }
        return new Bytes(geometry, tables, (index) ->
        {
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ))
            {
                return read(channel, geometry.linkOffset(index), geometry.linkHeadLength());
            }
            catch (final IOException ex)
            {
                throw new IllegalStateException("link " + index + " of " + path, ex);
            }
        });
    }

    private static AtomicBuffer read(final FileChannel channel, final long position, final int length)
        throws IOException
    {
        final ByteBuffer bytes = BufferUtil.allocateDirectAligned(length, BitUtil.CACHE_LINE_LENGTH);
        while (bytes.hasRemaining())
        {
            if (channel.read(bytes, position + bytes.position()) < 0)
            {
                throw new EOFException("file ends before byte " + (position + length));
            }
        }
        return new UnsafeBuffer(bytes.flip());
    }

    private static void update(final CRC32 crc, final DirectBuffer buffer, final int length)
    {
        final byte[] bytes = new byte[length];
        buffer.getBytes(0, bytes);
        crc.update(bytes);
    }
}
