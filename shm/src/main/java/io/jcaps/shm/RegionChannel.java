/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The region file, open. Java closes a file channel when a thread in it is interrupted, under all threads. Here such a
 * thread opens the file again, makes sure that it is the same one, repeats what it was doing, and leaves with its
 * interrupt pending. All that is done here can be done twice.
 * <p>
 * Any thread may call; one at a time gets in.
 */
final class RegionChannel implements AutoCloseable
{
    private static final int ZEROS_LENGTH = 64 * 1024;

    private final ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS_LENGTH);
    private final FileStat file;
    private final boolean isReadOnly;
    private Path path;
    private FileChannel channel;
    private boolean closed;

    private RegionChannel(
        final Path path, final FileStat file, final boolean isReadOnly, final FileChannel channel)
    {
        this.path = path;
        this.file = file;
        this.isReadOnly = isReadOnly;
        this.channel = channel;
    }

    /**
     * Creates a file that only its owner can open.
     *
     * @param path where nothing may be yet, not even a dangling link.
     * @return the file, open.
     * @throws IOException if that cannot be done; then nothing is left.
     */
    static RegionChannel create(final Path path) throws IOException
    {
        final FileChannel channel = FileChannel.open(path,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS),
            PosixFilePermissions.asFileAttribute(Access.PRIVATE.filePermissions()));
        return new RegionChannel(path, FileStat.of(path), false, channel);
    }

    /**
     * Opens a file without following a link and without creating it.
     *
     * @param path of the file.
     * @param file what was found there just before.
     * @return null if that file is not there any more.
     * @throws IOException if it cannot be opened.
     */
    static RegionChannel open(final Path path, final FileStat file) throws IOException
    {
        return open(path, file, false);
    }

    /**
     * Opens a file to read it, without following a link.
     *
     * @param path of the file.
     * @param file what was found there just before.
     * @return null if that file is not there any more.
     * @throws IOException if it cannot be opened.
     */
    static RegionChannel openReadOnly(final Path path, final FileStat file) throws IOException
    {
        return open(path, file, true);
    }

    private static RegionChannel open(final Path path, final FileStat file, final boolean isReadOnly)
        throws IOException
    {
        final FileChannel channel = openChannel(path, isReadOnly);
        // Java does not say which file a channel has open. The path led to the same one before and after; while the
        // channel is open no other file can get that inode number.
        boolean isSame = false;
        try
        {
            isSame = file.isSameFile(FileStat.of(path));
            return isSame ? new RegionChannel(path, file, isReadOnly, channel) : null;
        }
        finally
        {
            if (!isSame)
            {
                channel.close();
            }
        }
    }

    /**
     * @return the file as it was when it was opened.
     */
    FileStat file()
    {
        return file;
    }

    /**
     * @param path under which the file is found from now on.
     */
    synchronized void movedTo(final Path path)
    {
        this.path = path;
    }

    /**
     * @return length of the file in bytes.
     * @throws IOException if the operating system does not say.
     */
    synchronized long size() throws IOException
    {
        boolean interrupted = Thread.interrupted();
        try
        {
            while (true)
            {
                try
                {
                    return channel.size();
                }
                catch (final ClosedChannelException ex)
                {
                    interrupted |= reopen(ex);
                }
            }
        }
        finally
        {
            restore(interrupted);
        }
    }

    /**
     * Reads from the start of the file.
     *
     * @param bytes to fill as far as the file goes.
     * @throws IOException if that cannot be done.
     */
    void read(final byte[] bytes) throws IOException
    {
        read(ByteBuffer.wrap(bytes), 0);
    }

    /**
     * Reads part of the file.
     *
     * @param buffer   to fill, from its position to its limit, as far as the file goes.
     * @param position in bytes from the start of the file.
     * @throws IOException if that cannot be done.
     */
    synchronized void read(final ByteBuffer buffer, final long position) throws IOException
    {
        boolean interrupted = Thread.interrupted();
        try
        {
            final int start = buffer.position();
            while (buffer.hasRemaining())
            {
                try
                {
                    if (channel.read(buffer, position + buffer.position() - start) < 0)
                    {
                        break;
                    }
                }
                catch (final ClosedChannelException ex)
                {
                    interrupted |= reopen(ex);
                }
            }
        }
        finally
        {
            restore(interrupted);
        }
    }

    /**
     * Writes zeros, and so gets memory for that part of the file. Allocates nothing.
     *
     * @param position in bytes from the start of the file.
     * @param length   in bytes.
     * @throws IOException if that cannot be done, above all if there is no space left.
     */
    synchronized void writeZeros(final long position, final long length) throws IOException
    {
        boolean interrupted = Thread.interrupted();
        try
        {
            long written = 0;
            while (written < length)
            {
                try
                {
                    zeros.limit((int)Math.min(ZEROS_LENGTH, length - written)).position(0);
                    written += channel.write(zeros, position + written);
                }
                catch (final ClosedChannelException ex)
                {
                    interrupted |= reopen(ex);
                }
            }
        }
        finally
        {
            restore(interrupted);
        }
    }

    /**
     * @param position in bytes from the start of the file.
     * @param length   in bytes.
     * @return that part of the file, mapped to be read and written until the garbage collector finds it unused.
     * @throws IOException if that cannot be done.
     */
    synchronized MappedByteBuffer map(final long position, final long length) throws IOException
    {
        boolean interrupted = Thread.interrupted();
        try
        {
            while (true)
            {
                try
                {
                    return channel.map(FileChannel.MapMode.READ_WRITE, position, length);
                }
                catch (final ClosedChannelException ex)
                {
                    interrupted |= reopen(ex);
                }
            }
        }
        finally
        {
            restore(interrupted);
        }
    }

    /** Closes the file; what was mapped stays. A second call does nothing. */
    @Override
    public synchronized void close()
    {
        closed = true;
        try
        {
            channel.close();
        }
        catch (final IOException ex)
        {
            // Nothing was buffered, so nothing is lost.
        }
    }

    private boolean reopen(final ClosedChannelException cause) throws IOException
    {
        if (closed)
        {
            throw cause;
        }
        final boolean interrupted = Thread.interrupted();
        final FileChannel opened = openChannel(path, isReadOnly);
        if (!file.isSameFile(FileStat.of(path)))
        {
            opened.close();
            throw new IOException("another file is at " + path + " since the thread was interrupted", cause);
        }
        channel = opened;
        return interrupted;
    }

    private static FileChannel openChannel(final Path path, final boolean isReadOnly) throws IOException
    {
        return isReadOnly ?
            FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS) :
            FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    }

    private static void restore(final boolean interrupted)
    {
        if (interrupted)
        {
            Thread.currentThread().interrupt();
        }
    }
}
