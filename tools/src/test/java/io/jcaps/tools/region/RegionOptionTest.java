/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.Access;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.inspect.RegionView;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Whom a command trusts is what its user says, and nothing that the region's files say (F23). */
class RegionOptionTest
{
    @TempDir
    private Path directory;

    private Path region;

    /** Any command with a region. */
    @Command(name = "any")
    private static final class AnyCommand
    {
        @Mixin
        private RegionOption region;
    }

    private static RegionOption option(final String... args)
    {
        final AnyCommand command = new AnyCommand();
        new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(args);
        return command.region;
    }

    private RegionOption given(final String... more)
    {
        final String[] args = new String[more.length + 2];
        args[0] = "--region";
        args[1] = region.toString();
        System.arraycopy(more, 0, args, 2, more.length);
        return option(args);
    }

    /** A region for all users, in a directory that no other user can change. */
    @BeforeEach
    void createRegion() throws IOException
    {
        final Path place = Files.createDirectory(directory.resolve("place"));
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
        region = place.resolve("region");
        Caps.attach(new RegionConfig().path(region).access(Access.WORLD)).close();
    }

    @Test
    @DisplayName("Without --access the region is private, whatever its mode")
    void shouldBePrivateUnlessSaid()
    {
        assertThat(given().access()).isEqualTo(Access.PRIVATE);
        assertThat(given("--access", "group").access()).isEqualTo(Access.GROUP);
        assertThat(given("--access", "world").access()).isEqualTo(Access.WORLD);
    }

    @Test
    @DisplayName("A region in a directory that others can change is inspected only with --all-users")
    void shouldNotLookWhereOthersWrite() throws IOException
    {
        given().view(false).close();
        Files.setPosixFilePermissions(region.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> given().view(false)).isInstanceOf(RegionException.class)
            .hasMessageContaining(region.getParent().toString());
        try (RegionView view = given().view(true))
        {
            assertThat(view).isNotNull();
        }
    }
}
