/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.shm.RegionFixture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * An open directory gives what is in it, and nothing else.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HeldDirectoryTest
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("F23: a named pipe that was put in a directory's place is refused at once, without its other end")
    void shouldNotWaitForPipe() throws Exception
    {
        final Path pipe = fixture.directory().resolve("pipe");
        assumeTrue(null == RegionFixture.run("mkfifo", pipe.toString()), "no mkfifo here");
        try (HeldDirectory held = HeldDirectory.open(fixture.directory()))
        {
            assertThatThrownBy(() -> held.openChild(pipe.getFileName())).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> HeldDirectory.open(pipe)).isInstanceOf(IOException.class);
    }

    @Test
    @DisplayName("F23: a link is no directory, wherever it leads")
    void shouldNotFollowLink() throws IOException
    {
        final Path other = Files.createDirectories(fixture.directory().resolve("elsewhere/name"));
        final Path parent = Files.createDirectory(fixture.directory().resolve("parent"));
        try (HeldDirectory held = HeldDirectory.open(parent))
        {
            Files.createSymbolicLink(parent.resolve("name"), other);
            assertThatThrownBy(() -> held.openChild(Path.of("name"))).isInstanceOf(IOException.class);
            // The path leads to the directory that the link means: only what is in the open directory counts.
            Files.move(parent, fixture.directory().resolve("moved"));
            Files.createSymbolicLink(parent, other.getParent());
            assertThatThrownBy(() -> held.openChild(Path.of("name"))).isInstanceOf(IOException.class)
                .hasMessageContaining("replaced");
        }
    }

    @Test
    @DisplayName("What is in the directory is opened, and its files are seen")
    void shouldOpenChild() throws IOException
    {
        final Path child = Files.createDirectory(fixture.directory().resolve("child"));
        Files.createFile(child.resolve("file"));
        try (HeldDirectory held = HeldDirectory.open(fixture.directory());
            HeldDirectory opened = held.openChild(Path.of("child")))
        {
            assertThat(opened.path()).isEqualTo(child);
            assertThat(opened.names((name) -> true)).containsExactly(Path.of("file"));
        }
    }

    @Test
    @DisplayName("F23: a directory whose listing never ends, as files are renamed all the time, blocks no process")
    void shouldEndListing()
    {
        final List<Path> names = List.of(Path.of("b"), Path.of("a"), Path.of("other"));
        final AtomicInteger count = new AtomicInteger();
        final Stream<Path> listing = Stream.generate(() ->
        {
            assertThat(count.get()).as("names that were read").isLessThan(1_000_000);
            return names.get(count.getAndIncrement() % names.size());
        });
        assertThat(HeldDirectory.names(listing::iterator, (name) -> 1 == name.length()))
            .containsExactly(Path.of("a"), Path.of("b"));
    }
}
