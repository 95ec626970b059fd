/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.shm.os.Futex;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static io.jcaps.shm.RegionFixture.SMALL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Sleep and wake between JVMs.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShmHostIT
{
    private static final int WORD_OFFSET = SMALL.portOffset(0);
    private static final int ANSWER_OFFSET = WORD_OFFSET + 64;

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    void shouldWakeSleeperInOtherProcess() throws IOException
    {
        final ShmHost host = fixture.open();
        final Futex futex = Futex.open(true, System.getProperty("os.name"), System.getProperty("os.arch"));
        assumeTrue(futex.isPresent(), () -> "no futex here: " + futex.reason());
        final PeerJvm peer = open(PeerJvm.start());
        assertThat(host.sleepMode()).isEqualTo("futex");
        assertThat(peer.ask("mode")).isEqualTo("futex");

        // The word does not change: only a wake of one that sleeps in the kernel ends this.
        peer.tell("sleep " + WORD_OFFSET + " 0");
        final long address = host.tables().addressOffset() + WORD_OFFSET;
        while (0 == futex.wake(address, 1))
        {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(peer.answer()).isEqualTo("woke");
    }

    @Test
    void shouldLoseNoWakeUp() throws IOException
    {
        final ShmHost host = fixture.open();
        assumeTrue("futex".equals(host.sleepMode()), host::sleepMode);
        final PeerJvm peer = open(PeerJvm.start());
        pingPong(host, peer, 20_000);
    }

    @Test
    void shouldSleepAndWakeWithoutNativeCode() throws IOException
    {
        final ShmHost host = fixture.open(fixture.config().futex(false));
        final List<String> forbidden = new ArrayList<>(PeerJvm.JVM_OPTIONS);
        // JNA finds its library neither in the system nor in its jar.
        forbidden.addAll(List.of("-Djna.nosys=true", "-Djna.noclasspath=true"));
        final PeerJvm peer =
            open(PeerJvm.start(List.of(), forbidden, System.getProperty("java.class.path")));
        assertThat(peer.ask("mode")).startsWith("parked polling").contains("JNA cannot be used");
        pingPong(host, peer, 20);
    }

    @Test
    void shouldSleepAndWakeWithoutJna() throws IOException
    {
        final ShmHost host = fixture.open(fixture.config().futex(false));
        final PeerJvm peer = open(
            PeerJvm.start(List.of(), PeerJvm.JVM_OPTIONS, PeerJvm.join(PeerJvm.neededClassPath(false))));
        assertThat(peer.ask("mode")).startsWith("parked polling").contains("NoClassDefFoundError");
        pingPong(host, peer, 20);
    }

    private static void pingPong(final ShmHost host, final PeerJvm peer, final int count) throws IOException
    {
        peer.tell("pong " + WORD_OFFSET + " " + count);
        for (int i = 1; i <= count; i++)
        {
            host.tables().putIntVolatile(WORD_OFFSET, i);
            host.wake(WORD_OFFSET, 1);
            for (int seen = host.tables().getIntVolatile(ANSWER_OFFSET); seen != i;
                seen = host.tables().getIntVolatile(ANSWER_OFFSET))
            {
                host.sleep(ANSWER_OFFSET, seen, Long.MAX_VALUE);
            }
        }
        assertThat(peer.answer()).isEqualTo("done");
    }

    private PeerJvm open(final PeerJvm peer) throws IOException
    {
        fixture.closing(peer);
        assertThat(peer.ask("open " + fixture.path() + " PRIVATE")).doesNotStartWith("!");
        return peer;
    }
}
