/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import io.jcaps.layout.Geometry;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.terminal.ExitCodes;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

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

    @ParameterizedTest
    @ValueSource(strings = {
        "ls", "stat", "inflight", "ping", "call", "serve", "doctor", "reap", "completion", "demo", "bench", "soak"})
    @DisplayName("The help of each command names its exit codes, and stays within 80 columns")
    void shouldNameExitCodesInHelp(final String command)
    {
        assertThat(commandLine.execute(command, "--help")).isZero();
        assertThat(out.toString()).contains("Usage: caps " + command, "Exit codes:");
        assertThat(out.toString().lines()).allMatch((line) -> line.length() <= 80);
    }

    @Test
    @DisplayName("A default that a help text states is the default of the option")
    void shouldStateTheDefaultOfEachOption()
    {
        int count = 0;
        final Deque<CommandLine> commands = new ArrayDeque<>(List.of(commandLine));
        while (!commands.isEmpty())
        {
            final CommandLine command = commands.pop();
            commands.addAll(command.getSubcommands().values());
            for (final OptionSpec option : command.getCommandSpec().options())
            {
                final String text = String.join(" ", option.description());
                if (null != option.defaultValue() && text.contains("default: "))
                {
                    assertThat(text).as(command.getCommandName() + " " + option.longestName())
                        .containsAnyOf("${DEFAULT-VALUE}", "default: " + option.defaultValue(),
                            "default: " + option.defaultValue().toLowerCase(Locale.ROOT));
                    count++;
                }
            }
        }
        assertThat(count).isGreaterThan(20);
    }

    @ParameterizedTest
    @CsvSource({
        "'ls /no/such/directory', /no/such/directory",
        "'stat --sort colour', colour",
        "'stat --interval 3', 3",
        "'stat --watch --interval 1ms', 1ms",
        "'stat --watch --count 0', 0",
        "'inflight --hex=-1', -1",
        "'inflight --over never', never",
        "'ping', NAME",
        "'ping echo --count 0', 0",
        "'ping echo --send --size 131073', 131073",
        "'ping echo --size 100', --send",
        "'serve echo --exec cat --limit soon', soon",
        "'ping echo --interval soon', soon",
        "'ping BAD --uid', --uid",
        "'call echo --timeout x', x",
        "'serve echo', --echo",
        "'serve echo --echo --exec cat', --exec",
        "'serve echo --echo --count 0', 0",
        "'doctor --no-such', --no-such",
        "'reap --no-such', --no-such",
        "'completion fish', fish"
    })
    @DisplayName("Bad input is named, in a line or two, and ends with exit code 2")
    void shouldNameBadInput(final String line, final String named)
    {
        assertThat(commandLine.execute(line.split(" "))).isEqualTo(ExitCodes.USAGE);
        assertThat(err.toString()).contains(named, "Try: caps " + line.split(" ")[0] + " --help");
        assertThat(err.toString().lines().count()).isLessThanOrEqualTo(3);
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "stat", "stat --watch", "inflight", "reap", "ping echo", "call echo --text x", "stat --json"})
    @DisplayName("A region that is not there is named in one line, without a stack trace, with exit code 3")
    void shouldNameAMissingRegion(final String line, @TempDir final Path directory) throws IOException
    {
        final Path region = directory.resolve("none");
        final String[] args = (line + " --region " + region).split(" ");
        assertThat(commandLine.execute(args)).isEqualTo(ExitCodes.NOT_THERE);
        assertThat(err.toString()).contains(region + " does not exist").doesNotContain("\tat ");
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(out.toString()).isEmpty();
        assertThat(Files.list(directory)).isEmpty();
    }

    @Test
    @DisplayName("F23: no path, argument or directory is obeyed by the terminal that an error is printed on")
    void shouldEscapeWhatItNames(@TempDir final Path directory) throws IOException
    {
        final String odd = directory.resolve("a\u001b[2Jb\u202ec").toString();
        assertThat(commandLine.execute("stat", "--region", odd)).isEqualTo(ExitCodes.NOT_THERE);
        assertThat(commandLine.execute("stat", "--sort", "a\u001b[2Jb\u202ec")).isEqualTo(ExitCodes.USAGE);
        Files.createDirectory(Path.of(odd));
        assertThat(commandLine.execute("ls", odd)).isZero();
        assertThat(err.toString()).contains("no region: " + directory + "/a\\u001b[2Jb\\u202ec",
            "'a\\u001b[2Jb\\u202ec'");
        assertThat(out.toString()).contains("no regions in " + directory + "/a\\u001b[2Jb\\u202ec");
        assertThat(err.toString() + out).doesNotContain("\u001b", "\u202e");
    }

    @Test
    @DisplayName("F23: no path of a region that is there forges a line, or is obeyed by the terminal")
    void shouldEscapePathOfRegion(@TempDir final Path directory) throws IOException
    {
        final Path odd = Files.createDirectory(directory.resolve("a\u001b[2J\nb\u009b\u202ec"));
        Files.setPosixFilePermissions(odd, PosixFilePermissions.fromString("rwx------"));
        final Path region = odd.resolve("region");
        Caps.attach(new RegionConfig().path(region).geometry(new Geometry(4, 8, 8, 4, 100))).close();
        final String[][] lines = {{"stat"}, {"inflight"}, {"stat", "--count", "1"}, {"reap"}, {"doctor"}};
        for (final String[] line : lines)
        {
            final List<String> args = new ArrayList<>(List.of(line));
            args.addAll(List.of("--region", region.toString()));
            commandLine.execute(args.toArray(String[]::new));
            assertThat(out.toString()).as(args.toString()).contains("/a\\u001b[2J\\u000ab\\u009b\\u202ec/region");
            out.getBuffer().setLength(0);
        }
        Files.move(Files.createFile(odd.resolve("other")), odd.resolve("region.lock"),
            StandardCopyOption.REPLACE_EXISTING);
        assertThat(commandLine.execute("stat", "--region", region.toString())).isZero();
        assertThat(out.toString().lines().filter((line) -> line.contains("it is not known"))).hasSize(1)
            .allMatch((line) -> line.contains("/a\\u001b[2J\\u000ab\\u009b\\u202ec/region.lock"));
    }

    @Test
    @DisplayName("A path with .. behind a symbolic link is the same file for the command as for the library")
    void shouldLeaveAPathToTheOperatingSystem(@TempDir final Path directory) throws IOException
    {
        Files.createDirectories(directory.resolve("other/inner"));
        Files.createSymbolicLink(directory.resolve("link"), directory.resolve("other/inner"));
        Files.writeString(directory.resolve("other/letter"), "Dear Sir");
        assertThat(commandLine.execute("stat", "--region", directory.resolve("link/../letter").toString()))
            .isEqualTo(ExitCodes.NOT_THERE);
        assertThat(err.toString()).contains("not a region: " + directory + "/link/../letter");
    }

    @Test
    @DisplayName("With --verbose an error has a stack trace")
    void shouldPrintAStackTraceIfAsked(@TempDir final Path directory)
    {
        assertThat(commandLine.execute("stat", "--verbose", "--region", directory.resolve("none").toString()))
            .isEqualTo(ExitCodes.NOT_THERE);
        assertThat(err.toString()).contains("\tat io.jcaps.shm.inspect.RegionView");
    }

    @Test
    @DisplayName("A file that is no region is refused, and left as it is")
    void shouldRefuseWhatIsNoRegion(@TempDir final Path directory) throws IOException
    {
        final Path file = Files.writeString(directory.resolve("letter"), "Dear Sir");
        for (final String command : new String[] {"stat", "inflight", "reap"})
        {
            assertThat(commandLine.execute(command, "--region", file.toString())).isEqualTo(ExitCodes.NOT_THERE);
        }
        assertThat(err.toString()).contains("not a region: " + file);
        assertThat(file).hasContent("Dear Sir");
        assertThat(commandLine.execute("ls", directory.toString())).isZero();
        assertThat(out.toString()).contains("no regions in " + directory);
    }

    @Test
    @DisplayName("Doctor prints a finding for each check, also as JSON, and its exit code says whether one fails")
    void shouldFindSomethingForEachCheck(@TempDir final Path directory)
    {
        final int exitCode = commandLine.execute("doctor", "--json", "--region", directory.resolve("r").toString());
        assertThat(out.toString()).contains("\"JVM flags\"", "\"futex\"", "\"pidfd\"", "\"file system\"",
            "\"memory for regions\"", "\"permissions\"", "\"RemoveIPC\"", "\"CPU governor\"", "\"huge pages\"",
            "\"stale regions\"");
        assertThat(exitCode).isEqualTo(out.toString().contains("\"result\": \"fail\"") ? 1 : 0);
    }

    @Test
    @DisplayName("The completion script names all commands, and a shell can read it")
    void shouldPrintACompletionScript(@TempDir final Path directory) throws IOException, InterruptedException
    {
        assertThat(commandLine.execute("completion", "zsh")).isZero();
        assertThat(out.toString()).contains("bashcompinit", "inflight", "--dry-run");
        final Path script = Files.writeString(directory.resolve("caps.sh"), out.toString());
        final Process process;
        try
        {
            process = new ProcessBuilder("bash", "-n", script.toString()).inheritIO().start();
        }
        catch (final IOException ex)
        {
            abort("no bash: " + ex);
            return;
        }
        assertThat(process.waitFor()).isZero();
    }
}
