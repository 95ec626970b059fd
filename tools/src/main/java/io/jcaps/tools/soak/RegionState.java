/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionHeader;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A region seen without attaching: its tables, mapped read-only, its memory, and the locks on its lock file. One
 * thread.
 */
final class RegionState implements AutoCloseable
{
    private static final Path LOCKS = Path.of("/proc/locks");
    private static final String LOCK_SUFFIX = ".lock";
    private static final int BLOCK_LENGTH = 512;
    private static final int INODE_FIELD = 5;

    private final Path file;
    private final MappedByteBuffer mapping;
    private final UnsafeBuffer tables;
    private final Geometry geometry;

    RegionState(final Path file) throws IOException
    {
        this.file = file;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ))
        {
            final MappedByteBuffer header =
                channel.map(FileChannel.MapMode.READ_ONLY, 0, RegionDescriptor.HEADER_LENGTH);
            geometry = RegionHeader.read(new UnsafeBuffer(header), channel.size(), file.toString()).geometry();
            IoUtil.unmap(header);
            mapping = channel.map(FileChannel.MapMode.READ_ONLY, 0, geometry.tablesLength());
        }
        tables = new UnsafeBuffer(mapping);
    }

    Geometry geometry()
    {
        return geometry;
    }

    /** Descriptions of the entries in use; empty if the region is not in use. */
    List<String> entries()
    {
        final List<String> entries = new ArrayList<>();
        final ProcessEntry process = new ProcessEntry(tables, geometry);
        for (int i = 0; i < geometry.processCount(); i++)
        {
            if (0 != process.wrap(i).incarnation())
            {
                entries.add("process " + i + ", pid " + process.pid());
            }
        }
        final PortEntry port = new PortEntry(tables, geometry);
        for (int i = 0; i < geometry.portCount(); i++)
        {
            if (0 != port.wrap(i).incarnation())
            {
                entries.add("port " + i + ", " + port.name() + ", kind " + port.kind());
            }
        }
        final LinkEntry link = new LinkEntry(tables, geometry);
        for (int i = 0; i < geometry.linkCount(); i++)
        {
            final long state = link.wrap(i).state();
            if (!LinkEntry.isFree(state))
            {
                entries.add("link " + i + ", state 0x" + Long.toHexString(state));
            }
        }
        return entries;
    }

    /** Lines of the kernel's table of locks for the lock file. */
    List<String> locks() throws IOException
    {
        final Path lockFile = file.resolveSibling(file.getFileName() + LOCK_SUFFIX);
        if (!Files.exists(lockFile) || !Files.isReadable(LOCKS))
        {
            return List.of();
        }
        // The device number can differ from that of stat where a file system is mounted in several places.
        final String inode = ":" + Files.getAttribute(lockFile, "unix:ino");
        final List<String> locks = new ArrayList<>();
        for (final String line : Files.readString(LOCKS, StandardCharsets.US_ASCII).split("\n"))
        {
            final String[] fields = line.trim().split("\\s+");
            if (fields.length > INODE_FIELD && fields[INODE_FIELD].endsWith(inode))
            {
                locks.add(line);
            }
        }
        return locks;
    }

    /** Memory that the region's file takes, in bytes; -1 if it is not known. */
    long allocatedLength() throws IOException, InterruptedException
    {
        // By stat(1), as Java does not report a file's blocks.
        final Process process = new ProcessBuilder("stat", "-c", "%b", file.toString())
            .redirectErrorStream(true).start();
        final String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim();
        return 0 == process.waitFor() ? Long.parseLong(printed) * BLOCK_LENGTH : -1;
    }

    /** Most memory in bytes that the file takes when no link is in use. */
    long fixedLength()
    {
        return geometry.fileLength() - (geometry.errorLogOffset(0) - geometry.linkOffset(0));
    }

    @Override
    public void close()
    {
        IoUtil.unmap(mapping);
    }
}
