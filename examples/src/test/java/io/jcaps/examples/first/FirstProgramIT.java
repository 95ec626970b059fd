/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.first;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The README's first program, each side in a virtual machine of its own.
 */
@Timeout(120)
class FirstProgramIT
{
    private final List<Process> processes = new ArrayList<>();

    @TempDir
    private Path directory;

    @AfterEach
    void endProcesses()
    {
        processes.forEach(Process::destroyForcibly);
    }

    @Test
    void shouldDoubleNumbersInAnotherProcess() throws Exception
    {
        // The client first: it waits for the service.
        final Process client = start(DoublingClient.class);
        final Process service = start(DoublingService.class);

        final String output = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(client.waitFor()).as(output).isZero();
        assertThat(output.lines()).containsExactly(
            "3 doubled is 6", "2 doubled is 4", "1 doubled is 2", "0 doubled is 0");

        final String serviceOutput = new String(service.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(service.waitFor()).as(serviceOutput).isZero();
        assertThat(serviceOutput).isEmpty();
    }

    private Process start(final Class<?> main) throws IOException
    {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (final String argument : ManagementFactory.getRuntimeMXBean().getInputArguments())
        {
            if (argument.startsWith("--add-exports") || argument.startsWith("--enable-native-access"))
            {
                command.add(argument);
            }
        }
        command.add("-Djcaps.region=" + directory.resolve("own").resolve("region"));
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main.getName());
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        processes.add(process);
        return process;
    }
}
