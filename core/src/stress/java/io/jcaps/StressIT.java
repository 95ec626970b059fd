/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.testkit.JvmCommand;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.Main;
import org.openjdk.jcstress.infra.runners.TestList;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Runs jcstress over the orderings that the code names by a label. {@code -Djcstress.mode=default} or {@code tough}
 * instead of {@code quick} is for hours.
 */
class StressIT
{
    private static final String MODE = System.getProperty("jcstress.mode", "quick");
    private static final Path DIRECTORY = Path.of("target", "jcstress").toAbsolutePath();
    private static final String TESTS = "io\\.jcaps\\..*Stress.*";
    private static final String WEAKENED = "Weakened";
    // What a weakened pair fails by is rare.
    private static final int WEAKENED_RUN_COUNT = 5;
    private static final Pattern LABEL = Pattern.compile("//.*?\\[([a-z]+(?:-[a-z]+)*)]");
    private static final Pattern TEST = Pattern.compile("\\.+ \\[(\\w+)] (io\\.jcaps\\.\\S+)");
    private static final Pattern ROW =
        Pattern.compile("\\s+\\S.*?\\s+([\\d,]+)\\s+<?[\\d.]+%\\s+(Acceptable|Interesting|Forbidden)\\s+(.*)");

    /** What was seen of one test, over all ways in which it was run. */
    private static final class Seen
    {
        private final List<String> troubles = new ArrayList<>();
        private long sampleCount;
        private long interestingCount;
        private long forbiddenCount;

        @Override
        public String toString()
        {
            return String.format("%,11d samples, %,6d interesting, %d forbidden %s",
                sampleCount, interestingCount, forbiddenCount, troubles.isEmpty() ? "" : troubles);
        }
    }

    @Test
    @Tag("full")
    @DisplayName("each label: both halves of the pair against each other show no forbidden result")
    void shouldKeepEachOrder() throws Exception
    {
        assumeTrue(Runtime.getRuntime().availableProcessors() >= 2, "jcstress needs two processors");
        final Map<String, Seen> seen = run("all", TESTS);
        for (int i = 1; i < WEAKENED_RUN_COUNT && !isWeakenedSeen(seen); i++)
        {
            run("weakened-" + i, TESTS + WEAKENED).forEach(
                (name, again) -> seen.get(name).interestingCount += again.interestingCount);
        }

        for (final String label : labels())
        {
            System.out.println("[" + label + "]");
            seen.forEach((name, result) ->
            {
                if (testClass(label).equals(outerName(name)))
                {
                    System.out.printf("    %-28s %s%n", name.substring("io.jcaps.".length()), result);
                }
            });
        }

        assertThat(seen.keySet()).as("tests that were run").containsExactlyInAnyOrderElementsOf(tests());
        seen.forEach((name, result) ->
        {
            assertThat(result.sampleCount).as("samples of " + name).isPositive();
            assertThat(result.forbiddenCount).as("forbidden outcomes of %s, see %s", name, DIRECTORY).isZero();
            assertThat(result.troubles).as("troubles of %s, see %s", name, DIRECTORY).isEmpty();
        });
        // Each of them may escape a short run, the one with whole ports most likely.
        assertThat(isWeakenedSeen(seen)).as("whether the harness sees a missing fence, where one is missing").isTrue();
    }

    @Test
    @DisplayName("each label in the code has its test")
    void shouldHaveTestOfEachLabel() throws IOException
    {
        final TreeSet<String> expected = new TreeSet<>();
        labels().forEach((label) -> expected.add(testClass(label)));
        final TreeSet<String> found = new TreeSet<>();
        tests().forEach((test) -> found.add(outerName(test)));
        assertThat(expected).hasSizeGreaterThan(10);
        assertThat(found).isEqualTo(expected);
    }

    private static boolean isWeakenedSeen(final Map<String, Seen> seen)
    {
        return seen.entrySet().stream().anyMatch(
            (entry) -> entry.getKey().endsWith(WEAKENED) && entry.getValue().interestingCount > 0);
    }

