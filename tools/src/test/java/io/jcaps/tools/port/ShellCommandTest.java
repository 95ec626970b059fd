/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.port;

import io.jcaps.host.Credentials;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** The command of a service gets the client's identity, and is held to the limits that its user gave. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShellCommandTest
{
    private static final int OUTPUT_LIMIT = 20;
    /** Of a set-uid program: asked for by 1001, running as 1002. */
    private static final Credentials CLIENT = new Credentials(4711, 1001, 1002, 1003, 1004, new int[0]);
    private static final long LIMIT_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private static String run(final String command, final String input, final long limitNs)
        throws IOException, ShellCommand.Failure, InterruptedException
    {
        final byte[] bytes = input.getBytes(StandardCharsets.UTF_8);
        return new String(
            new ShellCommand(command, OUTPUT_LIMIT, limitNs).run(bytes, CLIENT), StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("F23: it reads the request, and its environment names the client's process and real user")
    void shouldTellWhoAsks() throws IOException, ShellCommand.Failure, InterruptedException
    {
        assertThat(run("cat; echo $CAPS_CLIENT_PID:$CAPS_CLIENT_UID", "a;b$c ", Long.MAX_VALUE))
            .isEqualTo("a;b$c 4711:1001\n");
    }

    @Test
    @DisplayName("A reply is as long as a message may be, and no longer")
    void shouldBoundItsOutput() throws IOException, ShellCommand.Failure, InterruptedException
    {
        assertThat(run("printf %20s", "", Long.MAX_VALUE)).hasSize(OUTPUT_LIMIT);
        assertThatThrownBy(() -> run("printf %21s", "", Long.MAX_VALUE)).isInstanceOf(ShellCommand.Failure.class)
            .hasMessage("printed more than 20 bytes");
    }

    @Test
    @DisplayName("What a command printed before it failed is no reply")
    void shouldFailWithItsCommand()
    {
        assertThatThrownBy(() -> run("echo half; exit 3", "", Long.MAX_VALUE))
            .isInstanceOf(ShellCommand.Failure.class).hasMessage("ended with exit code 3");
    }

    @Test
    @DisplayName("A command that takes too long is ended with its processes, also when it prints nothing more")
    void shouldEndWithItsLimit(@TempDir final Path directory) throws IOException
    {
        final Path pids = directory.resolve("pids");
        final Path late = directory.resolve("late");
        for (final String more : new String[] {"", "exec >&-; "})
        {
            final String command = more + "(sleep 5; touch " + late + ") & echo $! >" + pids + "; echo $$ >>" + pids +
                "; wait; :";
            // How long the shell takes to come so far is not known: a limit too short for that is doubled.
            for (long limitNs = LIMIT_NS; !isComplete(pids); limitNs *= 2)
            {
                final long tried = limitNs;
                assertThatThrownBy(() -> run(command, "", tried)).isInstanceOf(ShellCommand.Failure.class)
                    .hasMessage("took longer than " + TimeUnit.NANOSECONDS.toMillis(tried) + " ms");
            }
            for (final String pid : Files.readAllLines(pids))
            {
                await().atMost(10, TimeUnit.MINUTES).until(
                    () -> ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isEmpty());
            }
            assertThat(late).doesNotExist();
            Files.delete(pids);
        }
    }

    private static boolean isComplete(final Path pids) throws IOException
    {
        return Files.exists(pids) && 2 == Files.readAllLines(pids).size();
    }
}
