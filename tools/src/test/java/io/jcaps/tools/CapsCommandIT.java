/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.terminal.ExitCodes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The commands on one region, each a JVM of its own.
 */
@Timeout(value = CapsRun.WATCHDOG_MINUTES, unit = TimeUnit.MINUTES)
class CapsCommandIT
{
    /** Holds its request until the service's process is gone. */
    private static final String HOLD = "while [ -d /proc/$PPID ]; do sleep 0.1; done";

    private final List<Process> processes = new ArrayList<>();
    private Path directory;
    private String region;

    @BeforeEach
    void setUp() throws IOException
    {
        directory = WorkDirectory.make(null, "jcaps-command-");
        region = directory.resolve("region").toString();
    }

    @AfterEach
    void tearDown() throws InterruptedException
    {
        for (final Process process : processes)
        {
            process.destroyForcibly().waitFor();
        }
        assertThat(WorkDirectory.remove(directory)).isTrue();
    }

    @Test
    @DisplayName("A service that echoes is listed, pinged, called and looked at, and ends at a polite kill")
    void shouldServePingCallAndStat() throws IOException, InterruptedException
    {
        final Process serve = serve("echo", "--echo");

        final CapsRun ping = run("ping", "echo", "--count", "3", "--interval", "0", "--size", "100");
        assertThat(ping.exitCode()).isZero();
        assertThat(ping.output()).contains("PING echo, pid " + serve.pid() + ", 100 bytes", "seq=3 bytes=100 time=",
            "3 sent, 3 received, 0% loss", "min/avg/max/stddev = ");
        final CapsRun summary = run("ping", "echo", "-c", "2", "-i", "0", "--json");
        assertThat(CapsRun.number(summary.output(), "received")).isEqualTo(2);
        assertThat(CapsRun.number(summary.output(), "minNs")).isPositive();

        assertThat(run("call", "echo", "--text", "hello").output()).isEqualTo("hello");
        assertThat(run("call", "echo", "--text", "hello", "--json").output()).contains("\"text\": \"hello\"");

        final CapsRun stat = run("stat");
        assertThat(stat.exitCode()).isZero();
        assertThat(stat.output()).contains("1 alive, 0 dead", Long.toString(serve.pid()));
        assertThat(stat.output().lines()).allMatch((line) -> line.length() < 80);
        assertThat(run("stat", "--json").output()).contains("\"name\": \"echo\"", "\"state\": \"open\"");
        final CapsRun watch = run("stat", "--watch", "--interval", "50ms", "--count", "2");
        assertThat(watch.exitCode()).isZero();
        assertThat(watch.output().lines().filter((line) -> line.startsWith("echo ")).count()).isEqualTo(2);

        final CapsRun list = new CapsRun("ls", directory.toString());
        assertThat(list.output()).contains(region);

        serve.destroy();
        assertThat(serve.waitFor()).isZero();
        assertThat(run("ping", "echo", "-c", "1").exitCode()).isEqualTo(ExitCodes.NOT_THERE);
    }

    @Test
    @DisplayName("A command's output is the reply, its failure an empty one that standard error explains")
    void shouldServeACommand() throws IOException, InterruptedException
    {
        final Process serve =
            serve("upper", "--exec", "read line; test \"$line\" = fail && exit 3; echo \"<$line>\"");
        assertThat(run("call", "upper", "--text", "text").output()).isEqualTo("<text>\n");
        assertThat(run("call", "upper", "--text", "fail").output()).isEmpty();
        assertThat(line(serve)).contains("ended with exit code 3");
    }

    @Test
    @DisplayName("F17: when all are dead, what was in flight is shown with its bytes, then reaped, first dry")
    void shouldLookAtTheDeadAndReapThem() throws IOException, InterruptedException
    {
        final Process serve = serve("slow", "--exec", HOLD);
        final Process call = start("call", "slow", "--text", "an order");
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> run("inflight").output().contains("received"));
        final CapsRun alive = run("inflight", "--over", "20ms");
        assertThat(alive.output()).contains("service yes", ">", Long.toString(call.pid()), "1 message in flight");

