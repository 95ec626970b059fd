/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class LifeLocksTest
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("B2: a life lock has one holder and shows him alive until he lets go")
    void shouldHaveOneHolder()
    {
        final ShmHost first = fixture.open();
        final ShmHost second = fixture.open();
        assertThat(first.isAlive(3)).isFalse();
        assertThat(first.holdLife(3)).isTrue();
        assertThat(first.holdLife(3)).isFalse();
        assertThat(second.holdLife(3)).isFalse();
        assertThat(first.isAlive(3)).isTrue();
        assertThat(second.isAlive(3)).isTrue();
        assertThat(second.isAlive(2)).isFalse();
        assertThat(second.isAlive(4)).isFalse();

        second.dropLife(3);
        assertThat(second.isAlive(3)).as("dropped by another attachment").isTrue();
        first.dropLife(3);
        assertThat(second.isAlive(3)).isFalse();
        assertThat(second.holdLife(3)).isTrue();
    }

    @Test
    void shouldLetGoOfEverythingWhenClosed()
    {
        final ShmHost first = fixture.open();
        final ShmHost second = fixture.open();
        assertThat(first.holdLife(0)).isTrue();
        assertThat(first.holdLife(7)).isTrue();
        assertThat(second.holdLife(5)).isTrue();
        assertThat(first.lockTables(0)).isTrue();
        first.close();
        first.close();

        assertThat(second.isAlive(0)).isFalse();
        assertThat(second.isAlive(7)).isFalse();
        assertThat(second.isAlive(5)).isTrue();
        assertThat(second.lockTables(0)).isTrue();
        second.unlockTables();
        assertThatIllegalStateException().isThrownBy(() -> first.holdLife(0));
        assertThatIllegalStateException().isThrownBy(() -> first.isAlive(0));
    }

    @Test
    void shouldRefuseEntryThatRegionDoesNotHave()
    {
        final ShmHost host = fixture.open();
        for (final int index : new int[]{-1, 8, Integer.MAX_VALUE})
        {
            assertThatThrownBy(() -> host.holdLife(index)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> host.dropLife(index)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> host.isAlive(index)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> host.attest(index)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    @DisplayName("R22: an entry of this virtual machine is attested as this process, a free one as nobody")
    void shouldAttestItself()
    {
        final ShmHost host = fixture.open();
        assertThat(host.attest(1)).isNull();
        assertThat(host.holdLife(1)).isTrue();
        assertThat(fixture.open().attest(1)).hasToString(host.self().toString());
    }

    @Test
    void shouldGiveTablesLockToOneAtATime() throws Exception
    {
        final int threadCount = 4;
        final int rounds = 200;
        final AtomicInteger holders = new AtomicInteger();
        final ExecutorService executor = Executors.newFixedThreadPool(threadCount);
        try
        {
            final List<Future<?>> futures = new ArrayList<>();
            for (int i = 0; i < threadCount; i++)
            {
                final ShmHost host = fixture.open();
                futures.add(executor.submit(
                    () ->
                    {
                        for (int round = 0; round < rounds; round++)
                        {
                            assertThat(host.lockTables(Long.MAX_VALUE)).isTrue();
                            assertThat(holders.incrementAndGet()).isEqualTo(1);
                            holders.decrementAndGet();
                            host.unlockTables();
                        }
                        return null;
                    }));
            }
            for (final Future<?> future : futures)
            {
                future.get();
            }
        }
        finally
        {
            executor.shutdown();
        }
    }

    @Test
    void shouldNotGiveTablesLockTwice()
    {
        final ShmHost first = fixture.open();
        final ShmHost second = fixture.open();
        assertThat(first.lockTables(0)).isTrue();
        assertThat(first.lockTables(1_000)).isFalse();
        assertThat(second.lockTables(1_000)).isFalse();
        assertThatIllegalStateException().isThrownBy(second::unlockTables);
        first.unlockTables();
        assertThat(second.lockTables(0)).isTrue();
        second.unlockTables();
        assertThatIllegalStateException().isThrownBy(second::unlockTables);
    }

    @Test
    void shouldLockOnInterruptedThread()
    {
        final ShmHost first = fixture.open();
        final ShmHost second = fixture.open();
        Thread.currentThread().interrupt();
        assertThat(first.lockTables(0)).isTrue();
        assertThat(second.lockTables(2_000_000)).isFalse();
        assertThat(first.holdLife(1)).isTrue();
        assertThat(second.isAlive(1)).isTrue();
        assertThat(second.isAlive(2)).isFalse();
        first.unlockTables();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(second.lockTables(0)).isTrue();
        second.unlockTables();
    }

    @Test
    @DisplayName("F35: attachments below two class loaders share one channel and know of each other")
    void shouldShareLocksBetweenClassLoaders() throws Exception
    {
        final String open = "open " + fixture.path() + " PRIVATE";
        try (URLClassLoader loader1 = newClassLoader(); URLClassLoader loader2 = newClassLoader())
        {
            final Function<String, String> peer1 = newPeer(loader1);
            final Function<String, String> peer2 = newPeer(loader2);
            assertThat(peer1.getClass()).isNotSameAs(peer2.getClass());

            assertThat(peer1.apply(open)).isEqualTo(peer2.apply(open)).doesNotStartWith("!");
            assertThat(RegionFixture.openLockFiles()).hasSize(1);
            assertThat(peer1.apply("hold 1")).isEqualTo("true");
            assertThat(peer2.apply("hold 1")).isEqualTo("false");
            assertThat(peer2.apply("hold 2")).isEqualTo("true");
            assertThat(peer1.apply("alive 2")).isEqualTo("true");
            assertThat(peer2.apply("alive 1")).isEqualTo("true");
            assertThat(peer1.apply("lock 0")).isEqualTo("true");
            assertThat(peer2.apply("lock 0")).isEqualTo("false");
            assertThat(peer1.apply("attest 2")).contains("pid=" + ProcessHandle.current().pid() + ",");
            assertThat(peer1.apply("close")).isEqualTo("closed");

            assertThat(peer2.apply("alive 1")).isEqualTo("false");
            assertThat(peer2.apply("alive 2")).isEqualTo("true");
            assertThat(peer2.apply("lock 0")).isEqualTo("true");
            assertThat(peer2.apply("close")).isEqualTo("closed");
        }
    }

    @SuppressWarnings("unchecked")
    private static Function<String, String> newPeer(final ClassLoader loader) throws ReflectiveOperationException
    {
        return (Function<String, String>)loader.loadClass(ShmPeer.class.getName()).getConstructor().newInstance();
    }

    private static URLClassLoader newClassLoader() throws IOException
    {
        final List<URL> urls = new ArrayList<>();
        for (final String entry : System.getProperty("java.class.path").split(File.pathSeparator))
        {
            urls.add(Path.of(entry).toUri().toURL());
        }
        return new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }
}
