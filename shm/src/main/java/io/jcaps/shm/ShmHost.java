/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.host.Credentials;
import io.jcaps.host.Events;
import io.jcaps.host.Host;
import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.RegionHeader;
import io.jcaps.shm.file.LifeLocks;
import io.jcaps.shm.file.LockHolders;
import io.jcaps.shm.file.RegionFile;
import io.jcaps.shm.file.RegionOpener;
import io.jcaps.shm.os.Futex;
import io.jcaps.shm.os.NativeCalls;
import io.jcaps.shm.os.ProcessEnds;
import io.jcaps.shm.os.ProcessInfo;
import io.jcaps.shm.os.VirtualThreads;
import org.agrona.concurrent.UnsafeBuffer;

import java.lang.ref.Reference;
import java.nio.file.FileSystems;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * A region in a file that many processes map, seen by one attachment of this process.
 * <p>
 * If another process truncates the file, a load or store in the lost part throws an InternalError or ends the JVM.
 */
public final class ShmHost implements Host
{
    private static final int ATTEST_ATTEMPTS = 3;
    private static final long MIN_PARK_NS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long MAX_PARK_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final ProcessInfo processInfo;
    private final int pid;
    private final RegionFile region;
    private final LifeLocks locks;
    private final LockHolders holders;
    private final Futex futex;
    private final ProcessEnds ends;
    // Whether this retains the native calls.
    private final AtomicBoolean hasCalls;
    // A run-time image need not have it.
    private final Events events =
        ModuleLayer.boot().findModule("jdk.jfr").isPresent() ? new JfrEvents() : Events.NONE;

    private ShmHost(
        final ProcessInfo processInfo,
        final RegionFile region,
        final LifeLocks locks,
        final LockHolders holders,
        final Futex futex,
        final ProcessEnds ends,
        final boolean hasCalls)
    {
        this.processInfo = processInfo;
        this.pid = processInfo.ownPid();
        this.region = region;
        this.locks = locks;
        this.holders = holders;
        this.futex = futex;
        this.ends = ends;
        this.hasCalls = new AtomicBoolean(hasCalls);
    }

    /**
     * Attaches to a region, and creates it first if the configuration asks for it.
     *
     * @param config of the region; concluded here if it is not yet.
     * @return an attachment that holds no locks.
     * @throws IllegalArgumentException if the configuration has an invalid value.
     * @throws RegionException          if there is no region that can be used: the message has the cause, and what to
     *                                  do.
     */
    public static ShmHost open(final RegionConfig config)
    {
        checkUnsafeBuffer();
        if (!FileSystems.getDefault().supportedFileAttributeViews().contains("unix"))
        {
            throw new RegionException("a region in a file needs Unix owners and modes, which " +
                System.getProperty("os.name") + " does not have");
        }
        config.conclude();

        final ProcessInfo processInfo = ProcessInfo.find();
        // While the attachment is open, so that the calls stay mapped.
        final boolean hasCalls = (config.futex() || config.hugePages()) &&
            "Linux".equals(System.getProperty("os.name")) && null == NativeCalls.retain();
        ShmHost host = null;
        try
        {
            host = open(config, processInfo, hasCalls);
            return host;
        }
        finally
        {
            if (null == host && hasCalls)
            {
                NativeCalls.release();
            }
        }
    }

    private static ShmHost open(final RegionConfig config, final ProcessInfo processInfo, final boolean hasCalls)
    {
        final Futex futex =
            Futex.open(config.futex(), System.getProperty("os.name"), System.getProperty("os.arch"));
        final RegionOpener opener = new RegionOpener(config, processInfo);
        final RegionFile region = opener.open();
        ProcessEnds ends = null;
        ShmHost host = null;
        try
        {
            final LockHolders holders = new LockHolders(futex.isPresent(), processInfo, opener.locks());
            ends = ProcessEnds.open(config.futex(), processInfo, holders, region.header());
            host = new ShmHost(processInfo, region, opener.locks(), holders, futex, ends, hasCalls);
            return host;
        }
        finally
        {
            if (null == host)
            {
                closeAll(ends, region, opener.locks());
            }
        }
    }

    /** {@inheritDoc} */
    @Override
    public RegionHeader header()
    {
        return region.header();
    }

    /** {@inheritDoc} */
    @Override
    public String place()
    {
        return region.path().toString();
    }

    /** {@inheritDoc} */
    @Override
    public UnsafeBuffer tables()
    {
        return region.tables();
    }

