/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One run of the model checker, in a JVM of its own, because it ends its JVM and keeps state in static fields.
 */
public final class Tlc
{
    private static final Path SPECIFICATIONS = Path.of("src", "test", "tla").toAbsolutePath();

    private static final Path WORK = Path.of("target", "tlc").toAbsolutePath();
    private static final Pattern VIOLATED =
        Pattern.compile("Error: (?:Invariant (\\w+) is violated|Temporal properties were violated)");
    private static final Pattern COUNTED = Pattern.compile("([\\d,]+) distinct states found, 0 states left on queue");
    private static final String NO_ERROR = "Model checking completed. No error has been found.";

    /** All that it printed. */
    private final String output;

    private Tlc(final String output)
    {
        this.output = output;
    }

    /**
     * Runs the model checker.
     *
     * @param name       of this run: of its files in the module's target directory.
     * @param module     to check.
     * @param constants  of the model.
     * @param invariants to check.
     * @param properties to check, temporal ones.
     * @param isShort    whether the run is too short for the optimising compiler to pay.
     */
    public static Tlc run(
        final String name,
        final String module,
        final Map<String, String> constants,
        final List<String> invariants,
        final List<String> properties,
        final boolean isShort) throws IOException, InterruptedException
    {
        final Path directory = WORK.resolve(name);
        deleteAll(directory);
        Files.createDirectories(directory);
        // TLC looks for a module beside its configuration, and unpacks its library's modules among temporary files.
        Files.copy(SPECIFICATIONS.resolve(module + ".tla"), directory.resolve(module + ".tla"));
        Files.writeString(directory.resolve(module + ".cfg"), configuration(constants, invariants, properties));
        final Path printed = directory.resolve("output.txt");

        final Process process = new ProcessBuilder(
            JvmCommand.java(),
            "-XX:+UseParallelGC", "-XX:ParallelGCThreads=1", "-XX:TieredStopAtLevel=" + (isShort ? 1 : 4),
            "-XX:-UsePerfData", "-Xmx1g",
            "-Djava.io.tmpdir=" + directory, "-cp", System.getProperty("java.class.path"), "tlc2.TLC",
            "-workers", isShort ? "1" : "2", "-fp", "0", "-seed", "0",
            "-metadir", directory.resolve("states").toString(),
            "-config", module + ".cfg", module + ".tla")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile())
            .start();
        try
        {
            process.waitFor();
        }
        finally
        {
            process.destroyForcibly().waitFor();
        }
        final Tlc result = new Tlc(Files.readString(printed, StandardCharsets.UTF_8));
        deleteAll(directory.resolve("states"));
        return result;
    }

    /** The configuration of a module as its file in the repository has it. */
    public static Map<String, String> constants(final String module) throws IOException
    {
        final Map<String, String> result = new TreeMap<>();
        for (final String line : Files.readAllLines(SPECIFICATIONS.resolve(module + ".cfg")))
        {
            final int equals = line.indexOf(" = ");
            if (equals > 0)
            {
                result.put(line.substring(0, equals).strip(), line.substring(equals + 3).strip());
            }
        }
        return result;
    }

    private static String configuration(
        final Map<String, String> constants, final List<String> invariants, final List<String> properties)
    {
        return "CONSTANTS\n" +
            constants.entrySet().stream()
                .map((constant) -> "    " + constant.getKey() + " = " + constant.getValue() + "\n")
                .collect(Collectors.joining()) +
            "SPECIFICATION Spec\nCHECK_DEADLOCK FALSE\n" +
            list("INVARIANTS", invariants) + list("PROPERTIES", properties);
    }

    private static String list(final String title, final List<String> names)
    {
        return names.isEmpty() ? "" : title + "\n    " + String.join("\n    ", names) + "\n";
    }

    private static void deleteAll(final Path directory) throws IOException
    {
        if (Files.exists(directory))
        {
            try (var paths = Files.walk(directory))
            {
                for (final Path path : paths.sorted(Comparator.reverseOrder()).toList())
                {
                    Files.delete(path);
                }
            }
        }
    }

    /** What was found: "nothing", the name of the violated invariant, "a temporal property", or all of the output. */
    public String found()
    {
        if (output.contains(NO_ERROR))
        {
            return "nothing";
        }
        final Matcher matcher = VIOLATED.matcher(output);
        if (!matcher.find())
        {
            return output;
        }
        return null != matcher.group(1) ? matcher.group(1) : "a temporal property";
    }

    /** Distinct states, if all were visited; otherwise 0. */
    public long stateCount()
    {
        final Matcher matcher = COUNTED.matcher(output);
        return matcher.find() ? Long.parseLong(matcher.group(1).replace(",", "")) : 0;
    }
}
