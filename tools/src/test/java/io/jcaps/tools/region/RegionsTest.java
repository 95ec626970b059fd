/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The search for regions meets what other users have put in its way.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RegionsTest
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("F23: a named pipe that was put in the place of a directory keeps no search waiting")
    void shouldNotWaitForPipe() throws IOException, InterruptedException
    {
        final Path pipe = directory.resolve("jcaps-pipe");
        final Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
        assumeTrue(0 == mkfifo.waitFor(), "no mkfifo here");
        final List<Path> unreadable = new ArrayList<>();
        assertThat(Regions.find(List.of(directory, pipe), true, unreadable)).isEmpty();
        assertThat(unreadable).containsExactly(pipe);
    }

    @Test
    @DisplayName("What is no region is not listed, and paths are as the directory was named")
    void shouldListNoOtherFile() throws IOException
    {
        Files.writeString(directory.resolve("file"), "not a region");
        Files.writeString(Files.createDirectory(directory.resolve("jcaps-x")).resolve("file"), "not a region either");
        final List<Path> unreadable = new ArrayList<>();
        assertThat(Regions.find(List.of(directory), true, unreadable)).isEmpty();
        assertThat(unreadable).isEmpty();
    }
}
