/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionHeader;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A region so small that jcstress can make a new one for each try. Its memory is in the heap, where it costs least; its
 * sides are hosts whose sleepers wait for the end of the actor that may wake them; then {@link Asleep} ends theirs.
 */
public final class StressRegion
{
    static final String NAME = "s";

    private static final Credentials USER = new Credentials(1, 1000, 1000, 1000, 1000, new int[0]);

    public final Geometry geometry;
    public final UnsafeBuffer tables;
    final UnsafeBuffer link;
    /** Whether the actor that may wake a sleeper has done what it does. */
    volatile boolean isWakerOver;
    private final RegionHeader header;
    private final Semaphore tablesLock = new Semaphore(1);
    private final AtomicReferenceArray<Side> lives;

    /** This thread slept. Whether it was woken is to be seen at the other side. */
    static final class Asleep extends RuntimeException
    {
        private static final long serialVersionUID = 1;
        private static final Asleep INSTANCE = new Asleep();

        private Asleep()
        {
            super("asleep", null, false, false);
        }
    }

    public StressRegion(final int slotCount)
    {
        geometry = new Geometry(2, 3, 1, slotCount, 64);
        header = new RegionHeader(geometry, 1, new UUID(0, 0), 0);
        tables = allocate(geometry.tablesLength());
        header.write(tables);
        link = allocate(geometry.linkLength());
        lives = new AtomicReferenceArray<>(geometry.processCount());
    }

    public static UnsafeBuffer allocate(final int length)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[length]);
        // Arrays promise no alignment; those of each HotSpot so far have it, and are not moved out of it.
        if ((buffer.addressOffset() & Long.BYTES - 1) != 0)
        {
            throw new AssertionError("no atomic access to an array here: offset=" + buffer.addressOffset());
        }
        return buffer;
    }

    /** One process more, whose memory is the region's own. */
    Side side()
    {
        return new Side(link);
    }

    /** One process more, which sees the link through a buffer of the test's. */
    Side side(final UnsafeBuffer link)
    {
        return new Side(link);
    }

    /** An attachment as a process has one. Its watch makes no rounds. */
    static Attachment attach(final Host host)
    {
        return Attachment.attach(host, 0, (ex) ->
        {
            throw new IllegalStateException(ex);
        });
    }

    /** Without a gate: nothing may order the stores of a side but what is under test. */
    static PortOptions options()
    {
        return new PortOptions().singleThreaded(true).spinCount(0);
    }

    final class Side implements Host
    {
        private final UnsafeBuffer ownLink;
        /** Wake-ups by this side. Read when the actors have ended. */
        int wakeCount;
        /** What the word said that this side fell asleep on. */
        int asleepOn = -1;

        private Side(final UnsafeBuffer ownLink)
        {
            this.ownLink = ownLink;
        }

        @Override
        public RegionHeader header()
        {
            return header;
        }

        @Override
        public String place()
        {
            return "stress";
        }

        @Override
        public UnsafeBuffer tables()
        {
            return tables;
        }

        @Override
        public UnsafeBuffer link(final int linkIndex)
        {
            return ownLink;
        }

        @Override
        public boolean back(final int linkIndex, final int offset, final int length)
        {
            link.setMemory(offset, length, (byte)0);
            return true;
        }

        @Override
        public boolean lockTables(final long timeoutNs)
        {
            try
            {
                return tablesLock.tryAcquire(timeoutNs, TimeUnit.NANOSECONDS);
            }
            catch (final InterruptedException ex)
            {
                throw new IllegalStateException(ex);
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
            return true;
        }

        @Override
        public boolean isAlive(final int processIndex)
        {
            return null != lives.get(processIndex);
        }

        @Override
        public Credentials self()
        {
            return USER;
        }

        @Override
        public long startTicks()
        {
            return 0;
        }

        @Override
        public Credentials attest(final int processIndex)
        {
            return isAlive(processIndex) ? USER : null;
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
            // As a futex: the word is compared once more. Who wakes from here on reaches this thread.
            if (tables.getIntVolatile(wakeOffset) == expected)
            {
                asleepOn = expected;
                while (!isWakerOver)
                {
                    Thread.onSpinWait();
                }
                throw Asleep.INSTANCE;
            }
        }

        @Override
        public void wake(final int wakeOffset, final int limit)
        {
            wakeCount++;
        }

        @Override
        public String sleepMode()
        {
            return "not at all";
        }

        @Override
        public void close()
        {
            // The memory is the region's own.
        }
    }
}
