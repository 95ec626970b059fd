/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * Tells when a peer's process ends, by Linux's pidfds: one is readable once the last thread of its process is gone,
 * and so behind the moment at which the locks fell free. It only says when to look; that lock is the proof. Where there
 * are none, nothing is followed, and waiting is just that.
 * <p>
 * Any thread may follow; one waits, and closes when it is done.
 */
final class ProcessEnds implements AutoCloseable
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
    private final FileStat lockFile;
    // By process entry; NONE if its process is not followed.
    private final int[] pidfds;
    private final int[] pids;
    // One entry for each process that is followed, and behind them the one that cancels.
    private final UnsafeBuffer polls;
    private final int[] polledIndices;
    private final int cancelDescriptor;
    private boolean isClosed;

    private ProcessEnds(
        final ProcessInfo processInfo, final FileStat lockFile, final int processCount, final int cancelDescriptor)
    {
        this.processInfo = processInfo;
        this.lockFile = lockFile;
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
     * @param processInfo  who holds which lock.
     * @param lockFile     with the life locks.
     * @param processCount entries of the region's process table.
     * @return one that follows what it can.
     */
    static ProcessEnds open(
        final boolean isWanted, final ProcessInfo processInfo, final FileStat lockFile, final int processCount)
    {
        final boolean isPresent =
            isWanted && "Linux".equals(System.getProperty("os.name")) && null == NativeCalls.load();
        return new ProcessEnds(
            processInfo, lockFile, processCount, isPresent ? NativeCalls.eventfd(0, EFD_CLOEXEC) : NONE);
    }

    /**
     * Whether a process can be followed at all; native code is there.
     *
     * @param pid of a living process.
     * @return null if it can, else why not.
     */
    static String canFollow(final int pid)
    {
        final int pidfd = (int)NativeCalls.syscall(PIDFD_OPEN, pid, 0, 0, 0, 0, 0);
        if (pidfd < 0)
        {
            return "pidfd_open answers errno " + NativeCalls.error();
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
    synchronized boolean follow(final int processIndex)
    {
        if (NONE == cancelDescriptor || isClosed)
        {
            return false;
        }
        final int pid = holder(processIndex);
        if (ProcessInfo.NO_HOLDER == pid)
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
    synchronized boolean isFollowed(final int processIndex)
    {
        return NONE != pidfds[processIndex];
    }

    /**
     * Waits until a process that was followed before has ended; it is followed no more then.
     *
     * @param timeoutNs longest wait.
     */
    void await(final long timeoutNs)
    {
        if (NONE == cancelDescriptor)
        {
            LockSupport.parkNanos(timeoutNs);
            return;
        }
        final int count = fillPolls();
        // Rounded up, or what is shorter than a millisecond would be no wait at all.
        final long timeoutMs = TimeUnit.NANOSECONDS.toMillis(timeoutNs + TimeUnit.MILLISECONDS.toNanos(1) - 1);
        if (NativeCalls.poll(polls.addressOffset(), count + 1, (int)Math.min(timeoutMs, Integer.MAX_VALUE)) > 0)
        {
            unfollowEnded(count);
        }
    }

    /** Ends the wait of another thread, and makes each later one end at once. */
    synchronized void cancel()
    {
        if (NONE != cancelDescriptor && !isClosed)
        {
            final UnsafeBuffer one = new UnsafeBuffer(BufferUtil.allocateDirectAligned(SIZE_OF_LONG, SIZE_OF_LONG));
            one.putLong(0, 1);
            NativeCalls.write(cancelDescriptor, one.addressOffset(), SIZE_OF_LONG);
        }
    }

    /** Nobody may wait any more. A second call does nothing. */
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
        return processInfo.lockHolder(lockFile, LifeLocks.lifePosition(processIndex));
    }
}
