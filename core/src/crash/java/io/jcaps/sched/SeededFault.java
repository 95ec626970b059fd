/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sched;

import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The library with a fault in it: some text of its sources replaced, and compiled.
 */
final class SeededFault
{
    private static final Path SOURCES = Path.of("src", "main", "java", "io", "jcaps").toAbsolutePath();

    private final Map<String, String> texts = new TreeMap<>();

    /**
     * Replaces text that the source contains once.
     *
     * @param source file below the library's package.
     * @param from   what is there.
     * @param to     what is there instead.
     * @return this.
     */
    SeededFault replace(final String source, final String from, final String to)
    {
        final String text = texts.computeIfAbsent(source, SeededFault::read);
        assertThat(text.split(java.util.regex.Pattern.quote(from), -1)).as("in %s: %s", source, from).hasSize(2);
        texts.put(source, text.replace(from, to));
        return this;
    }

    private static String read(final String source)
    {
        try
        {
            return Files.readString(SOURCES.resolve(source));
        }
        catch (final IOException ex)
        {
            throw new AssertionError(ex);
        }
    }

    /** The classes of the changed sources, by name. */
    Map<String, byte[]> compile() throws IOException
    {
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        final DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
        final Map<String, ByteArrayOutputStream> classes = new HashMap<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(diagnostics, null, null);
            JavaFileManager inMemory = new ForwardingJavaFileManager<>(files)
            {
                @Override
                public JavaFileObject getJavaFileForOutput(
                    final Location location, final String name, final JavaFileObject.Kind kind, final FileObject from)
                {
                    return new SimpleJavaFileObject(URI.create("memory:///" + name.replace('.', '/')), kind)
                    {
                        @Override
                        public OutputStream openOutputStream()
                        {
                            return classes.computeIfAbsent(name, (key) -> new ByteArrayOutputStream());
                        }
                    };
                }
            })
        {
            final List<SimpleJavaFileObject> sources = texts.entrySet().stream().map(SeededFault::source).toList();
            final boolean isCompiled = compiler.getTask(null, inMemory, diagnostics, List.of("-nowarn", "-proc:none",
                "--release", "17", "-classpath", System.getProperty("java.class.path")), null, sources).call();
            assertThat(isCompiled).as(() -> errors(diagnostics)).isTrue();
        }
        final Map<String, byte[]> result = new HashMap<>();
        classes.forEach((name, bytes) -> result.put(name, bytes.toByteArray()));
        return result;
    }

    private static String errors(final DiagnosticCollector<JavaFileObject> diagnostics)
    {
        return diagnostics.getDiagnostics().stream().filter((it) -> Diagnostic.Kind.ERROR == it.getKind()).toList()
            .toString();
    }

    private static SimpleJavaFileObject source(final Map.Entry<String, String> entry)
    {
        return new SimpleJavaFileObject(
            URI.create("memory:///io/jcaps/" + entry.getKey()), JavaFileObject.Kind.SOURCE)
        {
            @Override
            public CharSequence getCharContent(final boolean ignoreEncodingErrors)
            {
                return entry.getValue();
            }
        };
    }
}
