/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.RegionException;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Locks on single bytes of the file that stands beside a region, as one attachment sees them. They prove life: the
 * kernel gives a process's locks back when the process is gone, after its memory and not before.
 * <pre>
 *    byte 0      the tables' lock
 *    byte 1 + i  the life of process entry i
 * </pre>
 * The kernel counts locks by process and file: closing <em>any</em> descriptor of the file drops all of this virtual
 * machine's locks on it, silently. So there is one channel for each lock file in a virtual machine, whichever class
 * loader the attachments come from, and it is closed after the last of them. It is kept in the system properties, in
 * objects of {@code java} types alone; {@code Properties.store} and {@code list} do not like such a value, everything
 * else passes over it. And nothing in this virtual machine may open the lock file by another way and close it.
 * <p>
 * A virtual machine never asks the kernel about a byte that it holds itself: it would be granted the lock.
 * <p>
 * Any thread may call. {@code tryLock} and {@code release} are not among the calls that an interrupt ends by closing
 * the channel (JDK 17 to 25), and no others are made.
 */
final class LifeLocks implements AutoCloseable
{
    private static final String REGISTRY_KEY = "io.jcaps.shm.locks.1";
    private static final Object STRAYS_KEY = "strays";
    private static final long TABLES_POSITION = 0;
    private static final long LIVES_POSITION = TABLES_POSITION + 1;
    private static final long MIN_PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(20);
    private static final long MAX_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(1);

    // What is shared by all attachments to one lock file: an Object[] with these elements.
    private static final int CHANNEL_INDEX = 0;
    private static final int ATTACHMENT_COUNT_INDEX = 1;
    private static final int TABLES_INDEX = 2;
    private static final int LIVES_INDEX = 3;
    private static final int SHARED_LENGTH = LIVES_INDEX + 1;

    private static final Map<Object, Object> REGISTRY = findRegistry();

    private final FileStat file;
    private final FileChannel channel;
    // One permit: held along with byte 0, as the kernel does not keep the threads of one process apart.
    private final Semaphore tables;
    // By entry, the locks that this virtual machine holds. Also the monitor under which bytes are locked and probed.
    private final Map<Integer, FileLock> lives;
    // By entry, those among them that are this attachment's own.
    private final Map<Integer, FileLock> ownLives = new HashMap<>();
    private volatile FileLock tablesLock;
    private boolean closed;

    @SuppressWarnings("unchecked")
    private LifeLocks(final FileStat file, final Object[] shared)
    {
        this.file = file;
        channel = (FileChannel)shared[CHANNEL_INDEX];
        tables = (Semaphore)shared[TABLES_INDEX];
        lives = (Map<Integer, FileLock>)shared[LIVES_INDEX];
    }

