/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.ProcessInfo;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Locks on single bytes of the lock file beside a region, as one attachment uses them. They prove life: the kernel
 * releases a process's locks when the process has ended, after it has released its memory.
 * <pre>
 *    byte 0                        the tables' lock
 *    ProcessDescriptor.lifePosition  the life of a process entry
 * </pre>
 * The kernel counts locks by process and file: closing <em>any</em> descriptor of the file drops all of this JVM's
 * locks on it, silently. So there is one channel for each lock file in a JVM, whichever class loader the attachments
 * come from ({@link LockFiles}), and it is closed after the last of them. No code in the JVM may open the lock file in
 * another way, or by another name, and close it; {@link #holdsLife} detects that it happened.
 * <p>
 * A JVM never asks for a lock on a byte that it holds itself: the kernel would grant it.
 * <p>
 * Any thread may call. {@code tryLock} and {@code release} are not among the calls that an interrupt ends by closing
 * the channel (JDK 17 to 25), and no others are made.
 */
public final class LifeLocks implements AutoCloseable
{
    private static final long MIN_PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(20);
    private static final long MAX_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(1);

    // The state that all attachments to one lock file share: an Object[] with these elements.
    private static final int CHANNEL_INDEX = 0;
    private static final int ATTACHMENT_COUNT_INDEX = 1;
    private static final int TABLES_INDEX = 2;
    private static final int LIVES_INDEX = 3;
    // The tables' lock if it could not be released, else null; under the permit of TABLES_INDEX.
    private static final int STUCK_INDEX = LIVES_INDEX + 1;
    private static final int SHARED_LENGTH = STUCK_INDEX + 1;

    private static final Map<Object, Object> REGISTRY = LockFiles.REGISTRY;

    private final FileStat file;
    private final Object[] shared;
    private final FileChannel channel;
    private final OwnLocks ownLocks;
    // One permit: held along with byte 0, as the kernel does not keep the threads of one process apart.
    private final Semaphore tables;
    // By position, the life locks that this JVM holds. Also the monitor under which bytes are locked and probed.
    private final Map<Long, FileLock> lives;
    // By position, those among them that are this attachment's own.
    private final Map<Long, FileLock> ownLives = new HashMap<>();
    private volatile FileLock tablesLock;
    private boolean closed;

    @SuppressWarnings("unchecked")
    private LifeLocks(final FileStat file, final Object[] shared)
    {
        this.file = file;
        this.shared = shared;
        ownLocks = new OwnLocks(file);
        channel = (FileChannel)shared[CHANNEL_INDEX];
        tables = (Semaphore)shared[TABLES_INDEX];
        lives = (Map<Long, FileLock>)shared[LIVES_INDEX];
    }

    /**
     * Opens a lock file, or shares it if this JVM has it open.
     *
     * @param path of the lock file.
     * @return null if the file is not there, or was replaced just now.
     * @throws IOException if it cannot be opened.
     */
    public static LifeLocks open(final Path path) throws IOException
    {
        return open(path, false);
    }

    /**
     * Opens a lock file to ask which processes live. Where it cannot be written, as under a read-only mount, it is
     * opened read-only, which is enough to ask. Until this is closed, no attachment of this JVM can use that file.
     *
     * @param path of the lock file.
     * @return null if the file is not there, or was replaced just now.
     * @throws IOException if it cannot be opened.
     */
    public static LifeLocks openToLook(final Path path) throws IOException
    {
        return open(path, true);
    }

    private static LifeLocks open(final Path path, final boolean isReadingEnough) throws IOException
    {
        synchronized (REGISTRY)
        {
            final FileStat file = FileStat.of(path);
            if (null == file)
            {
                return null;
            }
            Object[] shared = (Object[])REGISTRY.get(LockFiles.key(file));
            if (null == shared)
            {
                shared = openShared(path, file, isReadingEnough);
                if (null == shared)
                {
                    return null;
                }
                REGISTRY.put(LockFiles.key(file), shared);
                LockFiles.strays().remove(shared);
            }
            shared[ATTACHMENT_COUNT_INDEX] = (Integer)shared[ATTACHMENT_COUNT_INDEX] + 1;
            return new LifeLocks(file, shared);
        }
    }

    /**
     * Opens the lock file. From before it is open until it is recorded under its own key, the channel is among the
     * strays: a lost channel would be closed by its cleaner at some time, which drops all of this JVM's locks.
     */
    private static Object[] openShared(final Path path, final FileStat file, final boolean isReadingEnough)
        throws IOException
    {
        final Object[] shared = new Object[SHARED_LENGTH];
        shared[ATTACHMENT_COUNT_INDEX] = 0;
        shared[TABLES_INDEX] = new Semaphore(1, true);
        shared[LIVES_INDEX] = new HashMap<Long, FileLock>();
        LockFiles.strays().add(shared);
        try
        {
            shared[CHANNEL_INDEX] = openChannel(path, file, isReadingEnough);
        }
        catch (final NoSuchFileException ex)
        {
            return null;
        }
        finally
        {
            if (null == shared[CHANNEL_INDEX])
            {
                LockFiles.strays().remove(shared);
            }
        }
        // If the file was replaced between the two looks, it is not known which one is open. It may be one that this
        // JVM holds locks on, so the channel is never closed.
        if (!file.isSameFile(FileStat.of(path)))
        {
            return null;
        }
        // This uses the list of this process's own locks: the kernel's table of all locks can name the file by another
        // device.
        if (new OwnLocks(file).holdsAny())
        {
            // It stays among the strays: to close it would drop the other library's locks.
            throw new RegionException("another CAPS library of this process, such as libcaps, has locks on " + path +
                ": use one library per process and region");
        }
        return shared;
    }

    private static FileChannel openChannel(final Path path, final FileStat file, final boolean isReadingEnough)
        throws IOException
    {
        final int euid = ProcessInfo.find().self().euid();
        try
        {
            return RegionChannel.openLockFile(path, file, euid, false);
        }
        catch (final FileSystemException ex)
        {
            if (isReadingEnough)
            {
                return RegionChannel.openLockFile(path, file, euid, true);
            }
            throw ex;
        }
    }

    /**
     * @return the lock file as it was when this was opened.
     */
    public FileStat file()
    {
        return file;
    }

    /**
     * @param path of a lock file.
     * @return whether this lock file is at that path.
     * @throws IOException if the operating system does not say.
     */
    public boolean isAt(final Path path) throws IOException
    {
        return file.isSameFile(FileStat.of(path));
    }

    /**
     * Takes the tables' lock, which one thread of all attachments holds. An interrupt does not end the wait, and stays
     * pending.
     *
     * @param timeoutNs longest wait in nanoseconds.
     * @return false if another thread or process held it all the time.
     * @throws RegionException if the operating system refuses locks.
     */
    public boolean lockTables(final long timeoutNs)
    {
        final long startNs = System.nanoTime();
        boolean interrupted = Thread.interrupted();
        boolean permitted = false;
        boolean locked = false;
        try
        {
            while (!permitted)
            {
                try
                {
                    if (!tables.tryAcquire(timeoutNs - (System.nanoTime() - startNs), TimeUnit.NANOSECONDS))
                    {
                        return false;
                    }
                    permitted = true;
                }
                catch (final InterruptedException ex)
                {
                    interrupted = true;
                }
            }

            long pauseNs = MIN_PAUSE_NS;
            while (true)
            {
                final FileLock lock = tryLockTables();
                if (null != lock)
                {
                    tablesLock = lock;
                    locked = true;
                    return true;
                }
                final long leftNs = timeoutNs - (System.nanoTime() - startNs);
                if (leftNs <= 0)
                {
                    return false;
                }
                LockSupport.parkNanos(Math.min(pauseNs, leftNs));
                interrupted |= Thread.interrupted();
                pauseNs = Math.min(2 * pauseNs, MAX_PAUSE_NS);
            }
        }
        finally
        {
            if (permitted && !locked)
            {
                tables.release();
            }
            if (interrupted)
            {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Releases the tables' lock.
     *
     * @throws IllegalStateException if this attachment does not hold it.
     */
    public void unlockTables()
    {
        final FileLock lock = tablesLock;
        if (null == lock)
        {
            throw new IllegalStateException("this attachment does not hold the tables' lock");
        }
        tablesLock = null;
        boolean isReleased = false;
        try
        {
            lock.release();
            isReleased = true;
        }
        catch (final IOException ex)
        {
            throw new RegionException("the tables' lock cannot be released: the watch tries again", ex);
        }
        finally
        {
            shared[STUCK_INDEX] = isReleased ? null : lock;
            tables.release();
        }
    }

    /**
     * Releases a tables' lock whose release failed; a thread of this JVM that needs the lock before that takes it over.
     */
    private void releaseStuck()
    {
        if (null != shared[STUCK_INDEX] && tables.tryAcquire())
        {
            if (null == shared[STUCK_INDEX])
            {
                tables.release();
            }
            else
            {
                tablesLock = (FileLock)shared[STUCK_INDEX];
                unlockTables();
            }
        }
    }

    /**
     * Takes the life lock of an entry.
     *
     * @param position of the entry's byte.
     * @return false if another process has it, or probes it at this moment.
     * @throws RegionException if the operating system refuses locks.
     */
    public boolean holdLife(final long position)
    {
        synchronized (lives)
        {
            checkOpen();
            if (lives.containsKey(position))
            {
                return false;
            }
            try
            {
                final FileLock lock = channel.tryLock(position, 1, false);
                if (null == lock)
                {
                    return false;
                }
                lives.put(position, lock);
                ownLives.put(position, lock);
                return true;
            }
            catch (final OverlappingFileLockException ex)
            {
                return false;
            }
            catch (final NonWritableChannelException ex)
            {
                throw openedToLook(ex);
            }
            catch (final IOException ex)
            {
                throw new RegionException("a life lock cannot be taken", ex);
            }
        }
    }

    /**
     * Gives up a life lock. It does nothing if this attachment does not hold it.
     *
     * @param position of the entry's byte.
     */
    public void dropLife(final long position)
    {
        synchronized (lives)
        {
            final FileLock lock = ownLives.remove(position);
            if (null != lock)
            {
                lives.remove(position);
                release(lock);
            }
        }
    }

    /**
     * Whether this attachment still holds a life lock, as the kernel reports it: see {@link OwnLocks}. The watch calls
     * it in each round, which also releases a tables' lock whose release failed.
     *
     * @param position of the entry's byte.
     * @return false if the lock is known to be gone.
     */
    public boolean holdsLife(final long position)
    {
        releaseStuck();
        synchronized (lives)
        {
            checkOpen();
            return ownLives.containsKey(position) && ownLocks.mayHold(position);
        }
    }

    /**
     * @param position of an entry's byte.
     * @return whether an attachment in this JVM holds its life lock.
     */
    public boolean isHeldHere(final long position)
    {
        synchronized (lives)
        {
            return lives.containsKey(position);
        }
    }

    /**
     * Whether the life lock of an entry is held (B2). This is two system calls.
     *
     * @param position of the entry's byte.
     * @return false if the kernel proved that it is not held.
     */
    public boolean isAlive(final long position)
    {
        synchronized (lives)
        {
            checkOpen();
            // A shared lock: two processes that look at the same time do not mistake each other for the holder.
            return lives.containsKey(position) || !isFree(position, 1, true);
        }
    }

    /**
     * @return whether any process holds a life lock, of this region or of one that had the same lock file before.
     */
    public boolean isAnyoneAlive()
    {
        synchronized (lives)
        {
            checkOpen();
            return !lives.isEmpty() || !isFree(
                ProcessDescriptor.MIN_LIFE_POSITION, Long.MAX_VALUE - ProcessDescriptor.MIN_LIFE_POSITION, true);
        }
    }

    /**
     * Releases all locks of this attachment. The channel stays open for the others. A second call does nothing.
     */
    @Override
    public void close()
    {
        synchronized (REGISTRY)
        {
            if (closed)
            {
                return;
            }
            synchronized (lives)
            {
                closed = true;
                ownLives.forEach(
                    (position, lock) ->
                    {
                        lives.remove(position);
                        release(lock);
                    });
                ownLives.clear();
            }
            if (null != tablesLock)
            {
                unlockTables();
            }

            final int attachmentCount = (Integer)shared[ATTACHMENT_COUNT_INDEX] - 1;
            shared[ATTACHMENT_COUNT_INDEX] = attachmentCount;
            if (0 == attachmentCount)
            {
                REGISTRY.remove(LockFiles.key(file));
                try
                {
                    channel.close();
                }
                catch (final IOException ex)
                {
                    // The descriptor is gone in any case, and the locks with it.
                }
            }
        }
    }

    private FileLock tryLockTables()
    {
        final FileLock stuck = (FileLock)shared[STUCK_INDEX];
        if (null != stuck && stuck.isValid())
        {
            shared[STUCK_INDEX] = null;
            return stuck;
        }
        try
        {
            return channel.tryLock(ProcessDescriptor.TABLES_POSITION, 1, false);
        }
        catch (final OverlappingFileLockException ex)
        {
            // Other code in this JVM, which does not use the registry, holds a lock on the file.
            return null;
        }
        catch (final NonWritableChannelException ex)
        {
            throw openedToLook(ex);
        }
        catch (final IOException ex)
        {
            throw new RegionException(
                "the tables' lock cannot be taken: are there file locks on this file system?", ex);
        }
    }

    /** A second channel to the same file would not help: when either is closed, the kernel drops the locks of both. */
    private static RegionException openedToLook(final NonWritableChannelException cause)
    {
        return new RegionException("the lock file is open read-only, by a view of this program that could " +
            "not open it for writing: close that view, then attach", cause);
    }

    private boolean isFree(final long position, final long length, final boolean isShared)
    {
        try
        {
            final FileLock lock = channel.tryLock(position, length, isShared);
            if (null == lock)
            {
                return false;
            }
            release(lock);
            return true;
        }
        catch (final OverlappingFileLockException | IOException ex)
        {
            // A failure proves no death.
            return false;
        }
    }

    private void checkOpen()
    {
        if (closed)
        {
            throw new IllegalStateException("the attachment is closed");
        }
    }

    private static void release(final FileLock lock)
    {
        try
        {
            lock.release();
        }
        catch (final IOException ex)
        {
            // The kernel had no memory to split a range of locked bytes: others see the entry as alive, which is safe.
        }
    }
}
