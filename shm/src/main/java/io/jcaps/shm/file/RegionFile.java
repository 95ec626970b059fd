/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.layout.ErrorLogDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.RegionHeader;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.HugePages;
import io.jcaps.shm.os.LockedMemory;
import io.jcaps.shm.os.NativeCalls;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A region's file, checked, open and mapped, of one attachment. {@link RegionOpener} creates it.
 * <p>
 * Nothing is unmapped by hand. A buffer keeps its mapping alive, and the garbage collector unmaps what no buffer refers
 * to any more: so no view that a caller still has can crash the JVM (R25). {@link #close()} only drops the buffers. A
 * mapping that is left of a link costs address space, not memory: {@link #trim} returns the memory of a link when no
 * side holds it. A mapping that is left of the tables keeps the memory of a file that was removed.
 * <p>
 * Any thread may call, {@link #close()} once the others have returned.
 */
public final class RegionFile implements AutoCloseable
{
    // The same on all of Linux's architectures that the futex is known on.
    private static final int MADV_REMOVE = 9;

    private final Path path;
    private final RegionHeader header;
    private final RegionChannel channel;
    private final HugePages hugePages;
    private volatile UnsafeBuffer tables;
    private volatile AtomicReferenceArray<UnsafeBuffer> links;

    /**
     * @param path      where the file is.
     * @param header    its header, checked.
     * @param channel   the file, open.
     * @param tables    header and tables, mapped.
     * @param hugePages whether and how they are requested.
     */
    RegionFile(
        final Path path,
        final RegionHeader header,
        final RegionChannel channel,
        final UnsafeBuffer tables,
        final HugePages hugePages)
    {
        this.path = path;
        this.header = header;
        this.channel = channel;
        this.tables = tables;
        this.hugePages = hugePages;
        hugePages.advise(tables);
        links = new AtomicReferenceArray<>(header.geometry().linkCount());
    }

    /**
     * @return where the file is.
     */
    public Path path()
    {
        return path;
    }

    /**
     * @return the header as it was when it was checked.
     */
    public RegionHeader header()
    {
        return header;
    }

    /**
     * @return header and tables.
     * @throws IllegalStateException if closed.
     */
    public UnsafeBuffer tables()
    {
        final UnsafeBuffer tables = tablesIfOpen();
        if (null == tables)
        {
            throw closedException();
        }
        return tables;
    }

    /**
     * @return header and tables; null if closed.
     */
    public UnsafeBuffer tablesIfOpen()
    {
        return tables;
    }

    /**
     * The body of a link, mapped at the first call.
     *
     * @param linkIndex 0 to the region's link count - 1.
     * @return the same buffer at each call.
     * @throws RegionException       if it cannot be mapped.
     * @throws IllegalStateException if closed.
     */
    public UnsafeBuffer link(final int linkIndex)
    {
        final AtomicReferenceArray<UnsafeBuffer> links = this.links;
        if (null == links)
        {
            throw closedException();
        }
        final UnsafeBuffer link = links.get(linkIndex);
        return null != link ? link : mapLink(links, linkIndex);
    }

    /**
     * Fills part of a link with zeros by writing to the file, and so gets memory for it. Allocates no Java object.
     *
     * @param linkIndex of the link.
     * @param offset    in bytes from the start of the link.
     * @param length    in bytes.
     * @return false if the operating system has no memory for it, whatever the limit was: the size of the file system,
     *         a quota, or the process's longest file.
     * @throws IllegalStateException if closed.
     */
    public boolean back(final int linkIndex, final int offset, final int length)
    {
        final AtomicReferenceArray<UnsafeBuffer> links = this.links;
        if (null == links)
        {
            throw closedException();
        }
        checkPart(linkIndex, offset, length);
        final UnsafeBuffer link = links.get(linkIndex);
        if (null != link)
        {
            hugePages.populate(link, offset, length);
        }
        try
        {
            channel.writeZerosWithin(header.geometry().linkOffset(linkIndex) + offset, length);
            return true;
        }
        catch (final IOException ex)
        {
            // Java reports the error only as a text in the user's language. Each of them means that there is no memory
            // now.
            return false;
        }
    }

    /**
     * Returns a link's memory by a hole in the file: its pages are freed, also in other processes' mappings, and are
     * zeros when they are next used. Needs native code. A file system that does not support holes keeps the pages.
     *
     * @param linkIndex of a link that no side holds.
     * @throws RegionException       if it cannot be mapped.
     * @throws IllegalStateException if closed.
     */
    public void trim(final int linkIndex)
    {
        final UnsafeBuffer link = link(linkIndex);
        // Whole pages of the system's, which may be larger than the layout's: a neighbour's bytes are not touched.
        final long pageSize = UnsafeApi.pageSize();
        final long start = (link.addressOffset() + pageSize - 1) & -pageSize;
        final long end = (link.addressOffset() + link.capacity()) & -pageSize;
        if (end > start)
        {
            NativeCalls.madvise(start, end - start, MADV_REMOVE);
        }
        Reference.reachabilityFence(link);
    }

    /**
     * Fills the error log of a process with zeros, as {@link #back} does, and maps it.
     *
     * @param processIndex 0 to the region's process count - 1.
     * @return null if the operating system has no memory for it, or does not map it.
     * @throws IllegalStateException if closed.
     */
    public UnsafeBuffer errors(final int processIndex)
    {
        if (null == links)
        {
            throw closedException();
        }
        final long position = header.geometry().errorLogOffset(processIndex);
        try
        {
            channel.writeZerosWithin(position, ErrorLogDescriptor.LOG_LENGTH);
            return new UnsafeBuffer(channel.map(position, ErrorLogDescriptor.LOG_LENGTH));
        }
        catch (final IOException ex)
        {
            return null;
        }
    }

    /**
     * Reads each page of part of a link, so that it is mapped, if all of that part has memory.
     *
     * @param linkIndex of the link.
     * @param offset    in bytes from the start of the link.
     * @param length    in bytes.
     * @throws IllegalStateException if closed.
     */
    public void touch(final int linkIndex, final int offset, final int length)
    {
        checkPart(linkIndex, offset, length);
        final MappedByteBuffer part = ((MappedByteBuffer)link(linkIndex).byteBuffer()).slice(offset, length);
        // A read of a page without memory would allocate it, or fail with SIGBUS if none is left. A page that has
        // memory keeps it as long as the file exists.
        if (part.isLoaded())
        {
            part.load();
        }
    }

    /**
     * @return the kind of pages of the mappings, as a text for people.
     */
    public String pageMode()
    {
        return hugePages.mode();
    }

    /**
     * @return false if the file at the path is known to be another one, or gone.
     */
    public boolean isCurrent()
    {
        try
        {
            return channel.file().isSameFile(FileStat.of(path));
        }
        catch (final IOException ex)
        {
            return true;
        }
    }

    /**
     * Closes the file and drops the buffers; a mapping stays as long as a caller has a buffer of it. A second call does
     * nothing.
     */
    @Override
    public void close()
    {
        links = null;
        tables = null;
        channel.close();
    }

    private synchronized UnsafeBuffer mapLink(final AtomicReferenceArray<UnsafeBuffer> links, final int linkIndex)
    {
        UnsafeBuffer link = links.get(linkIndex);
        if (null == link)
        {
            try
            {
                link = new UnsafeBuffer(
                    channel.map(header.geometry().linkOffset(linkIndex), header.geometry().linkLength()));
            }
            catch (final IOException ex)
            {
                throw new RegionException("link " + linkIndex + " of " + path + " cannot be mapped: " +
                    header.geometry().linkLength() + " bytes" +
                    LockedMemory.advice(header.geometry().linkLength()), ex);
            }
            hugePages.advise(link);
            links.set(linkIndex, link);
        }
        return link;
    }

    private void checkPart(final int linkIndex, final int offset, final int length)
    {
        final int linkLength = header.geometry().linkLength();
        if (linkIndex < 0 || linkIndex >= header.geometry().linkCount() ||
            offset < 0 || length < 0 || length > linkLength - offset)
        {
            throw new IndexOutOfBoundsException(
                "linkIndex=" + linkIndex + " offset=" + offset + " length=" + length + " linkLength=" + linkLength);
        }
    }

    private IllegalStateException closedException()
    {
        return new IllegalStateException("the attachment is closed: " + path);
    }
}
