/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.CellRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import javax.tools.ToolProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The example of a contender, compiled and put into a jar as its user would.
 */
@Timeout(600)
class ContenderPathIT
{
    private static final Path EXAMPLE = Path.of("src", "example");
    private static final String SERVICE = "META-INF/services/" + Contender.class.getName();
    private static final long TIME_NS = 50_000_000;

    @TempDir
    private Path directory;

    @AfterEach
    void removeContenders()
    {
        Contenders.addPath(List.of());
    }

    @Test
    void shouldMeasureAContenderOfAnotherJar() throws IOException
    {
        Contenders.addPath(List.of(exampleJar()));

        final CellResult result = CellRunner.run(Cell.roundTrip("mailbox", 64).times(TIME_NS, TIME_NS), 1);

        assertThat(result.failure()).isNull();
        assertThat(result.measuredCount()).isPositive();
        assertThat(CellRunner.run(Cell.roundTrip("mailbox", 64).pipelined(8), 1).failure()).contains("one box");
    }

    @Test
    void shouldShowItAfterTheOthers() throws IOException
    {
        final int count = Contenders.all().size();
        Contenders.addPath(List.of(exampleJar()));

        assertThat(Contenders.all()).hasSize(count + 1);
        assertThat(Contenders.all().get(count).name()).isEqualTo("mailbox");
    }

    @Test
    void shouldSayWhyAJarHasNone() throws IOException
    {
        final Path missing = directory.resolve("missing.jar");
        assertThatThrownBy(() -> Contenders.addPath(List.of(missing)))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("missing.jar: no such file");

        final Path empty = directory.resolve("empty.jar");
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(empty)))
        {
            jar.putNextEntry(new JarEntry("nothing"));
        }
        assertThatThrownBy(() -> Contenders.addPath(List.of(empty))).hasMessageContaining(SERVICE);

        final Path example = exampleJar();
        assertThatThrownBy(() -> Contenders.addPath(List.of(example, example)))
            .hasMessageContaining("another contender of that name: mailbox");
        assertThat(Contenders.all()).noneMatch((contender) -> "mailbox".equals(contender.name()));
    }

    private Path exampleJar() throws IOException
    {
        final Path classes = Files.createDirectories(directory.resolve("classes"));
        final int exitCode = ToolProvider.getSystemJavaCompiler().run(null, null, null,
            "-proc:none", "-cp", System.getProperty("java.class.path"), "-d", classes.toString(),
            EXAMPLE.resolve("java/com/example/MailboxContender.java").toString());
        assertThat(exitCode).isZero();
        final Path file = directory.resolve("mailbox.jar");
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file)))
        {
            jar.putNextEntry(new JarEntry(SERVICE));
            Files.copy(EXAMPLE.resolve("resources").resolve(SERVICE), jar);
            for (final Path path : Files.list(classes.resolve("com/example")).toList())
            {
                jar.putNextEntry(new JarEntry("com/example/" + path.getFileName()));
                Files.copy(path, jar);
            }
        }
        return file;
    }
}
