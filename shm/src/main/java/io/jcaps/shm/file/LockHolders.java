/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.shm.os.LockTable;
import io.jcaps.shm.os.NativeCalls;
import io.jcaps.shm.os.ProcessInfo;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.function.LongToIntFunction;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * Finds which process holds a byte of a lock file. With native code, {@code fcntl(F_GETLK)} names the holder at once,
 * however many locks the machine has. It uses the descriptor of this JVM's own channel: closing another one would drop
 * this process's locks. Without native code the kernel's table of all locks is read.
 * <p>
 * Any thread may call.
 */
public final class LockHolders implements LongToIntFunction
{
    private static final int SEARCH_ATTEMPTS = 8;
    private static final int F_GETLK = 5;
    private static final short F_RDLCK = 0;
    private static final short F_UNLCK = 2;

    // struct flock of the 64 bit architectures that a futex is known of; l_whence stays 0: SEEK_SET.
    private static final int TYPE_OFFSET = 0;
    private static final int START_OFFSET = SIZE_OF_LONG;
    private static final int LENGTH_OFFSET = START_OFFSET + SIZE_OF_LONG;
    private static final int PID_OFFSET = LENGTH_OFFSET + SIZE_OF_LONG;
    private static final int FLOCK_LENGTH = PID_OFFSET + 2 * SIZE_OF_INT;

    private final LifeLocks locks;
    private final ProcessInfo processInfo;
    private final OwnLocks ownLocks;
    // Null without native code.
    private final UnsafeBuffer flock;

    /**
     * @param isNative    whether native calls are available, as they are when a futex is present.
     * @param processInfo that knows the table of locks.
     * @param locks       of the file, open.
     */
    public LockHolders(final boolean isNative, final ProcessInfo processInfo, final LifeLocks locks)
    {
        this.locks = locks;
        this.processInfo = processInfo;
        ownLocks = new OwnLocks(locks.file());
        // The pids of F_GETLK are those of this process's pid namespace. They are useful only if /proc shows the same
        // ones.
        flock = isNative && processInfo.showsOwnNamespace() ?
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(FLOCK_LENGTH, SIZE_OF_LONG)) : null;
    }

    /**
     * @param position of a byte that no attachment of this process has locked.
     * @return pid of the process that holds a write lock on it, or {@link ProcessInfo#NO_HOLDER}: the kernel proved
     * that none does, {@link ProcessInfo#HIDDEN}, or {@link ProcessInfo#UNDETERMINED}.
     */
    @Override
    public synchronized int applyAsInt(final long position)
    {
        return null != flock ? query(position) : search(position);
    }

    private int query(final long position)
    {
        final int descriptor = ownLocks.descriptor();
        if (OwnLocks.NO_DESCRIPTOR == descriptor)
        {
            return ProcessInfo.UNDETERMINED;
        }
        // A read lock conflicts with the holder's write lock alone, not with the read locks of processes that look.
        flock.setMemory(0, FLOCK_LENGTH, (byte)0);
        flock.putShort(TYPE_OFFSET, F_RDLCK);
        flock.putLong(START_OFFSET, position);
        flock.putLong(LENGTH_OFFSET, 1);
        if (0 != NativeCalls.fcntl(descriptor, F_GETLK, flock.addressOffset()) || !ownLocks.isCurrent())
        {
            return ProcessInfo.UNDETERMINED;
        }
        final int pid = flock.getInt(PID_OFFSET);
        return F_UNLCK == flock.getShort(TYPE_OFFSET) ? ProcessInfo.NO_HOLDER : pid > 0 ? pid : ProcessInfo.HIDDEN;
    }

    private int search(final long position)
    {
        final String listed = ownLocks.name();
        final String file = null == listed ? LockTable.name(locks.file()) : listed;
        LockTable before = null;
        for (int i = 0; i < SEARCH_ATTEMPTS; i++)
        {
            final LockTable table = processInfo.lockTable();
            if (null == table)
            {
                break;
            }
            final int holder = table.holder(file, position);
            if (ProcessInfo.NO_HOLDER != holder)
            {
                return holder;
            }
            if (!locks.isAlive(position))
            {
                return ProcessInfo.NO_HOLDER;
            }
            // In a table of several pieces the line may have been skipped; not if nothing changed between two readings.
            if (table.isWhole() || table.equals(before))
            {
                return ProcessInfo.HIDDEN;
            }
            before = table;
        }
        return ProcessInfo.UNDETERMINED;
    }
}
