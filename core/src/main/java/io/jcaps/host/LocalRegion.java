/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import io.jcaps.layout.ErrorLogDescriptor;
import io.jcaps.layout.ErrorRecord;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionHeader;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;

/**
 * A region in the memory of one JVM, for its threads and for tests. Each attachment has a host of its own, as if it
 * were a process: a reference in the heap replaces the life lock.
 */
public final class LocalRegion
{
    private static final long MAX_PARK_NS = TimeUnit.MICROSECONDS.toNanos(100);

    private final RegionHeader header;
    private final UnsafeBuffer tables;
    private final AtomicReferenceArray<UnsafeBuffer> links;
    private final AtomicReferenceArray<UnsafeBuffer> errors;
    private final AtomicReferenceArray<LocalHost> lives;
    private final Semaphore tablesLock = new Semaphore(1);

    /**
     * @param geometry of the region; each link that is used takes {@link Geometry#linkLength()} bytes outside the heap.
     */
    public LocalRegion(final Geometry geometry)
    {
        header = new RegionHeader(
            geometry, ThreadLocalRandom.current().nextLong(), new UUID(0, 0), System.currentTimeMillis());
        tables = allocate(geometry.tablesLength());
        header.write(tables);
        links = new AtomicReferenceArray<>(geometry.linkCount());
        errors = new AtomicReferenceArray<>(geometry.processCount());
        lives = new AtomicReferenceArray<>(geometry.processCount());
    }

    /**
     * Makes a host for one more attachment.
     *
     * @param credentials of that attachment, as its peers see them.
     * @return the host.
     */
    public Host host(final Credentials credentials)
    {
        return new LocalHost(credentials);
    }

    /**
     * Makes a host for one more attachment, of an ordinary user.
     *
     * @return the host.
     */
    public Host host()
    {
        return host(new Credentials((int)ProcessHandle.current().pid(), 1000, 1000, 1000, 1000, new int[]{1000}));
    }

    /**
     * @param processIndex of an entry of the process table.
     * @return errors of the last process of that entry that had any, oldest first.
     */
    public List<ErrorRecord> errors(final int processIndex)
    {
        final UnsafeBuffer log = errors.get(processIndex);
        return null == log ? List.of() : ErrorRecord.read(log);
    }

    private static UnsafeBuffer allocate(final int length)
    {
        // Not an array, because its alignment is not enough for atomic access.
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, BitUtil.CACHE_LINE_LENGTH));
    }

    private final class LocalHost implements Host
    {
        private final Credentials credentials;

        LocalHost(final Credentials credentials)
        {
            this.credentials = credentials;
        }

        @Override
        public RegionHeader header()
        {
            return header;
        }

        @Override
        public String place()
        {
            return "local:" + Long.toHexString(header.regionId());
        }

        @Override
        public UnsafeBuffer tables()
        {
            return tables;
        }

        @Override
        public UnsafeBuffer link(final int linkIndex)
        {
            UnsafeBuffer link = links.get(linkIndex);
            if (null == link)
            {
                links.compareAndSet(linkIndex, null, allocate(header.geometry().linkLength()));
                link = links.get(linkIndex);
            }
            return link;
        }

        @Override
        public boolean back(final int linkIndex, final int offset, final int length)
        {
            link(linkIndex).setMemory(offset, length, (byte)0);
            return true;
        }

        @Override
        public UnsafeBuffer errors(final int processIndex)
        {
            final UnsafeBuffer log = allocate(ErrorLogDescriptor.LOG_LENGTH);
            errors.set(processIndex, log);
            return log;
        }

        @Override
        public boolean lockTables(final long timeoutNs)
        {
            // An interrupt does not end the wait, as with a lock of the operating system.
            boolean wasInterrupted = false;
            final long deadlineNs = System.nanoTime() + timeoutNs;
            try
            {
                while (true)
                {
                    try
                    {
                        return tablesLock.tryAcquire(deadlineNs - System.nanoTime(), TimeUnit.NANOSECONDS);
                    }
                    catch (final InterruptedException ex)
                    {
                        wasInterrupted = true;
                    }
                }
            }
            finally
            {
                if (wasInterrupted)
                {
                    Thread.currentThread().interrupt();
                }
            }
        }

        @Override
        public void unlockTables()
        {
            tablesLock.release();
        }

        @Override
        public boolean holdLife(final int processIndex)
        {
            return lives.compareAndSet(processIndex, null, this);
        }

        @Override
        public void dropLife(final int processIndex)
        {
            lives.compareAndSet(processIndex, this, null);
        }

        @Override
        public boolean holdsLife(final int processIndex)
        {
            return this == lives.get(processIndex);
        }

        @Override
        public boolean isAlive(final int processIndex)
        {
            return null != lives.get(processIndex);
        }

        @Override
        public Credentials self()
        {
            return credentials;
        }

        @Override
        public long startTicks()
        {
            return 0;
        }

        @Override
        public Credentials attest(final int processIndex)
        {
            final LocalHost holder = lives.get(processIndex);
            return null == holder ? null : holder.credentials;
        }

        @Override
        public boolean isOwnProcess()
        {
            return true;
        }

        @Override
        public boolean isCurrent()
        {
            return true;
        }

        @Override
        public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
        {
            if (tables.getIntVolatile(wakeOffset) == expected)
            {
                LockSupport.parkNanos(Math.min(timeoutNs, MAX_PARK_NS));
            }
        }

        @Override
        public void wake(final int wakeOffset, final int limit)
        {
            // Sleeping threads poll.
        }

        @Override
        public String sleepMode()
        {
            return "parked polling: a region in the memory of one virtual machine";
        }

        @Override
        public void close()
        {
            // The memory is the region's own.
        }
    }
}
