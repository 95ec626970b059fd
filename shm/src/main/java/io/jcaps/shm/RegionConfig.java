/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.Geometry;
import io.jcaps.shm.os.ProcessInfo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * The path of a region and how it is created. Set what differs from the defaults; {@link #conclude()} checks all values
 * once, and after that none can be changed.
 * <p>
 * This is the one place where system properties and the environment are read, and they are only defaults:
 * {@code jcaps.region} or else the variable {@code CAPS_REGION} for the path, {@code jcaps.enabled} and
 * {@code jcaps.futex} ({@code true} or {@code false}).
 * <p>
 * One thread sets; any thread may read a concluded configuration.
 */
public final class RegionConfig
{
    /** System property: path of the region file. */
    public static final String REGION_PROPERTY = "jcaps.region";
    /** Environment variable: path of the region file, where the system property is not set. */
    public static final String REGION_VARIABLE = "CAPS_REGION";
    /** System property: whether the library may be used at all (R10). */
    public static final String ENABLED_PROPERTY = "jcaps.enabled";
    /** Environment variable that switches CAPS off if it is {@code 0} and the property is not set (R10). */
    public static final String ENABLED_VARIABLE = "CAPS_ENABLED";
    /** System property: whether sleepers may wait on a futex. */
    public static final String FUTEX_PROPERTY = "jcaps.futex";
    /** Default of {@link #attachTimeoutNs()}, in nanoseconds: 5 s. */
    public static final long DEFAULT_ATTACH_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);
    /** Default of {@link #watchIntervalNs()}, in nanoseconds: 30 ms. */
    public static final long DEFAULT_WATCH_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(30);

    /** Suffix of a lock file's name, after the name of its region's file. */
    public static final String LOCK_SUFFIX = ".lock";

    private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*");

    private boolean concluded;
    private Path path;
    private Geometry geometry = Geometry.DEFAULT;
    private Access access = Access.PRIVATE;
    private boolean createIfMissing = true;
    private boolean enabled = defaultEnabled();
    private boolean futex = Boolean.parseBoolean(System.getProperty(FUTEX_PROPERTY, "true"));
    private boolean hugePages;
    private long attachTimeoutNs = DEFAULT_ATTACH_TIMEOUT_NS;
    private long watchIntervalNs = DEFAULT_WATCH_INTERVAL_NS;
    private ThreadFactory watchThreadFactory;

    /**
     * @return the region file's path. If none was set: the system property, the environment variable, or a directory
     *         of the user's own under {@code /dev/shm}, where memory is that is not written to a disk; without
     *         {@code /dev/shm}, under the directory for temporary files.
     */
    public Path path()
    {
        if (null == path)
        {
            path = defaultPath();
        }
        return path;
    }

    /**
     * @param path of the region file; its directory must belong to the users of the region alone.
     * @return this.
     */
    public RegionConfig path(final Path path)
    {
        checkNotConcluded();
        this.path = path;
        return this;
    }

    /**
     * @return counts and lengths of a region that is created.
     */
    public Geometry geometry()
    {
        return geometry;
    }

    /**
     * @param geometry of the region if it is created; an existing region keeps its own.
     * @return this.
     */
    public RegionConfig geometry(final Geometry geometry)
    {
        checkNotConcluded();
        this.geometry = geometry;
        return this;
    }

    /**
     * @return which users share the region: {@link Access#PRIVATE} unless set otherwise.
     */
    public Access access()
    {
        return access;
    }

    /**
     * @param access which users share the region: it sets the modes of created files and directories, and whose files
     *               are trusted.
     * @return this.
     */
    public RegionConfig access(final Access access)
    {
        checkNotConcluded();
        this.access = access;
        return this;
    }

    /**
     * @return whether a missing region is created: true unless set otherwise.
     */
    public boolean createIfMissing()
    {
        return createIfMissing;
    }

    /**
     * @param createIfMissing false to attach to an existing region, or else fail.
     * @return this.
     */
    public RegionConfig createIfMissing(final boolean createIfMissing)
    {
        checkNotConcluded();
        this.createIfMissing = createIfMissing;
        return this;
    }

    /**
     * @return false if the library is switched off: its calls then fail with {@code EOPNOTSUPP} (R10).
     */
    public boolean enabled()
    {
        return enabled;
    }

    /**
     * @param enabled false to switch the library off (R10).
     * @return this.
     */
    public RegionConfig enabled(final boolean enabled)
    {
        checkNotConcluded();
        this.enabled = enabled;
        return this;
    }

    /**
     * @return whether waiting threads sleep on a futex where there is one; otherwise they poll every millisecond.
     */
    public boolean futex()
    {
        return futex;
    }

    /**
     * @param futex false to do without native code.
     * @return this.
     */
    public RegionConfig futex(final boolean futex)
    {
        checkNotConcluded();
        this.futex = futex;
        return this;
    }

    /**
     * @return whether Linux is asked to map links by huge pages: false unless set otherwise.
     */
    public boolean hugePages()
    {
        return hugePages;
    }

    /**
     * Asks Linux to map links by huge pages, of 2 MiB on most machines. It does so for a region on a tmpfs that is
     * mounted with {@code huge=advise}, from Linux 5.14 on; anywhere else this changes nothing but costs some
     * microseconds when a cell gets memory. Nothing fails without them.
     * <p>
     * Memory is then allocated by the huge page: a link of which one cell is in use takes 2 MiB for each direction
     * instead of 4 KiB, and the first message in a huge page waits until the kernel has allocated and cleared it,
     * unless {@link io.jcaps.PortOptions#prefaultLength} had that done when the port was opened. Only huge pages that
     * lie wholly in one link are mapped as such, so a link of less than 4 MiB may have none. {@link
     * io.jcaps.Attachment#pageMode()} reports whether the kernel was asked; what it gave is in {@code
     * /proc/<pid>/smaps} as {@code ShmemPmdMapped}, at the mappings of the region's inode.
     *
     * @param hugePages true to ask for them; needs JNA.
     * @return this.
     */
    public RegionConfig hugePages(final boolean hugePages)
    {
        checkNotConcluded();
        this.hugePages = hugePages;
        return this;
    }

    /**
     * @return longest wait in nanoseconds for another process that creates the region or holds the tables' lock.
     */
    public long attachTimeoutNs()
    {
        return attachTimeoutNs;
    }

    /**
     * @param attachTimeoutNs longest wait in nanoseconds for another process that creates the region or holds the
     *                        tables' lock; positive.
     * @return this.
     */
    public RegionConfig attachTimeoutNs(final long attachTimeoutNs)
    {
        checkNotConcluded();
        this.attachTimeoutNs = attachTimeoutNs;
        return this;
    }

    /**
     * @return nanoseconds between two checks of a peer's life while this process waits for it.
     */
    public long watchIntervalNs()
    {
        return watchIntervalNs;
    }

    /**
     * @param watchIntervalNs nanoseconds between two checks of a peer's life; positive.
     * @return this.
     */
    public RegionConfig watchIntervalNs(final long watchIntervalNs)
    {
        checkNotConcluded();
        this.watchIntervalNs = watchIntervalNs;
        return this;
    }

    /**
     * @return the factory of the attachment's watch thread; null for an ordinary thread.
     */
    public ThreadFactory watchThreadFactory()
    {
        return watchThreadFactory;
    }

    /**
     * Sets the factory of the attachment's watch thread, {@code jcaps-watch}. On Linux a new thread inherits the
     * processors of the thread that makes it: if that one is pinned to a core of its own, as a trading thread is, the
     * watch would run on that core, too. A factory can create it from another thread, or pin it before it runs its
     * task. The thread is made a daemon.
     *
     * @param watchThreadFactory called once, by the thread that attaches; null for an ordinary thread.
     * @return this.
     */
    public RegionConfig watchThreadFactory(final ThreadFactory watchThreadFactory)
    {
        checkNotConcluded();
        this.watchThreadFactory = watchThreadFactory;
        return this;
    }

    /**
     * Checks all values and makes the path absolute; after this no value can be set. A second call does nothing.
     *
     * @return this.
     * @throws IllegalArgumentException if a value is not valid: the message has the value and the reason.
     */
    public RegionConfig conclude()
    {
        if (!concluded)
        {
            Objects.requireNonNull(geometry, "geometry");
            Objects.requireNonNull(access, "access");
            checkPositive("attachTimeoutNs", attachTimeoutNs);
            checkPositive("watchIntervalNs", watchIntervalNs);
            path = path().toAbsolutePath();
            if (null == path.getFileName() || null == path.getParent() ||
                ".".equals(path.getFileName().toString()) || "..".equals(path.getFileName().toString()))
            {
                throw new IllegalArgumentException("path must name a file in a directory: path=" + path);
            }
            if (path.getFileName().toString().endsWith(LOCK_SUFFIX))
            {
                throw new IllegalArgumentException(
                    "path must not end in " + LOCK_SUFFIX + ", the lock files' own ending: path=" + path);
            }
            concluded = true;
        }
        return this;
    }

    /**
     * @return path of the lock file, which is beside the region file.
     */
    public Path lockPath()
    {
        return path().resolveSibling(path().getFileName() + LOCK_SUFFIX);
    }

    private void checkNotConcluded()
    {
        if (concluded)
        {
            throw new IllegalStateException("the configuration is in use already: make a new one");
        }
    }

    private static void checkPositive(final String name, final long value)
    {
        if (value <= 0)
        {
            throw new IllegalArgumentException(name + " must be positive: " + name + "=" + value);
        }
    }

    private static boolean defaultEnabled()
    {
        final String property = System.getProperty(ENABLED_PROPERTY);
        return null != property ? Boolean.parseBoolean(property) : !"0".equals(System.getenv(ENABLED_VARIABLE));
    }

    private static Path defaultPath()
    {
        final String property = System.getProperty(REGION_PROPERTY);
        if (null != property && !property.isEmpty())
        {
            return Path.of(property);
        }
        final String variable = System.getenv(REGION_VARIABLE);
        if (null != variable && !variable.isEmpty())
        {
            return Path.of(variable);
        }
        final Path memory = Path.of("/dev/shm");
        final Path parent = Files.isDirectory(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir"));
        return parent.resolve("jcaps-" + userName()).resolve("default");
    }

    private static String userName()
    {
        // The name only keeps users apart: the operating system reports who owns the directory. A uid without a name
        // gives "?".
        final String name = System.getProperty("user.name", "");
        return PLAIN_NAME.matcher(name).matches() ? name : Integer.toString(ProcessInfo.find().self().euid());
    }
}
