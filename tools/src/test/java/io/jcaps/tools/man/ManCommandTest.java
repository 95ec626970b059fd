/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.man;

import io.jcaps.tools.CapsCommand;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

class ManCommandTest
{
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final CommandLine commandLine = CapsCommand.commandLine()
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err));

    @Test
    @DisplayName("caps man lists each page with its purpose")
    void shouldListPages()
    {
        assertThat(commandLine.execute("man")).isEqualTo(CommandLine.ExitCode.OK);
        assertThat(ManualPage.ALL).allSatisfy((page) -> assertThat(out.toString().lines())
            .anyMatch((line) -> line.startsWith(page.title() + ' ') && line.endsWith(' ' + page.purpose())));
    }

    @ParameterizedTest
    @CsvSource({
        "caps_sys_put, CAPS_SYS_PUT(2)", "put, CAPS_SYS_PUT(2)", "caps_sys_put.2, CAPS_SYS_PUT(2)",
        "caps_sys_put(2), CAPS_SYS_PUT(2)", "2 put, CAPS_SYS_PUT(2)", "caps, CAPS(1)", "1 caps, CAPS(1)",
        "7 caps, CAPS(7)", "caps.7, CAPS(7)", "caps_java, CAPS_JAVA(7)", "ClientPort, CAPS_JAVA(7)",
        "7 java-api, CAPS_JAVA(7)"})
    @DisplayName("A page is found by its name, its section, or the call's name alone")
    void shouldFindPage(final String words, final String title)
    {
        assertThat(commandLine.execute(("man --text " + words).split(" "))).isEqualTo(CommandLine.ExitCode.OK);
        assertThat(out.toString()).startsWith(title).contains("\nNAME\n", "\nSEE ALSO\n");
        assertThat(err.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"nothing", "7 put", "put 2", "put reply", "0 caps", "12 caps", "1 2 3", "--export=x put"})
    @DisplayName("A missing page is reported by its name")
    void shouldRefuseWhatIsNoPage(final String words)
    {
        assertThat(commandLine.execute(("man " + words).split(" "))).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(out.toString()).isEmpty();
        assertThat(words.split(" ")).anySatisfy((word) -> assertThat(err.toString()).contains(": " + word));
        assertThat(err.toString()).contains("Try: caps man --help");
    }

    @Test
    @DisplayName("A command's name leads to its help")
    void shouldPointToHelpOfCommand()
    {
        assertThat(commandLine.execute("man", "demo")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("caps demo --help");
    }

    @Test
    @DisplayName("All pages are written where man and a browser find them")
    void shouldExport(@TempDir final Path directory) throws IOException
    {
        final Path target = directory.resolve("share").resolve("man");
        assertThat(commandLine.execute("man", "--export", target.toString())).isEqualTo(CommandLine.ExitCode.OK);
        assertThat(target.resolve("man2/caps_sys_put.2")).content().contains(".TH \"CAPS_SYS_PUT\" \"2\"");
        assertThat(target.resolve("man1/caps.1")).isNotEmptyFile();
        assertThat(target.resolve("man7/caps.7")).isNotEmptyFile();
        assertThat(target.resolve("html/caps.7.html")).content().contains(ManualPage.STYLE_SHEET);
        assertThat(target.resolve("html").resolve(ManualPage.STYLE_SHEET)).isNotEmptyFile();
    }

    @Test
    @DisplayName("Where the pages cannot be written it is said, by the exit code too")
    void shouldFailToExport(@TempDir final Path directory) throws IOException
    {
        final Path file = Files.createFile(directory.resolve("file"));
        assertThat(commandLine.execute("man", "--export", file.toString())).isEqualTo(CommandLine.ExitCode.SOFTWARE);
        assertThat(err.toString()).contains(file.toString());
    }

    @Test
    @DisplayName("man is given the page as a file, and where there is no man, or it fails, that is noticed")
    void shouldLetManShowThePage()
    {
        final ManualPage page = ManualPage.find("put", 0);
        assertThat(ManCommand.isShownBy(List.of("grep", "-q", "CAPS_SYS_PUT"), page)).isTrue();
        assertThat(ManCommand.isShownBy(List.of("grep", "-q", "CAPS_SYS_NO_SUCH_CALL"), page)).isFalse();
        assertThat(ManCommand.isShownBy(List.of("/no/such/program"), page)).isFalse();
    }
}
