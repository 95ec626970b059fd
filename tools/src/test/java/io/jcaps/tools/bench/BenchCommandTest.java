/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bench;

import io.jcaps.bench.report.BenchReport;
import io.jcaps.tools.CapsCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the command says to bad input, before it measures anything.
 */
class BenchCommandTest
{
    private static final String HOME_PROPERTY = "jcaps.home";

    private final StringWriter err = new StringWriter();
    private final CommandLine commandLine = CapsCommand.commandLine().setErr(new PrintWriter(err));

    @TempDir
    Path temp;
    private String home;

    /** No sources of native contenders are there: what is tested here needs none of them built. */
    @BeforeEach
    void leaveHome()
    {
        home = System.getProperty(HOME_PROPERTY);
        System.setProperty(HOME_PROPERTY, temp.toString());
    }

    @AfterEach
    void goHome()
    {
        if (null == home)
        {
            System.clearProperty(HOME_PROPERTY);
        }
        else
        {
            System.setProperty(HOME_PROPERTY, home);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--contenders=jcaps,pigeon | pigeon | floor, jcaps",
        "--contenders= | contender | --contenders",
        "--workloads=sprint | sprint | round-trip, pipelined",
        "--sizes=1048577 | 1048576 | 1048577",
        "--sizes=32,7 | from 8 | : 7",
        "--sizes=big | big | --sizes",
        "--windows=0 | from 1 to 4096 | : 0",
        "--windows=4097 | from 1 to 4096 | : 4097",
        "--rates=0 | from 1 | : 0",
        "--rates=-10 | from 1 | : -10",
        "--clients=0 | from 1 | : 0",
        "--rounds=0 | at least 1 | : 0",
        "--rounds=many | many | --rounds",
        "--warm-up=soon | 'soon' | 500ms",
        "--measure=0s | 1 ms | --measure",
        "--measure=2 | '2' | 500ms",
        "--jvm-arg=-XX:NoSuchFlag | NoSuchFlag | --jvm-arg",
        "--no-such-option | --no-such-option | Try: caps bench --help",
    })
    void shouldSayWhatIsWrong(final String option, final String first, final String second)
    {
        assertThat(execute(option)).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains(first, second).doesNotContain("Exception", "\tat ");
        assertThat(err.toString().lines().count()).isLessThan(5);
    }

    @Test
    void shouldSayThatNothingIsLeftToMeasure()
    {
        assertThat(execute("--contenders=floor", "--workloads=crowd")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("nothing to measure", "floor");
    }

    @Test
    void shouldNotReplaceResults() throws IOException
    {
        final Path results = Files.writeString(temp.resolve(BenchReport.RESULTS_FILE), "mine");

        assertThat(execute("--output=" + temp)).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("--output", results.toString(), "kept");
        assertThat(results).hasContent("mine");
    }

    @Test
    void shouldSayThatTheOutputIsNoDirectory() throws IOException
    {
        final Path file = Files.writeString(temp.resolve("file"), "mine");

        assertThat(execute("--output=" + file)).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("--output", file.toString());
        assertThat(execute("--output=" + file.resolve("below"))).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(file).hasContent("mine");
    }

    @Test
    void shouldSayThatAReportCannotBeMade() throws IOException
    {
        assertThat(execute("--report=" + temp.resolve("missing.json"))).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("--report", "missing.json");

        final Path other = Files.writeString(temp.resolve("other.json"), "{\"a\": 1}");
        assertThat(execute("--report=" + other)).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("other.json");
        assertThat(temp).isDirectoryContaining((path) -> path.equals(other)).isDirectoryNotContaining("glob:**.html");
    }

    @Test
    void shouldRejectBadRoundsOfTheGuard()
    {
        assertThat(commandLine.execute("bench", "guard", "--rounds=0")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("--rounds", ": 0");
    }

    private int execute(final String... args)
    {
        final String[] all = new String[args.length + 1];
        all[0] = "bench";
        System.arraycopy(args, 0, all, 1, args.length);
        return commandLine.execute(all);
    }
}