    /** The labels in the comments of the code. */
    private static TreeSet<String> labels() throws IOException
    {
        final TreeSet<String> labels = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Path.of("src", "main", "java")))
        {
            for (final Path file : files.filter((path) -> path.toString().endsWith(".java")).toList())
            {
                final Matcher matcher = LABEL.matcher(Files.readString(file));
                while (matcher.find())
                {
                    labels.add(matcher.group(1));
                }
            }
        }
        return labels;
    }

    /** What jcstress has made runners of; were its processor not run, there would be none. */
    private static List<String> tests()
    {
        return TestList.tests().stream().filter((name) -> name.startsWith("io.jcaps.")).sorted().toList();
    }

    private static String testClass(final String label)
    {
        final StringBuilder name = new StringBuilder();
        for (final String word : label.split("-"))
        {
            name.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
        }
        return name.append("Stress").toString();
    }

    private static String outerName(final String test)
    {
        final String outer = test.substring(0, test.indexOf("Stress") + "Stress".length());
        return outer.substring(outer.lastIndexOf('.') + 1);
    }

    private static Map<String, Seen> run(final String name, final String tests)
        throws IOException, InterruptedException
    {
        final Path directory = Files.createDirectories(DIRECTORY.resolve(name));
        final Path console = directory.resolve("console.txt");
        final String jvmArguments = "--add-exports java.base/jdk.internal.misc=ALL-UNNAMED " +
            "-Dagrona.disable.bounds.checks=true";
        final List<String> command = new ArrayList<>(List.of(
            JvmCommand.java(),
            "-cp", absolute(System.getProperty("java.class.path")), Main.class.getName(),
            "-t", tests, "-r", directory.toString(), "-v", "-m", MODE, "-c", "2"));
        if ("quick".equals(MODE))
        {
            // One way to compile, one fork: the harness takes as long to start as the test. Neither pinned nor spinning
            // hard, as a shared machine would let the one actor wait for the other for seconds.
            command.addAll(List.of("-sc", "false", "-f", "1", "-iters", "1", "-time", "500", "-af", "NONE",
                "-spinStyle", "THREAD_YIELD", "-jvmArgs", jvmArguments));
        }
        else
        {
            command.addAll(List.of("-jvmArgsPrepend", jvmArguments));
        }
        final Process process = new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(console.toFile())
            .start();
        try
        {
            // Its exit value says the same as the results: they are judged here, one by one.
            process.waitFor();
        }
        finally
        {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        return parse(Files.readString(console));
    }

    /** What jcstress starts runs in another directory. */
    private static String absolute(final String classPath)
    {
        return String.join(System.getProperty("path.separator"),
            Arrays.stream(classPath.split(System.getProperty("path.separator")))
                .map((entry) -> Path.of(entry).toAbsolutePath().toString()).toList());
    }

    /** Reads the summary after the last test, in which each test appears once. */
    private static Map<String, Seen> parse(final String console)
    {
        final int begin = console.lastIndexOf("Interesting tests:");
        assertThat(begin).as("no results of jcstress: %s", console).isNotNegative();
        final Map<String, Seen> result = new TreeMap<>();
        Seen current = null;
        for (final String line : console.substring(begin).lines().toList())
        {
            final Matcher test = TEST.matcher(line);
            final Matcher row = ROW.matcher(line);
            if (test.find())
            {
                current = result.computeIfAbsent(test.group(2), (name) -> new Seen());
                // A time-out is a machine that had no time for one of the threads; what was seen until then counts.
                if (!"OK".equals(test.group(1)) && !"TIMEOUT".equals(test.group(1)))
                {
                    current.troubles.add(test.group(1));
                }
            }
            else if (null != current && row.matches())
            {
                final long count = Long.parseLong(row.group(1).replace(",", ""));
                current.sampleCount += count;
                switch (row.group(2))
                {
                    case "Interesting" -> current.interestingCount += count;
                    case "Forbidden" -> current.forbiddenCount += count;
                    default ->
                    {
                    }
                }
            }
        }
        return result;
    }
}
