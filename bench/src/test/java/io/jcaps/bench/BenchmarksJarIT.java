/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.testkit.ShadedJar;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is in {@code benchmarks.jar} besides its classes.
 */
class BenchmarksJarIT
{
    @Test
    @DisplayName("benchmarks.jar contains the licence text of everything that it bundles")
    void shouldContainLicenceOfEachBundledJar() throws IOException
    {
        final Map<String, String> missing = ShadedJar.missingLicences(Path.of("target", "benchmarks.jar"));
        assertThat(missing).containsKeys("agrona", "jna", "slf4j-api", "HdrHistogram");
        assertThat(missing).allSatisfy((name, what) -> assertThat(what).as(name).isNull());
    }
}
