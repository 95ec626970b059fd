/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionHeader;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongToIntFunction;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * Reports when a peer's process ends, by Linux's pidfds: a pidfd is readable once the last thread of its process has
 * ended, and so after the kernel has released the locks. It only reports when to look; the released lock is the proof
 * of death. Without pidfds no process is followed, and a wait lasts until its timeout.
 * <p>
 * Any thread may follow a process; one thread waits, and closes this when it is done.
 */
public final class ProcessEnds implements AutoCloseable
{
    // The same on all of Linux's architectures, as each call since 5.1. The pidfds of 5.3 and later close on exec.
    private static final long PIDFD_OPEN = 434;
    private static final int EFD_CLOEXEC = 02000000;
    private static final short POLLIN = 1;
    private static final int NONE = -1;

    // struct pollfd
    private static final int DESCRIPTOR_OFFSET = 0;
    private static final int EVENTS_OFFSET = SIZE_OF_INT;
    private static final int RETURNED_EVENTS_OFFSET = EVENTS_OFFSET + Short.BYTES;
    private static final int POLL_LENGTH = SIZE_OF_LONG;

    private final ProcessInfo processInfo;
    private final LongToIntFunction holders;
    private final long regionId;
    // By process entry; NONE if its process is not followed.
    private final int[] pidfds;
    private final int[] pids;
    // One entry for each process that is followed, and after them the one that cancels.
    private final UnsafeBuffer polls;
    private final int[] polledIndices;
    private final int cancelDescriptor;
    private boolean isClosed;

    private ProcessEnds(
        final ProcessInfo processInfo,
        final LongToIntFunction holders,
        final RegionHeader header,
        final int cancelDescriptor)
    {
        final int processCount = header.geometry().processCount();
        regionId = header.regionId();
        this.processInfo = processInfo;
        this.holders = holders;
        this.cancelDescriptor = cancelDescriptor;
        pidfds = new int[processCount];
        Arrays.fill(pidfds, NONE);
        pids = new int[processCount];
        polledIndices = new int[processCount];
        polls = new UnsafeBuffer(
            BufferUtil.allocateDirectAligned((processCount + 1) * POLL_LENGTH, SIZE_OF_LONG));
    }

    /**
     * @param isWanted     false to do without native code.
     * @param processInfo  of the operating system.
     * @param holders      by the position of a life lock, pid of the process that holds it; not positive if that is not
     *                     known.
     * @param header       of the region.
     * @return an object that follows each process that it can.
     */
    public static ProcessEnds open(
        final boolean isWanted,
        final ProcessInfo processInfo,
        final LongToIntFunction holders,
        final RegionHeader header)
    {
        final boolean isPresent =
            isWanted && "Linux".equals(System.getProperty("os.name")) && null == NativeCalls.load();
        return new ProcessEnds(
            processInfo, holders, header, isPresent ? NativeCalls.eventfd(0, EFD_CLOEXEC) : NONE);
    }

    /**
     * Tests whether a process can be followed; only where native code is available.
     *
     * @param pid of a living process.
     * @return null if it can, else why not.
     */
    public static String canFollow(final int pid)
    {
        final int pidfd = (int)NativeCalls.syscall(PIDFD_OPEN, pid, 0, 0, 0, 0, 0);
        if (pidfd < 0)
        {
            return "pidfd_open fails with errno " + NativeCalls.error();
        }
        NativeCalls.close(pidfd);
        return null;
    }

    /**
     * Follows the process that holds a life lock.
     *
     * @param processIndex of the entry.
     * @return whether it is followed.
     */
    public synchronized boolean follow(final int processIndex)
    {
        if (NONE == cancelDescriptor || isClosed)
        {
            return false;
        }
        final int pid = holder(processIndex);
        if (pid <= 0)
        {
            return false;
        }
        if (NONE != pidfds[processIndex])
        {
            if (pids[processIndex] == pid)
            {
                return true;
            }
            unfollow(processIndex);
        }
        final int pidfd = (int)NativeCalls.syscall(PIDFD_OPEN, pid, 0, 0, 0, 0, 0);
        if (pidfd < 0)
        {
            return false;
        }
        pidfds[processIndex] = pidfd;
        pids[processIndex] = pid;
        // The number may have become another process's since it was looked up, or mean another one to this call than in
        // /proc, which can belong to another pid namespace.
        if (processInfo.followedPid(pidfd) != pid || holder(processIndex) != pid)
        {
            unfollow(processIndex);
            return false;
        }
        return true;
    }

