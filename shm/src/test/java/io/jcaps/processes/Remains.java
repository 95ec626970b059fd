/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionHeader;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.Outcome;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What a service that stands still, or is dead, has left in its links; and what its clients must make of that. Mapped
 * read-only, and read by the layout alone.
 */
final class Remains
{
    private final Geometry geometry;
    private final UnsafeBuffer tables;
    private final UnsafeBuffer[] links;
    private final long[] states;
    private final long[] received;
    private final long[][] requests;
    private final long[][] replies;
    private final boolean[][] isSkipped;

    /**
     * @param path of the region.
     */
    Remains(final Path path)
    {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ))
        {
            final UnsafeBuffer header = new UnsafeBuffer(
                channel.map(FileChannel.MapMode.READ_ONLY, 0, RegionDescriptor.HEADER_LENGTH));
            geometry = RegionHeader.read(header, channel.size(), path.toString()).geometry();
            tables = new UnsafeBuffer(channel.map(FileChannel.MapMode.READ_ONLY, 0, geometry.tablesLength()));
            links = new UnsafeBuffer[geometry.linkCount()];
            for (int i = 0; i < links.length; i++)
            {
                links[i] = new UnsafeBuffer(channel.map(
                    FileChannel.MapMode.READ_ONLY, geometry.linkOffset(i), geometry.linkHeadLength()));
            }
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
        states = new long[links.length];
        received = new long[links.length];
        requests = new long[links.length][geometry.slotCount()];
        replies = new long[links.length][geometry.slotCount()];
        isSkipped = new boolean[links.length][geometry.slotCount()];
    }

    /** Looks at all of it. */
    Remains look()
    {
        for (int i = 0; i < links.length; i++)
        {
            states[i] = new LinkEntry(tables, geometry).wrap(i).state();
            received[i] = links[i].getLongVolatile(LinkDescriptor.RECEIVED_OFFSET);
            for (int slot = 0; slot < geometry.slotCount(); slot++)
            {
                requests[i][slot] = Math.abs(
                    links[i].getLongVolatile(geometry.requestHalfOffset(slot) + SlotDescriptor.ID_OFFSET));
                replies[i][slot] =
                    links[i].getLongVolatile(geometry.replyHalfOffset(slot) + SlotDescriptor.ID_OFFSET);
                isSkipped[i][slot] = 0 != (SlotDescriptor.FLAG_SKIPPED &
                    links[i].getInt(geometry.replyHalfOffset(slot) + SlotDescriptor.FLAGS_OFFSET));
            }
        }
        return this;
    }

    /**
     * The outcome of a message that was in progress at the last look, if its service has changed nothing since.
     *
     * @param id of the message.
     * @return its outcome.
     */
    int outcome(final long id)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        for (int i = 0; i < links.length; i++)
        {
            if (requests[i][slot] == id)
            {
                if (replies[i][slot] == id)
                {
                    return isSkipped[i][slot] ? Outcome.ABORTED : Outcome.REPLIED;
                }
                return (received[i] >= id ? Outcome.RECEIVED : 0) |
                    ((states[i] & LinkEntryDescriptor.SERVICE_CLOSED) != 0 ?
                        Outcome.SERVICE_CLOSED : Outcome.SERVICE_DIED);
            }
        }
        throw new AssertionError("in no link: " + id);
    }
}
