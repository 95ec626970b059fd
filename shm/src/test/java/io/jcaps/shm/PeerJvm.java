/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import com.sun.jna.Native;
import io.jcaps.host.Host;
import io.jcaps.testkit.JvmCommand;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A {@link ShmPeer} in a JVM of its own.
 */
public final class PeerJvm implements AutoCloseable
{
    /** Agrona needs the first, JNA wants the second from JDK 24 on. */
    public static final List<String> JVM_OPTIONS =
        List.of("--add-exports", "java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED");

    private final Process process;
    private final PrintStream input;
    private final BufferedReader output;

    private PeerJvm(final Process process)
    {
        this.process = process;
        input = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    public static PeerJvm start() throws IOException
    {
        return start(List.of(), JVM_OPTIONS, System.getProperty("java.class.path"));
    }

    /**
     * @param launcher    command that starts the rest of its arguments.
     * @param jvmOptions  for the JVM.
     * @param classPath   where it finds its classes.
     */
    public static PeerJvm start(final List<String> launcher, final List<String> jvmOptions, final String classPath)
        throws IOException
    {
        final List<String> command = new ArrayList<>(launcher);
        command.add(JvmCommand.java());
        command.addAll(jvmOptions);
        Collections.addAll(command, "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
            "-cp", classPath, ShmPeer.class.getName());
        return new PeerJvm(
            new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    }

    /** What a peer needs, and nothing else. */
    public static Set<Path> neededClassPath(final boolean withJna)
    {
        final Set<Path> entries = new LinkedHashSet<>();
        entries.add(location(ShmPeer.class));
        entries.add(location(ShmHost.class));
        entries.add(location(Host.class));
        entries.add(location(UnsafeBuffer.class));
        if (withJna)
        {
            entries.add(location(Native.class));
        }
        return entries;
    }

    public static String join(final Set<Path> entries)
    {
        return String.join(File.pathSeparator, entries.stream().map(Path::toString).toList());
    }

    /** Copies what a peer needs to where any user can read it. */
    public static String publicClassPath(final Path directory) throws IOException
    {
        final Set<Path> copies = new LinkedHashSet<>();
        for (final Path entry : neededClassPath(true))
        {
            final Path copy = directory.resolve("entry" + copies.size() + (Files.isDirectory(entry) ? "" : ".jar"));
            try (Stream<Path> paths = Files.walk(entry))
            {
                for (final Path path : paths.toList())
                {
                    final Path target = path.equals(entry) ? copy : copy.resolve(entry.relativize(path).toString());
                    Files.copy(path, target);
                    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
                }
            }
            copies.add(copy);
        }
        return join(copies);
    }

    public long pid()
    {
        return process.pid();
    }

    public String ask(final String line) throws IOException
    {
        tell(line);
        return answer();
    }

    public void tell(final String line)
    {
        input.println(line);
    }

    public String answer() throws IOException
    {
        final String answer = output.readLine();
        assertThat(answer).as("the peer's answer").isNotNull();
        return answer;
    }

    /** Returns when the process is gone. */
    public void kill()
    {
        process.destroyForcibly();
        process.onExit().join();
    }

    public void signal(final String name) throws IOException, InterruptedException
    {
        assertThat(RegionFixture.run("kill", "-" + name, Long.toString(pid()))).isNull();
    }

    @Override
    public void close()
    {
        input.close();
        // A launcher may stand before the JVM.
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        kill();
    }

    private static Path location(final Class<?> type)
    {
        try
        {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        }
        catch (final URISyntaxException ex)
        {
            throw new IllegalStateException(ex);
        }
    }
}
