/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bridge;

import io.jcaps.bridge.BridgeDirectory;
import io.jcaps.bridge.session.SessionCounter;
import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.region.Regions;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The status that a bridge writes each second, for tools; and the directories that killed bridges leave.
 *
 * @param directory    of the bridge.
 * @param pid          of its process, as that process sees it.
 * @param region       that it serves.
 * @param naksSent     requests of its media driver to send lost packets again.
 * @param naksReceived such requests of its peers.
 * @param refused      importers that its exports refused or did not answer.
 * @param rows         its imports, and the importers of its exports.
 */
public record BridgeStatus(
    Path directory,
    long pid,
    String region,
    long naksSent,
    long naksReceived,
    long refused,
    List<BridgeStatus.Row> rows)
{
    private static final String NAME = "caps-bridge-[0-9]{1,10}-[0-9]{1,10}";
    private static final Set<PosixFilePermission> OWNERS_ALONE = Set.of(
        PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);
    /**
     * Most entries of the parent directory that are read. Any user can write to it, and Linux continues the listing of
     * a tmpfs as long as files are renamed there.
     */
    private static final int MAX_FILES = 20_000;
    private static final long GRACE_MS = TimeUnit.MINUTES.toMillis(1);
    private static final int PID_FIELD = 2;
    private static final int FIRST_COUNT_FIELD = 6;

    /**
     * One import, or one importer of an export.
     *
     * @param isImport    whether it is an import.
     * @param service     name; empty if the importer has not given one that is exported.
     * @param peer        address of the other end.
     * @param isUp        whether the service can be reached.
     * @param links       clients that are connected.
     * @param roundTripNs between the bridges; 0 if it is not known.
     * @param counts      of its sessions.
     */
    public record Row(
        boolean isImport, String service, String peer, boolean isUp, int links, long roundTripNs,
        Map<SessionCounter, Long> counts)
    {
        private static Row parse(final String line)
        {
            final String[] fields = line.split("\t", -1);
            final Map<SessionCounter, Long> counts = new EnumMap<>(SessionCounter.class);
            for (final SessionCounter counter : SessionCounter.values())
            {
                counts.put(counter, Long.parseLong(fields[FIRST_COUNT_FIELD + counter.ordinal()]));
            }
            return new Row(Boolean.parseBoolean(fields[0]), fields[1], fields[2], Boolean.parseBoolean(fields[3]),
                Integer.parseInt(fields[4]), Long.parseLong(fields[5]), counts);
        }
    }

    /**
     * @return statuses of this user's bridges on this machine, including killed ones.
     */
    public static List<BridgeStatus> all()
    {
        final List<BridgeStatus> found = new ArrayList<>();
        for (final Path directory : directories())
        {
            try
            {
                final List<String> lines = Files.readAllLines(directory.resolve(BridgeDirectory.STATUS));
                final String[] fields = lines.get(0).split("\t", -1);
                found.add(new BridgeStatus(directory, pid(directory), fields[2], Long.parseLong(fields[0]),
                    Long.parseLong(fields[1]), Long.parseLong(fields[3]),
                    lines.stream().skip(1).map(Row::parse).toList()));
            }
            catch (final IOException | RuntimeException ignore)
            {
                // Not written yet, or removed in the meantime.
                continue;
            }
        }
        return found;
    }

    /**
     * @return directories of this user's bridges that have died, which {@link #delete(Path)} removes.
     */
    public static List<Path> dead()
    {
        return directories().stream().filter(BridgeStatus::isDead).toList();
    }

    /** The released lock proves that the bridge is dead. A pid proves nothing across containers. */
    private static boolean isDead(final Path directory)
    {
        // To close a file drops the locks of it that other parts of this process hold.
        if (ProcessHandle.current().pid() == pid(directory))
        {
            return false;
        }
        try
        {
            if (!Files.exists(directory.resolve(BridgeDirectory.LOCK)))
            {
                return System.currentTimeMillis() - Files.getLastModifiedTime(directory).toMillis() > GRACE_MS;
            }
            try (FileChannel lock = FileChannel.open(directory.resolve(BridgeDirectory.LOCK), StandardOpenOption.WRITE))
            {
                return null != lock.tryLock();
            }
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    /**
     * @return whether the bridge still runs.
     */
    public boolean isAlive()
    {
        return !isDead(directory);
    }

    /**
     * Removes the directory of a bridge that has died. No link in it is followed.
     *
     * @param directory of the bridge.
     */
    public static void delete(final Path directory)
    {
        WorkDirectory.remove(directory);
    }

    private static long pid(final Path directory)
    {
        return Long.parseLong(directory.getFileName().toString().split("-")[PID_FIELD]);
    }

    private static List<Path> directories()
    {
        try (Stream<Path> files = Files.list(BridgeDirectory.parent()))
        {
            return own(files);
        }
        catch (final IOException ex)
        {
            return List.of();
        }
    }

    /** Keeps the directories of this user's bridges. */
    static List<Path> own(final Stream<Path> files)
    {
        return files.limit(MAX_FILES)
            .filter((file) -> file.getFileName().toString().matches(NAME) && isOwn(file)).distinct().sorted().toList();
    }

    /**
     * Any user can make a directory of that name, with links, pipes or a forged status in it. So it counts only if this
     * user owns it and no other user can write to it.
     */
    private static boolean isOwn(final Path directory)
    {
        try
        {
            final PosixFileAttributes found =
                Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return found.isDirectory() && OWNERS_ALONE.containsAll(found.permissions()) &&
                Integer.valueOf(Regions.euid()).equals(
                    Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS));
        }
        catch (final IOException | UnsupportedOperationException ex)
        {
            return false;
        }
    }
}
