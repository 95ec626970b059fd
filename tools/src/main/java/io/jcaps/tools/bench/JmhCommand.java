/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * {@code caps bench jmh}: the JMH suite, in a JVM of its own. JMH is licensed otherwise than this project, and in a jar
 * of its own.
 */
@Command(
    name = "jmh",
    sortOptions = false,
    customSynopsis = "caps bench jmh [--help] [JMH options ...] [regular expressions of benchmarks ...]",
    description = {
        "Runs the JMH benchmarks: single operations, and round trips with the other side in another JVM. All " +
            "arguments are JMH's; without -prof, allocation is measured: -prof gc. JMH's own help: caps bench jmh -h",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:measured", "1:there is no jar with benchmarks, or JMH failed"})
final class JmhCommand implements Callable<Integer>
{
    /** System property: the jar with the benchmarks, if it is not where a checkout has it. */
    static final String JAR_PROPERTY = "caps.benchmarks.jar";

    @Spec
    private CommandSpec spec;

    @Option(names = "--help", usageHelp = true, description = "Show this help message and exit.")
    private boolean isHelpWanted;

    @Unmatched
    private List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() throws IOException, InterruptedException
    {
        final Path jar = jar();
        if (!Files.isRegularFile(jar))
        {
            spec.commandLine().getErr().println("no jar with benchmarks: " + jar + System.lineSeparator() +
                "Build it in a checkout with: mvn -B -DskipTests -pl bench -am package" + System.lineSeparator() +
                "or say where it is: java -D" + JAR_PROPERTY + "=<path of benchmarks.jar> -jar caps.jar bench jmh");
            return CommandLine.ExitCode.SOFTWARE;
        }
        final Process process = new ProcessBuilder(command(jar, arguments)).inheritIO().start();
        final Thread hook = new Thread(process::destroy, "jmh-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        final boolean isDone = 0 == process.waitFor();
        try
        {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        catch (final IllegalStateException ignore)
        {
            // The shutdown has begun: the hook cannot be removed.
        }
        return isDone ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    static List<String> command(final Path jar, final List<String> arguments)
    {
        final List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            // JMH passes these flags to its forks, too.
            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+IgnoreUnrecognizedVMOptions",
            "--sun-misc-unsafe-memory-access=allow",
            "-jar",
            jar.toString()));
        if (!arguments.contains("-prof"))
        {
            command.addAll(List.of("-prof", "gc"));
        }
        command.addAll(arguments);
        return command;
    }

    /**
     * The jar of {@link #JAR_PROPERTY}; without it bench/target/benchmarks.jar of the checkout that contains this jar
     * as tools/target/caps.jar.
     */
    static Path jar()
    {
        final String named = System.getProperty(JAR_PROPERTY);
        if (null != named)
        {
            return Path.of(named).toAbsolutePath();
        }
        try
        {
            return Path.of(JmhCommand.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                .resolve("../../../bench/target/benchmarks.jar").normalize();
        }
        catch (final URISyntaxException ex)
        {
            throw new IllegalStateException("cannot find where this program is", ex);
        }
    }
}
