/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

class ListCommandTest
{
    @Test
    @DisplayName("A region that went after it was found is not listed; a file that is no region is a problem")
    void shouldNotListWhatHasGone(@TempDir final Path directory) throws IOException
    {
        assertThat(ListCommand.describe(directory.resolve("gone"))).isNull();
        assertThat(ListCommand.describe(Files.createFile(directory.resolve("empty")))).containsKey("problem");
    }
}
