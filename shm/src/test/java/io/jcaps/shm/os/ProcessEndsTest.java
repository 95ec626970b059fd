/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionHeader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Notification of the end of real processes; the holders of locks are simulated here.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessEndsTest
{
    private static final long LONG_NS = TimeUnit.HOURS.toNanos(1);
    private static final RegionHeader HEADER =
        new RegionHeader(new Geometry(4, 4, 4, 4, 64), 4711, new UUID(0, 0), 0);

    private final Holders holders = new Holders();
    private ProcessEnds ends;
    private Process process;
    private Process other;

    private static final class Holders extends ForwardingProcessInfo
    {
        private final int[] pids = {NO_HOLDER, NO_HOLDER, NO_HOLDER, NO_HOLDER};
        private Runnable behindLook = () -> {};

        int find(final long position)
        {
            final int pid = pids[(int)(position - ProcessDescriptor.lifePosition(HEADER.regionId(), 0))];
            behindLook.run();
            return pid;
        }

        @Override
        public LockTable lockTable()
        {
            return LockTable.NONE;
        }
    }

    @BeforeEach
    void open() throws IOException
    {
        assumeTrue("Linux".equals(System.getProperty("os.name")), "pidfds are Linux's");
        ends = ProcessEnds.open(true, holders, holders::find, HEADER);
        process = sleeper();
        other = sleeper();
    }

    @AfterEach
    void close()
    {
        if (null != ends)
        {
            ends.close();
            process.destroyForcibly();
            other.destroyForcibly();
        }
    }

    private static Process sleeper() throws IOException
    {
        return new ProcessBuilder("sleep", "3600").start();
    }

    private static long fileCount() throws IOException
    {
        try (var files = Files.list(Path.of("/proc/self/fd")))
        {
            return files.filter(ProcessEndsTest::isPidfd).count();
        }
    }

    private static boolean isPidfd(final Path descriptor)
    {
        try
        {
            return Files.readSymbolicLink(descriptor).toString().contains("pidfd");
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    @Test
    @DisplayName("B2: a wait ends when a followed process ends, which is then no longer followed")
    void shouldEndWaitWhenFollowedProcessEnds() throws IOException
    {
        final long before = fileCount();
        holders.pids[0] = (int)process.pid();
        holders.pids[2] = (int)other.pid();
        assertThat(ends.follow(0)).isTrue();
        assertThat(ends.follow(2)).isTrue();
        assertThat(ends.follow(2)).as("a second time").isTrue();
        assertThat(fileCount()).isEqualTo(before + 2);
        other.destroyForcibly();
        ends.await(LONG_NS);
        assertThat(ends.isFollowed(2)).isFalse();
        assertThat(ends.isFollowed(0)).isTrue();
        assertThat(fileCount()).isEqualTo(before + 1);
        ends.close();
        assertThat(fileCount()).isEqualTo(before);
    }

    @Test
    @DisplayName("B2, F20: a process that has the pid but not the lock is not followed")
    void shouldNotFollowProcessThatLostLock()
    {
        holders.pids[1] = (int)process.pid();
        holders.behindLook = () -> holders.pids[1] = (int)other.pid();
        assertThat(ends.follow(1)).isFalse();
        assertThat(ends.isFollowed(1)).isFalse();
    }

    @Test
    @DisplayName("F20: an entry that has another process by now follows that")
    void shouldFollowNextHolder()
    {
        holders.pids[1] = (int)process.pid();
        assertThat(ends.follow(1)).isTrue();
        holders.pids[1] = (int)other.pid();
        assertThat(ends.follow(1)).isTrue();
        process.destroyForcibly();
        other.destroyForcibly();
        ends.await(LONG_NS);
        assertThat(ends.isFollowed(1)).isFalse();
    }

    @Test
    @DisplayName("a process that has ended, or an unknown one, is not followed")
    void shouldNotFollowWhatIsNotThere() throws Exception
    {
        assertThat(ends.follow(3)).isFalse();
        holders.pids[3] = (int)process.pid();
        process.destroyForcibly().waitFor();
        assertThat(ends.follow(3)).isFalse();
        assertThat(ends.isFollowed(3)).isFalse();
    }

    @Test
    @DisplayName("a cancelled wait ends, and each later one at once")
    void shouldEndWaitWhenCancelled() throws Exception
    {
        final Thread waiter = new Thread(() -> ends.await(LONG_NS));
        waiter.start();
        ends.cancel();
        waiter.join();
        ends.await(LONG_NS);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "999999, 1", "1000000, 1", "1000001, 2", "9223372036854775807, 2147483647",
        "9223372036854000000, 2147483647", "2147483647000000, 2147483647"})
    @DisplayName("a wait is rounded up to milliseconds, however long it is")
    void shouldRoundTimeoutUp(final long timeoutNs, final int timeoutMs)
    {
        assertThat(ProcessEnds.timeoutMs(timeoutNs)).isEqualTo(timeoutMs);
    }

    @Test
    @DisplayName("without native code no process is followed, and a wait only waits")
    void shouldWaitWithoutNativeCode() throws IOException
    {
        try (ProcessEnds none = ProcessEnds.open(false, holders, holders::find, HEADER))
        {
            holders.pids[0] = (int)process.pid();
            assertThat(none.follow(0)).isFalse();
            none.await(1);
            none.cancel();
        }
    }
}
