/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.RegionFixture;
import io.jcaps.shm.ShmHost;
import io.jcaps.shm.ShmPeer;
import io.jcaps.shm.os.FileStat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LifeLocksTest
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("B2: a life lock has one holder and shows it alive until it is released")
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
    @DisplayName("R22: an entry of this JVM is attested as this process, a free one as none")
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
        try (URLClassLoader loader1 = newClassLoader(System.getProperty("java.class.path")); URLClassLoader loader2 =
            newClassLoader(System.getProperty("java.class.path")))
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

    @Test
    @DisplayName("F35, F50: a program that sets other system properties does not make a second class loader drop locks")
    void shouldShareLocksWhateverSystemPropertiesAre() throws Exception
    {
        final Properties before = System.getProperties();
        final String open = "open " + fixture.path() + " PRIVATE";
        final String classPath = System.getProperty("java.class.path");
        try (URLClassLoader loader1 = newClassLoader(classPath); URLClassLoader loader2 = newClassLoader(classPath))
        {
            final Function<String, String> peer1 = newPeer(loader1);
            assertThat(peer1.apply(open)).doesNotStartWith("!");
            assertThat(peer1.apply("hold 1")).isEqualTo("true");
            assertThat(peer1.apply("holds 1")).isEqualTo("true");
            assertThat(System.getProperties().values()).allMatch(String.class::isInstance);
            final Properties replaced = new Properties();
            before.stringPropertyNames().forEach((name) -> replaced.setProperty(name, before.getProperty(name)));
            System.setProperties(replaced);

            final Function<String, String> peer2 = newPeer(loader2);
            assertThat(peer2.apply(open)).doesNotStartWith("!");
            assertThat(peer2.apply("alive 1")).isEqualTo("true");
            assertThat(peer2.apply("hold 1")).isEqualTo("false");
            assertThat(peer2.apply("close")).isEqualTo("closed");
            assertThat(peer1.apply("holds 1")).as("still held, by the kernel's word").isEqualTo("true");
            assertThat(peer1.apply("close")).isEqualTo("closed");
        }
        finally
        {
            System.setProperties(before);
        }
    }

    @Test
    @DisplayName("F39: a life lock that another close of the lock file drops is known to be lost; asking drops none")
    void shouldKnowThatLockWasLost() throws Exception
    {
        final ShmHost host = fixture.open();
        final ShmHost other = fixture.open();
        assertThat(host.holdsLife(3)).isFalse();
        for (final int index : new int[]{3, 4, 6})
        {
            assertThat(host.holdLife(index)).isTrue();
        }
        assertThat(other.holdLife(5)).isTrue();
        for (int i = 0; i < 3; i++)
        {
            assertThat(host.holdsLife(3)).isTrue();
            assertThat(host.holdsLife(6)).isTrue();
            assertThat(other.holdsLife(5)).isTrue();
            assertThat(other.holdsLife(3)).as("another attachment's").isFalse();
        }
        host.dropLife(4);
        assertThat(host.holdsLife(4)).isFalse();
        assertThat(host.holdsLife(3)).isTrue();

        FileChannel.open(fixture.lockPath(), StandardOpenOption.READ).close();
        assertThat(host.holdsLife(3)).isFalse();
        assertThat(host.holdsLife(6)).isFalse();
        assertThat(other.holdsLife(5)).isFalse();
    }

    @Test
    @DisplayName("F39: a life lock is still known to be held when the process has another descriptor of the lock file")
    void shouldKnowLockBesideAnotherDescriptor() throws Exception
    {
        fixture.open().close();
        // Opened first, so that it is the first to be found. It is closed after the attachment.
        fixture.closing(FileChannel.open(fixture.lockPath(), StandardOpenOption.READ));
        final ShmHost host = fixture.open();
        assertThat(host.holdLife(3)).isTrue();
        assertThat(host.holdsLife(3)).isTrue();
        assertThat(host.holdsLife(4)).isFalse();
    }

    @Test
    @DisplayName("F39: the lines that the kernel writes of a descriptor's locks")
    void shouldReadLocksOfDescriptor()
    {
        final String info = "pos:\t0\nflags:\t02100002\nmnt_id:\t31\nino:\t77\n" +
            "lock:\t1: POSIX  ADVISORY  WRITE 4711 00:1a:77 65536 65538\n" +
            "lock:\t2: POSIX  ADVISORY  READ 4711 00:1a:77 65541 65541\n" +
            "lock:\t3: FLOCK  ADVISORY  WRITE 4711 00:1a:77 0 EOF\n" +
            "lock:\t4: POSIX  ADVISORY  WRITE 4711 00:1a:77 4611686018427387904 EOF\n";
        assertThat(OwnLocks.isListed(info, 65_535)).isFalse();
        assertThat(OwnLocks.isListed(info, 65_536)).isTrue();
        assertThat(OwnLocks.isListed(info, 65_538)).isTrue();
        assertThat(OwnLocks.isListed(info, 65_539)).isFalse();
        assertThat(OwnLocks.isListed(info, 65_541)).as("shared").isFalse();
        assertThat(OwnLocks.isListed(info, 1L << 62)).isTrue();
        assertThat(OwnLocks.isListed("", 0)).isFalse();
    }

    @SuppressWarnings("unchecked")
    private static Function<String, String> newPeer(final ClassLoader loader) throws ReflectiveOperationException
    {
        return (Function<String, String>)loader.loadClass(ShmPeer.class.getName()).getConstructor().newInstance();
    }

    private static URLClassLoader newClassLoader(final String classPath) throws IOException
    {
        final List<URL> urls = new ArrayList<>();
        for (final String entry : classPath.split(File.pathSeparator))
        {
            urls.add(Path.of(entry).toUri().toURL());
        }
        return new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }

    @Test
    @DisplayName("A second CAPS library in the process, such as libcaps, is found out, and keeps its locks")
    void shouldNotOpenBesideAnotherLibrary() throws IOException
    {
        // In the place of the other library: a lock that the registry does not know of.
        Files.createFile(fixture.lockPath());
        // The kernel lists no locks with this descriptor, as none are taken through it.
        try (FileChannel idle = FileChannel.open(fixture.lockPath(), StandardOpenOption.READ);
            FileChannel other =
                FileChannel.open(fixture.lockPath(), StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileLock lock = other.lock(ProcessDescriptor.MIN_LIFE_POSITION, 1, false))
        {
            assertThatThrownBy(() -> LifeLocks.open(fixture.lockPath()))
                .isInstanceOf(RegionException.class).hasMessageContaining("another CAPS library");
            assertThat(idle.isOpen()).isTrue();
            assertThat(lock.isValid()).isTrue();
            assertThat(Files.readString(Path.of("/proc/locks"))).contains(
                ":" + Files.getAttribute(fixture.lockPath(), "unix:ino") + " " + ProcessDescriptor.MIN_LIFE_POSITION);
        }
    }

    @Test
    @DisplayName("A lock is found whichever of the file's descriptors it was taken through")
    void shouldFindOwnLockBesideOtherDescriptors() throws IOException
    {
        Files.createFile(fixture.lockPath());
        final long position = ProcessDescriptor.MIN_LIFE_POSITION;
        // One descriptor before the one with the lock, one after: their order in the kernel's list is their numbers'.
        try (FileChannel before = open();
            FileChannel holder = open();
            FileChannel after = open();
            FileLock lock = holder.lock(position, 1, false))
        {
            assertThat(lock.isValid()).isTrue();
            final OwnLocks ownLocks = new OwnLocks(FileStat.of(fixture.lockPath()));
            assertThat(ownLocks.holdsAny()).isTrue();
            assertThat(ownLocks.mayHold(position)).isTrue();
            assertThat(ownLocks.mayHold(position + 1)).isFalse();
            lock.release();
            assertThat(ownLocks.mayHold(position)).isFalse();
            assertThat(ownLocks.holdsAny()).isFalse();
            assertThat(List.of(before, after)).allMatch(FileChannel::isOpen);
        }
    }

    private FileChannel open() throws IOException
    {
        return FileChannel.open(fixture.lockPath(), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }
}
