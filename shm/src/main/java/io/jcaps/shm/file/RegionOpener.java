/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.RegionHeader;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.HugePages;
import io.jcaps.shm.os.LockedMemory;
import io.jcaps.shm.os.ProcessInfo;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Finds a region or creates it. The order in which files appear makes all processes use the same region:
 * <ol>
 * <li>The lock file is made first, under a private name, and gets its own by {@code link}, which fails if there is
 *     one. It is never replaced while there is a region: the same locks serve every process that attaches.</li>
 * <li>A process that holds the tables' lock on it, and finds no region, makes one under a private name: length, memory
 *     for header and tables, header; then gives it its name, by {@code link} again. No process sees half a region.</li>
 * <li>A process that finds a region attaches, without any lock, and without ever making a lock file: a region without
 *     one lost it, and another in its place would show all processes in the region as dead.</li>
 * </ol>
 * A creator that dies leaves at most its private file. It differs from that of a living one: the creator holds the
 * tables' lock, so private files that the lock's next holder finds have no living creator. (A lock file's private file
 * can vanish that way under its living creator, which then finds the lock file made by another, or tries again.)
 * <p>
 * A region of an earlier boot has no processes: it is removed and made again, under the tables' lock, and the lock file
 * stays. Neither boot nor pids decide that alone: the kernel has to report that no process holds a life lock.
 * <p>
 * If a region is removed while it is in use, the one made after it has the same lock file. Which bytes are life locks
 * depends on the region's random id, so a process in one region is never mistaken for one in the other. The two share
 * the tables' lock, which only makes one wait for the other.
 * <p>
 * An interrupt does not end any call of this class; it stays pending.
 */
public final class RegionOpener
{
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final RegionConfig config;
    private final ProcessInfo processInfo;
    private final HugePages hugePages;
    private final UUID bootId;
    private final Path path;
    private final Path lockPath;
    private final Pattern privateName;
    private RegionDirectory directory;
    private LifeLocks locks;
    private boolean hasMadeLockFile;
    private boolean hasTidied;

    /**
     * @param config      concluded.
     * @param processInfo source of the boot id, the uid and the table of locks.
     */
    public RegionOpener(final RegionConfig config, final ProcessInfo processInfo)
    {
        this.config = config;
        this.processInfo = processInfo;
        hugePages = HugePages.open(config.hugePages(), System.getProperty("os.name"), System.getProperty("os.arch"));
        bootId = processInfo.bootId();
        path = config.path();
        lockPath = config.lockPath();
        privateName = PrivateFile.directoryName(path);
    }

