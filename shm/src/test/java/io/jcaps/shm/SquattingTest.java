/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.os.FileStat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import static io.jcaps.shm.RegionFixture.OTHER_ID;
import static io.jcaps.shm.RegionFixture.assumeRoot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Somebody was there before, with something else than a region: it is never followed, taken over or cut short, and no
 * look at it hangs.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SquattingTest
{
    private static final String SECRET = "not a region, and nobody's business";
    private static final int SWAP_ATTEMPTS = 400;

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @ParameterizedTest
    @CsvSource({
        "region,dangling", "region,link", "region,linkToDirectory", "region,fifo", "region,directory", "region,socket",
        "region,device", "region,file", "region,hardLink", "region,foreign", "region,foreignHardLink",
        "region.lock,dangling", "region.lock,link", "region.lock,linkToDirectory", "region.lock,fifo",
        "region.lock,directory", "region.lock,socket", "region.lock,device", "region.lock,foreign",
        "region.lock,foreignHardLink"})
    @DisplayName("F23: whatever lies in the place of the region or of its lock file is refused and stays as it was")
    void shouldLeaveAloneWhatIsNoRegion(final String name, final String kind) throws Exception
    {
        final Path place = fixture.directory().resolve(name);
        final Path victim = fixture.directory().resolve("victim");
        try (AutoCloseable squatter = squat(kind, place, victim))
        {
            final List<String> names = fixture.names();
            final FileStat stat = FileStat.of(place);
            final FileStat victimStat = FileStat.of(victim);
            for (final Access access : Access.values())
            {
                for (final boolean isCreating : new boolean[]{true, false})
                {
                    assertThatThrownBy(() ->
                        ShmHost.open(fixture.config().access(access).createIfMissing(isCreating)).close())
                        .isInstanceOf(RegionException.class).hasMessageContaining("region");
                    assertThat(fixture.names()).isEqualTo(names);
                    assertThat(FileStat.of(place)).isEqualTo(stat);
                    assertThat(FileStat.of(victim)).isEqualTo(victimStat);
                }
            }
            if (null != victimStat && victimStat.isRegularFile())
            {
                assertThat(Files.readString(victim)).isEqualTo(SECRET);
            }
            if (stat.isRegularFile())
            {
                assertThat(Files.readString(place)).isEqualTo(SECRET);
            }
            assertThat(squatter).isNotNull();
        }
    }

    @Test
    @DisplayName("F23: an own file's second name in the lock file's place: locked, but neither written nor cut short")
    void shouldNotWriteToLockFile() throws IOException
    {
        final Path victim = fixture.directory().resolve("victim");
        Files.writeString(victim, SECRET);
        Files.createLink(fixture.lockPath(), victim);
        final FileStat stat = FileStat.of(victim);
        try (ShmHost host = fixture.open())
        {
            assertThat(host.holdLife(0)).isTrue();
            assertThat(host.lockTables(0)).isTrue();
            host.unlockTables();
        }
        assertThat(FileStat.of(victim)).isEqualTo(stat);
        assertThat(Files.readString(victim)).isEqualTo(SECRET);
    }

    @Test
    @DisplayName("F23: in a sticky directory that all users can write to, no file is opened, whichever user owns it")
    void shouldNotUseStickyDirectory() throws IOException
    {
        fixture.open().close();
        Files.setAttribute(fixture.directory(), "unix:mode", 01777);
        final FileStat stat = FileStat.of(fixture.path());
        for (final Access access : Access.values())
        {
            assertThatThrownBy(() -> ShmHost.open(fixture.config().access(access)))
                .isInstanceOf(RegionException.class).hasMessageContaining("writable by everybody");
        }
        assertThat(FileStat.of(fixture.path())).isEqualTo(stat);
        assertThat(fixture.names()).containsExactly("region", "region.lock");
    }

    @Test
    @DisplayName("F23: a squatter's directory in a sticky one, as he may make it in /dev/shm, is refused")
    void shouldNotUseDirectoryOfSquatter() throws IOException
    {
        assumeRoot();
        Files.setAttribute(fixture.directory(), "unix:mode", 01777);
        final Path own = Files.createDirectory(fixture.directory().resolve("jcaps-user"));
        Files.setAttribute(own, "unix:mode", 0700);
        Files.setAttribute(own, "unix:uid", OTHER_ID);
        assertThatThrownBy(() -> ShmHost.open(fixture.config().path(own.resolve("region"))))
            .isInstanceOf(RegionException.class).hasMessageContaining("another user's directory");
        assertThat(RegionFixture.names(own)).isEmpty();
    }

    @Test
    @DisplayName("F23: a link that is put in the region's place while it is looked at is not followed either")
    void shouldNotBeLedAwayInBetween() throws Exception
    {
        final Path other = fixture.directory().resolve("other");
        try (ShmHost victim = fixture.open(fixture.config().path(other)); ShmHost host = fixture.open())
        {
            final Path kept = Files.createLink(fixture.directory().resolve("kept"), fixture.path());
            final AtomicBoolean isDone = new AtomicBoolean();
            final AtomicReference<Throwable> failure = new AtomicReference<>();
            final Thread swapper = new Thread(() -> swap(kept, other, isDone, failure));
            swapper.start();
            int opened = 0;
            int refused = 0;
            try
            {
                // Each is seen at least once, and the swap comes in between many times.
                for (int i = 0; i < SWAP_ATTEMPTS || 0 == opened || 0 == refused; i++)
                {
                    try (ShmHost found = ShmHost.open(fixture.config().createIfMissing(false)))
                    {
                        assertThat(found.header()).isEqualTo(host.header()).isNotEqualTo(victim.header());
                        opened++;
                    }
                    catch (final RegionException ex)
                    {
                        refused++;
                    }
                }
            }
            finally
            {
                isDone.set(true);
                swapper.join();
            }
            assertThat(failure.get()).isNull();
        }
    }

    private void swap(
        final Path kept, final Path other, final AtomicBoolean isDone, final AtomicReference<Throwable> failure)
    {
        final Path next = fixture.directory().resolve("next");
        try
        {
            while (!isDone.get())
            {
                Files.createSymbolicLink(next, other);
                Files.move(next, fixture.path(), StandardCopyOption.ATOMIC_MOVE);
                Files.createLink(next, kept);
                Files.move(next, fixture.path(), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        catch (final IOException ex)
        {
            failure.set(ex);
        }
    }

    private AutoCloseable squat(final String kind, final Path place, final Path victim) throws Exception
    {
        switch (kind)
        {
            case "dangling" -> Files.createSymbolicLink(place, victim);
            case "link" ->
            {
                Files.writeString(victim, SECRET);
                Files.createSymbolicLink(place, victim);
            }
            case "linkToDirectory" -> Files.createSymbolicLink(place, Files.createDirectory(victim));
            case "fifo" -> make("mkfifo", place.toString());
            case "directory" -> Files.createDirectory(place);
            case "socket" ->
            {
                final ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                return socket.bind(UnixDomainSocketAddress.of(place));
            }
            case "device" ->
            {
                assumeRoot();
                make("mknod", place.toString(), "c", "1", "3");
            }
            case "file" -> Files.writeString(place, SECRET);
            case "hardLink" -> Files.createLink(place, Files.writeString(victim, SECRET));
            case "foreign" ->
            {
                assumeRoot();
                Files.setAttribute(Files.writeString(place, SECRET), "unix:uid", OTHER_ID);
            }
            case "foreignHardLink" ->
            {
                assumeRoot();
                Files.setAttribute(Files.writeString(victim, SECRET), "unix:uid", OTHER_ID);
                Files.createLink(place, victim);
            }
            default -> throw new IllegalArgumentException(kind);
        }
        return () ->
        {
        };
    }

    private static void make(final String... command) throws Exception
    {
        final String output = RegionFixture.run(command);
        assumeTrue(null == output, "not possible here: " + String.join(" ", command) + ": " + output);
    }
}
