/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.layout.ErrorLogDescriptor;
import io.jcaps.layout.ErrorRecord;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionHeader;
import io.jcaps.shm.file.RegionChannel;
import io.jcaps.shm.os.ProcessInfo;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the error logs of a region without attaching: it maps and locks nothing, so it works whether the region's
 * processes live or not. Any thread may call.
 */
public final class RegionErrors
{
    private RegionErrors()
    {
    }

    /**
     * Reads all errors that processes of a region have recorded: corrupt links, forged entries, errors of the watch,
     * and what handlers of agents have thrown. Those of a dead process are kept until another one takes its entry and
     * has an error, too.
     *
     * @param region path of the region's file.
     * @return the errors, by process entry and, within one, oldest first.
     * @throws IOException                     if the file cannot be read.
     * @throws io.jcaps.layout.RegionException if it is no region, or one that cannot be read: the message has the
     *                                         cause.
     */
    public static List<ErrorRecord> read(final Path region) throws IOException
    {
        try (RegionChannel channel = RegionChannel.openToRead(region, ProcessInfo.find().self().euid()))
        {
            final long fileLength = channel.size();
            final byte[] header = new byte[(int)Math.min(fileLength, RegionDescriptor.HEADER_LENGTH)];
            readFully(channel, ByteBuffer.wrap(header), 0);
            final Geometry geometry =
                RegionHeader.read(new UnsafeBuffer(header), fileLength, region.toString()).geometry();
            final List<ErrorRecord> records = new ArrayList<>();
            final ByteBuffer bytes = ByteBuffer.allocateDirect(ErrorLogDescriptor.LOG_LENGTH);
            final UnsafeBuffer log = new UnsafeBuffer(bytes);
            for (int i = 0; i < geometry.processCount(); i++)
            {
                // Read, not mapped: a load from a mapped page without memory would allocate it. For most logs the head
                // shows that they are empty.
                readFully(channel, bytes.clear().limit(ErrorLogDescriptor.RECORDS_OFFSET), geometry.errorLogOffset(i));
                if (0 != log.getLong(ErrorLogDescriptor.PROCESS_INCARNATION_OFFSET))
                {
                    readFully(channel, bytes.clear(), geometry.errorLogOffset(i));
                    records.addAll(ErrorRecord.read(log));
                }
            }
            return records;
        }
    }

    private static void readFully(final RegionChannel channel, final ByteBuffer bytes, final long position)
        throws IOException
    {
        channel.read(bytes, position);
        if (bytes.hasRemaining())
        {
            throw new IOException("the region's file ends at byte " + (position + bytes.position()) +
                ": it was truncated in the meantime");
        }
    }
}