    /**
     * @return the region, which the caller closes.
     * @throws RegionException if there is no region that can be used and none can be created: the message has the cause
     *                         and what to do. At most a created directory remains.
     */
    public RegionFile open()
    {
        final long startNs = System.nanoTime();
        boolean interrupted = Thread.interrupted();
        RegionFile region = null;
        try
        {
            directory = RegionDirectory.open(
                path.getParent(), config.access(), config.createIfMissing(), processInfo.self().euid());
            while (true)
            {
                region = tryOpen();
                if (null != region)
                {
                    return region;
                }
                closeLocks();
                if (System.nanoTime() - startNs > config.attachTimeoutNs())
                {
                    throw new RegionException("no region: " + path + " or " + lockPath +
                        " was removed or replaced again and again for " + config.attachTimeoutNs() + " ns");
                }
                interrupted |= Thread.interrupted();
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
        catch (final IOException ex)
        {
            throw new RegionException("region " + path + " cannot be used or made: " + RegionDirectory.reason(ex), ex);
        }
        finally
        {
            if (null == region)
            {
                closeLocks();
            }
            if (null != directory)
            {
                directory.close();
            }
            if (interrupted)
            {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * @return the locks that belong to the region which {@link #open()} returned; the caller closes them.
     */
    public LifeLocks locks()
    {
        return locks;
    }

    /** One attempt; null if something changed in the meantime, so that the caller tries again. */
    private RegionFile tryOpen() throws IOException
    {
        FileStat found = FileStat.of(path);
        final FileStat foundLock = FileStat.of(lockPath);
        if (null == foundLock)
        {
            if (null == found)
            {
                checkMayCreate();
                makeLockFile();
                return null;
            }
            return refuseWithoutLockFile(found);
        }
        if (null != found)
        {
            directory.checkFile(found, path);
        }
        directory.checkFile(foundLock, lockPath);
        locks = openLocks(foundLock);
        if (null == locks)
        {
            return null;
        }

        if (null != found && !hasTidied && (found.nlink() > 1 || isAnyPrivateLeft()) && locks.lockTables(0))
        {
            // Its creator may have died before it removed the private name, which would keep the memory for ever, or
            // the directory of that.
            try
            {
                removePrivateFiles();
                hasTidied = true;
            }
            finally
            {
                locks.unlockTables();
            }
        }
        if (null != found)
        {
            final RegionFile region = attach(found);
            if (null != region)
            {
                return region;
            }
            found = FileStat.of(path);
        }
        if (null == found)
        {
            checkMayCreate();
        }

        if (!locks.lockTables(config.attachTimeoutNs()))
        {
            final int holder = new LockHolders(false, processInfo, locks).applyAsInt(ProcessDescriptor.TABLES_POSITION);
            throw new RegionException("region " + path + " cannot be made: the tables' lock on " + lockPath +
                " was not free for " + config.attachTimeoutNs() + " ns" +
                (holder > 0 ? ", process " + holder + " has it: is it stopped?" : ""));
        }
        try
        {
            // A region created from here on is valid only if later processes find this lock file.
            return locks.isAt(lockPath) ? replaceOrCreate() : null;
        }
        finally
        {
            locks.unlockTables();
        }
    }

    /** Throws what is wrong with a file that has no lock file beside it; null if it changed in the meantime. */
    private RegionFile refuseWithoutLockFile(final FileStat found) throws IOException
    {
        directory.checkFile(found, path);
        final RegionChannel channel = openRegion(found);
        if (null == channel)
        {
            return null;
        }
        try
        {
            // A file that is no region is reported as such: this library must not advise to remove it.
            readHeader(channel);
        }
        finally
        {
            channel.close();
        }
        // The region existed without its lock file, and is still the same region: so the lock file was removed after
        // the region was created.
        if (found.isSameFile(FileStat.of(path)) && null == FileStat.of(lockPath))
        {
            throw new RegionException("region without its lock file: " + lockPath + " was removed, so it is " +
                "not known which processes use " + path + ": end all programs that use it, then remove it");
        }
        return null;
    }

    /** Attaches to the file that was found; null if it is gone, or of an earlier boot. */
    private RegionFile attach(final FileStat found) throws IOException
    {
        final RegionChannel channel = openRegion(found);
        if (null == channel)
        {
            return null;
        }
        boolean isAttached = false;
        try
        {
            final RegionHeader header = readHeader(channel);
            // The lock file that is held must be the one that those in this region hold, and both must have been found
            // in the directory that was checked.
            if (!isStale(header) && found.isSameFile(FileStat.of(path)) && locks.isAt(lockPath) && directory.isAtPath())
            {
                final UnsafeBuffer tables = new UnsafeBuffer(channel.map(0, header.geometry().tablesLength()));
                final long lockInode = RegionHeader.lockInode(tables);
                if (lockInode != locks.file().ino())
                {
                    throw new RegionException("the lock file is not this region's: " + lockPath + " is inode " +
                        locks.file().ino() + ", the region's was " + lockInode + ". It was replaced, so it is " +
                        "not known which processes use " + path + ": end them all, then remove both files");
                }
                final RegionFile region = new RegionFile(path, header, channel, tables, hugePages);
                isAttached = true;
                return region;
            }
            return null;
        }
        finally
        {
            if (!isAttached)
            {
                channel.close();
            }
        }
    }

    /** Under the tables' lock: removes what is stale and makes a new region; null if there is one to attach to. */
    private RegionFile replaceOrCreate() throws IOException
    {
        removePrivateFiles();
        final FileStat found = FileStat.of(path);
        if (null != found)
        {
            directory.checkFile(found, path);
            final RegionChannel channel = openRegion(found);
            if (null == channel)
            {
                return null;
            }
            final RegionHeader header;
            try
            {
                header = readHeader(channel);
            }
            finally
            {
                channel.close();
            }
            if (!isStale(header))
            {
                return null;
            }
            checkMayReplace(header);
            directory.hold().delete(path.getFileName(), found);
        }

        RegionFile region = null;
        try
        {
            region = create();
            return region;
        }
        finally
        {
            // Remove the lock file that was created for nothing, too. Processes that wait for its lock find that it is
            // no longer the one at the path.
            if (null == region && hasMadeLockFile && isGone(path) && !locks.isAnyoneAlive())
            {
                deleteQuietly(lockPath, locks.file());
            }
        }
    }

    /** Under the tables' lock: makes a region; null if another is there. */
    private RegionFile create() throws IOException
    {
        final Geometry geometry = config.geometry();
        RegionChannel channel = null;
        boolean isPublished = false;
        try (PrivateFile file = directory.createFile(path))
        {
            channel = RegionChannel.of(file);
            // A zero at the end gives the file its length, with holes before it. The zeros written to the tables
            // allocate their pages, so that no store to them fails.
            channel.writeZeros(geometry.fileLength() - 1, 1);
            channel.writeZeros(0, geometry.tablesLength());
            final UnsafeBuffer tables = new UnsafeBuffer(channel.map(0, geometry.tablesLength()));
            final RegionHeader header = new RegionHeader(geometry, UUID.randomUUID().getLeastSignificantBits(),
                null == bootId ? new UUID(0, 0) : bootId, System.currentTimeMillis());
            header.write(tables);
            RegionHeader.lockInode(tables, locks.file().ino());
            file.publish(path);
            channel.movedTo(path);
            isPublished = true;
            return new RegionFile(path, header, channel, tables, hugePages);
        }
        catch (final FileAlreadyExistsException ex)
        {
            return null;
        }
        catch (final UnsupportedOperationException ex)
        {
            throw new RegionException("a region cannot lie in " + directory.path() + ": its file system has no " +
                "modes or hard links: use a directory under /dev/shm", ex);
        }
        catch (final IOException ex)
        {
            throw new RegionException("region " + path + " cannot be made: " + geometry.tablesLength() +
                " bytes of memory for its tables, in a file of " + geometry.fileLength() + " bytes, of which " +
                usableSpace() + " are free: " + RegionDirectory.reason(ex) +
                LockedMemory.advice(geometry.tablesLength()), ex);
        }
        finally
        {
            if (null != channel && !isPublished)
            {
                channel.close();
            }
        }
    }

    private void makeLockFile() throws IOException
    {
        try (PrivateFile file = directory.createFile(path))
        {
            // Closed before it has its name: closing it later would drop this JVM's locks.
            file.channel().close();
            file.publish(lockPath);
            hasMadeLockFile = true;
        }
        catch (final FileAlreadyExistsException | NoSuchFileException ex)
        {
            // Another process created it, or removed the private file as a dead creator's: the next attempt decides.
            return;
        }
    }

    private LifeLocks openLocks(final FileStat foundLock) throws IOException
    {
        try
        {
            return LifeLocks.open(lockPath);
        }
        catch (final IOException ex)
        {
            throw new RegionException("lock file " + lockPath + " cannot be opened: " + RegionDirectory.reason(ex) +
                ": mode " + foundLock.modeText() + ", " + foundLock.ownerText(), ex);
        }
    }

    private RegionChannel openRegion(final FileStat found) throws IOException
    {
        try
        {
            return RegionChannel.open(path, found, processInfo.self().euid());
        }
        catch (final NoSuchFileException ex)
        {
            return null;
        }
        catch (final IOException ex)
        {
            throw new RegionException("region " + path + " cannot be opened: " + RegionDirectory.reason(ex) +
                ": mode " + found.modeText() + ", " + found.ownerText(), ex);
        }
    }

    private RegionHeader readHeader(final RegionChannel channel) throws IOException
    {
        // A copy of the header: nothing is mapped before the file's length is checked.
        final long fileLength = channel.size();
        final byte[] bytes = new byte[(int)Math.min(fileLength, RegionDescriptor.HEADER_LENGTH)];
        channel.read(bytes);
        return RegionHeader.read(new UnsafeBuffer(bytes), fileLength, path.toString());
    }

    private boolean isStale(final RegionHeader header)
    {
        final UUID unknown = new UUID(0, 0);
        return null != bootId && !unknown.equals(header.bootId()) && !bootId.equals(header.bootId());
    }

    private void checkMayCreate()
    {
        if (!config.createIfMissing())
        {
            throw new RegionException("no region: " + path + " does not exist: start the program that creates it");
        }
    }

    private void checkMayReplace(final RegionHeader header)
    {
        if (!config.createIfMissing())
        {
            throw new RegionException("no region: " + path + " is of boot " + header.bootId() + ", this is boot " +
                bootId + ": start the program that creates it");
        }
        if (locks.isAnyoneAlive())
        {
            throw new RegionException("region " + path + " is of boot " + header.bootId() + ", this is boot " + bootId +
                ", and yet a process uses it: is it shared with another machine? Use another path");
        }
    }

    private void removePrivateFiles() throws IOException
    {
        for (final Path name : privateNames())
        {
            PrivateFile.removeLeft(directory.hold(), name);
        }
    }

    private boolean isAnyPrivateLeft() throws IOException
    {
        return !privateNames().isEmpty();
    }

    private List<Path> privateNames() throws IOException
    {
        try
        {
            return directory.hold().names((each) -> privateName.matcher(each).matches());
        }
        catch (final AccessDeniedException ex)
        {
            // A directory that cannot be listed.
            return List.of();
        }
    }

    private void deleteQuietly(final Path file, final FileStat found)
    {
        try
        {
            directory.hold().delete(file.getFileName(), found);
        }
        catch (final IOException ex)
        {
            // For the next creator to remove.
        }
    }

    private static boolean isGone(final Path path)
    {
        try
        {
            return null == FileStat.of(path);
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    private String usableSpace()
    {
        try
        {
            return Long.toString(Files.getFileStore(directory.path()).getUsableSpace());
        }
        catch (final IOException ex)
        {
            return "an unknown number";
        }
    }

    private void closeLocks()
    {
        if (null != locks)
        {
            locks.close();
            locks = null;
        }
    }
}
