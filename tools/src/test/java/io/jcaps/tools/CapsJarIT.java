/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import io.jcaps.testkit.JvmCommand;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

import static org.assertj.core.api.Assertions.assertThat;

class CapsJarIT
{
    @Test
    void shouldHaveNothingInItThatItsLicenceOrItsStartForbids() throws IOException
    {
        try (JarFile jar = new JarFile(Path.of("target", "caps.jar").toFile()))
        {
            assertThat(jar.stream().map(ZipEntry::getName))
                // JMH is GPL-2, VectorGraphics2D LGPL.
                .noneMatch((name) -> name.startsWith("org/openjdk/jmh") || name.startsWith("de/erichseifert"))
                .noneMatch((name) -> name.endsWith("module-info.class"))
                .noneMatch((name) -> name.matches("META-INF/[^/]*\\.(SF|DSA|RSA|EC)"))
                .contains("META-INF/LICENSE", "META-INF/NOTICE.txt");
        }
    }

    @Test
    void shouldStartFromTheJarAloneAndKnowItsVersion() throws IOException, InterruptedException
    {
        final Process process = new ProcessBuilder(
            JvmCommand.java(),
            "-jar", Path.of("target", "caps.jar").toString(),
            "--version")
            .redirectErrorStream(true)
            .start();
        try
        {
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(output).matches("caps \\d+\\.\\d+\\.\\d+\\S*\\R");
            assertThat(process.exitValue()).isZero();
        }
        finally
        {
            process.destroyForcibly();
        }
    }
}