    /**
     * @param processIndex of an entry.
     * @return whether its process is followed, and was not seen to end.
     */
    public synchronized boolean isFollowed(final int processIndex)
    {
        return NONE != pidfds[processIndex];
    }

    /**
     * Waits until one of the followed processes has ended, and stops following it.
     *
     * @param timeoutNs longest wait in nanoseconds.
     */
    public void await(final long timeoutNs)
    {
        if (NONE == cancelDescriptor)
        {
            LockSupport.parkNanos(timeoutNs);
            return;
        }
        final int count = fillPolls();
        if (NativeCalls.poll(polls.addressOffset(), count + 1, timeoutMs(timeoutNs)) > 0)
        {
            unfollowEnded(count);
        }
    }

    /**
     * @param timeoutNs in nanoseconds, 0 or more.
     * @return in milliseconds, rounded up: rounded down, a timeout below one millisecond would not wait.
     */
    static int timeoutMs(final long timeoutNs)
    {
        final long wholeMs = TimeUnit.NANOSECONDS.toMillis(timeoutNs);
        final long restNs = timeoutNs - TimeUnit.MILLISECONDS.toNanos(wholeMs);
        return (int)Math.min(restNs > 0 ? wholeMs + 1 : wholeMs, Integer.MAX_VALUE);
    }

    /** Ends the wait of another thread; each later wait ends at once. */
    public synchronized void cancel()
    {
        if (NONE != cancelDescriptor && !isClosed)
        {
            final UnsafeBuffer one = new UnsafeBuffer(BufferUtil.allocateDirectAligned(SIZE_OF_LONG, SIZE_OF_LONG));
            one.putLong(0, 1);
            NativeCalls.write(cancelDescriptor, one.addressOffset(), SIZE_OF_LONG);
        }
    }

    /** Closes the descriptors. No thread may be in a wait, or wait later. A second call does nothing. */
    @Override
    public synchronized void close()
    {
        if (!isClosed)
        {
            isClosed = true;
            for (int i = 0; i < pidfds.length; i++)
            {
                if (NONE != pidfds[i])
                {
                    unfollow(i);
                }
            }
            if (NONE != cancelDescriptor)
            {
                NativeCalls.close(cancelDescriptor);
            }
        }
    }

    private synchronized int fillPolls()
    {
        int count = 0;
        for (int i = 0; i < pidfds.length; i++)
        {
            if (NONE != pidfds[i])
            {
                polledIndices[count] = i;
                fillPoll(count++, pidfds[i]);
            }
        }
        fillPoll(count, cancelDescriptor);
        return count;
    }

    private void fillPoll(final int index, final int descriptor)
    {
        final int offset = index * POLL_LENGTH;
        polls.putInt(offset + DESCRIPTOR_OFFSET, descriptor);
        polls.putShort(offset + EVENTS_OFFSET, POLLIN);
        polls.putShort(offset + RETURNED_EVENTS_OFFSET, (short)0);
    }

    private synchronized void unfollowEnded(final int count)
    {
        for (int i = 0; i < count; i++)
        {
            final int offset = i * POLL_LENGTH;
            if (0 != polls.getShort(offset + RETURNED_EVENTS_OFFSET) &&
                pidfds[polledIndices[i]] == polls.getInt(offset + DESCRIPTOR_OFFSET))
            {
                unfollow(polledIndices[i]);
            }
        }
    }

    private void unfollow(final int processIndex)
    {
        NativeCalls.close(pidfds[processIndex]);
        pidfds[processIndex] = NONE;
    }

    private int holder(final int processIndex)
    {
        return holders.applyAsInt(ProcessDescriptor.lifePosition(regionId, processIndex));
    }
}
