/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What waiting costs, and waiting without a futex.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WaitingIT
{
    private static final String NAME = "awaited";
    private static final long IDLE_NS = TimeUnit.SECONDS.toNanos(10);
    private static final long WARM_UP_NS = TimeUnit.SECONDS.toNanos(2);

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @Test
    @Tag("full")
    @DisplayName("a process with a client and a service asleep, and the watch over its peers: its CPU time is printed")
    void shouldPrintCostOfWaiting() throws IOException
    {
        final CapsSys sys = region.openSys();
        final int uid = region.ownUid();
        sys.service(NAME, uid, -1, 0, CapsSys.CAPF_USER);
        final ChildJvm child = region.closing(ChildJvm.start(region.path()));
        final Tables tables = region.tables();
        assertThat(child.ask("waiting", NAME, uid)).isEqualTo("waiting");
        // The service in the child has a client, so that it, too, has a peer to watch.
        final int port = sys.client(NAME + ".own", uid, -1, 0, CapsSys.CAPF_USER);
        assertThat(port).isPositive();
        while (0 == tables.clientSleeperCount() || 0 == tables.sleeperCount(NAME + ".own"))
        {
            LockSupport.parkNanos(1_000_000);
        }
        pass(WARM_UP_NS);
        final long ticks = ticks(child.pid());
        final long beginNs = System.nanoTime();
        pass(IDLE_NS);
        final long usedTicks = ticks(child.pid()) - ticks;
        final double seconds = (System.nanoTime() - beginNs) / 1e9;
        // Ticks are hundredths of a second on each Linux that there is.
        System.out.printf("WaitingIT: %d ticks of CPU in %.1f s of waiting: %.2f %% of a core%n",
            usedTicks, seconds, usedTicks / seconds);
        assertThat(usedTicks).isNotNegative();
        // It was asleep all the time, not gone.
        assertThat(tables.sleeperCount(NAME + ".own")).isEqualTo(1);
        assertThat(tables.clientSleeperCount()).isEqualTo(1);
    }

    /** The time itself is what is tested here. */
    private static void pass(final long durationNs)
    {
        final long beginNs = System.nanoTime();
        while (System.nanoTime() - beginNs < durationNs)
        {
            LockSupport.parkNanos(durationNs - (System.nanoTime() - beginNs));
        }
    }

    private static long ticks(final long pid) throws IOException
    {
        final String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        // Behind the name, which may contain anything: state is the 3rd field, utime the 14th, stime the 15th.
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    @Test
    @DisplayName("R16: jcaps.futex=false: parked polling loses no message; both processes do without a futex")
    void shouldExchangeWithoutFutex()
    {
        final ChildJvm child = region.closing(ChildJvm.start(region.path(), "-Djcaps.futex=false"));
        assertThat(child.ask("mode")).startsWith("parked polling");
        final int uid = region.ownUid();
        final long svc = child.number("service", NAME, uid, -1, CapsSys.CAPF_USER);
        assertThat(child.ask("echo", svc)).isEqualTo("echoing");
        System.setProperty("jcaps.futex", "false");
        try (CapsSys sys = CapsSys.open(region.path()))
        {
            final int port = sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER);
            pingPong(sys, port, 1_000);
            // When the service dies, the client is notified while it waits in the same way.
            child.kill();
            assertThat(sys.wait(port, new UnsafeBuffer(new byte[8]), 8, null, null)).isEqualTo(-1);
            assertThat(sys.errno()).isEqualTo(CapsSys.ENOTCONN);
        }
        finally
        {
            System.clearProperty("jcaps.futex");
        }
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @DisplayName("R16: one process with a futex, one without: each wakes the other")
    void shouldExchangeWithPeerWithoutFutex()
    {
        final ChildJvm child = region.closing(ChildJvm.start(region.path(), "-Djcaps.futex=false"));
        final int uid = region.ownUid();
        final long svc = child.number("service", NAME, uid, -1, CapsSys.CAPF_USER);
        assertThat(child.ask("echo", svc)).isEqualTo("echoing");
        final CapsSys sys = region.openSys();
        pingPong(sys, sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER), 50);
    }

    private static void pingPong(final CapsSys sys, final int port, final int count)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64]);
        final CapsMsgId msgid = new CapsMsgId();
        for (int i = 0; i < count; i++)
        {
            Pattern.fill(buffer, 64, i);
            final long id = sys.put(port, buffer, 64);
            buffer.setMemory(0, 64, (byte)0);
            assertThat(sys.wait(port, buffer, 64, msgid, null)).isEqualTo(64);
            assertThat(msgid.id).isEqualTo(id);
            assertThat(Pattern.isIn(buffer, 64, i)).isTrue();
        }
    }

    @Test
    @DisplayName("R16: with futexes, 20,000 messages in sequence between two processes: no wake-up is lost")
    void shouldLoseNoWakeUp()
    {
        final ChildJvm child = region.closing(ChildJvm.start(region.path()));
        final int uid = region.ownUid();
        final long svc = child.number("service", NAME, uid, -1, CapsSys.CAPF_USER);
        assertThat(child.ask("echo", svc)).isEqualTo("echoing");
        final CapsSys sys = region.openSys();
        pingPong(sys, sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER), 20_000);
    }
}
