/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Builds a native program from a checkout's sources, once in this JVM. */
final class NativeBuild
{
    /**
     * System property with the directory of the checkout; otherwise the working directory and its parent are searched.
     */
    static final String HOME_PROPERTY = "jcaps.home";

    private final List<String> tools;
    private final Path directory;
    private final List<String> command;
    private final Path program;
    private String obstacle;
    private boolean isTried;

    private NativeBuild(
        final List<String> tools, final Path directory, final List<String> command, final Path program)
    {
        this.tools = tools;
        this.directory = directory;
        this.command = command;
        this.program = program;
    }

    /**
     * @param name of a program of {@code c/bench}.
     * @return how to build it.
     */
    static NativeBuild make(final String name)
    {
        return new NativeBuild(
            List.of("make", "cc"), Path.of("c"), List.of("make", "-s", "build/" + name), Path.of("build", name));
    }

    /**
     * @param crate   directory of it in {@code bench/native}.
     * @param program that it builds.
     * @return how to build it.
     */
    static NativeBuild cargo(final String crate, final String program)
    {
        return new NativeBuild(List.of("cargo"), Path.of("bench", "native", crate),
            List.of("cargo", "build", "--release", "--locked", "--quiet"), Path.of("target", "release", program));
    }

    /**
     * @return null if the program exists now, otherwise what is missing, in a few words.
     */
    synchronized String obstacle()
    {
        if (!isTried)
        {
            isTried = true;
            obstacle = build();
        }
        return obstacle;
    }

    /**
     * @return the program, which may not exist.
     */
    List<String> program()
    {
        final Path sources = sources();
        return List.of((null == sources ? program : sources.resolve(program)).toString());
    }

    private String build()
    {
        for (final String tool : tools)
        {
            if (!isOnPath(tool))
            {
                return "not built: there is no " + tool + " here";
            }
        }
        final Path sources = sources();
        if (null == sources)
        {
            return "not built: its sources, " + directory + " of a checkout, are not here";
        }
        if (Files.notExists(sources.resolve(program)))
        {
            System.err.println("bench: building " + directory.resolve(program));
        }
        try
        {
            final Process process = new ProcessBuilder(command).directory(sources.toFile())
                .redirectErrorStream(true).redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null"))).start();
            final String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return 0 == process.waitFor() ? null :
                "not built: " + printed.lines().findFirst().orElse("exit value " + process.exitValue());
        }
        catch (final IOException ex)
        {
            return "not built: " + ex.getMessage();
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            return "not built: interrupted";
        }
    }

    private Path sources()
    {
        final String home = System.getProperty(HOME_PROPERTY);
        final List<Path> places = null == home ? List.of(Path.of(""), Path.of("..")) : List.of(Path.of(home));
        return places.stream().map((place) -> place.resolve(directory).toAbsolutePath().normalize())
            .filter(Files::isDirectory).findFirst().orElse(null);
    }

    private static boolean isOnPath(final String tool)
    {
        for (final String place : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        {
            if (!place.isEmpty() && Files.isExecutable(Path.of(place, tool)))
            {
                return true;
            }
        }
        return false;
    }
}
