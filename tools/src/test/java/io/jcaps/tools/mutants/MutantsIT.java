/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.mutants;

import io.jcaps.testkit.mutants.MutantList;
import io.jcaps.testkit.mutants.MutantSuite;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/** The tests notice each fault of the list in {@code src/test/mutants}; {@code -Pmutants} runs the whole of it. */
@Tag("full")
@Tag("mutants")
class MutantsIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("Each mutant is killed by an assertion")
    void shouldKillEachMutant() throws Exception
    {
        final MutantSuite suite = new MutantSuite(Path.of(".."), MutantList.read(Path.of("src", "test", "mutants")));
        assertThat(suite.run(directory)).isEmpty();
    }
}
