/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.ErrorLogDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.RegionHeader;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A region's file as one attachment has it: checked, open and mapped. {@link RegionOpener} makes these.
 * <p>
 * Nothing is ever unmapped by hand. A buffer keeps its mapping alive, and the garbage collector unmaps what no buffer
 * refers to any more: so no view that somebody still has can crash the virtual machine (R25). {@link #close()} only
 * lets go of the buffers.
 * <p>
 * Any thread may call, {@link #close()} once the others have returned.
 */
final class RegionFile implements AutoCloseable
{
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
    Path path()
    {
        return path;
    }

    /**
     * @return what the header said when it was checked.
     */
    RegionHeader header()
    {
        return header;
    }

    /**
     * @return header and tables.
     * @throws IllegalStateException if closed.
     */
    UnsafeBuffer tables()
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
    UnsafeBuffer tablesIfOpen()
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
    UnsafeBuffer link(final int linkIndex)
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
    boolean back(final int linkIndex, final int offset, final int length)
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
            channel.writeZeros(header.geometry().linkOffset(linkIndex) + offset, length);
            return true;
        }
        catch (final IOException ex)
        {
            // Which error it was stands in a text in the user's language only, and any of them means: not now.
            return false;
        }
    }

    /**
     * Fills the error log of a process with zeros, as {@link #back} does, and maps it.
     *
     * @param processIndex 0 to the region's process count - 1.
     * @return null if the operating system has no memory for it, or does not map it.
     * @throws IllegalStateException if closed.
     */
    UnsafeBuffer errors(final int processIndex)
    {
        if (null == links)
        {
            throw closedException();
        }
        final long position = header.geometry().errorLogOffset(processIndex);
        try
        {
            channel.writeZeros(position, ErrorLogDescriptor.LOG_LENGTH);
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
    void touch(final int linkIndex, final int offset, final int length)
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
    String pageMode()
    {
        return hugePages.mode();
    }

    /**
     * @return false if the file at the path is known to be another one, or gone.
     */
    boolean isCurrent()
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
                    header.geometry().linkLength() + " bytes", ex);
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
