/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.shm.RegionFixture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

import static io.jcaps.shm.RegionFixture.OTHER_ID;
import static io.jcaps.shm.RegionFixture.assumeRoot;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * The directory where JNA unpacks its library: a user who can replace it there can run code in this process.
 */
class JnaDirectoryTest
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    private final int euid = ProcessInfo.find().self().euid();
    private Path home;
    private Path temporary;

    @BeforeEach
    void before() throws IOException
    {
        home = Files.createDirectory(fixture.directory().resolve("home"));
        temporary = Files.createDirectory(fixture.directory().resolve("tmp"));
        Files.setAttribute(temporary, "unix:mode", 01777);
    }

    @AfterEach
    void after() throws IOException
    {
        // What a fault has made in the current directory would fail the next run as well. Only empty directories go.
        for (Path made = Path.of("?/.cache/JNA/temp"); null != made; made = made.getParent())
        {
            Files.deleteIfExists(made);
        }
    }

    private JnaDirectory find(final String cacheHome, final String homeDirectory)
    {
        return JnaDirectory.find(cacheHome, homeDirectory, temporary.toString(), euid);
    }

    private static String mode(final Path path) throws IOException
    {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private void assertIsTemporary(final JnaDirectory directory) throws IOException
    {
        assertThat(directory.problem()).isNull();
        assertThat(directory.chosen().getParent()).isEqualTo(temporary);
        assertThat(mode(directory.chosen())).isEqualTo("rwx------");
        Files.createFile(directory.chosen().resolve("left by JNA"));
        directory.close();
        assertThat(RegionFixture.names(temporary)).isEmpty();
    }

    @Test
    @DisplayName("F50: the cache below one's own home is used, made for its owner alone, and kept")
    void shouldUseOwnCache() throws IOException
    {
        final Path cache = home.resolve(".cache/JNA/temp");
        try (JnaDirectory directory = find(null, home.toString()))
        {
            assertThat(directory.chosen()).isEqualTo(cache);
        }
        assertThat(mode(cache)).isEqualTo("rwx------");
        assertThat(RegionFixture.names(cache)).isEmpty();
        assertThat(find(home.resolve("xdg").toString(), "?").chosen()).isEqualTo(home.resolve("xdg/JNA/temp"));
        assertThat(RegionFixture.names(temporary)).isEmpty();
    }

    @Test
    @DisplayName("F50: another user's home, as after sudo -E: no file is created there, and a new directory is used")
    void shouldNotUseHomeOfAnotherUser() throws IOException
    {
        assumeRoot();
        Files.setAttribute(home, "unix:uid", OTHER_ID);
        assertIsTemporary(find(null, home.toString()));
        assertThat(RegionFixture.names(home)).isEmpty();
        // Also if it is only the cache, or one of the directories in it, which another user has made before.
        Files.setAttribute(home, "unix:uid", euid);
        Files.setAttribute(Files.createDirectories(home.resolve(".cache/JNA")), "unix:uid", OTHER_ID);
        assertIsTemporary(find(null, home.toString()));
        assertThat(RegionFixture.names(home.resolve(".cache/JNA"))).isEmpty();
    }

    @Test
    @DisplayName("F50: a cache that others can write to is not used, nor one in the current directory")
    void shouldNotUseSharedOrRelativeCache() throws IOException
    {
        final Path cache = Files.createDirectories(home.resolve(".cache/JNA/temp"));
        for (final int mode : new int[]{0777, 0770})
        {
            Files.setAttribute(cache, "unix:mode", mode);
            assertIsTemporary(find(null, home.toString()));
        }
        for (final String relative : new String[]{"?", ".", ""})
        {
            assertIsTemporary(find(null, relative));
            assertIsTemporary(find("./cache", relative));
        }
        assertThat(Path.of("?")).doesNotExist();
        assertThat(Path.of("cache")).doesNotExist();
    }

    @Test
    @DisplayName("F50: a directory for temporary files in which others can rename files is not used: it says why")
    void shouldNotUseTemporaryDirectoryWithoutStickyBit() throws IOException
    {
        Files.setAttribute(temporary, "unix:mode", 0777);
        final JnaDirectory directory = find(null, "?");
        assertThat(directory.chosen()).isNull();
        assertThat(directory.problem()).contains("others can change what is in " + temporary, "0777",
            "-Djna.tmpdir=<directory>");
        assertThat(RegionFixture.names(temporary)).isEmpty();
        assertThat(JnaDirectory.find(null, "?", "tmp", euid).problem()).contains("java.io.tmpdir=tmp is not absolute");
    }
}
