/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.Access;
import io.jcaps.shm.RegionFixture;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.ProcessInfo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What a user who can rename files in a directory puts in the place of others (F23), step by step.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ReplacedDirectoryTest
{
    @RegisterExtension
    final RegionFixture fixture = new RegionFixture();

    private final int euid = ProcessInfo.find().self().euid();
    private Path directory;
    private Path victim;
    private Path link;

    @BeforeEach
    void before() throws IOException
    {
        directory = Files.createDirectory(fixture.directory().resolve("own"));
        victim = Files.writeString(fixture.directory().resolve("victim"), "victim");
        link = Files.createSymbolicLink(directory.resolve("link"), victim);
    }

    private HeldDirectory hold() throws IOException
    {
        return fixture.closing(HeldDirectory.open(directory));
    }

    /** As where the kernel does not show what a process has open. */
    private HeldDirectory holdWithoutProc() throws IOException
    {
        return fixture.closing(HeldDirectory.open(directory, fixture.directory().resolve("missing")));
    }

    /** Moves a directory away and makes another in its place. */
    private static void replace(final Path path) throws IOException
    {
        Files.move(path, path.resolveSibling("moved"));
        Files.createDirectory(path);
    }

    @Test
    @DisplayName("F23: a directory that was replaced after it was checked is not used")
    void shouldNotUseReplacedDirectory() throws IOException
    {
        try (RegionDirectory checked = RegionDirectory.open(directory, Access.PRIVATE, false, euid))
        {
            replace(directory);
            assertThatThrownBy(checked::hold).isInstanceOf(IOException.class).hasMessageContaining("replaced");
        }
    }

    @Test
    @DisplayName("F23: a link is neither opened nor followed to the attributes of its target")
    void shouldNotFollowLink() throws IOException
    {
        final HeldDirectory held = hold();
        assertThat(held.view(link.getFileName()).readAttributes().isSymbolicLink()).isTrue();
        assertThatThrownBy(() -> held.openFile(link.getFileName())).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> held.openChild(link.getFileName())).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> RegionChannel.openToRead(link, euid)).isInstanceOf(RegionException.class)
            .hasMessageContaining("a symbolic link");
        assertThat(victim).hasContent("victim");
    }

    @Test
    @DisplayName("F23: a file that took the place of the one that is meant is not deleted")
    void shouldDeleteOnlyFileThatIsMeant() throws IOException
    {
        final Path file = Files.createFile(directory.resolve("file"));
        final FileStat meant = FileStat.of(file);
        // Both are there at once, so that the second has another inode.
        final Path other = Files.writeString(directory.resolve("other"), "other");
        Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
        assertThat(RegionChannel.open(file, meant, euid)).as("nor opened").isNull();
        final HeldDirectory held = hold();
        assertThat(held.delete(file.getFileName(), meant)).isFalse();
        assertThat(file).hasContent("other");
        assertThat(held.delete(file.getFileName(), FileStat.of(file))).isTrue();
        assertThat(file).doesNotExist();
    }

    @Test
    @DisplayName("F18: a region whose lock file was replaced takes no newcomers")
    void shouldNotUseOtherLockFile() throws IOException
    {
        fixture.open().close();
        final Path other = Files.createFile(fixture.directory().resolve("other.lock"));
        Files.move(other, fixture.lockPath(), StandardCopyOption.ATOMIC_MOVE);
        assertThatThrownBy(fixture::open).isInstanceOf(RegionException.class)
            .hasMessageContaining("the lock file is not this region's");
    }

    @Test
    @DisplayName("F23: a private directory that belongs to another user is not used, and no file remains")
    void shouldNotUsePrivateDirectoryOfOther() throws IOException
    {
        final HeldDirectory held = hold();
        assertThatThrownBy(() -> PrivateFile.create(held, directory.resolve("region"), euid + 1))
            .isInstanceOf(IOException.class).hasMessageContaining("another user");
        assertThat(RegionFixture.names(directory)).containsExactly("link");
    }

    @Test
    @DisplayName("F23: a file that was put in the place of the one that was made is not published as a region")
    void shouldNotPublishOtherFile() throws IOException
    {
        final Path region = directory.resolve("region");
        try (PrivateFile file = PrivateFile.create(holdWithoutProc(), region, euid))
        {
            replaceMade(file);
            assertThatThrownBy(() -> file.publish(region)).isInstanceOf(IOException.class)
                .hasMessageContaining("another file");
        }
    }

    /** Puts another file in the place of one that is being made. */
    private void replaceMade(final PrivateFile file) throws IOException
    {
        file.channel().close();
        final Path made;
        try (Stream<Path> paths = Files.walk(directory))
        {
            made = paths.filter((path) -> Files.isRegularFile(path) && !Files.isSymbolicLink(path))
                .findFirst().orElseThrow();
        }
        replace(made.getParent());
        Files.writeString(made, "squatter's");
    }

    @Test
    @DisplayName("F23: the file that was made is published, wherever its directories are by now")
    void shouldPublishFileThatWasMade() throws IOException
    {
        final Path region = directory.resolve("region");
        final HeldDirectory held = hold();
        final Path moved = directory.resolveSibling("moved");
        try (PrivateFile file = PrivateFile.create(held, region, euid))
        {
            replaceMade(file);
            Files.move(directory, moved);
            Files.createSymbolicLink(directory, Files.createDirectory(directory.resolveSibling("elsewhere")));
            assertThatCode(() -> file.publish(region)).doesNotThrowAnyException();
            assertThat(file.stat().isSameFile(FileStat.of(moved.resolve("region")))).isTrue();
        }
        assertThat(directory.toRealPath()).isEmptyDirectory();
    }

    @Test
    @DisplayName("F23: nothing is made where a link leads that took the directory's place after it was opened")
    void shouldMakeNothingElsewhere() throws IOException
    {
        final HeldDirectory held = hold();
        Files.move(directory, directory.resolveSibling("moved"));
        Files.createSymbolicLink(directory, Files.createDirectory(directory.resolveSibling("elsewhere")));
        assertThatThrownBy(() -> PrivateFile.create(held, directory.resolve("region"), euid))
            .isInstanceOf(IOException.class);
        assertThat(directory.toRealPath()).isEmptyDirectory();
        assertThat(RegionFixture.names(directory.resolveSibling("moved"))).containsExactly("link");
    }

    @Test
    @DisplayName("F23: a region in another directory is not joined, whose link took the place of the one checked")
    void shouldNotJoinElsewhere() throws IOException
    {
        try (RegionDirectory checked = RegionDirectory.open(directory, Access.PRIVATE, false, euid))
        {
            assertThat(checked.isAtPath()).isTrue();
            replace(directory);
            assertThat(checked.isAtPath()).isFalse();
        }
    }
}
