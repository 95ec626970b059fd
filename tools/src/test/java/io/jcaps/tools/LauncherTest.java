/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The launcher {@code caps} in a checkout of its own, with a Maven that writes the sources into the jar, and a Java
 * that prints the jar.
 */
@Timeout(600)
class LauncherTest
{
    private static final String MVN = "#!/bin/sh\n" +
        "echo built >>builds; cat tools/src/main/Source >tools/target/caps.jar; sleep 0.3\n";
    private static final String JAVA = "#!/bin/sh\n" +
        "if [ \"$1\" = -version ]; then echo \"${JAVA_TOOL_OPTIONS:+noise version \\\"9\\\"}\" >&2;" +
        " echo 'openjdk version \"17.0.1\"' >&2; exit; fi\n" +
        "env | grep -e ^JAVA_TOOL -e ^LC_ALL -e ^LC_CTYPE\n" +
        "while [ \"$1\" != -jar ]; do shift; done; cat \"$2\"\n";

    @TempDir
    private Path home;
    private Path source;

    @BeforeEach
    void setUp() throws IOException
    {
        Files.copy(Path.of("..", "caps"), home.resolve("caps"));
        source = home.resolve("tools/src/main/Source");
        Files.createDirectories(source.getParent());
        Files.createDirectories(home.resolve("tools/target"));
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("pom.xml"), "<project/>");
        Files.writeString(home.resolve("tools/pom.xml"), "<project/>");
        Files.writeString(source, "first\n");
        executable(home.resolve("bin/mvn"), MVN);
        executable(home.resolve("bin/java"), JAVA);
    }

    @Test
    @DisplayName("It builds once, again when a source has changed, and not again when one was only touched")
    void shouldBuildWhenASourceHasChanged() throws IOException, InterruptedException
    {
        assertThat(finish(start(Map.of()))).contains("first\n");
        assertThat(finish(start(Map.of()))).contains("first\n");
        assertThat(builds()).isEqualTo(1);

        change("second\n");
        assertThat(finish(start(Map.of()))).contains("second\n");
        assertThat(builds()).isEqualTo(2);

        change("second\n");
        assertThat(finish(start(Map.of()))).endsWith("second\n");
        assertThat(finish(start(Map.of()))).endsWith("second\n");
        assertThat(builds()).as("a source that was touched has not changed").isEqualTo(2);
    }

    @Test
    @DisplayName("Two at once build once, and neither takes a jar that is not finished")
    void shouldBuildOnceForTwo() throws IOException, InterruptedException
    {
        final Process one = start(Map.of());
        final Process two = start(Map.of());
        assertThat(finish(one)).endsWith("first\n");
        assertThat(finish(two)).endsWith("first\n");
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    @DisplayName("A running process keeps its jar when the next version is built")
    void shouldKeepTheJarOfARunningProcess() throws IOException, InterruptedException
    {
        finish(start(Map.of()));
        final List<Path> before = jars();
        change("second\n");
        finish(start(Map.of()));
        assertThat(jars()).hasSize(2).containsAll(before);
        assertThat(before.get(0)).hasContent("first");
    }

    @Test
    @DisplayName("It finds the version of Java whatever JAVA_TOOL_OPTIONS makes a JVM print, and drops its JMX port")
    void shouldNotBeMisledByOptionsOfTheEnvironment() throws IOException, InterruptedException
    {
        final String output = finish(start(Map.of(
            "JAVA_TOOL_OPTIONS", "-Dcom.sun.management.jmxremote.port=1 -Dx=* -Xlog:gc*")));
        assertThat(output).contains("JAVA_TOOL_OPTIONS=-Dx=*\n").endsWith("first\n");
    }

    @Test
    @DisplayName("Without a locale it takes one with UTF-8, and leaves one alone that is set")
    void shouldHaveALocale() throws IOException, InterruptedException
    {
        assertThat(finish(start(Map.of()))).contains("LC_CTYPE=C.UTF-8");
        assertThat(finish(start(Map.of("LC_ALL", "POSIX")))).contains("LC_ALL=C.UTF-8");
        assertThat(finish(start(Map.of("LANG", "de_DE.UTF-8")))).doesNotContain("LC_");
    }

    @ParameterizedTest(name = "closed: {0}")
    @ValueSource(strings = {"", "<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"})
    @DisplayName("Standard streams that the caller has closed are open for the JVM, which would open files there")
    void shouldOpenWhatTheCallerHasClosed(final String closed) throws IOException, InterruptedException
    {
        final Path open = home.resolve("open");
        executable(home.resolve("bin/java"), "#!/bin/sh\n" +
            "if [ \"$1\" = -version ]; then echo 'openjdk version \"17.0.1\"' >&2; exit; fi\n" +
            "(exec 3<&0) && open=\"$open 0\"; (exec 3>&1) && open=\"$open 1\"\n" +
            "(exec 3>&2) && open=\"$open 2\"\n" +
            "echo \"open:$open\" >" + open + '\n');
        finish(start(Map.of(), "sh", "-c", "exec \"$@\" " + closed, "sh"));
        assertThat(open).hasContent("open: 0 1 2");
    }

    private Process start(final Map<String, String> variables, final String... wrapper) throws IOException
    {
        final List<String> command = new ArrayList<>(List.of(wrapper));
        command.addAll(List.of("sh", home.resolve("caps").toString(), "ls"));
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        final String path = home.resolve("bin") + ":" + System.getenv("PATH");
        builder.environment().clear();
        builder.environment().put("PATH", path);
        builder.environment().putAll(variables);
        return builder.start();
    }

    private static String finish(final Process process) throws IOException, InterruptedException
    {
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    private void change(final String text) throws IOException
    {
        Files.writeString(source, text);
        // Newer than all, on a file system of whatever resolution.
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusMillis(50)));
    }

    private long builds() throws IOException
    {
        return Files.readAllLines(home.resolve("builds")).size();
    }

    private List<Path> jars() throws IOException
    {
        try (var files = Files.list(home.resolve("tools/target/launcher")))
        {
            return files.filter((file) -> file.toString().endsWith(".jar")).toList();
        }
    }

    private static void executable(final Path file, final String text) throws IOException
    {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
