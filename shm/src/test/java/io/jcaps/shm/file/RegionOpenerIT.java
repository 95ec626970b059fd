/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.shm.PeerJvm;
import io.jcaps.shm.RegionFixture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Finding and making regions, by several JVMs.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RegionOpenerIT
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("F16: of JVMs that race to create, all end in one region")
    void shouldAgreeOnOneRegion() throws IOException
    {
        final List<PeerJvm> peers = new ArrayList<>();
        for (int i = 0; i < 3; i++)
        {
            peers.add(fixture.closing(PeerJvm.start()));
        }
        for (final PeerJvm peer : peers)
        {
            assertThat(peer.ask("pid")).isEqualTo(Long.toString(peer.pid()));
        }

        for (int round = 0; round < 40; round++)
        {
            final Path path = fixture.directory().resolve("round" + round).resolve("region");
            peers.forEach((peer) -> peer.tell("open " + path + " PRIVATE"));
            final Set<String> regionIds = new HashSet<>();
            for (final PeerJvm peer : peers)
            {
                regionIds.add(peer.answer());
            }
            assertThat(regionIds).hasSize(1).noneMatch((answer) -> answer.startsWith("!"));
            assertThat(RegionFixture.names(path.getParent())).hasSize(2);

            // The locks are the same as well: one entry each, and no more.
            for (int i = 0; i < peers.size(); i++)
            {
                assertThat(peers.get(i).ask("hold " + i)).isEqualTo("true");
                assertThat(peers.get((i + 1) % peers.size()).ask("alive " + i)).isEqualTo("true");
            }
            for (final PeerJvm peer : peers)
            {
                assertThat(peer.ask("close")).isEqualTo("closed");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"000", "022", "027", "077"})
    @DisplayName("F24: modes do not depend on the umask")
    void shouldNotDependOnUmask(final String umask) throws IOException
    {
        final PeerJvm peer = fixture.closing(PeerJvm.start(
            List.of("sh", "-c", "umask " + umask + " && exec \"$@\"", "sh"), PeerJvm.JVM_OPTIONS,
            System.getProperty("java.class.path")));
        final String[][] expected = {
            {"PRIVATE", "rwx------", "rw-------"}, {"GROUP", "rwxrwx---", "rw-rw----"},
            {"WORLD", "rwxr-xr-x", "rw-rw-rw-"}};
        for (final String[] each : expected)
        {
            final Path directory = fixture.directory().resolve(each[0]);
            final Path path = directory.resolve("region");
            assertThat(peer.ask("open " + path + " " + each[0])).doesNotStartWith("!");
            assertThat(mode(directory)).isEqualTo(each[1]);
            assertThat(mode(path)).isEqualTo(each[2]);
            assertThat(mode(directory.resolve("region.lock"))).isEqualTo(each[2]);
            assertThat(peer.ask("close")).isEqualTo("closed");
        }
    }

    @Test
    @DisplayName("F6: a creator killed while it has the tables' lock blocks no other process")
    void shouldNotBeHeldUpByDeadCreator() throws IOException
    {
        final PeerJvm peer = fixture.closing(PeerJvm.start());
        assertThat(peer.ask("open " + fixture.path() + " PRIVATE")).doesNotStartWith("!");
        assertThat(peer.ask("lock 0")).isEqualTo("true");
        // As if it had died between making its private file and giving it the region's name.
        Files.move(fixture.path(), fixture.directory().resolve("region~0123456789abcdef.tmp"));
        peer.kill();

        assertThat(fixture.open().isCurrent()).isTrue();
        assertThat(fixture.names()).containsExactly("region", "region.lock");
    }

    @Test
    @DisplayName("F22: another user cannot use a private directory, and gets the reason")
    void shouldRefuseOtherUser() throws IOException
    {
        RegionFixture.assumeRoot();
        final Path classes = Files.createDirectory(fixture.directory().resolve("classes"));
        final Path own = Files.createDirectory(fixture.directory().resolve("own"));
        fixture.open(fixture.config().path(own.resolve("region")));
        setMode(fixture.directory(), "rwxr-xr-x");
        setMode(classes, "rwxr-xr-x");
        setMode(own, "rwx------");
        final PeerJvm peer = fixture.closing(LifeLocksIT.startAsOther(PeerJvm.publicClassPath(classes)));

        assertThat(peer.ask("open " + own.resolve("region") + " PRIVATE"))
            .startsWith("!").contains("permission denied");
        setMode(own, "rwxr-xr-x");
        assertThat(peer.ask("open " + own.resolve("region") + " PRIVATE"))
            .startsWith("!").contains("cannot be opened", "permission denied", "mode 0600");
        assertThat(peer.ask("open " + own.resolve("new") + " PRIVATE"))
            .startsWith("!").contains("permission denied");
        assertThat(RegionFixture.names(own)).hasSize(2);
    }

    @Test
    void shouldNameFlagThatIsMissing() throws IOException
    {
        final PeerJvm peer = fixture.closing(
            PeerJvm.start(List.of(), List.of(), System.getProperty("java.class.path")));
        // The first failure and the later ones look different to the JVM.
        for (int i = 0; i < 2; i++)
        {
            assertThat(peer.ask("open " + fixture.path() + " PRIVATE"))
                .startsWith("!io.jcaps.layout.RegionException")
                .contains("--add-exports java.base/jdk.internal.misc=ALL-UNNAMED");
        }
        assertThat(fixture.names()).isEmpty();
    }

    private static String mode(final Path path) throws IOException
    {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static void setMode(final Path path, final String mode) throws IOException
    {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }
}
