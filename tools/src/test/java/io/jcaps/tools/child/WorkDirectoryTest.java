/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The directory that commands work in. One in a directory of a group's can be replaced by the group's members.
 */
class WorkDirectoryTest
{
    @TempDir
    private Path parent;

    @Test
    @DisplayName("All of its files are removed; links are removed and not followed")
    void shouldRemoveAllOfIt() throws IOException
    {
        final Path kept = Files.createFile(Files.createDirectory(parent.resolve("kept")).resolve("file"));
        final Path made = WorkDirectory.make(parent, "work-");
        Files.createFile(Files.createDirectories(made.resolve("a/b")).resolve("file"));
        Files.createSymbolicLink(made.resolve("a/link"), kept.getParent());
        assertThat(WorkDirectory.remove(made)).isTrue();
        assertThat(made).doesNotExist();
        assertThat(kept).exists();
        assertThat(WorkDirectory.remove(made)).isTrue();
    }

    @Test
    @DisplayName("F23: another directory, or a link, at its path loses no file")
    void shouldNotRemoveAnotherDirectory() throws IOException
    {
        final Path own = Files.createFile(Files.createDirectory(parent.resolve("own")).resolve("file"));
        final Path made = WorkDirectory.make(parent, "work-");
        Files.move(made, parent.resolve("moved"));
        Files.move(own.getParent(), made);
        assertThat(WorkDirectory.remove(made)).isFalse();
        assertThat(made.resolve("file")).exists();

        final Path next = WorkDirectory.make(parent, "work-");
        Files.move(next, parent.resolve("moved too"));
        Files.createSymbolicLink(next, made);
        assertThat(WorkDirectory.remove(next)).isFalse();
        assertThat(made.resolve("file")).exists();
    }
}
