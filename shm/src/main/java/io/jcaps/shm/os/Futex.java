/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;

import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * Sleeps on a word of shared memory, and wakes sleepers: Linux's futex, called through JNA. Where it is not available,
 * {@link #reason()} says why. On JDK 24 and later JNA needs {@code --enable-native-access=ALL-UNNAMED}, or the JDK
 * prints a warning.
 * <p>
 * Any thread may call; a virtual one keeps its carrier while it sleeps. Only a thread's first call allocates anything.
 */
public final class Futex
{
    // Without FUTEX_PRIVATE_FLAG: the word is known by its file and offset, so that processes share it.
    private static final long FUTEX_WAIT = 0;
    private static final long FUTEX_WAKE = 1;
    private static final int EAGAIN = 11;
    private static final int TIMESPEC_LENGTH = 2 * SIZE_OF_LONG;
    private static final long NS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final long callNumber;
    private final String reason;
    // Per instance, not static, and of a class of the JDK: the threads are the user's, and must not keep this library's
    // class loader. A thread keeps the value for long after the variable is gone.
    private final ThreadLocal<ByteBuffer> timespec = ThreadLocal.withInitial(
        () -> BufferUtil.allocateDirectAligned(TIMESPEC_LENGTH, SIZE_OF_LONG).order(ByteOrder.nativeOrder()));

    private Futex(final long callNumber, final String reason)
    {
        this.callNumber = callNumber;
        this.reason = reason;
    }

    /**
     * @param isWanted  false to do without.
     * @param osName    as in the system property {@code os.name}.
     * @param archName  as in the system property {@code os.arch}.
     * @return the futex; {@link #isPresent()} shows whether it works.
     */
    public static Futex open(final boolean isWanted, final String osName, final String archName)
    {
        if (!isWanted)
        {
            return new Futex(0, "switched off");
        }
        if (!"Linux".equals(osName))
        {
            return new Futex(0, "no futex on " + osName);
        }
        final long callNumber = callNumber(archName);
        if (0 == callNumber)
        {
            return new Futex(0, "the futex call's number is not known on " + archName);
        }

        String failure = NativeCalls.load();
        if (null == failure)
        {
            final Futex futex = new Futex(callNumber, null);
            failure = futex.test();
            if (null == failure)
            {
                return futex;
            }
        }
        return new Futex(0, failure);
    }

    /**
     * @return whether {@link #sleep} and {@link #wake} may be called.
     */
    public boolean isPresent()
    {
        return null == reason;
    }

    /**
     * @return why there is none; null if there is one.
     */
    public String reason()
    {
        return reason;
    }

    /**
     * Sleeps until woken, unless the word has changed already. An interrupt does not end it.
     *
     * @param address   of the word.
     * @param expected  value at which to sleep.
     * @param timeoutNs longest sleep, positive; {@link Long#MAX_VALUE} for no limit.
     */
    public void sleep(final long address, final int expected, final long timeoutNs)
    {
        if (Long.MAX_VALUE == timeoutNs)
        {
            NativeCalls.syscall(callNumber, address, FUTEX_WAIT, expected, 0, 0, 0);
        }
        else
        {
            final ByteBuffer time = timespec.get();
            time.putLong(0, timeoutNs / NS_PER_SECOND);
            time.putLong(SIZE_OF_LONG, timeoutNs % NS_PER_SECOND);
            NativeCalls.syscall(callNumber, address, FUTEX_WAIT, expected, BufferUtil.address(time), 0, 0);
        }
    }

    /**
     * @param address of the word.
     * @param limit   most threads to wake.
     * @return how many were woken.
     */
    public int wake(final long address, final int limit)
    {
        return (int)NativeCalls.syscall(callNumber, address, FUTEX_WAKE, limit, 0, 0, 0);
    }

    /** Tests the call once: a sleep that fails at once would make its caller spin. */
    private String test()
    {
        final UnsafeBuffer word = new UnsafeBuffer(BufferUtil.allocateDirectAligned(SIZE_OF_LONG, SIZE_OF_LONG));
        final long result = NativeCalls.syscall(callNumber, word.addressOffset(), FUTEX_WAIT, 1, 0, 0, 0);
        final int error = NativeCalls.error();
        return -1 == result && EAGAIN == error ? null :
            "the futex call returns " + result + ", errno " + error + ", instead of -1, errno " + EAGAIN;
    }

    private static long callNumber(final String archName)
    {
        return switch (archName)
        {
            case "amd64", "x86_64" -> 202;
            case "aarch64" -> 98;
            default -> 0;
        };
    }
}