    /** {@inheritDoc} */
    @Override
    public UnsafeBuffer link(final int linkIndex)
    {
        return region.link(linkIndex);
    }

    /** {@inheritDoc} */
    @Override
    public boolean back(final int linkIndex, final int offset, final int length)
    {
        return region.back(linkIndex, offset, length);
    }

    /** {@inheritDoc} */
    @Override
    public void trim(final int linkIndex)
    {
        if (futex.isPresent())
        {
            region.trim(linkIndex);
        }
    }

    /** {@inheritDoc} */
    @Override
    public UnsafeBuffer errors(final int processIndex)
    {
        return region.errors(checkProcessIndex(processIndex));
    }

    /** {@inheritDoc} */
    @Override
    public Events events()
    {
        return events;
    }

    /** {@inheritDoc} */
    @Override
    public void touch(final int linkIndex, final int offset, final int length)
    {
        region.touch(linkIndex, offset, length);
    }

    /** {@inheritDoc} */
    @Override
    public boolean lockTables(final long timeoutNs)
    {
        return locks.lockTables(timeoutNs);
    }

    /** {@inheritDoc} */
    @Override
    public void unlockTables()
    {
        locks.unlockTables();
    }

    /** {@inheritDoc} */
    @Override
    public boolean holdLife(final int processIndex)
    {
        return locks.holdLife(lifePosition(processIndex));
    }

    /** {@inheritDoc} */
    @Override
    public void dropLife(final int processIndex)
    {
        locks.dropLife(lifePosition(processIndex));
    }

    /** {@inheritDoc} */
    @Override
    public boolean holdsLife(final int processIndex)
    {
        return locks.holdsLife(lifePosition(processIndex));
    }

    /** {@inheritDoc} */
    @Override
    public boolean isAlive(final int processIndex)
    {
        return locks.isAlive(lifePosition(processIndex));
    }

    /** {@inheritDoc} */
    @Override
    public Credentials self()
    {
        return processInfo.self();
    }

    /** {@inheritDoc} */
    @Override
    public long startTicks()
    {
        return processInfo.startTicks();
    }

    /**
     * {@inheritDoc}
     * <p>
     * The credentials are those of a process that held the lock before they were read and after.
     */
    @Override
    public Credentials attest(final int processIndex)
    {
        final long position = lifePosition(processIndex);
        if (locks.isHeldHere(position))
        {
            return processInfo.self();
        }
        for (int i = 0; i < ATTEST_ATTEMPTS; i++)
        {
            final int holder = holders.applyAsInt(position);
            if (ProcessInfo.NO_HOLDER == holder)
            {
                return null;
            }
            if (ProcessInfo.HIDDEN == holder)
            {
                return Credentials.UNKNOWN;
            }
            if (ProcessInfo.UNDETERMINED != holder)
            {
                final Credentials credentials = processInfo.credentials(holder);
                if (Credentials.UNDETERMINED != credentials && holder == holders.applyAsInt(position))
                {
                    // The process exists although /proc does not show it: /proc can hide other users' processes.
                    return null == credentials ? Credentials.UNKNOWN : credentials;
                }
            }
        }
        return locks.isAlive(position) ? Credentials.UNDETERMINED : null;
    }

    /** {@inheritDoc} */
    @Override
    public boolean hasMachineIds()
    {
        return processInfo.hasMachineIds();
    }

    /** {@inheritDoc} */
    @Override
    public boolean follow(final int processIndex)
    {
        return !locks.isHeldHere(lifePosition(processIndex)) && ends.follow(processIndex);
    }

    /** {@inheritDoc} */
    @Override
    public boolean isFollowed(final int processIndex)
    {
        return ends.isFollowed(checkProcessIndex(processIndex));
    }

    /** {@inheritDoc} */
    @Override
    public void awaitEnd(final long timeoutNs)
    {
        ends.await(timeoutNs);
    }

    /** {@inheritDoc} */
    @Override
    public void cancelAwait()
    {
        ends.cancel();
    }

    /** {@inheritDoc} */
    @Override
    public boolean isOwnProcess()
    {
        return pid == processInfo.ownPid();
    }

    /** {@inheritDoc} */
    @Override
    public boolean isCurrent()
    {
        return region.isCurrent();
    }

