/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.tools.CapsRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs the soak as its users do, for a short time.
 */
@Tag("full")
class SoakIT
{
    private static final String PREFIX = "jcaps-soak-";
    /** Three services, and six processes of clients. */
    private static final int CHILD_COUNT = 9;

    private final long seed = Long.getLong("caps.test.seed", new SplittableRandom().nextLong());

    @TempDir
    Path temp;

    private Path directory;
    private Path json;

    @BeforeEach
    void makeDirectory() throws IOException
    {
        directory = Files.createDirectory(temp.resolve("soak"));
        json = temp.resolve("summary.json");
        System.out.println("SoakIT: -Dcaps.test.seed=" + seed);
    }

    @Test
    @DisplayName("F2, F5, F8, F33: deaths, stops and restarts at random: nothing lost, doubled or untrue")
    void shouldAccountForEachMessage() throws IOException, InterruptedException
    {
        final CapsRun run = new CapsRun("soak", "--minutes", "0.3", "--seed", Long.toString(seed),
            "--directory", directory.toString(), "--json", json.toString());

        assertThat(run.exitCode()).as(run.output()).isZero();
        assertThat(run.output()).contains("seed " + seed, "All of it held");
        final String summary = Files.readString(json);
        assertThat(summary).contains("\"ok\": true", "\"failure\": null", "\"lost\": 0", "\"lostDisposals\": 0",
            "\"doubled\": 0", "\"untruthful\": 0", "\"torn\": 0", "\"disordered\": 0", "\"strange\": 0",
            "\"other\": 0");
        assertThat(CapsRun.number(summary, "seed")).isEqualTo(seed);
        assertThat(CapsRun.number(summary, "puts")).isPositive();
        assertThat(CapsRun.number(summary, "outcomeReplied")).isPositive();
        assertThat(CapsRun.number(summary, "disposals")).isPositive();
        assertThat(CapsRun.number(summary, "clientKills") + CapsRun.number(summary, "serviceKills")).isPositive();
        assertThat(CapsRun.number(summary, "restarts")).isPositive();
        CapsRun.assertNothingLeft(directory, PREFIX);
    }

    @Test
    @DisplayName("B7: bridges killed and stopped, the network cut at random: nothing lost, doubled or untrue")
    void shouldAccountForEachMessageToAnotherHost() throws IOException, InterruptedException
    {
        final CapsRun run = new CapsRun("soak", "--remote", "--minutes", "0.4", "--seed", Long.toString(seed),
            "--directory", directory.toString(), "--json", json.toString());

        assertThat(run.exitCode()).as(run.output()).isZero();
        final String summary = Files.readString(json);
        assertThat(summary).contains("\"ok\": true", "\"remote\": true", "\"lost\": 0", "\"lostDisposals\": 0",
            "\"doubled\": 0", "\"untruthful\": 0", "\"torn\": 0", "\"disordered\": 0", "\"strange\": 0",
            "\"other\": 0");
        assertThat(CapsRun.number(summary, "outcomeReplied")).isPositive();
        assertThat(CapsRun.number(summary, "cuts") + CapsRun.number(summary, "bridgeKills")).isPositive();
        CapsRun.assertNothingLeft(directory, PREFIX);
    }

    @Test
    void shouldEndWithItsSummaryWhenInterrupted() throws IOException, InterruptedException
    {
        final Process process = CapsRun.start("soak", "--minutes", "60", "--seed", Long.toString(seed),
            "--directory", directory.toString(), "--json", json.toString());
        try
        {
            CapsRun.awaitChildren(process, CHILD_COUNT);
            assertThat(new ProcessBuilder("kill", "-TERM", Long.toString(process.pid())).start().waitFor()).isZero();
            final CapsRun run = new CapsRun(process);
            assertThat(run.output()).contains(", stopped", "All of it held");
            assertThat(Files.readString(json)).contains("\"ok\": true", "\"stopped\": true");
            CapsRun.assertNothingLeft(directory, PREFIX);
        }
        finally
        {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenKilled() throws IOException, InterruptedException
    {
        final Process process = CapsRun.startUnheard("soak", "--minutes", "60", "--seed", Long.toString(seed),
            "--directory", directory.toString());
        try
        {
            CapsRun.awaitChildren(process, CHILD_COUNT);
            process.destroyForcibly();
            assertThat(process.waitFor(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
            CapsRun.assertNothingLeft(directory, PREFIX);
        }
        finally
        {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldRefuseBadOptionsBeforeItBegins() throws IOException, InterruptedException
    {
        assertRefused("--minutes", "--minutes", "0");
        assertRefused("--minutes", "--minutes", "NaN");
        assertRefused("--minutes", "--minutes", "long");
        assertRefused("--clients", "--clients", "0");
        assertRefused("--seed", "--seed", "x");
        assertRefused("--json", "--json", temp.resolve("no/such/directory.json").toString());
        assertRefused("--directory", "--directory", temp.resolve("none").toString());
        final Path noRegion = Files.write(temp.resolve("no-region"), new byte[100]);
        assertRefused("--region", "--region", noRegion.toString(), "--directory", directory.toString());
        assertRefused("--region", "--region", noRegion.resolve("region").toString(),
            "--directory", directory.toString());
        CapsRun.assertNothingLeft(directory, PREFIX);
    }

    private static void assertRefused(final String named, final String... options)
        throws IOException, InterruptedException
    {
        final String[] args = new String[options.length + 1];
        args[0] = "soak";
        System.arraycopy(options, 0, args, 1, options.length);
        final CapsRun run = new CapsRun(args);
        assertThat(run.exitCode()).as(run.output()).isEqualTo(2);
        assertThat(run.output()).contains(named).doesNotContain("\tat ");
    }
}