        serve.destroyForcibly().waitFor();
        call.destroyForcibly().waitFor();
        final CapsRun dead = run("inflight", "--hex");
        assertThat(dead.exitCode()).isZero();
        assertThat(dead.output()).contains("0 alive, 2 dead", "+" + call.pid(), "+" + serve.pid(), "|an order|",
            "61 6e 20 6f 72 64 65 72", "1 message in flight");
        assertThat(run("inflight", "--json", "--hex").output())
            .contains("\"isReceived\": true", "\"hex\": \"616e206f72646572\"");
        assertThat(run("stat").output()).contains("DEAD").contains("slow");

        final String dry = run("reap", "--dry-run").output();
        assertThat(dry).contains("would remove process", "would remove service", "would remove client",
            "would remove link");
        assertThat(run("reap", "--dry-run").output()).as("a dry run changes nothing").isEqualTo(dry);
        assertThat(run("reap").output()).isEqualTo(dry.replace("would remove", "removed"));
        assertThat(run("reap").output()).contains("nothing to remove");
        assertThat(run("inflight").output()).contains("0 messages in flight");

        assertThat(run("reap", "--all", "--dry-run").output()).contains("would remove " + region);
        assertThat(directory.resolve("region")).exists();
        assertThat(run("reap", "--all").output()).contains("removed " + region, "removed " + region + ".lock");
        assertThat(Files.list(directory)).isEmpty();
    }

    @Test
    @DisplayName("The living keep all they have when somebody reaps")
    void shouldLeaveTheLivingAlone() throws IOException, InterruptedException
    {
        serve("echo", "--echo");
        assertThat(run("reap", "--all").output()).contains("nothing to remove");
        assertThat(run("call", "echo", "--text", "still there").output()).isEqualTo("still there");
    }

    @Test
    @DisplayName("A call that nobody answers in time says whether the service may have acted, and exits with 1")
    void shouldTellThatNoReplyCame() throws IOException, InterruptedException
    {
        serve("slow", "--exec", HOLD);
        final CapsRun call = run("call", "slow", "--text", "x", "--timeout", "200ms");
        assertThat(call.exitCode()).isEqualTo(ExitCodes.FAILED);
        assertThat(call.output()).contains("no reply: TIMED_OUT").doesNotContain("Exception");
        final CapsRun ping = run("ping", "slow", "-c", "1", "-W", "200ms");
        assertThat(ping.exitCode()).isEqualTo(ExitCodes.FAILED);
        assertThat(ping.output()).contains("1 sent, 0 received, 100% loss");
    }

    private CapsRun run(final String... args) throws IOException, InterruptedException
    {
        return new CapsRun(withRegion(args));
    }

    private Process start(final String... args) throws IOException
    {
        final Process process = CapsRun.start(withRegion(args));
        processes.add(process);
        return process;
    }

    private Process serve(final String... args) throws IOException
    {
        final String[] all = new String[args.length + 1];
        all[0] = "serve";
        System.arraycopy(args, 0, all, 1, args.length);
        final Process process = start(all);
        assertThat(line(process)).startsWith("serving " + args[0] + " in " + region);
        return process;
    }

    private String[] withRegion(final String... args)
    {
        final List<String> all = new ArrayList<>(List.of(args));
        all.addAll(1, List.of("--region", region));
        return all.toArray(new String[0]);
    }

    /** A line of what it prints, read byte by byte so that nothing behind it is lost. */
    private static String line(final Process process) throws IOException
    {
        final StringBuilder line = new StringBuilder();
        for (int read = process.getInputStream().read(); read >= 0 && '\n' != read;
            read = process.getInputStream().read())
        {
            line.append((char)read);
        }
        return new String(line.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
