/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.Geometry;
import io.jcaps.shm.os.JvmRegistry;
import io.jcaps.shm.os.ProcessInfo;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * A fresh directory in memory for each test, and an end to all that the test left: attachments are closed, peers are
 * killed, mounts undone. A lock file that is open after that fails the test.
 */
public final class RegionFixture implements BeforeEachCallback, AfterEachCallback
{
    /** Small enough that tests look at every entry. */
    public static final Geometry SMALL = ShmPeer.GEOMETRY;
    /** No user of this machine. */
    public static final int OTHER_ID = 54_321;

    private final List<AutoCloseable> closeables = new ArrayList<>();
    private Path directory;

    @Override
    public void beforeEach(final ExtensionContext context) throws IOException
    {
        final Path memory = Path.of("/dev/shm");
        final Path parent =
            Files.isWritable(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir"));
        directory = Files.createTempDirectory(parent, "jcaps-test-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    @Override
    public void afterEach(final ExtensionContext context) throws Exception
    {
        Thread.interrupted();
        try
        {
            closeAll();
            assertThat(openLockFiles()).as("lock files that the test left open").isEmpty();
        }
        finally
        {
            try (Stream<Path> paths = Files.walk(directory))
            {
                for (final Path path : paths.sorted(Comparator.reverseOrder()).toList())
                {
                    Files.delete(path);
                }
            }
        }
    }

    /** In reverse order; the first failure is reported when all had their turn. */
    private void closeAll() throws Exception
    {
        Exception failure = null;
        for (int i = closeables.size() - 1; i >= 0; i--)
        {
            try
            {
                closeables.get(i).close();
            }
            catch (final Exception ex)
            {
                failure = null == failure ? ex : failure;
            }
        }
        if (null != failure)
        {
            throw failure;
        }
    }

    public static Map<?, ?> openLockFiles()
    {
        // Strays are kept for good; there are none unless a file is replaced under its opener.
        final Map<Object, Object> registry = JvmRegistry.find("locks");
        synchronized (registry)
        {
            final Map<Object, Object> open = new HashMap<>(registry);
            open.remove("strays");
            return open;
        }
    }

    public Path directory()
    {
        return directory;
    }

    public Path path()
    {
        return directory.resolve("region");
    }

    public Path lockPath()
    {
        return directory.resolve("region.lock");
    }

    public RegionConfig config()
    {
        return new RegionConfig().path(path()).geometry(SMALL);
    }

    public ShmHost open()
    {
        return open(config());
    }

    public ShmHost open(final RegionConfig config)
    {
        return closing(ShmHost.open(config));
    }

    public <T extends AutoCloseable> T closing(final T closeable)
    {
        closeables.add(closeable);
        return closeable;
    }

    /** Names in the directory, sorted. */
    public List<String> names() throws IOException
    {
        return names(directory);
    }

    public static List<String> names(final Path directory) throws IOException
    {
        try (Stream<Path> paths = Files.list(directory))
        {
            return paths.map((path) -> path.getFileName().toString()).sorted().toList();
        }
    }

    /** A tmpfs of its own, gone with the test. */
    public Path mountTmpfs(final String options) throws Exception
    {
        assumeRoot();
        final Path mountPoint = Files.createDirectory(directory.resolve("mount"));
        final String output = run("mount", "-t", "tmpfs", "-o", "mode=700," + options, "tmpfs", mountPoint.toString());
        assumeTrue(null == output, "a tmpfs cannot be mounted here: " + output);
        closing(() -> assertThat(run("umount", "-l", mountPoint.toString())).isNull());
        return mountPoint;
    }

    public static void assumeRoot()
    {
        assumeTrue(0 == ProcessInfo.find().self().euid(), "only root can do what this test needs");
    }

    /** Runs a command: null if it succeeded, else what it said. */
    public static String run(final String... command) throws IOException, InterruptedException
    {
        final Process process;
        try
        {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        }
        catch (final IOException ex)
        {
            return ex.getMessage();
        }
        final String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return 0 == process.exitValue() ? null : output + "(exit " + process.exitValue() + ")";
    }
}
