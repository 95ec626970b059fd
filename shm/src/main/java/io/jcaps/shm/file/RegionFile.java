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
 * A region's file as one attachment has it: checked, open and mapped. {@link RegionOpener} makes these.
 * <p>
 * Nothing is unmapped by hand. A buffer keeps its mapping alive, and the garbage collector unmaps what no buffer refers
 * to any more: so no view that a caller still has can crash the JVM (R25). {@link #close()} only drops the buffers.
 * What a mapping that is left costs is addresses: the memory of a link is returned by {@link #trim}, when no side
 * holds it.
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
     * @param header    what it says, checked.
     * @param channel   the file, open.
     * @param tables    header and tables, mapped.
     * @param hugePages asks for them, or does not.
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
     * @return what the header said when it was checked.
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
     * Fills part of a link with zeros by writing to the file, and so gets memory for it. Allocates nothing.
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
            // Which error it was stands in a text in the user's language only, and any of them means: not now.
            return false;
        }
    }

    /**
     * Punches a hole into the file where a link is: its pages are free, also for those who have it mapped, and come
     * back as zeros when they are next used. It needs native code. A file system that cannot do it keeps them.
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
        // To read a page that has no memory would get it some, or kill the access if there is none left. A page that
        // has memory keeps it as long as the file is there.
        if (part.isLoaded())
        {
            part.load();
        }
    }

    /**
     * @return for people: which pages it is mapped by.
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

    /** Lets go of file and buffers; what others have a buffer of stays mapped. A second call does nothing. */
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
