/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
class FutexTest
{
    @Test
    void shouldSayWhyThereIsNone()
    {
        assertThat(Futex.open(false, "Linux", "amd64").reason()).isEqualTo("switched off");
        assertThat(Futex.open(true, "Mac OS X", "aarch64").reason()).isEqualTo("no futex on Mac OS X");
        assertThat(Futex.open(true, "Linux", "s390x").reason()).contains("s390x");
        assertThat(Futex.open(true, "Linux", "s390x").isPresent()).isFalse();
    }

    @Test
    void shouldNotSleepIfWordHasChanged()
    {
        final Futex futex = open();
        final UnsafeBuffer word = newWord();
        word.putInt(0, 1);
        futex.sleep(word.addressOffset(), 0, Long.MAX_VALUE);
    }

    @Test
    void shouldSleepNoLessThanItsTime()
    {
        final Futex futex = open();
        final UnsafeBuffer word = newWord();
        final long timeoutNs = 2_000_000;
        final long startNs = System.nanoTime();
        long leftNs = timeoutNs;
        while (leftNs > 0)
        {
            futex.sleep(word.addressOffset(), 0, leftNs);
            leftNs = timeoutNs - (System.nanoTime() - startNs);
        }
        assertThat(System.nanoTime() - startNs).isGreaterThanOrEqualTo(timeoutNs);
    }

    @Test
    void shouldWakeAsManyAsWanted() throws InterruptedException
    {
        final Futex futex = open();
        final UnsafeBuffer word = newWord();
        assertThat(futex.wake(word.addressOffset(), Integer.MAX_VALUE)).isZero();

        final Thread[] threads = new Thread[3];
        for (int i = 0; i < threads.length; i++)
        {
            threads[i] = new Thread(() -> futex.sleep(word.addressOffset(), 0, Long.MAX_VALUE));
            threads[i].start();
        }
        int woken = 0;
        while (woken < threads.length)
        {
            final int each = futex.wake(word.addressOffset(), 1);
            assertThat(each).isBetween(0, 1);
            woken += each;
            LockSupport.parkNanos(100_000);
        }
        for (final Thread thread : threads)
        {
            thread.join();
        }
    }

    private static UnsafeBuffer newWord()
    {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(64, 64));
    }

    private static Futex open()
    {
        final Futex futex = Futex.open(true, System.getProperty("os.name"), System.getProperty("os.arch"));
        assumeTrue(futex.isPresent(), () -> "no futex here: " + futex.reason());
        return futex;
    }
}
