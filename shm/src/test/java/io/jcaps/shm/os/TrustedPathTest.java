/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.Access;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.RegionFixture;
import io.jcaps.shm.ShmHost;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.shm.inspect.StaleFiles;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

import static io.jcaps.shm.RegionFixture.OTHER_ID;
import static io.jcaps.shm.RegionFixture.assumeRoot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The directories above a region's: whoever can write to one of them can put another directory in its place.
 */
class TrustedPathTest
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    private final int euid = ProcessInfo.find().self().euid();

    private String problem(final Path path) throws IOException
    {
        return TrustedPath.problem(path, euid, TrustedPath.NONE, TrustedPath.NONE);
    }

    private Path directory(final Path path, final int mode) throws IOException
    {
        Files.createDirectories(path);
        Files.setAttribute(path, "unix:mode", mode);
        return path;
    }

    private static void giveAway(final Path path) throws IOException
    {
        Files.setAttribute(path, "unix:uid", OTHER_ID, LinkOption.NOFOLLOW_LINKS);
    }

    @Test
    @DisplayName("F23: a path through directories of this user and root is trusted, also one that is not there yet")
    void shouldTrustOwnPath() throws IOException
    {
        final Path own = directory(fixture.directory().resolve("own"), 0755);
        assertThat(problem(own)).isNull();
        assertThat(problem(own.resolve("missing/further"))).isNull();
        assertThat(problem(own.resolve("./../own"))).isNull();
        assertThat(problem(Path.of("/"))).isNull();
    }

    @Test
    @DisplayName("F23: of a whole path, a part that is missing is an error, as others could make it")
    void shouldNotTrustMissingPart() throws IOException
    {
        final Path own = directory(fixture.directory().resolve("own"), 0755);
        assertThat(TrustedPath.problemOfWhole(own, euid)).isNull();
        assertThatThrownBy(() -> TrustedPath.problemOfWhole(own.resolve("missing/further"), euid))
            .isInstanceOf(NoSuchFileException.class).hasMessageContaining("own/missing");
        directory(own, 0777);
        assertThat(TrustedPath.problemOfWhole(own, euid)).contains(own.toString(), "0777");
    }

    @Test
    @DisplayName("F23: a directory above that everybody or a group can write to is named, a sticky one is trusted")
    void shouldNameWritableDirectory() throws IOException
    {
        final Path above = directory(fixture.directory().resolve("above"), 0777);
        final Path below = directory(above.resolve("below"), 0700);
        assertThat(problem(below)).contains(above.toString(), "0777", "everybody");
        directory(above, 01777);
        assertThat(problem(below)).isNull();
        directory(above, 0770);
        final int gid = FileStat.of(above).gid();
        assertThat(problem(below)).contains(above.toString(), "0770", "gid " + gid);
        assertThat(TrustedPath.problem(below, euid, TrustedPath.NONE, gid)).isNull();
        assertThat(TrustedPath.problem(below, euid, TrustedPath.NONE, gid + 1)).contains("gid " + gid);
    }

    @Test
    @DisplayName("F23: a link's target is checked from its root, and so is the way that the link goes")
    void shouldFollowLinks() throws IOException
    {
        final Path open = directory(fixture.directory().resolve("open"), 0777);
        final Path own = directory(fixture.directory().resolve("own"), 0700);
        directory(open.resolve("inner"), 0700);
        final Path absolute = Files.createSymbolicLink(own.resolve("absolute"), open.resolve("inner"));
        final Path relative = Files.createSymbolicLink(own.resolve("relative"), Path.of("../open/inner"));
        final Path harmless = Files.createSymbolicLink(own.resolve("harmless"), Path.of("../own/./"));
        assertThat(problem(absolute)).contains(open + " has mode 0777");
        assertThat(problem(relative.resolve("missing"))).contains(open + " has mode 0777");
        assertThat(problem(harmless)).isNull();
        Files.createSymbolicLink(own.resolve("loop"), Path.of("loop"));
        assertThatThrownBy(() -> problem(own.resolve("loop/x"))).isInstanceOf(FileSystemLoopException.class);
    }

    @Test
    @DisplayName("F23: another user's directory or link above is named, unless that user is trusted")
    void shouldNameOwner() throws IOException
    {
        assumeRoot();
        final Path above = directory(fixture.directory().resolve("above"), 0755);
        final Path below = directory(above.resolve("below"), 0700);
        giveAway(above);
        assertThat(problem(below)).contains(above + " belongs to uid " + OTHER_ID);
        assertThat(TrustedPath.problem(below, euid, OTHER_ID, TrustedPath.NONE)).isNull();

        // As in /dev/shm: nobody else can rename it there, but its owner can.
        final Path sticky = directory(fixture.directory().resolve("sticky"), 01777);
        final Path link = Files.createSymbolicLink(sticky.resolve("link"), directory(sticky.resolve("own"), 0700));
        assertThat(problem(link)).isNull();
        giveAway(link);
        assertThat(problem(link.resolve("x"))).contains(link + " belongs to uid " + OTHER_ID);
    }

    @Test
    @DisplayName("F23: no region is made or joined below a directory in which others can replace the region's own")
    void shouldRefuseRegion() throws IOException
    {
        final Path above = directory(fixture.directory().resolve("above"), 0755);
        final Path own = directory(above.resolve("own"), 0700);
        for (final Access access : Access.values())
        {
            final RegionConfig config = fixture.config().path(own.resolve("region")).access(access);
            directory(above, 0777);
            assertThatThrownBy(() -> ShmHost.open(config)).isInstanceOf(RegionException.class)
                .hasMessageContaining(above + " has mode 0777").hasMessageContaining("use a directory of your own");
            directory(above, 0755);
            ShmHost.open(config).close();
            directory(above, 0777);
            assertThatThrownBy(() -> RegionView.open(config.path(), access)).hasMessageContaining("0777");
            assertThatThrownBy(() -> StaleFiles.remove(config.path(), access, true)).hasMessageContaining("0777");
            assertThat(config.path()).exists();
        }
    }

    @Test
    @DisplayName("F23: below the home of another user no directory is private, and none that root has made there")
    void shouldRefuseRegionInOtherHome() throws IOException
    {
        assumeRoot();
        final Path home = directory(fixture.directory().resolve("home"), 0755);
        final Path own = directory(home.resolve("own"), 0755);
        giveAway(home);
        assertThatThrownBy(() -> ShmHost.open(fixture.config().path(own.resolve("region"))))
            .isInstanceOf(RegionException.class).hasMessageContaining(home + " belongs to uid " + OTHER_ID);
        // Who shares that user's region trusts that user.
        giveAway(own);
        ShmHost.open(fixture.config().path(own.resolve("region")).access(Access.WORLD)).close();
    }
}
