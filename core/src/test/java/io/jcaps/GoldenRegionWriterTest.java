/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.ErrorLogDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.RegionDescriptor;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * Makes the file that {@link GoldenRegionTest} reads; for the next version of the layout.
 */
@EnabledIfSystemProperty(named = "golden.write", matches = ".+")
class GoldenRegionWriterTest
{
    private static final int LINE_LENGTH = 32;

    @Test
    @DisplayName("F15: writes a region with one of everything to a file")
    void shouldWriteRegion() throws IOException
    {
        final Path path = Path.of(System.getProperty("golden.write"));
        final LocalRegion region = new LocalRegion(GoldenRegionTest.GEOMETRY);
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
        for (int i = 0; i < bytes.capacity(); i += Long.BYTES)
        {
            bytes.putLong(i, GoldenRegionTest.WORD);
        }
        final Attachment serviceProcess = attach(region, 11);
        final PortOptions options = new PortOptions().flags(PortFlags.ANYCLIENT);
        final ServicePort service = serviceProcess.service("golden.service", options.copy().generation(77));
        serviceProcess.waitSet();
        final ClientPort client = attach(region, 12).client("golden.service", options);
        final Message message = new Message();
        client.put(bytes, 0, 8);
        service.get(message);
        message.reply(bytes, 0, 32);
        client.get(message);
        message.release();
        service.get(message);
        client.put(bytes, 0, 64);
        service.get(message);
        message.reply(bytes, 0, 40);
        client.abort(client.put(bytes, 0, 3), false);
        final ClientPort waiting = attach(region, 13).client("golden.service", options);
        waiting.put(bytes, 0, 8);
        final AtomicBuffer tables = region.host().tables();
        // A closed service, kept for its generation, as if a client could still read it.
        final PortEntry closed = new PortEntry(tables, GoldenRegionTest.GEOMETRY).wrap(4);
        closed.publish(8, PortDescriptor.KIND_SERVICE, 0, 1, -1, 1000, -1, 0, "closed", 3, 0);
        closed.close();
        tables.putLong(RegionDescriptor.NEXT_INCARNATION_OFFSET, 9);
        final UnsafeBuffer file = new UnsafeBuffer(BufferUtil.allocateDirectAligned(
            (int)GoldenRegionTest.GEOMETRY.fileLength(), BitUtil.CACHE_LINE_LENGTH));
        GoldenRegionTest.HEADER.write(file);
        file.putBytes(RegionDescriptor.NEXT_INCARNATION_OFFSET, tables, RegionDescriptor.NEXT_INCARNATION_OFFSET,
            GoldenRegionTest.GEOMETRY.tablesLength() - RegionDescriptor.NEXT_INCARNATION_OFFSET);
        for (int i = 0; i < GoldenRegionTest.GEOMETRY.portCount(); i++)
        {
            file.putLong(
                GoldenRegionTest.GEOMETRY.portOffset(i) + PortDescriptor.OPENED_AT_MS_OFFSET, 1_700_000_000_001L);
        }
        for (int i = 0; i < GoldenRegionTest.GEOMETRY.linkCount(); i++)
        {
            file.putBytes((int)GoldenRegionTest.GEOMETRY.linkOffset(i), region.host().link(i), 0,
                GoldenRegionTest.GEOMETRY.linkLength());
        }
        final UnsafeBuffer log = new UnsafeBuffer(
            file, (int)GoldenRegionTest.GEOMETRY.errorLogOffset(1), ErrorLogDescriptor.LOG_LENGTH);
        log.putLong(ErrorLogDescriptor.PROCESS_INCARNATION_OFFSET, GoldenRegionTest.ERROR.processIncarnation());
        log.putInt(ErrorLogDescriptor.PID_OFFSET, GoldenRegionTest.ERROR.pid());
        final Exception error = new Exception("golden");
        error.setStackTrace(new StackTraceElement[0]);
        new DistinctErrorLog(
            new UnsafeBuffer(log, ErrorLogDescriptor.RECORDS_OFFSET, ErrorLogDescriptor.RECORDS_LENGTH),
            GoldenRegionTest.ERROR::lastAtMs).record(error);
        Files.writeString(path, text(file), StandardCharsets.US_ASCII);
    }

    private static String text(final UnsafeBuffer file)
    {
        final StringBuilder text = new StringBuilder();
        final byte[] line = new byte[LINE_LENGTH];
        for (int i = 0; i < file.capacity(); i += LINE_LENGTH)
        {
            file.getBytes(i, line);
            final String hex = HexFormat.of().formatHex(line);
            if (!hex.matches("0+"))
            {
                text.append(HexFormat.of().toHexDigits(i)).append(' ').append(hex).append('\n');
            }
        }
        return text.toString();
    }

    private static Attachment attach(final LocalRegion region, final int pid)
    {
        final Host host = region.host(new Credentials(pid, 1000, 1000, 1000, 1000, new int[]{1000, 1001}));
        return Attachment.attach(host, 0, Throwable::printStackTrace);
    }
}
