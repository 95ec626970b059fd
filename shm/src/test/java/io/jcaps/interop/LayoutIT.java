/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.interop;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionHeader;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Both libraries find the same things at the same places.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LayoutIT
{
    private static final int COUNT = 1_000;

    @TempDir
    private Path directory;

    private static List<String> run(final String program, final Object... arguments) throws Exception
    {
        final List<String> command = new ArrayList<>();
        command.add(Library.program(program).toString());
        for (final Object argument : arguments)
        {
            command.add(argument.toString());
        }
        final Process process =
            new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        final List<String> lines =
            new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
        assertThat(process.waitFor()).as(String.join("\n", lines)).isZero();
        return lines;
    }

    @Test
    @DisplayName("A thousand random geometries have the same offsets and lengths")
    void shouldComputeTheSameGeometries() throws Exception
    {
        final long seed = System.nanoTime();
        System.out.println("geometries: seed " + seed);
        final List<String> lines = run("geometries", seed, COUNT);
        assertThat(lines).hasSize(COUNT);
        for (final String line : lines)
        {
            final String[] words = line.split(" ");
            final int processes = Integer.parseInt(words[0]);
            final int ports = Integer.parseInt(words[1]);
            final int links = Integer.parseInt(words[2]);
            final int slots = Integer.parseInt(words[3]);
            final Geometry geometry = new Geometry(processes, ports, links, slots, Integer.parseInt(words[4]));
            assertThat(line).isEqualTo(processes + " " + ports + " " + links + " " + slots + " " +
                geometry.messageLimit() + " " + geometry.processOffset(processes - 1) + " " +
                geometry.portOffset(ports - 1) + " " + geometry.linkEntryOffset(links - 1) + " " +
                geometry.linkOffset(links - 1) + " " + geometry.fileLength() + " " + geometry.ringCapacity() + " " +
                geometry.replyRingOffset() + " " + geometry.requestHalfOffset(slots - 1) + " " +
                geometry.replyHalfOffset(slots - 1) + " " + geometry.linkHeadLength() + " " +
                geometry.requestCellOffset(slots - 1) + " " + geometry.replyCellOffset(slots - 1) + " " +
                geometry.cellStride() + " " + geometry.linkLength());
        }
    }

    @Test
    @DisplayName("The golden region reads the same in C: header, processes, ports, links, halves")
    void shouldReadTheGoldenRegion() throws Exception
    {
        final Path path = directory.resolve("golden");
        final UnsafeBuffer file = golden(path);
        final RegionHeader header = RegionHeader.read(file, file.capacity(), path.toString());
        final Geometry geometry = header.geometry();
        final List<String> expected = new ArrayList<>();
        expected.add("region " + Long.toHexString(header.regionId()));
        final ProcessEntry process = new ProcessEntry(file, geometry);
        for (int i = 0; i < geometry.processCount(); i++)
        {
            expected.add("process " + process.wrap(i).incarnation() + " " + process.pid());
        }
        final PortEntry port = new PortEntry(file, geometry);
        for (int i = 0; i < geometry.portCount(); i++)
        {
            expected.add("port " + port.wrap(i).incarnation() + " " + port.kind() + " " + (port.isOpen() ? 1 : 0) +
                " " + port.uid() + " " + port.name());
        }
        final LinkEntry entry = new LinkEntry(file, geometry);
        for (int i = 0; i < geometry.linkCount(); i++)
        {
            final UnsafeBuffer link =
                new UnsafeBuffer(file, (int)geometry.linkOffset(i), geometry.linkLength());
            final StringBuilder line = new StringBuilder("link " + Long.toHexString(entry.wrap(i).state()) + " " +
                entry.clientPortIndex() + " " + entry.servicePortIndex() + " " +
                link.getLong(LinkDescriptor.RECEIVED_OFFSET));
            for (int slot = 0; slot < geometry.slotCount(); slot++)
            {
                line.append(half(link, geometry.requestHalfOffset(slot)))
                    .append(half(link, geometry.replyHalfOffset(slot)));
            }
            expected.add(line.toString());
        }
        assertThat(run("golden", path)).isEqualTo(expected);
    }

    private static String half(final UnsafeBuffer link, final int offset)
    {
        return " " + link.getLong(offset + SlotDescriptor.ID_OFFSET) + ":" +
            link.getInt(offset + SlotDescriptor.LENGTH_OFFSET);
    }

    private static UnsafeBuffer golden(final Path path) throws IOException
    {
        final List<String> lines;
        try (InputStream stream = LayoutIT.class.getResourceAsStream(
            "/io/jcaps/region-layout-" + RegionDescriptor.LAYOUT_VERSION + ".txt"))
        {
            lines = new String(stream.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
        }
        // The header comes first, and says how long the file is.
        final UnsafeBuffer start = new UnsafeBuffer(
            BufferUtil.allocateDirectAligned(RegionDescriptor.HEADER_LENGTH, BitUtil.CACHE_LINE_LENGTH));
        lines.stream().filter((line) -> HexFormat.fromHexDigits(line, 0, 8) < start.capacity())
            .forEach((line) -> put(start, line));
        final int length = (int)start.getLong(RegionDescriptor.FILE_LENGTH_OFFSET);
        final UnsafeBuffer file =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, BitUtil.CACHE_LINE_LENGTH));
        lines.forEach((line) -> put(file, line));
        final byte[] bytes = new byte[length];
        file.getBytes(0, bytes);
        Files.write(path, bytes);
        return file;
    }

    private static void put(final UnsafeBuffer buffer, final String line)
    {
        buffer.putBytes(HexFormat.fromHexDigits(line, 0, 8), HexFormat.of().parseHex(line, 9, line.length()));
    }
}