    /**
     * {@inheritDoc}
     * <p>
     * An interrupt does not end the sleep on a futex: a thread that wants the sleeper to notice wakes the word. It does
     * end the other way of waiting, and stays pending. A virtual thread always waits the other way: asleep on a futex
     * it would pin its carrier.
     */
    @Override
    public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
    {
        if (timeoutNs <= 0)
        {
            return;
        }
        final UnsafeBuffer tables = region.tablesIfOpen();
        if (null == tables)
        {
            // Another thread has closed the attachment just now: the caller looks again, and finds its port closed.
            return;
        }
        checkWord(tables, wakeOffset);
        if (futex.isPresent() && !VirtualThreads.isCurrent())
        {
            futex.sleep(tables.addressOffset() + wakeOffset, expected, timeoutNs);
            Reference.reachabilityFence(tables);
        }
        else
        {
            poll(tables, wakeOffset, expected, timeoutNs);
        }
    }

    /** {@inheritDoc} */
    @Override
    public void wake(final int wakeOffset, final int limit)
    {
        // A thread may still have a wake-up to make when another has closed the attachment: no thread waits for it
        // then.
        final UnsafeBuffer tables = region.tablesIfOpen();
        if (null != tables && futex.isPresent())
        {
            checkWord(tables, wakeOffset);
            futex.wake(tables.addressOffset() + wakeOffset, limit);
            Reference.reachabilityFence(tables);
        }
    }

    /** {@inheritDoc} */
    @Override
    public boolean canWake()
    {
        return futex.isPresent();
    }

    /** {@inheritDoc} */
    @Override
    public String sleepMode()
    {
        return futex.isPresent() ? "futex" :
            "parked polling, every " + MAX_PARK_NS + " ns at most: " + futex.reason();
    }

    /** {@inheritDoc} */
    @Override
    public String pageMode()
    {
        return region.pageMode();
    }

    /** {@inheritDoc} */
    @Override
    public void close()
    {
        try
        {
            closeAll(ends, region, locks);
        }
        finally
        {
            if (hasCalls.compareAndSet(true, false))
            {
                NativeCalls.release();
            }
        }
    }

    /** Drops the locks last, even after a failure: while they are held, this process is alive for its peers. */
    private static void closeAll(final ProcessEnds ends, final RegionFile region, final LifeLocks locks)
    {
        try
        {
            if (null != ends)
            {
                ends.close();
            }
        }
        finally
        {
            try
            {
                region.close();
            }
            finally
            {
                locks.close();
            }
        }
    }

    private static void poll(
        final UnsafeBuffer tables, final int wakeOffset, final int expected, final long timeoutNs)
    {
        final long startNs = System.nanoTime();
        long parkNs = MIN_PARK_NS;
        while (expected == tables.getIntVolatile(wakeOffset))
        {
            final long leftNs = timeoutNs - (System.nanoTime() - startNs);
            if (leftNs <= 0 || Thread.currentThread().isInterrupted())
            {
                return;
            }
            LockSupport.parkNanos(Math.min(parkNs, leftNs));
            parkNs = Math.min(2 * parkNs, MAX_PARK_NS);
        }
    }

    private long lifePosition(final int processIndex)
    {
        return ProcessDescriptor.lifePosition(region.header().regionId(), checkProcessIndex(processIndex));
    }

    private int checkProcessIndex(final int processIndex)
    {
        if (processIndex < 0 || processIndex >= region.header().geometry().processCount())
        {
            throw new IndexOutOfBoundsException("processIndex=" + processIndex + " processCount=" +
                region.header().geometry().processCount());
        }
        return processIndex;
    }

    /** The kernel accepts any mapped address, so a wrong offset would go unnoticed. */
    private static void checkWord(final UnsafeBuffer tables, final int wakeOffset)
    {
        if (wakeOffset < 0 || wakeOffset > tables.capacity() - Integer.BYTES || 0 != (wakeOffset & 3))
        {
            throw new IndexOutOfBoundsException(
                "wakeOffset=" + wakeOffset + " capacity=" + tables.capacity());
        }
    }

    public static void checkUnsafeBuffer()
    {
        AgronaVersion.check();
        try
        {
            new UnsafeBuffer(new byte[Long.BYTES]).putLongVolatile(0, 1);
        }
        catch (final LinkageError ex)
        {
            throw new RegionException("start java with --add-exports java.base/jdk.internal.misc=ALL-UNNAMED: " +
                "Agrona's UnsafeBuffer does not work without it", ex);
        }
    }
}
