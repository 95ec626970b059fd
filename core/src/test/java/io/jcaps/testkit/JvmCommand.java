/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line of a JVM that a test starts: with this JVM's JDK and its options for modules, native access and
 * Unsafe. That JVM starts fast and takes little memory.
 */
public final class JvmCommand
{
    private static final List<String> HANDED_ON =
        List.of("--add-exports", "--enable-native", "--sun", "-XX:+IgnoreUnrecognizedVMOptions");

    private JvmCommand()
    {
    }

    /**
     * @return path of this JVM's {@code java}.
     */
    public static String java()
    {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /**
     * @param launcher  command that starts the rest of its arguments; empty for none.
     * @param options   more options for the JVM, after the common ones.
     * @param classPath of the JVM.
     * @param main      class to run.
     * @param arguments of the class.
     * @return the command, which the caller may change.
     */
    public static List<String> of(
        final List<String> launcher,
        final List<String> options,
        final String classPath,
        final Class<?> main,
        final List<String> arguments)
    {
        final List<String> command = new ArrayList<>(launcher);
        command.add(java());
        for (final String argument : ManagementFactory.getRuntimeMXBean().getInputArguments())
        {
            if (HANDED_ON.stream().anyMatch(argument::startsWith))
            {
                command.add(argument);
            }
        }
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(arguments);
        return command;
    }
}
