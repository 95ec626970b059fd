/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.host.Credentials;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.NativeCalls;
import io.jcaps.shm.os.TrustedPath;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The region file, open. Java closes a file channel when a thread in it is interrupted, under all threads. Here such a
 * thread opens the file again, makes sure that it is the same one, repeats its operation, and returns with its
 * interrupt pending. Every operation of this class can be repeated. A lock file that this JVM has open is not opened
 * here, whatever name it has: see {@link LockFiles}.
 * <p>
 * Any thread may call; the calls are serialised.
 */
public final class RegionChannel implements AutoCloseable
{
    private static final int ZEROS_LENGTH = 64 * 1024;

    private final ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS_LENGTH);
    private final FileStat file;
    private Source source;
    private FileChannel channel;
    private boolean closed;

    private RegionChannel(final FileStat file, final Source source, final FileChannel channel)
    {
        this.file = file;
        this.source = source;
        this.channel = channel;
    }

    /** Opens the same file again. */
    private interface Source
    {
        FileChannel open() throws IOException;
    }

    /**
     * Returns the channel of a file that is being created.
     *
     * @param file that was created.
     * @return the file, open, until {@link #movedTo} found through its private directory.
     */
    static RegionChannel of(final PrivateFile file)
    {
        return new RegionChannel(file.stat(), file::reopen, file.channel());
    }

    /**
     * Opens a file to read and write it, without following a link and without creating it. Where others than the caller
     * and root own it, or can change which file has the path, it is opened without waiting, which needs JNA. Without
     * JNA, it is waited for as long as another user's lease on it lasts.
     *
     * @param path of the file.
     * @param file what was found there just before.
     * @param euid the caller's effective uid.
     * @return null if that file is not there any more.
     * @throws IOException if it cannot be opened, or would have to be waited for.
     */
    public static RegionChannel open(final Path path, final FileStat file, final int euid) throws IOException
    {
        if (isOwn(path, file, euid) || null != NativeCalls.retain())
        {
            return open(path, file, false);
        }
        try
        {
            return OthersFile.open(path, file, OthersFile.O_RDWR);
        }
        finally
        {
            NativeCalls.release();
        }
    }

    /**
     * Opens a file to read it, without following a link, whichever user owns it. Where others than the caller and root
     * can change the file, or which file has the path, it is opened without waiting: they could hold a lease on the
     * file, which keeps an {@code open} waiting, or put a named pipe in its place after it was looked at.
     *
     * @param path of the file.
     * @param euid the caller's effective uid.
     * @return the file, which is a regular one.
     * @throws RegionException if it is not there, or not a regular file.
     * @throws IOException     if it cannot be opened, or would have to be waited for.
     */
    public static RegionChannel openToRead(final Path path, final int euid) throws IOException
    {
        return openToRead(path, euid, false);
    }

    /**
     * Opens a file to read it, as {@link #openToRead(Path, int)} does.
     *
     * @param path      of the file.
     * @param euid      the caller's effective uid.
     * @param isTrusted whether its owner is trusted: without JNA it is then opened as well, for writing, too, since
     *                  Linux opens a named pipe at once then. Only a lease makes that wait.
     * @return the file, which is a regular one.
     * @throws RegionException if it is not there, or not a regular file.
     * @throws IOException     if it cannot be opened, or would have to be waited for.
     */
    public static RegionChannel openToRead(final Path path, final int euid, final boolean isTrusted) throws IOException
    {
        final FileStat found = FileStat.of(path);
        if (null == found)
        {
            throw new RegionException("no region: " + path + " does not exist: see caps ls, or start the program " +
                "that creates it");
        }
        checkRegularFile(found, path);
        final boolean isOwn = isOwn(path, found, euid);
        final String problem = isOwn ? null : NativeCalls.retain();
        final RegionChannel channel;
        if (!isOwn && null == problem)
        {
            try
            {
                channel = OthersFile.open(path, null, OthersFile.O_RDONLY);
            }
            finally
            {
                NativeCalls.release();
            }
        }
        else if (isOwn || isTrusted)
        {
            channel = open(path, found, isOwn);
        }
        else
        {
            throw new RegionException("another user's file: " + path + " can only be opened without waiting for " +
                "users that can replace it, which needs JNA: " + problem);
        }
        if (null == channel)
        {
            throw new RegionException("no region: " + path + " was replaced just now: look again");
        }
        return channel;
    }

    /**
     * Opens a lock file, without waiting for those who could have put a named pipe in its place or have a lease on it.
     * Without JNA, a lock file that others own or can replace is only opened for writing: Linux opens a named pipe at
     * once then, and the caller finds that it is not the file; a lease is waited for.
     *
     * @param path       of the lock file.
     * @param found      what was found there just before.
     * @param euid       the caller's effective uid.
     * @param isReadOnly whether it is opened to read it only.
     * @return the lock file.
     * @throws NoSuchFileException if that file is not there any more.
     * @throws IOException         if it cannot be opened, or would have to be waited for.
     */
    static FileChannel openLockFile(
        final Path path, final FileStat found, final int euid, final boolean isReadOnly) throws IOException
    {
        if (isOwn(path, found, euid))
        {
            return openChannel(path, isReadOnly);
        }
        final String problem = NativeCalls.retain();
        if (null == problem)
        {
            try
            {
                return OthersFile.openLockFile(
                    path, found, isReadOnly ? OthersFile.O_RDONLY : OthersFile.O_RDWR);
            }
            finally
            {
                NativeCalls.release();
            }
        }
        if (isReadOnly)
        {
            throw new IOException("it cannot be written, and to read it without waiting for users that can replace " +
                "it needs JNA: " + problem);
        }
        return openChannel(path, false);
    }

    /** Whether only the caller and root can keep an open of the file waiting, by a lease or by another file. */
    private static boolean isOwn(final Path path, final FileStat file, final int euid) throws IOException
    {
        return (euid == file.uid() || 0 == file.uid()) &&
            null == TrustedPath.problemOfWhole(path.toAbsolutePath().getParent(), euid);
    }

    static void checkRegularFile(final FileStat file, final Path path)
    {
        if (!file.isRegularFile())
        {
            throw new RegionException("not a region: " + path + " is " + file.typeName() +
                ", a region is a regular file: remove it, or use another path");
        }
    }

    /** A file that another user owns or can replace, opened without waiting. JNA is loaded. */
    private static final class OthersFile
    {
        // Linux's values on all architectures that run Java. O_NOFOLLOW differs, so links are detected in another way.
        static final int O_RDONLY = 0;
        static final int O_RDWR = 2;
        private static final int O_NONBLOCK = 04000;
        private static final int O_CLOEXEC = 02000000;
        private static final int O_PATH = 010000000;
        private static final int ENOENT = 2;
        private static final int EAGAIN = 11;
        private static final int EACCES = 13;
        private static final Path DESCRIPTORS = Path.of("/proc/thread-self/fd");

        /**
         * Opens the file.
         *
         * @param expected the file that it has to be; null for any regular file.
         * @param access   O_RDONLY or O_RDWR.
         * @return null if it was replaced.
         */
        static RegionChannel open(final Path path, final FileStat expected, final int access) throws IOException
        {
            final int place = place(path);
            try
            {
                final FileStat file = placed(place);
                if (null != expected && !expected.isSameFile(file))
                {
                    return null;
                }
                checkRegularFile(file, path);
                if (!file.isSameFile(FileStat.of(path)))
                {
                    return null;
                }
                // Closing a descriptor of a lock file drops its locks, so no thread may open it to take locks in the
                // meantime.
                synchronized (LockFiles.REGISTRY)
                {
                    LockFiles.checkNotHeld(file, path);
                    final int descriptor = openPlace(path, place, file, access);
                    try
                    {
                        // While it is open its owner cannot take a lease; the same inode is opened again, whatever is
                        // at the path by now.
                        return new RegionChannel(file, () -> reopen(path, file, access), channel(descriptor, access));
                    }
                    finally
                    {
                        NativeCalls.close(descriptor);
                    }
                }
            }
            finally
            {
                NativeCalls.close(place);
            }
        }

        /**
         * Opens a lock file that no attachment of this JVM has open, which the caller sees to. To close a descriptor of
         * it drops all locks that this process has on it: those can be another library's, then it stays open.
         */
        static FileChannel openLockFile(final Path path, final FileStat found, final int access) throws IOException
        {
            final int place = place(path);
            try
            {
                final FileStat file = placed(place);
                if (!found.isSameFile(file) || !file.isRegularFile())
                {
                    throw new NoSuchFileException(path.toString(), null, "replaced while it was opened");
                }
                final int descriptor = openPlace(path, place, file, access);
                try
                {
                    return channel(descriptor, access);
                }
                finally
                {
                    if (!new OwnLocks(file).holdsAny())
                    {
                        NativeCalls.close(descriptor);
                    }
                }
            }
            finally
            {
                NativeCalls.close(place);
            }
        }

        /** O_PATH opens no file: a device would react to that, and a link may lead to a file of this process. */
        private static int place(final Path path) throws IOException
        {
            final int place = NativeCalls.open(path.toString(), O_PATH | O_CLOEXEC);
            if (place < 0)
            {
                throw failure(path, NativeCalls.error());
            }
            return place;
        }

        private static FileStat placed(final int place) throws IOException
        {
            final FileStat file = FileStat.ofTarget(DESCRIPTORS.resolve(Integer.toString(place)));
            if (null == file)
            {
                throw new IOException("a file that is open cannot be found in /proc/self/fd: is /proc mounted?");
            }
            return file;
        }

        private static int openPlace(final Path path, final int place, final FileStat file, final int access)
            throws IOException
        {
            final int descriptor = NativeCalls.open(
                DESCRIPTORS.resolve(Integer.toString(place)).toString(), access | O_NONBLOCK | O_CLOEXEC);
            if (descriptor >= 0)
            {
                return descriptor;
            }
            final int error = NativeCalls.error();
            if (EAGAIN == error)
            {
                throw new FileSystemException(path.toString(), null, "a program of uid " +
                    Credentials.idText(file.uid()) + " or of root has a lease on it, which no CAPS program takes: " +
                    "end the program that /proc/locks shows with a LEASE on inode " + file.ino() + ", or use a " +
                    "region of users that you trust");
            }
            throw failure(path, error);
        }

        /** Java's own open does not wait: there is no lease on a file that is open in a way that conflicts with it. */
        private static FileChannel channel(final int descriptor, final int access) throws IOException
        {
            final Path link = DESCRIPTORS.resolve(Integer.toString(descriptor));
            return O_RDONLY == access ?
                FileChannel.open(link, StandardOpenOption.READ) :
                FileChannel.open(link, StandardOpenOption.READ, StandardOpenOption.WRITE);
        }

        private static IOException failure(final Path path, final int error)
        {
            return switch (error)
            {
                case ENOENT -> new NoSuchFileException(path.toString());
                case EACCES -> new AccessDeniedException(path.toString());
                default -> new FileSystemException(path.toString(), null, "open failed with errno " + error);
            };
        }

        private static FileChannel reopen(final Path path, final FileStat file, final int access) throws IOException
        {
            final String problem = NativeCalls.retain();
            if (null != problem)
            {
                throw new IOException(problem);
            }
            final RegionChannel opened;
            try
            {
                opened = open(path, file, access);
            }
            finally
            {
                NativeCalls.release();
            }
            if (null == opened)
            {
                throw new IOException("another file is at " + path + " since the thread was interrupted");
            }
            return opened.channel;
        }
    }

    private static RegionChannel open(final Path path, final FileStat file, final boolean isReadOnly)
        throws IOException
    {
        LockFiles.checkNotHeld(file, path);
        final FileChannel channel = openChannel(path, isReadOnly);
        // Java does not say which file a channel has open. The path led to the same one before and after; while the
        // channel is open no other file can get that inode number.
        boolean isSame = false;
        try
        {
            isSame = file.isSameFile(FileStat.of(path));
            return isSame ? new RegionChannel(file, () -> reopen(path, file, isReadOnly), channel) : null;
        }
        finally
        {
            if (!isSame)
            {
                LockFiles.close(channel, null);
            }
        }
    }

    /**
     * @return the file as it was when it was opened.
     */
    public FileStat file()
    {
        return file;
    }

    /**
     * @param path under which the file is found from now on.
     */
    synchronized void movedTo(final Path path)
    {
        source = () -> reopen(path, file, false);
    }

    /**
     * @return length of the file in bytes.
     * @throws IOException if the operating system does not say.
     */
    public synchronized long size() throws IOException
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
    public void read(final byte[] bytes) throws IOException
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
    public synchronized void read(final ByteBuffer buffer, final long position) throws IOException
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
     * Writes zeros, and so gets memory for that part of the file. Allocates no Java object.
     *
     * @param position in bytes from the start of the file.
     * @param length   in bytes.
     * @throws IOException if that cannot be done, mostly because no space is left.
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
     * As {@link #writeZeros}, within the file: a truncated file is not made longer again, so that later processes
     * refuse it.
     *
     * @param position in bytes from the start of the file.
     * @param length   in bytes.
     * @throws IOException if the file ends before that part, and as {@link #writeZeros} does.
     */
    synchronized void writeZerosWithin(final long position, final long length) throws IOException
    {
        final long fileLength = size();
        if (fileLength < position + length)
        {
            throw new EOFException("the file was truncated: length=" + fileLength + ", position=" + position);
        }
        writeZeros(position, length);
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

    /**
     * Closes the file; its mappings stay. A second call does nothing. If this JVM has taken locks on the file since it
     * was opened, the file stays open.
     */
    @Override
    public synchronized void close()
    {
        closed = true;
        try
        {
            LockFiles.close(channel, file);
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
        try
        {
            channel = source.open();
        }
        catch (final IOException ex)
        {
            ex.addSuppressed(cause);
            throw ex;
        }
        return interrupted;
    }

    private static FileChannel reopen(final Path path, final FileStat file, final boolean isReadOnly)
        throws IOException
    {
        final FileChannel opened = openChannel(path, isReadOnly);
        if (!file.isSameFile(FileStat.of(path)))
        {
            LockFiles.close(opened, null);
            throw new IOException("another file is at " + path + " since the thread was interrupted");
        }
        return opened;
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
