/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LayoutHeaderTest
{
    /** Relative to this module, where Maven runs its tests. */
    private static final Path HEADER = Path.of("..", "c", "src", "caps_layout.h");

    @Test
    @DisplayName("The header that the C library takes the layout from is the one that these descriptors give")
    void shouldBeTheCheckedInHeader() throws IOException
    {
        assertThat(HEADER).as("written by LayoutHeader, run with this path: make -C c layout")
            .hasContent(LayoutHeader.text());
    }
}
