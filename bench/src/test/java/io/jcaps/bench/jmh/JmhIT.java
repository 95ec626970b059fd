/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.jmh;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

import java.util.Collection;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * That each benchmark runs, in this JVM. How fast is not asked here.
 */
@Timeout(600)
class JmhIT
{
    static
    {
        // Others on this machine may run benchmarks: nothing is measured here.
        System.setProperty("jmh.ignoreLock", "true");
    }

    @Test
    void shouldRunEachBenchmark() throws RunnerException
    {
        final Collection<RunResult> results = new Runner(new OptionsBuilder()
            .include("io\\.jcaps\\.bench\\.jmh\\.")
            .forks(0)
            .warmupIterations(0)
            .measurementIterations(1)
            .measurementTime(TimeValue.milliseconds(50))
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .build()).run();

        assertThat(results).extracting((result) -> result.getParams().getBenchmark().replaceAll(".*\\.", ""))
            .contains("put", "claim", "putClaim", "getRequest", "reply", "getReply", "release", "getDisposal",
                "getNothing", "getGeneration", "roundTrip");
        assertThat(results).allMatch((result) -> result.getPrimaryResult().getScore() > 0);
    }
}
