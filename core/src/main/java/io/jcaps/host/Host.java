/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import io.jcaps.layout.RegionHeader;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.concurrent.locks.LockSupport;

/**
 * The memory and locks of a region, as one attachment uses them: in the memory of one JVM, or in a file that many
 * processes map. The protocol uses shared memory, the lives of other processes and the operating system only through
 * this interface.
 * <p>
 * Buffers have the type of Agrona's class {@code UnsafeBuffer}, not of its interface {@code AtomicBuffer}: so no access
 * to a message has to check for the class.
 * <p>
 * Any thread may call, {@link #close()} only once the other calls have returned.
 */
public interface Host extends AutoCloseable
{
    /**
     * @return the region's header, as it was checked when this process attached.
     */
    RegionHeader header();

    /**
     * @return where the region is, for people.
     */
    String place();

    /**
     * @return header and tables: the same buffer at each call.
     */
    UnsafeBuffer tables();

    /**
     * The body of a link. It is mapped at the first call and stays readable as long as any buffer over it is
     * reachable.
     *
     * @param linkIndex 0 to the region's link count - 1.
     * @return the same buffer at each call.
     */
    UnsafeBuffer link(int linkIndex);

    /**
     * A buffer over part of another buffer of this host, for example for a ring.
     *
     * @param whole  a buffer that this host returned.
     * @param offset in bytes.
     * @param length in bytes.
     * @return a view of the same memory.
     */
    default UnsafeBuffer part(final UnsafeBuffer whole, final int offset, final int length)
    {
        return new UnsafeBuffer(whole, offset, length);
    }

    /**
     * Makes sure that part of a link is backed by memory, and fills it with zeros. Without this, a store to a page for
     * which the file system has no memory left raises SIGBUS.
     *
     * @param linkIndex of the link.
     * @param offset    in bytes from the start of the link.
     * @param length    in bytes.
     * @return false if there is no memory left; a later call may succeed.
     */
    boolean back(int linkIndex, int offset, int length);

    /**
     * Returns the memory of a link that no side holds to the operating system, where that is possible. Only under the
     * tables' lock, so that no process takes the link in the meantime. A view that a program has kept stays readable:
     * it shows zeros or the former bytes.
     *
     * @param linkIndex of the link.
     */
    default void trim(final int linkIndex)
    {
    }

    /**
     * Maps part of a link before it is needed, by reading it, if all of it is backed by memory. Does nothing where it
     * is always mapped.
     *
     * @param linkIndex of the link.
     * @param offset    in bytes from the start of the link.
     * @param length    in bytes.
     */
    default void touch(final int linkIndex, final int offset, final int length)
    {
    }

    /**
     * The error log of this process, backed by memory and filled with zeros. It is requested once, when there is
     * something to write. It stays readable as long as any buffer over it is reachable.
     *
     * @param processIndex of the entry whose life lock this attachment holds.
     * @return {@code ErrorLogDescriptor.LOG_LENGTH} bytes; null if there is no memory left, or errors are not kept
     * here.
     */
    default UnsafeBuffer errors(final int processIndex)
    {
        return null;
    }

    /**
     * @return the receiver of rare events; the same object at each call.
     */
    default Events events()
    {
        return Events.NONE;
    }

    /**
     * Takes the lock under which header and tables are changed: it has one holder among all attachments and their
     * threads. The operating system releases it when its holder dies.
     *
     * @param timeoutNs longest wait in nanoseconds; 0 or less for a try.
     * @return false if another thread or process held it all the time.
     */
    boolean lockTables(long timeoutNs);

    /**
     * Releases the tables' lock. Only its holder may call.
     */
    void unlockTables();

    /**
     * Takes the life lock of a process entry. It is held until {@link #dropLife} or the death of this process.
     *
     * @param processIndex of the entry.
     * @return false if another attachment holds it, or another process probes it at this moment.
     */
    boolean holdLife(int processIndex);

    /**
     * Releases a life lock.
     *
     * @param processIndex of the entry whose lock this attachment holds.
     */
    void dropLife(int processIndex);

