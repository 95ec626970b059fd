/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.Access;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.sys.CapsSys;
import io.jcaps.testkit.RegionProbe;
import io.jcaps.testkit.Watchdog;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A directory in memory for a region of the test's own. After the test all that was given to it is closed, in reverse
 * order; then nobody may be left in the tables, and no lock file open.
 */
public final class TestRegion implements BeforeEachCallback, AfterEachCallback
{
    /** Few entries, so that one that is not given back is missed soon; slots and lengths are the real ones. */
    public static final Geometry SMALL = new Geometry(8, 16, 8, 128, Geometry.MAX_MESSAGE_LIMIT);

    private static final String LOCKS_KEY = "io.jcaps.shm.locks.2";

    private final List<AutoCloseable> closeables = new ArrayList<>();
    private final Geometry geometry;
    private final Access access;
    private Path directory;
    private RegionProbe probe;

    /** A region of the small geometry, for this user. */
    public TestRegion()
    {
        this(SMALL, Access.PRIVATE);
    }

    /**
     * @param geometry of the region.
     * @param access   to it.
     */
    public TestRegion(final Geometry geometry, final Access access)
    {
        this.geometry = geometry;
        this.access = access;
    }

    @Override
    public void beforeEach(final ExtensionContext context) throws IOException
    {
        final Path memory = Path.of("/dev/shm");
        directory = Files.createTempDirectory(
            Files.isWritable(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir")), "jcaps-test-");
        Files.setPosixFilePermissions(
            directory, PosixFilePermissions.fromString(Access.WORLD == access ? "rwxr-xr-x" : "rwx------"));
        // Whoever attaches first decides on the geometry.
        attach().close();
        probe = RegionProbe.of(path());
        Watchdog.watch(probe);
    }

    @Override
    public void afterEach(final ExtensionContext context) throws Exception
    {
        Thread.interrupted();
        Watchdog.forget(probe);
        try
        {
            Throwable failure = null;
            for (int i = closeables.size() - 1; i >= 0; i--)
            {
                try
                {
                    closeables.get(i).close();
                }
                catch (final Exception | AssertionError ex)
                {
                    failure = null == failure ? ex : failure;
                }
            }
            if (null != failure)
            {
                throw new AssertionError("what the test opened could not be closed", failure);
            }
            final Tables tables = tables();
            // A process that was killed by way of the one that had started it may still be dying.
            await().untilAsserted(() -> assertNobodyIn(tables));
            final Object locks = System.getProperties().get(LOCKS_KEY);
            assertThat(null == locks ? Map.of() : (Map<?, ?>)locks).as("lock files left open").isEmpty();
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

    private void assertNobodyIn(final Tables tables)
    {
        // A process stays in the region while the program can write through a claim: dropped claims are found.
        System.gc();
        // Whoever attaches removes what the dead have left.
        attach().close();
        assertThat(tables.openPorts()).as("ports left behind").isEmpty();
        assertThat(tables.usedLinks()).as("links left behind").isEmpty();
        assertThat(tables.processCount()).as("processes left behind").isZero();
    }

    /**
     * @return the region's file.
     */
    public Path path()
    {
        return directory.resolve("region");
    }

    /**
     * @return a configuration for the region.
     */
    public RegionConfig config()
    {
        return new RegionConfig().path(path()).geometry(geometry).access(access);
    }

    /**
     * @return an attachment to the region.
     */
    public Attachment attach()
    {
        return Caps.attach(config());
    }

    /**
     * @return effective user id of this process.
     */
    public int ownUid()
    {
        try (Attachment attachment = attach())
        {
            return attachment.credentials().euid();
        }
    }

    /**
     * @return what stands for one more process; closed after the test.
     */
    public CapsSys openSys()
    {
        return closing(CapsSys.open(path()));
    }

    /**
     * @return header and tables, to be looked at.
     */
    public Tables tables()
    {
        try
        {
            return new Tables(path());
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    /**
     * @param closeable to be closed after the test.
     * @param <T>       its type.
     * @return the same.
     */
    public <T extends AutoCloseable> T closing(final T closeable)
    {
        closeables.add(closeable);
        return closeable;
    }
}
