/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.interop;

import io.jcaps.testkit.mutants.MutantList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The list of mutants fits the sources: a mutant whose lines have changed would be lost otherwise. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class MutantListTest
{
    @Test
    @DisplayName("Each mutant changes its source at one place, and names tests that exist")
    void shouldFitTheSources() throws Exception
    {
        MutantList.check(Path.of(".."), MutantList.read(Path.of("..", "c", "test", "mutants")));
    }
}