    /**
     * Opens a lock file, or joins those in this virtual machine that have it open.
     *
     * @param path of the lock file.
     * @return null if the file is not there, or was replaced just now.
     * @throws IOException if it cannot be opened.
     */
    static LifeLocks open(final Path path) throws IOException
    {
        synchronized (REGISTRY)
        {
            // Should a program have set other properties meanwhile, later class loaders find the registry again.
            System.getProperties().putIfAbsent(REGISTRY_KEY, REGISTRY);

            final FileStat file = FileStat.of(path);
            if (null == file)
            {
                return null;
            }
            Object[] shared = (Object[])REGISTRY.get(key(file));
            if (null == shared)
            {
                final FileChannel channel;
                try
                {
                    channel = FileChannel.open(
                        path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                }
                catch (final NoSuchFileException ex)
                {
                    return null;
                }
                if (!file.isSameFile(FileStat.of(path)))
                {
                    // The file was replaced between the two looks: which one is open is not known. It may be one that
                    // this virtual machine holds locks on, so closing it is out of the question.
                    strays().add(channel);
                    return null;
                }
                shared = new Object[SHARED_LENGTH];
                shared[CHANNEL_INDEX] = channel;
                shared[ATTACHMENT_COUNT_INDEX] = 0;
                shared[TABLES_INDEX] = new Semaphore(1, true);
                shared[LIVES_INDEX] = new HashMap<Integer, FileLock>();
                REGISTRY.put(key(file), shared);
            }
            shared[ATTACHMENT_COUNT_INDEX] = (Integer)shared[ATTACHMENT_COUNT_INDEX] + 1;
            return new LifeLocks(file, shared);
        }
    }

    /**
     * @return the lock file as it was when this was opened.
     */
    FileStat file()
    {
        return file;
    }

    /**
     * @param processIndex of an entry.
     * @return position of its byte.
     */
    static long lifePosition(final int processIndex)
    {
        return LIVES_POSITION + processIndex;
    }

    /**
     * @return position of the byte that is the tables' lock.
     */
    static long tablesPosition()
    {
        return TABLES_POSITION;
    }

    /**
     * @param path of a lock file.
     * @return whether it is this one that is found there.
     * @throws IOException if the operating system does not say.
     */
    boolean isAt(final Path path) throws IOException
    {
        return file.isSameFile(FileStat.of(path));
    }

    /**
     * Takes the tables' lock: one holder among all attachments and their threads. An interrupt does not end the wait,
     * it stays pending.
     *
     * @param timeoutNs longest wait.
     * @return false if another held it all the time.
     * @throws RegionException if the operating system refuses locks.
     */
    boolean lockTables(final long timeoutNs)
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
     * Gives the tables' lock back.
     *
     * @throws IllegalStateException if this attachment does not hold it.
     */
    void unlockTables()
    {
        final FileLock lock = tablesLock;
        if (null == lock)
        {
            throw new IllegalStateException("this attachment does not hold the tables' lock");
        }
        tablesLock = null;
        try
        {
            lock.release();
        }
        catch (final IOException ex)
        {
            throw new RegionException("the tables' lock cannot be given back", ex);
        }
        finally
        {
            tables.release();
        }
    }

    /**
     * Takes the life lock of an entry.
     *
     * @param processIndex of the entry.
     * @return false if somebody has it, or looks at it just now.
     * @throws RegionException if the operating system refuses locks.
     */
    boolean holdLife(final int processIndex)
    {
        synchronized (lives)
        {
            checkOpen();
            if (lives.containsKey(processIndex))
            {
                return false;
            }
            try
            {
                final FileLock lock = channel.tryLock(lifePosition(processIndex), 1, false);
                if (null == lock)
                {
                    return false;
                }
                lives.put(processIndex, lock);
                ownLives.put(processIndex, lock);
                return true;
            }
            catch (final OverlappingFileLockException ex)
            {
                return false;
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
     * @param processIndex of the entry.
     */
    void dropLife(final int processIndex)
    {
        synchronized (lives)
        {
            final FileLock lock = ownLives.remove(processIndex);
            if (null != lock)
            {
                lives.remove(processIndex);
                release(lock);
            }
        }
    }

    /**
     * @param processIndex of an entry.
     * @return whether an attachment in this virtual machine holds its life lock.
     */
    boolean isHeldHere(final int processIndex)
    {
        synchronized (lives)
        {
            return lives.containsKey(processIndex);
        }
    }

    /**
     * Whether somebody holds the life lock of an entry (B2). This is two system calls.
     *
     * @param processIndex of the entry.
     * @return false if the kernel proved that nobody does.
     */
    boolean isAlive(final int processIndex)
    {
        synchronized (lives)
        {
            checkOpen();
            // Shared: two that look at one time do not take each other for the holder.
            return lives.containsKey(processIndex) || !isFree(lifePosition(processIndex), 1, true);
        }
    }

    /**
     * @return whether somebody holds the life lock of any entry.
     */
    boolean isAnyoneAlive()
    {
        synchronized (lives)
        {
            checkOpen();
            return !lives.isEmpty() || !isFree(LIVES_POSITION, Long.MAX_VALUE - LIVES_POSITION, true);
        }
    }

    /**
     * Gives back all that this attachment holds. The channel stays open for the others. A second call does nothing.
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
                    (processIndex, lock) ->
                    {
                        lives.remove(processIndex);
                        release(lock);
                    });
                ownLives.clear();
            }
            if (null != tablesLock)
            {
                unlockTables();
            }

            final Object[] shared = (Object[])REGISTRY.get(key(file));
            final int attachmentCount = (Integer)shared[ATTACHMENT_COUNT_INDEX] - 1;
            shared[ATTACHMENT_COUNT_INDEX] = attachmentCount;
            if (0 == attachmentCount)
            {
                REGISTRY.remove(key(file));
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
        try
        {
            return channel.tryLock(TABLES_POSITION, 1, false);
        }
        catch (final OverlappingFileLockException ex)
        {
            // Somebody in this virtual machine that does not know of the registry.
            return null;
        }
        catch (final IOException ex)
        {
            throw new RegionException(
                "the tables' lock cannot be taken: are there file locks on this file system?", ex);
        }
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
            // No proof of death.
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
            // The kernel had no memory to part a range of bytes: others see the entry as alive, which is safe.
        }
    }

    /** The same numbers at each look, whatever the path: an open channel keeps its inode's number from coming again. */
    private static String key(final FileStat file)
    {
        return file.dev() + ":" + file.ino();
    }

    @SuppressWarnings("unchecked")
    private static List<FileChannel> strays()
    {
        return (List<FileChannel>)REGISTRY.computeIfAbsent(STRAYS_KEY, (key) -> new ArrayList<FileChannel>());
    }

    @SuppressWarnings("unchecked")
    private static Map<Object, Object> findRegistry()
    {
        return (Map<Object, Object>)System.getProperties()
            .computeIfAbsent(REGISTRY_KEY, (key) -> new HashMap<Object, Object>());
    }
}
