/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import io.jcaps.layout.RegionHeader;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.concurrent.locks.LockSupport;

/**
 * The memory and locks of a region, as one attachment uses them: the heap of one JVM, or a file mapped by
 * many. The protocol reaches shared memory, other processes' lives and the operating system through this alone.
 * <p>
 * Buffers are of Agrona's class, not of its interface {@code AtomicBuffer}: no access of a message then checks which
 * class it is.
 * <p>
 * All methods may be called from any thread, {@link #close()} once the others have returned.
 */
public interface Host extends AutoCloseable
{
    /**
     * @return the region's header, as it was when it was checked.
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
     * A buffer over part of another one of this host: what a ring is laid into.
     *
     * @param whole  a buffer that this host gave.
     * @param offset in bytes.
     * @param length in bytes.
     * @return a view of the same memory.
     */
    default UnsafeBuffer part(final UnsafeBuffer whole, final int offset, final int length)
    {
        return new UnsafeBuffer(whole, offset, length);
    }

    /**
     * Makes sure that part of a link is backed by memory, and fills it with zeros. Without this a store to a file that
     * finds no page kills the access.
     *
     * @param linkIndex of the link.
     * @param offset    in bytes from the start of the link.
     * @param length    in bytes.
     * @return false if there is no space left; nothing of use was changed then, and a later call may succeed.
     */
    boolean back(int linkIndex, int offset, int length);

    /**
     * Returns the memory of a link that no side holds to the operating system, where that can be done. Only under the
     * tables' lock, so that no process takes the link in the meantime. A view that a caller kept stays readable: it
     * shows zeros or what was there.
     *
     * @param linkIndex of the link.
     */
    default void trim(final int linkIndex)
    {
    }

    /**
     * Has part of a link mapped before it is needed, by reading it, if all of it is backed by memory. Does nothing
     * where it is always so.
     *
     * @param linkIndex of the link.
     * @param offset    in bytes from the start of the link.
     * @param length    in bytes.
     */
    default void touch(final int linkIndex, final int offset, final int length)
    {
    }

    /**
     * The error log of a process, backed by memory and filled with zeros: to be requested once, by the process whose it
     * is, when it has something to write. It stays readable as long as any buffer over it is reachable.
     *
     * @param processIndex of the entry whose life lock this attachment holds.
     * @return null if there is no space left, or errors are not kept here.
     */
    default UnsafeBuffer errors(final int processIndex)
    {
        return null;
    }

    /**
     * @return the receiver of rare events; the same at each call.
     */
    default Events events()
    {
        return Events.NONE;
    }

    /**
     * Takes the lock under which header and tables are changed: one holder among all attachments and their threads.
     * It falls free when its holder dies.
     *
     * @param timeoutNs longest wait.
     * @return false if another held it all the time.
     */
    boolean lockTables(long timeoutNs);

    /**
     * Gives the tables' lock back. Only its holder may call.
     */
    void unlockTables();

    /**
     * Takes the life lock of a process entry, which is held until {@link #dropLife} or death.
     *
     * @param processIndex of the entry.
     * @return false if another process has it, or probes it at this moment.
     */
    boolean holdLife(int processIndex);

    /**
     * Gives up a life lock.
     *
     * @param processIndex of the entry whose lock this attachment holds.
     */
    void dropLife(int processIndex);

    /**
     * Whether this attachment still holds a life lock that it took, as the operating system reports it. A lock can be
     * lost while its process lives: any close of the lock file in the process drops it. Asking cannot drop it.
     *
     * @param processIndex of the entry.
     * @return false if it is known that the lock is gone: peers treat the process as dead.
     */
    boolean holdsLife(int processIndex);

    /**
     * Whether the life lock of an entry is held. A stopped or slow process does; a dead one does not (B2).
     *
     * @param processIndex of the entry.
     * @return false if no process holds it: its last holder can store nothing any more.
     */
    boolean isAlive(int processIndex);

    /**
     * @return credentials of this process, as the operating system has them now.
     */
    Credentials self();

    /**
     * @return start time of this process in the operating system's ticks since boot. Two processes
     * that get the same pid differ in it.
     */
    long startTicks();

    /**
     * Credentials of the process that holds a life lock, as the operating system reports them (R22).
     *
     * @param processIndex of the entry.
     * @return {@link Credentials#UNKNOWN} if it is not visible from here, {@link Credentials#UNDETERMINED} if that
     * could not be found out just now, null if no process holds the lock.
     */
    Credentials attest(int processIndex);

    /**
     * @return whether ids of users and groups are the machine's here: not in a user namespace, where peers can be known
     * by other numbers than they have in {@link #self()} and {@link #attest}.
     */
    default boolean hasMachineIds()
    {
        return true;
    }

    /**
     * Follows the process that holds a life lock, so that {@link #awaitEnd} returns as soon as it ends. It stays
     * followed until then. Never the calling process itself.
     *
     * @param processIndex of the entry.
     * @return false if the operating system does not offer it here: the caller has to look by {@link #isAlive}.
     */
    default boolean follow(final int processIndex)
    {
        return false;
    }

    /**
     * @param processIndex of an entry.
     * @return whether its process is followed, and has not ended as far as {@link #awaitEnd} has seen.
     */
    default boolean isFollowed(final int processIndex)
    {
        return false;
    }

    /**
     * Waits until a process that is followed has ended. It may return early for any reason. By one thread at a time.
     *
     * @param timeoutNs longest wait.
     */
    default void awaitEnd(final long timeoutNs)
    {
        LockSupport.parkNanos(timeoutNs);
    }

    /**
     * Ends {@link #awaitEnd}, finally: from here on no process is followed.
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
     * Whether the region that is found at the place now is still this one.
     *
     * @return false if it was removed or replaced.
     */
    boolean isCurrent();

    /**
     * Sleeps until woken, but not if the word has already changed. Returns early for any reason or none: the caller
     * looks at what it waits for, and sleeps again.
     *
     * @param wakeOffset  of the wake word in the tables.
     * @param expected    value of the word when the caller looked.
     * @param timeoutNs   longest sleep; {@link Long#MAX_VALUE} for no limit.
     */
    void sleep(int wakeOffset, int expected, long timeoutNs);

    /**
     * Wakes sleepers on a word that was changed just before.
     *
     * @param wakeOffset of the wake word in the tables.
     * @param limit      most threads to wake.
     */
    void wake(int wakeOffset, int limit);

    /**
     * Whether {@link #wake} reaches sleepers of other attachments. Where it does not, they have to look by themselves.
     *
     * @return false if it does nothing.
     */
    default boolean canWake()
    {
        return true;
    }

    /**
     * @return how sleepers wait here, and if it is the slower way, why.
     */
    String sleepMode();

    /**
     * @return which pages the region is mapped by, and if they are the small ones, why.
     */
    default String pageMode()
    {
        return "ordinary pages";
    }

    /**
     * Gives everything back but the memory under buffers that are still reachable. A second call does nothing.
     */
    @Override
    void close();
}
