/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import org.junit.jupiter.api.Test;
import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;

import static org.assertj.core.api.Assertions.assertThat;

class CapsCommandTest
{
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final CommandLine commandLine = CapsCommand.commandLine()
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err));

    @Test
    void shouldPrintUsageWhenAskedForHelp()
    {
        assertThat(commandLine.execute("--help")).isEqualTo(CommandLine.ExitCode.OK);
        assertThat(out.toString()).contains("Usage: caps");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void shouldRejectAnUnknownSubcommand()
    {
        assertThat(commandLine.execute("no-such-thing")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("no-such-thing");
    }
}
