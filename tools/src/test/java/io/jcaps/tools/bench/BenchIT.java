/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bench;

import io.jcaps.bench.report.BenchReport;
import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.Results;
import io.jcaps.bench.suite.ResultsFile;
import io.jcaps.testkit.JvmCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Runs the command as its users do, from its jar alone and small.
 */
@Timeout(600)
class BenchIT
{
    private static final Path JAR = Path.of("target", "caps.jar").toAbsolutePath();
    private static final int WATCHDOG_MINUTES = 10;

    @TempDir
    Path temp;

    private Path log;
    private Process process;

    @AfterEach
    void end()
    {
        if (null != process)
        {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    @Test
    @Tag("full")
    void shouldMeasureAndWriteAReportAndMakeItAgain() throws IOException, InterruptedException
    {
        final Path output = temp.resolve("results");
        assertThat(run("bench", "--contenders=floor,jcaps", "--workloads=round-trip", "--sizes=32,1024", "--rounds=2",
            "--warm-up=20ms", "--measure=50ms", "--jvm-arg=-XX:+UseSerialGC", "--output=" + output)).as(log()).isZero();

        final Results results = ResultsFile.read(output.resolve(BenchReport.RESULTS_FILE));
        assertThat(results.commandLine()).startsWith("caps", "bench").contains("--sizes=32,1024");
        assertThat(results.kind()).isEqualTo("custom");
        assertThat(results.roundCount()).isEqualTo(2);
        assertThat(results.contenders()).extracting(Results.ContenderInfo::name).containsExactly("floor", "jcaps");
        assertThat(results.cells().stream().filter((cell) -> null == cell.failure()).count()).isEqualTo(2 * 6);
        assertThat(output.resolve(BenchReport.PAGE_FILE)).isNotEmptyFile();
        assertThat(log()).contains("floor", "jcaps", output.resolve(BenchReport.PAGE_FILE).toString())
            .doesNotContain("\u001b", "\tat ");

        final Path again = temp.resolve("again");
        assertThat(run("bench", "--report=" + output.resolve(BenchReport.RESULTS_FILE), "--output=" + again))
            .as(log()).isZero();
        assertThat(again.resolve(BenchReport.PAGE_FILE)).isNotEmptyFile();
        assertThat(ResultsFile.read(again.resolve(BenchReport.RESULTS_FILE)).commandLine())
            .isEqualTo(results.commandLine());
    }

    @Test
    @Tag("full")
    void shouldKeepWhatWasMeasuredWhenInterrupted() throws IOException, InterruptedException
    {
        final Path output = temp.resolve("results");
        start("bench", "--contenders=floor,jcaps", "--workloads=round-trip", "--sizes=32", "--rounds=10000",
            "--warm-up=10ms", "--measure=20ms", "--output=" + output);
        await().atMost(WATCHDOG_MINUTES, TimeUnit.MINUTES).until(() -> log().contains("% "));
        final List<ProcessHandle> children = new ArrayList<>(process.descendants().toList());
        process.destroy();

        assertThat(process.waitFor(WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isNotZero();
        final Results results = ResultsFile.read(output.resolve(BenchReport.RESULTS_FILE));
        assertThat(results.kind()).contains("incomplete");
        assertThat(results.cells()).isNotEmpty().extracting(CellResult::failure).containsOnlyNulls();
        assertThat(log()).contains("incomplete", output.toString()).doesNotContain("\tat ");
        await().atMost(WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
    }

    @Test
    void shouldLeaveNoDirectoryWhenNothingCanBeMeasured() throws IOException, InterruptedException
    {
        final Path output = temp.resolve("results");
        // Java takes it, and the suite then has no room for its messages.
        final int exitCode = run("bench", "--contenders=jcaps", "--workloads=blocking", "--rounds=1",
            "--jvm-arg=-XX:MaxDirectMemorySize=1k", "--output=" + output);
        assertThat(exitCode).as(log()).isEqualTo(1);

        assertThat(log()).contains("FAILED: nothing could be measured");
        assertThat(output).doesNotExist();
    }

    @Test
    void shouldFindTheBenchmarksOfJmh() throws IOException, InterruptedException
    {
        assertThat(run("bench", "jmh", "-l")).as(log()).isZero();
        assertThat(log()).contains("io.jcaps.bench.jmh.SingleOperationBenchmark.put", "RoundTripBenchmark");
    }

    @Test
    void shouldSayHowToBuildTheBenchmarks() throws IOException, InterruptedException
    {
        final Path missing = temp.resolve("missing.jar");
        assertThat(run(List.of("-D" + JmhCommand.JAR_PROPERTY + '=' + missing), "bench", "jmh")).isEqualTo(1);
        assertThat(log()).contains(missing.toString(), "mvn ", JmhCommand.JAR_PROPERTY);
    }

    private int run(final String... args) throws IOException, InterruptedException
    {
        return run(List.of(), args);
    }

    private int run(final List<String> jvmArguments, final String... args) throws IOException, InterruptedException
    {
        start(jvmArguments, args);
        assertThat(process.waitFor(WATCHDOG_MINUTES, TimeUnit.MINUTES)).as(log()).isTrue();
        return process.exitValue();
    }

    private void start(final String... args) throws IOException
    {
        start(List.of(), args);
    }

    private void start(final List<String> jvmArguments, final String... args) throws IOException
    {
        log = Files.createTempFile(temp, "log", null);
        final List<String> command = new ArrayList<>();
        command.add(JvmCommand.java());
        command.addAll(jvmArguments);
        command.addAll(List.of("-jar", JAR.toString()));
        Stream.of(args).forEach(command::add);
        // Not where a checkout is.
        process = new ProcessBuilder(command).directory(temp.toFile())
            .redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }

    private String log() throws IOException
    {
        return Files.readString(log);
    }
}
