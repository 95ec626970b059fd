/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.tools.terminal.Screen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Runs the demo as its users do, small, and looks whether anything of it is left.
 */
class DemoIT
{
    private static final int WATCHDOG_MINUTES = 5;

    @TempDir
    Path temp;

    @Test
    void shouldHoldAndSayWhatItDid() throws IOException, InterruptedException
    {
        final Path json = temp.resolve("summary.json");
        final Path regions = Files.createDirectory(temp.resolve("regions"));
        final Run run = new Run("--messages", "20000", "--round-trips", "20000",
            "--directory", regions.toString(), "--json", json.toString());

        assertThat(run.exitCode()).as(run.output()).isZero();
        assertThat(run.output().lines()).allSatisfy((line) ->
            assertThat(line).hasSizeLessThanOrEqualTo(Math.max(Screen.WIDTH, regions.toString().length() + 40)));
        assertThat(run.output()).contains("generation 1 -> 2", "SERVICE_DIED", "p99.99", "All of it held");

        final String summary = Files.readString(json);
        assertThat(summary).contains("\"ok\": true", "\"failure\": null", "\"lost\": 0", "\"doubled\": 0",
            "\"messages\": 20000", "\"minLength\": 0", "\"maxLength\": 131072",
            "\"generationBefore\": 1", "\"generationAfter\": 2");
        final long sent = number(summary, "sent");
        assertThat(sent).isGreaterThan(22_000);
        assertThat(number(summary, "replied") + number(summary, "autoReplied")).isEqualTo(sent);
        assertThat(number(summary, "autoRepliedReceived") + number(summary, "autoRepliedNotReceived"))
            .isEqualTo(number(summary, "autoReplied")).isPositive();
        assertThat(number(summary, "disposed")).isBetween(22_000L, number(summary, "replied"));
        assertThat(number(summary, "openAtKill")).isPositive();
        assertThat(number(summary, "latencyP50Ns")).isPositive();
        assertThat(number(summary, "floorP50Ns")).isPositive();
        assertNothingLeft(regions);
    }

    @Test
    void shouldLeaveNothingBehindWhenInterrupted() throws IOException, InterruptedException
    {
        final Path regions = Files.createDirectory(temp.resolve("regions"));
        final Path json = temp.resolve("summary.json");
        final Process process = start("--directory", regions.toString(), "--json", json.toString());
        try
        {
            awaitChildren(process);
            // What Ctrl-C does, but to the parent alone.
            process.destroy();
            assertThat(process.waitFor(WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue()).isNotZero();
            assertThat(json).doesNotExist();
            assertNothingLeft(regions);
        }
        finally
        {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenKilled() throws IOException, InterruptedException
    {
        final Path regions = Files.createDirectory(temp.resolve("regions"));
        final Process process = start("--directory", regions.toString());
        try
        {
            awaitChildren(process);
            process.destroyForcibly();
            assertThat(process.waitFor(WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
            assertNothingLeft(regions);
        }
        finally
        {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldRefuseBadOptionsBeforeItBegins() throws IOException, InterruptedException
    {
        assertRefused("--messages", "--messages", "99");
        assertRefused("--messages", "--messages", "many");
        assertRefused("--round-trips", "--round-trips", "-1");
        assertRefused("--no-such-thing", "--no-such-thing");
        assertRefused("--json", "--json", temp.resolve("no/such/directory.json").toString());
        assertRefused("--json", "--json", temp.toString());
        assertRefused("--directory", "--directory", temp.resolve("none").toString());
    }

    private static void assertRefused(final String named, final String... args)
        throws IOException, InterruptedException
    {
        final Run run = new Run(args);
        assertThat(run.exitCode()).as(run.output()).isEqualTo(2);
        assertThat(run.output()).contains(named).doesNotContain("\tat ");
    }

    /** Files at once, processes soon: nobody waits for a process that ends by itself. */
    private static void assertNothingLeft(final Path regions)
    {
        await().atMost(WATCHDOG_MINUTES, TimeUnit.MINUTES).untilAsserted(() ->
        {
            assertThat(childrenOf(regions)).isEmpty();
            try (Stream<Path> files = Files.list(regions))
            {
                assertThat(files).isEmpty();
            }
        });
    }

    /** Each child of a demo has its directory among its arguments. */
    private static List<String> childrenOf(final Path regions)
    {
        return ProcessHandle.allProcesses()
            .map((process) -> process.info().commandLine().orElse(""))
            .filter((line) -> line.contains(regions + "/jcaps-demo-"))
            .collect(Collectors.toList());
    }

    private static void awaitChildren(final Process process)
    {
        await().atMost(WATCHDOG_MINUTES, TimeUnit.MINUTES).until(() -> 3 == process.toHandle().children().count());
    }

    private static long number(final String json, final String name)
    {
        final Matcher matcher = Pattern.compile("\"" + name + "\": (\\d+)[,\n]").matcher(json);
        assertThat(matcher.find()).as(name + " in " + json).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    private static Process start(final String... args) throws IOException
    {
        return builder(args).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static ProcessBuilder builder(final String... args)
    {
        final List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+IgnoreUnrecognizedVMOptions", "--sun-misc-unsafe-memory-access=allow",
            "-jar", Path.of("target", "caps.jar").toString(),
            "demo"));
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    private static final class Run
    {
        private final int exitCode;
        private final String output;

        private Run(final String... args) throws IOException, InterruptedException
        {
            final Process process = builder(args).start();
            try
            {
                output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(process.waitFor(WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
                exitCode = process.exitValue();
            }
            finally
            {
                process.destroyForcibly();
            }
        }

        int exitCode()
        {
            return exitCode;
        }

        String output()
        {
            return output;
        }
    }
}
