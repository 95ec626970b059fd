/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.tools.CapsRun;
import io.jcaps.tools.terminal.Screen;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Runs the demo as its users do, small, and looks whether anything of it is left.
 */
@Tag("full")
class DemoIT
{
    @TempDir
    Path temp;

    @Test
    void shouldHoldAndSayWhatItDid() throws IOException, InterruptedException
    {
        final Path json = temp.resolve("summary.json");
        final Path regions = Files.createDirectory(temp.resolve("regions"));
        final CapsRun run = new CapsRun("demo", "--messages", "20000", "--round-trips", "20000",
            "--directory", regions.toString(), "--json", json.toString());

        assertThat(run.exitCode()).as(run.output()).isZero();
        assertThat(run.output().lines()).allSatisfy((line) ->
            assertThat(line).hasSizeLessThanOrEqualTo(Math.max(Screen.WIDTH, regions.toString().length() + 40)));
        assertThat(run.output()).contains("generation 1 -> 2", "SERVICE_DIED", "p99.99", "All of it held");

        final String summary = Files.readString(json);
        assertThat(summary).contains("\"ok\": true", "\"failure\": null", "\"lost\": 0", "\"doubled\": 0",
            "\"messages\": 20000", "\"minLength\": 0", "\"maxLength\": 131072",
            "\"generationBefore\": 1", "\"generationAfter\": 2");
        final long sent = CapsRun.number(summary, "sent");
        assertThat(sent).isGreaterThan(22_000);
        assertThat(CapsRun.number(summary, "replied") + CapsRun.number(summary, "autoReplied")).isEqualTo(sent);
        assertThat(CapsRun.number(summary, "autoRepliedReceived") + CapsRun.number(summary, "autoRepliedNotReceived"))
            .isEqualTo(CapsRun.number(summary, "autoReplied")).isPositive();
        assertThat(CapsRun.number(summary, "disposed")).isBetween(22_000L, CapsRun.number(summary, "replied"));
        assertThat(CapsRun.number(summary, "openAtKill")).isPositive();
        assertThat(CapsRun.number(summary, "latencyP50Ns")).isPositive();
        assertThat(CapsRun.number(summary, "floorP50Ns")).isPositive();
        CapsRun.assertNothingLeft(regions, "jcaps-demo-");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("B7: network cut, bridge and service killed: the clients' outcomes agree with the service's record")
    void shouldHoldBetweenTwoHosts(final boolean isLoopback) throws IOException, InterruptedException
    {
        final Path json = temp.resolve("summary.json");
        final Path regions = Files.createDirectory(temp.resolve("regions"));
        final List<String> command = CapsRun.command("demo", "--remote", "--messages", "4000",
            "--directory", regions.toString(), "--json", json.toString());
        command.add(1, "-Djcaps.tools.loopback=" + isLoopback);
        final CapsRun run = new CapsRun(new ProcessBuilder(command).redirectErrorStream(true).start());

        assertThat(run.exitCode()).as(run.output()).isZero();
        assertThat(run.output().lines()).allSatisfy((line) ->
            assertThat(line).hasSizeLessThanOrEqualTo(Math.max(Screen.WIDTH, regions.toString().length() + 40)));
        assertThat(run.output()).contains("UNREACHABLE", "SERVICE_DIED", "All of it held");

        final String summary = Files.readString(json);
        assertThat(summary).contains("\"ok\": true", "\"failure\": null", "\"messages\": 4000",
            "\"minLength\": 0", "\"maxLength\": 131072");
        final long sent = CapsRun.number(summary, "sent");
        assertThat(sent).isGreaterThan(4_000);
        assertThat(CapsRun.number(summary, "outcomes")).isEqualTo(sent);
        assertThat(CapsRun.number(summary, "replied")).isGreaterThan(4_000);
        assertThat(CapsRun.number(summary, "cutOpen")).isPositive();
        assertThat(CapsRun.number(summary, "cutUnreachableReceived")).isPositive();
        assertThat(CapsRun.number(summary, "bridgeKillUnreachableReceived")).isPositive();
        assertThat(CapsRun.number(summary, "serviceKillDiedReceived") +
            CapsRun.number(summary, "serviceKillDiedNotReceived")).isPositive();
        CapsRun.assertNothingLeft(regions, "jcaps-demo-");
    }

    @Test
    void shouldLeaveNothingBehindWhenInterrupted() throws IOException, InterruptedException
    {
        final Path regions = Files.createDirectory(temp.resolve("regions"));
        final Path json = temp.resolve("summary.json");
        final Process process = CapsRun.startUnheard(
            "demo", "--directory", regions.toString(), "--json", json.toString());
        try
        {
            CapsRun.awaitChildren(process, 3);
            // What Ctrl-C does, but to the parent alone.
            process.destroy();
            assertThat(process.waitFor(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue()).isNotZero();
            assertThat(json).doesNotExist();
            CapsRun.assertNothingLeft(regions, "jcaps-demo-");
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
        final Process process = CapsRun.startUnheard("demo", "--directory", regions.toString());
        try
        {
            CapsRun.awaitChildren(process, 3);
            process.destroyForcibly();
            assertThat(process.waitFor(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
            CapsRun.assertNothingLeft(regions, "jcaps-demo-");
        }
        finally
        {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenKilledBetweenTwoHosts() throws IOException, InterruptedException
    {
        final Path regions = Files.createDirectory(temp.resolve("regions"));
        final Process process = CapsRun.startUnheard("demo", "--remote", "--directory", regions.toString());
        try
        {
            // A service, two bridges and two clients.
            CapsRun.awaitChildren(process, 5);
            final List<Path> drivers = process.toHandle().children()
                .map((child) -> Path.of("/dev/shm/caps-bridge-" + child.pid() + "-0")).toList();
            process.destroyForcibly();
            assertThat(process.waitFor(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
            CapsRun.assertNothingLeft(regions, "jcaps-demo-");
            await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES).untilAsserted(() ->
                assertThat(drivers).allSatisfy((driver) -> assertThat(driver).doesNotExist()));
        }
        finally
        {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldRefuseBadOptionsBeforeItBegins() throws IOException, InterruptedException
    {
        assertRefused("--messages", "demo", "--messages", "99");
        assertRefused("--messages", "demo", "--messages", "many");
        assertRefused("--messages", "demo", "--remote", "--messages", "2000001");
        assertRefused("--round-trips", "demo", "--round-trips", "-1");
        assertRefused("--no-such-thing", "demo", "--no-such-thing");
        assertRefused("--json", "demo", "--json", temp.resolve("no/such/directory.json").toString());
        assertRefused("--json", "demo", "--json", temp.toString());
        assertRefused("--directory", "demo", "--directory", temp.resolve("none").toString());
    }

    private static void assertRefused(final String named, final String... args)
        throws IOException, InterruptedException
    {
        final CapsRun run = new CapsRun(args);
        assertThat(run.exitCode()).as(run.output()).isEqualTo(2);
        assertThat(run.output()).contains(named).doesNotContain("\tat ");
    }
}
