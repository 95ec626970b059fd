/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.concurrent.TimeUnit;

import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * The few calls to the operating system that Java does not have, through JNA.
 */
final class LibC
{
    private static final long FUTEX_WAIT = 0;
    private static final long FUTEX_WAKE = 1;
    private static final int EAGAIN = 11;
    private static final int OWNER_ONLY = 0600;
    private static final long NS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private static boolean isRegistered;

    private LibC()
    {
    }

    /**
     * @param osName   as in the system property {@code os.name}.
     * @param archName as in the system property {@code os.arch}.
     * @return number of the futex call there; 0 if it has none, or it is not known.
     */
    static long futexNumber(final String osName, final String archName)
    {
        if (!"Linux".equals(osName))
        {
            return 0;
        }
        return switch (archName)
        {
            case "amd64", "x86_64" -> 202;
            case "aarch64" -> 98;
            default -> 0;
        };
    }

    /**
     * Creates a named pipe that only its owner can open.
     *
     * @param path of it; nothing is there yet.
     * @throws IllegalStateException if it cannot be made.
     */
    static void makePipe(final String path)
    {
        register();
        if (0 != mkfifo(path, OWNER_ONLY))
        {
            throw new IllegalStateException("cannot make the pipe " + path + ": errno " + Native.getLastError());
        }
    }

    private static synchronized void register()
    {
        if (isRegistered)
        {
            return;
        }
        try
        {
            Native.register(LibC.class, NativeLibrary.getProcess());
            isRegistered = true;
        }
        catch (final LinkageError ex)
        {
            throw new IllegalStateException("JNA cannot be used: " + ex, ex);
        }
    }

    private static native int mkfifo(String path, int mode);

    private static native long syscall(
        long number, long address, long operation, long value, long timeout, long address2, long value3);

    /**
     * Sleeps on a word of shared memory, and wakes sleepers. One thread.
     */
    static final class Futex
    {
        private final long number;
        private final UnsafeBuffer timespec =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(2 * SIZE_OF_LONG, SIZE_OF_LONG));

        /**
         * @throws IllegalStateException if the call does not work on this machine.
         */
        Futex()
        {
            number = futexNumber(System.getProperty("os.name"), System.getProperty("os.arch"));
            register();
            // A sleep that fails at once would spin, and be measured as the fastest of all.
            final UnsafeBuffer word = new UnsafeBuffer(BufferUtil.allocateDirectAligned(SIZE_OF_LONG, SIZE_OF_LONG));
            if (-1 != syscall(number, word.addressOffset(), FUTEX_WAIT, 1, 0, 0, 0) || EAGAIN != Native.getLastError())
            {
                throw new IllegalStateException("the futex call does not work: errno " + Native.getLastError());
            }
        }

        /**
         * Sleeps until woken, unless the word has changed already.
         *
         * @param address  of the word.
         * @param expected value at which to sleep.
         */
        void sleep(final long address, final int expected)
        {
            syscall(number, address, FUTEX_WAIT, expected, 0, 0, 0);
        }

        /**
         * Sleeps until woken or for a limited time, unless the word has changed already.
         *
         * @param address   of the word.
         * @param expected  value at which to sleep.
         * @param longestNs longest sleep, in nanoseconds.
         */
        void sleep(final long address, final int expected, final long longestNs)
        {
            timespec.putLong(0, longestNs / NS_PER_SECOND);
            timespec.putLong(SIZE_OF_LONG, longestNs % NS_PER_SECOND);
            syscall(number, address, FUTEX_WAIT, expected, timespec.addressOffset(), 0, 0);
        }

        /**
         * Wakes the thread that sleeps on the word.
         *
         * @param address of the word.
         */
        void wake(final long address)
        {
            syscall(number, address, FUTEX_WAKE, 1, 0, 0, 0);
        }
    }
}
