/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bench;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

class JmhCommandTest
{
    private static final Path JAR = Path.of("/somewhere/benchmarks.jar");

    @Test
    void shouldMeasureAllocationUnlessAskedForAnotherProfiler()
    {
        assertThat(JmhCommand.command(JAR, List.of("put", "-f", "1")))
            .containsSubsequence("-jar", JAR.toString(), "-prof", "gc", "put", "-f", "1");
        assertThat(JmhCommand.command(JAR, List.of("-prof", "stack"))).doesNotContain("gc").endsWith("-prof", "stack");
    }

    @Test
    void shouldLookForTheJarWhereACheckoutHasIt()
    {
        final Path root = Path.of("").toAbsolutePath().getParent();

        assertThat(JmhCommand.jar()).isEqualTo(root.resolve("bench/target/benchmarks.jar"));
    }
}
