/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionDescriptor;
import org.agrona.concurrent.AtomicBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

import static io.jcaps.shm.RegionFixture.SMALL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ShmHostTest
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    void shouldMapEachLinkApartAndOnce()
    {
        final ShmHost first = fixture.open();
        final ShmHost second = fixture.open();
        for (int i = 0; i < SMALL.linkCount(); i++)
        {
            final AtomicBuffer link = first.link(i);
            assertThat(first.link(i)).isSameAs(link);
            assertThat(link.capacity()).isEqualTo(SMALL.linkLength());
            // What keeps the mapping alive as long as the buffer is.
            assertThat(link.byteBuffer()).isInstanceOf(MappedByteBuffer.class);
            assertThat(first.back(i, 0, SMALL.linkLength())).isTrue();
            link.putLong(0, i);
            link.putLong(SMALL.linkLength() - Long.BYTES, ~i);
        }
        for (int i = 0; i < SMALL.linkCount(); i++)
        {
            assertThat(second.link(i)).isNotSameAs(first.link(i));
            assertThat(second.link(i).getLong(0)).isEqualTo(i);
            assertThat(second.link(i).getLong(SMALL.linkLength() - Long.BYTES)).isEqualTo(~i);
        }
        assertThatThrownBy(() -> first.link(SMALL.linkCount())).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> first.link(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void shouldMapLinkOnceForAllThreads() throws Exception
    {
        final ShmHost host = fixture.open();
        final ExecutorService executor = Executors.newFixedThreadPool(2);
        try
        {
            for (int i = 0; i < SMALL.linkCount(); i++)
            {
                final int linkIndex = i;
                final Future<AtomicBuffer> one = executor.submit(() -> host.link(linkIndex));
                final Future<AtomicBuffer> other = executor.submit(() -> host.link(linkIndex));
                assertThat(one.get()).isSameAs(other.get());
            }
        }
        finally
        {
            executor.shutdown();
        }
    }

    @Test
    void shouldFillExactlyWithZeros()
    {
        final ShmHost host = fixture.open();
        final AtomicBuffer link = host.link(1);
        assertThat(host.back(1, 0, SMALL.linkLength())).isTrue();
        link.setMemory(0, SMALL.linkLength(), (byte)0xff);
        assertThat(host.back(1, 5, 1000)).isTrue();
        assertThat(host.back(1, 2000, 0)).isTrue();

        for (int i = 0; i < SMALL.linkLength(); i++)
        {
            assertThat(link.getByte(i)).as("byte %d", i).isEqualTo((byte)(i >= 5 && i < 1005 ? 0 : 0xff));
        }
        assertThat(host.link(0).getByte(SMALL.linkLength() - 1)).isZero();
        assertThat(host.link(2).getByte(0)).isZero();
    }

    @Test
    void shouldRefuseToFillBeyondLink()
    {
        final ShmHost host = fixture.open();
        final int[][] wrong = {
            {-1, 0, 1}, {SMALL.linkCount(), 0, 1}, {0, -1, 1}, {0, 0, -1}, {0, 1, SMALL.linkLength()},
            {0, SMALL.linkLength() + 1, 0}, {0, Integer.MAX_VALUE, Integer.MAX_VALUE}};
        for (final int[] each : wrong)
        {
            assertThatThrownBy(() -> host.back(each[0], each[1], each[2]))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("offset=" + each[1]);
        }
    }

    @Test
    @DisplayName("F13: a process in a truncated region does not give the file its length again")
    void shouldNotExtendFileThatWasCutShort() throws IOException
    {
        final ShmHost host = fixture.open();
        try (FileChannel file = FileChannel.open(fixture.path(), StandardOpenOption.WRITE))
        {
            file.truncate(RegionDescriptor.HEADER_LENGTH);
        }

        assertThat(host.back(0, 0, 1)).isFalse();
        assertThat(host.errors(0)).isNull();
        assertThat(Files.size(fixture.path())).isEqualTo(RegionDescriptor.HEADER_LENGTH);
    }

    @Test
    @DisplayName("F12: a tmpfs that is full later makes back() false, and true again when there is space")
    void shouldSayThatThereIsNoSpace() throws Exception
    {
        final Path mountPoint = fixture.mountTmpfs("size=1m");
        final Path filler = mountPoint.resolve("filler");
        Files.write(filler, new byte[512 * 1024]);
        final ShmHost host = fixture.open(fixture.config().path(mountPoint.resolve("region"))
            .geometry(new Geometry(4, 4, 2, 4, Geometry.MAX_MESSAGE_LIMIT)));
        final int linkLength = host.header().geometry().linkLength();
        host.link(0).getByte(0);

        int backed = 0;
        while (host.back(0, backed, 4096))
        {
            host.link(0).putLong(backed, backed);
            backed += 4096;
        }
        assertThat(backed).isPositive().isLessThan(linkLength);
        assertThat(host.back(1, 0, linkLength)).isFalse();
        assertThat(host.link(0).getLong(backed - 4096)).isEqualTo(backed - 4096);

        Files.delete(filler);
        assertThat(host.back(0, backed, 4096)).isTrue();
        host.link(0).putLong(backed, 42);
    }

    @Test
    @DisplayName("R25: a view stays readable when the attachment was closed")
    void shouldKeepViewsReadableAfterClose()
    {
        final ShmHost host = fixture.open();
        final AtomicBuffer tables = host.tables();
        final AtomicBuffer link = host.link(0);
        assertThat(host.back(0, 0, 64)).isTrue();
        link.putLong(8, 42);
        host.close();
        host.close();
        System.gc();

        assertThat(link.getLong(8)).isEqualTo(42);
        assertThat(tables.getLong(0)).isNotZero();
        assertThatIllegalStateException().isThrownBy(host::tables);
        assertThatIllegalStateException().isThrownBy(() -> host.link(0));
        assertThatIllegalStateException().isThrownBy(() -> host.link(1));
        assertThatIllegalStateException().isThrownBy(() -> host.back(0, 0, 64));
        // A thread that was about to sleep or to wake when another closed the attachment goes on, and finds that out.
        host.sleep(64, 0, Long.MAX_VALUE);
        host.wake(64, 1);
    }

    @Test
    void shouldKeepFileWhenThreadIsInterrupted()
    {
        final ShmHost host = fixture.open();
        Thread.currentThread().interrupt();
        assertThat(host.back(0, 0, SMALL.linkLength())).isTrue();
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
        assertThat(host.link(0).getByte(1)).isZero();
        assertThat(host.link(3).capacity()).isEqualTo(SMALL.linkLength());
        assertThat(host.isCurrent()).isTrue();
        assertThat(host.isOwnProcess()).isTrue();
        assertThat(host.self().pid()).isPositive();
        assertThat(host.startTicks()).isNotNegative();
        assertThat(host.holdLife(0)).isTrue();
        assertThat(host.attest(0)).isNotNull();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(host.back(1, 0, SMALL.linkLength())).isTrue();
    }

    @Test
    void shouldKeepFileUnderStormOfInterrupts() throws Exception
    {
        // Long writes, so that interrupts hit them.
        final Geometry geometry = new Geometry(4, 4, 64, 16, 65_536);
        final RegionConfig config = fixture.config().geometry(geometry);
        final ShmHost host = fixture.open(config);
        final AtomicBoolean isDone = new AtomicBoolean();
        final ExecutorService executor = Executors.newSingleThreadExecutor();
        try
        {
            final Thread[] victim = new Thread[1];
            final Future<Integer> future = executor.submit(
                () ->
                {
                    synchronized (victim)
                    {
                        victim[0] = Thread.currentThread();
                        victim.notifyAll();
                    }
                    int interrupts = 0;
                    for (int i = 0; i < 300; i++)
                    {
                        assertThat(host.back(i & 3, 0, geometry.linkLength())).isTrue();
                        assertThat(host.lockTables(Long.MAX_VALUE)).isTrue();
                        host.link(i & 63).getByte(0);
                        host.unlockTables();
                        try (ShmHost other = ShmHost.open(config))
                        {
                            assertThat(other.header()).isEqualTo(host.header());
                        }
                        interrupts += Thread.interrupted() ? 1 : 0;
                    }
                    isDone.set(true);
                    return interrupts;
                });
            synchronized (victim)
            {
                while (null == victim[0])
                {
                    victim.wait();
                }
            }
            while (!isDone.get() && !future.isDone())
            {
                victim[0].interrupt();
                LockSupport.parkNanos(20_000);
            }
            assertThat(future.get()).isPositive();
        }
        finally
        {
            executor.shutdown();
        }
    }

    @Test
    void shouldSayHowItSleeps()
    {
        assertThat(fixture.open(fixture.config().futex(false)).sleepMode()).contains("polling", "switched off");
    }

    @Test
    void shouldNotSleepIfWordHasChanged()
    {
        for (final boolean withFutex : new boolean[]{true, false})
        {
            final ShmHost host = fixture.open(fixture.config().futex(withFutex));
            final int offset = SMALL.portOffset(0);
            host.tables().putIntVolatile(offset, 2);
            host.sleep(offset, 1, Long.MAX_VALUE);
            host.sleep(offset, 2, 0);
            host.sleep(offset, 2, -1);
            host.sleep(offset, 2, 100_000);
            host.wake(offset, 1);
        }
    }

    @Test
    void shouldWakeWhatPolls() throws Exception
    {
        final ShmHost host = fixture.open(fixture.config().futex(false));
        final int offset = SMALL.portOffset(1);
        final Thread thread = new Thread(() -> host.sleep(offset, 0, Long.MAX_VALUE));
        thread.start();
        host.tables().putIntVolatile(offset, 1);
        host.wake(offset, 1);
        thread.join();

        final Thread interrupted = new Thread(() -> host.sleep(offset, 1, Long.MAX_VALUE));
        interrupted.start();
        interrupted.interrupt();
        interrupted.join();
    }

    @Test
    void shouldRefuseWordOutsideOfTables()
    {
        final ShmHost host = fixture.open();
        for (final int offset : new int[]{-4, 2, SMALL.tablesLength(), Integer.MAX_VALUE})
        {
            assertThatThrownBy(() -> host.sleep(offset, 0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            if (host.sleepMode().equals("futex"))
            {
                assertThatThrownBy(() -> host.wake(offset, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            }
        }
    }
}