    /**
     * Whether this attachment still holds a life lock that it took, as the operating system reports it. A lock can be
     * lost while its process lives: any close of the lock file in the process drops the lock. This check cannot drop
     * it.
     *
     * @param processIndex of the entry.
     * @return false if the lock is known to be lost: the peers then treat the process as dead.
     */
    boolean holdsLife(int processIndex);

    /**
     * Whether a process holds the life lock of an entry. A stopped or slow process still holds it; a dead one does not
     * (B2).
     *
     * @param processIndex of the entry.
     * @return false if no process holds it: its last holder can store nothing any more.
     */
    boolean isAlive(int processIndex);

    /**
     * @return credentials of this process, as the operating system reports them now.
     */
    Credentials self();

    /**
     * @return start time of this process, in the operating system's ticks since boot. It distinguishes two processes
     * that have had the same pid.
     */
    long startTicks();

    /**
     * Credentials of the process that holds a life lock, as the operating system reports them (R22).
     *
     * @param processIndex of the entry.
     * @return credentials; {@link Credentials#UNKNOWN} if the process is not visible from here,
     * {@link Credentials#UNDETERMINED} if there was no reliable answer, null if no process holds the lock.
     */
    Credentials attest(int processIndex);

    /**
     * @return whether this process has the machine's ids of users and groups. In a user namespace of its own it has
     * not: peers may know a user by another number than {@link #self()} and {@link #attest} report.
     */
    default boolean hasMachineIds()
    {
        return true;
    }

    /**
     * Follows the process that holds a life lock until it ends: {@link #awaitEnd} then returns at once. The calling
     * process itself is never followed.
     *
     * @param processIndex of the entry.
     * @return false if the operating system does not offer this here: the caller must check {@link #isAlive}.
     */
    default boolean follow(final int processIndex)
    {
        return false;
    }

    /**
     * @param processIndex of an entry.
     * @return whether its process is followed, and {@link #awaitEnd} has not seen its end.
     */
    default boolean isFollowed(final int processIndex)
    {
        return false;
    }

    /**
     * Waits until a process that is followed has ended. It may return early for any reason. One thread at a time may
     * call.
     *
     * @param timeoutNs longest wait in nanoseconds.
     */
    default void awaitEnd(final long timeoutNs)
    {
        LockSupport.parkNanos(timeoutNs);
    }

    /**
     * Ends {@link #awaitEnd} for good: from here on no process is followed.
     */
    default void cancelAwait()
    {
    }

    /**
     * Whether the calling process is still the one that attached: a forked child is not (R27). This is a system call.
     *
     * @return false in any other process.
     */
    boolean isOwnProcess();

    /**
     * Whether the region that is now at the place is still this one.
     *
     * @return false if it was removed or replaced.
     */
    boolean isCurrent();

    /**
     * Sleeps until woken, but not if the word has already changed. It may return early for any reason or none: the
     * caller checks its own condition, and sleeps again.
     *
     * @param wakeOffset  of the wake word in the tables.
     * @param expected    value of the word before the caller looked.
     * @param timeoutNs   longest sleep in nanoseconds; {@link Long#MAX_VALUE} for no limit.
     */
    void sleep(int wakeOffset, int expected, long timeoutNs);

    /**
     * Wakes threads that sleep on a word, which the caller has changed before.
     *
     * @param wakeOffset of the wake word in the tables.
     * @param limit      most threads to wake.
     */
    void wake(int wakeOffset, int limit);

    /**
     * Whether {@link #wake} wakes threads of other attachments. Where it does not, they must poll.
     *
     * @return false if {@link #wake} does nothing for other attachments.
     */
    default boolean canWake()
    {
        return true;
    }

    /**
     * @return for people: how threads sleep here; if it is the slower way, also the reason.
     */
    String sleepMode();

    /**
     * @return for people: the kind of pages that map the region; if they are small, also the reason.
     */
    default String pageMode()
    {
        return "ordinary pages";
    }

    /**
     * Releases everything except the memory under buffers that are still reachable. A second call does nothing.
     */
    @Override
    void close();
}
