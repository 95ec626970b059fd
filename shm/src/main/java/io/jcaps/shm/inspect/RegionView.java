/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.PortCounter;
import io.jcaps.PortFlags;
import io.jcaps.host.Credentials;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.RegionHeader;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.shm.Access;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.ShmHost;
import io.jcaps.shm.file.LifeLocks;
import io.jcaps.shm.file.RegionChannel;
import io.jcaps.shm.file.RegionDirectory;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.LockTable;
import io.jcaps.shm.os.ProcessInfo;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A view of a region without attaching, whether its processes live or not: it writes nothing, takes no entry, and no
 * process waits for it.
 * <p>
 * It reads copies of the file instead of mapping it. A read of a hole returns zeros, where a load from a mapping would
 * allocate memory; and a file that is truncated in the meantime causes an error, where a load would end the JVM. The
 * copy is input: an entry is valid if its incarnation, which is never used again, is the same before and after it is
 * read, and each number is checked before it is used as an index.
 * <p>
 * To find whether a process lives, its byte of the lock file is locked and released. In a program that is attached to
 * the region, this uses the lock file that is open already.
 * <p>
 * Any thread may call; the calls are serialised.
 */
public final class RegionView implements AutoCloseable
{
    private static final int PAGE_LENGTH = 4_096;
    /** Most looks until one finds no service releasing a link; a service that dies within the release never ends it. */
    private static final int LOOK_LIMIT = 8;
    private static final long FLAGS_MASK = (1L << LinkEntryDescriptor.INCARNATION_SHIFT) - 1;

    private final Path path;
    private final RegionChannel channel;
    private final RegionHeader header;
    private final LifeLocks locks;
    private final ProcessInfo processInfo;
    private final FileStat lockFile;
    private final String lifeProblem;
    private final UnsafeBuffer tables;
    private final UnsafeBuffer tablesBehind;
    private final LinkReader linkReader;
    private boolean isClosed;

    private RegionView(
        final Path path,
        final RegionChannel channel,
        final RegionHeader header,
        final ProcessInfo processInfo,
        final LifeLocks locks,
        final FileStat lockFile,
        final String lifeProblem)
    {
        this.path = path;
        this.channel = channel;
        this.header = header;
        this.processInfo = processInfo;
        this.locks = locks;
        this.lockFile = lockFile;
        this.lifeProblem = lifeProblem;
        final int tablesLength = header.geometry().tablesLength();
        tables = new UnsafeBuffer(BufferUtil.allocateDirectAligned(tablesLength, PAGE_LENGTH));
        tablesBehind = new UnsafeBuffer(BufferUtil.allocateDirectAligned(tablesLength, PAGE_LENGTH));
        linkReader = new LinkReader(header.geometry(), this::read);
    }

    /**
     * Opens a region for inspection, whichever user owns it. A file of another user than the caller and root is opened
     * without waiting, and its lock file is not opened: a process in that region counts as alive only if the kernel's
     * table of locks shows it.
     *
     * @param path of the region's file.
     * @return the view; to be closed.
     * @throws RegionException if there is none, it may not be read, or it is of another version: the message has which,
     *                         and what to do.
     */
    public static RegionView open(final Path path)
    {
        return openIn(path.toAbsolutePath(), null);
    }

    /**
     * Opens a region of trusted users for inspection.
     *
     * @param path   of the region's file.
     * @param access which users share it, and so whose directory and files are trusted.
     * @return the view; to be closed.
     * @throws RegionException also if the region is another user's.
     */
    public static RegionView open(final Path path, final Access access)
    {
        final Path file = path.toAbsolutePath();
        try (RegionDirectory directory = RegionDirectory.open(
            file.getParent(), access, false, ProcessInfo.find().self().euid()))
        {
            return openIn(file, directory);
        }
    }

    /**
     * Whether a file begins as a region does. A file of another user than the caller and root is opened without
     * waiting.
     *
     * @param path of the file.
     * @return false also if it cannot be read.
     */
    public static boolean isRegion(final Path path)
    {
        try (RegionChannel channel = RegionChannel.openToRead(path, ProcessInfo.find().self().euid()))
        {
            final UnsafeBuffer magic = new UnsafeBuffer(new byte[Long.BYTES]);
            final ByteBuffer bytes = ByteBuffer.wrap(magic.byteArray());
            channel.read(bytes, RegionDescriptor.MAGIC_OFFSET);
            return !bytes.hasRemaining() &&
                RegionDescriptor.MAGIC == magic.getLong(0, ByteOrder.LITTLE_ENDIAN);
        }
        catch (final IOException | RegionException ex)
        {
            return false;
        }
    }

    /**
     * @param file      path of the region's file.
     * @param directory that it is in, checked; null to look at it whichever user owns it.
     */
    static RegionView openIn(final Path file, final RegionDirectory directory)
    {
        ShmHost.checkUnsafeBuffer();
        final ProcessInfo processInfo = ProcessInfo.find();
        final int euid = processInfo.self().euid();
        RegionChannel channel = null;
        RegionView view = null;
        LifeLocks locks = null;
        try
        {
            channel = null == directory ? RegionChannel.openToRead(file, euid) : openTrusted(file, directory, euid);
            final byte[] bytes = new byte[RegionDescriptor.HEADER_LENGTH];
            final long length = channel.size();
            channel.read(bytes);
            final UnsafeBuffer headerBytes = new UnsafeBuffer(bytes);
            final RegionHeader header = RegionHeader.read(headerBytes, length, file.toString());

            final Path lockPath = file.resolveSibling(file.getFileName() + RegionConfig.LOCK_SUFFIX);
            final long lockInode = RegionHeader.lockInode(headerBytes);
            final FileStat lockFile = FileStat.of(lockPath);
            String lifeProblem = null;
            if (null == lockFile || !lockFile.isRegularFile())
            {
                lifeProblem = "the lock file " + lockPath + " is missing";
            }
            else if (lockInode != lockFile.ino())
            {
                lifeProblem = "the lock file " + lockPath + " is not this region's: it is inode " + lockFile.ino() +
                    ", the region's was " + lockInode;
            }
            else if (null == directory && euid != lockFile.uid() && 0 != lockFile.uid())
            {
                lifeProblem = "the lock file " + lockPath + " is of uid " +
                    Credentials.idText(lockFile.uid()) + " and not opened";
            }
            else
            {
                if (null != directory)
                {
                    directory.checkFile(lockFile, lockPath);
                }
                try
                {
                    locks = LifeLocks.openToLook(lockPath);
                }
                catch (final IOException ex)
                {
                    lifeProblem = "the lock file " + lockPath + " cannot be opened: " + RegionDirectory.reason(ex);
                }
            }
            view = new RegionView(
                file, channel, header, processInfo, locks, lockFile, lifeProblem);
            return view;
        }
        catch (final IOException ex)
        {
            throw new RegionException("region " + file + " cannot be read: " + RegionDirectory.reason(ex), ex);
        }
        finally
        {
            if (null == view)
            {
                if (null != channel)
                {
                    channel.close();
                }
                if (null != locks)
                {
                    locks.close();
                }
            }
        }
    }

    private static RegionChannel openTrusted(final Path file, final RegionDirectory directory, final int euid)
        throws IOException
    {
        final FileStat found = FileStat.of(file);
        if (null != found)
        {
            directory.checkFile(found, file);
            final RegionChannel channel = RegionChannel.openToRead(file, euid, true);
            if (found.isSameFile(channel.file()))
            {
                return channel;
            }
            channel.close();
        }
        throw new RegionException("no region: " + file + " does not exist: see caps ls, or start the program that " +
            "creates it");
    }

    /**
     * @return the region's file as it was when it was opened.
     */
    FileStat file()
    {
        return channel.file();
    }

    /**
     * @return the lock file as it was found; null if there was none.
     */
    FileStat lockFile()
    {
        return lockFile;
    }

    /**
     * @return the lock file, open to look; null if it was not opened.
     */
    LifeLocks locks()
    {
        return locks;
    }

    /**
     * @return where the region is.
     */
    public Path path()
    {
        return path;
    }

    /**
     * @return its header.
     */
    public RegionHeader header()
    {
        return header;
    }

    /**
     * @return false if the region was made before this machine was started the last time; true also if that is not
     * known.
     */
    public boolean isOfThisBoot()
    {
        final UUID bootId = processInfo.bootId();
        return null == bootId || new UUID(0, 0).equals(header.bootId()) || bootId.equals(header.bootId());
    }

    /**
     * @return false if the file at the path is known to be another one by now, or gone.
     */
    public boolean isCurrent()
    {
        try
        {
            return channel.file().isSameFile(FileStat.of(path));
        }
        catch (final IOException ex)
        {
            return true;
        }
    }

    /**
     * @return why it is unknown whether some processes live; null if it is known of all.
     */
    public String lifeProblem()
    {
        return lifeProblem;
    }

    /**
     * Takes a snapshot of the region.
     *
     * @param peekLength most bytes to read of each message's payload; 0 for none.
     * @return the snapshot.
     * @throws RegionException       if the file can no longer be read, for example because it was truncated.
     * @throws IllegalStateException if closed.
     */
    public synchronized RegionSnapshot look(final int peekLength)
    {
        if (isClosed)
        {
            throw new IllegalStateException("the view is closed: " + path);
        }
        RegionSnapshot snapshot = lookOnce(peekLength);
        for (int i = 1; i < LOOK_LIMIT && !isSettled(); i++)
        {
            snapshot = lookOnce(peekLength);
        }
        return snapshot;
    }

    /**
     * Whether no service has released a link during the look: such a link could be counted both as present and in the
     * totals, or in neither.
     */
    private boolean isSettled()
    {
        final Geometry geometry = header.geometry();
        final PortEntry entry = new PortEntry(tables, geometry);
        final PortEntry behind = new PortEntry(tablesBehind, geometry);
        for (int i = 0, count = geometry.portCount(); i < count; i++)
        {
            final long gone = entry.wrap(i).gone();
            if (0 != entry.incarnation() && (0 != (gone & 1) || behind.wrap(i).gone() != gone))
            {
                return false;
            }
        }
        return true;
    }

    private RegionSnapshot lookOnce(final int peekLength)
    {
        final long takenAtNs = System.nanoTime();
        read(0, tables);
        final List<ProcessView> processes = processes();
        final List<LinkView> links = links(processes, peekLength);
        // The later copy proves the earlier one: an entry whose incarnation is still there was whole.
        read(0, tablesBehind);
        final Geometry geometry = header.geometry();
        final ProcessEntry process = new ProcessEntry(tablesBehind, geometry);
        processes.removeIf((view) -> process.wrap(view.index()).incarnation() != view.incarnation());
        final LinkEntry link = new LinkEntry(tablesBehind, geometry);
        links.removeIf((view) -> LinkEntry.incarnation(link.wrap(view.index()).state()) != view.incarnation());
        return new RegionSnapshot(
            takenAtNs, List.copyOf(processes), List.copyOf(ports(processes)), List.copyOf(links));
    }

    /** Closes the files. A second call does nothing. */
    @Override
    public synchronized void close()
    {
        if (!isClosed)
        {
            isClosed = true;
            channel.close();
            if (null != locks)
            {
                locks.close();
            }
        }
    }

    private List<ProcessView> processes()
    {
        final List<ProcessView> processes = new ArrayList<>();
        // One reading of the table for all of them.
        final LockTable table = null == locks && null != lockFile ? processInfo.lockTable() : null;
        final List<LockTable.Lock> shown = null == table ? List.of() : table.lifeLocks(lockFile);
        final ProcessEntry entry = new ProcessEntry(tables, header.geometry());
        for (int i = 0, count = header.geometry().processCount(); i < count; i++)
        {
            final long incarnation = entry.wrap(i).incarnation();
            if (0 != incarnation)
            {
                processes.add(new ProcessView(i, incarnation, entry.pid(), entry.euid(),
                    ProcessDescriptor.LIBRARY_C == entry.library(), entry.startTicks(), life(i, shown)));
            }
        }
        return processes;
    }

    private Life life(final int processIndex, final List<LockTable.Lock> shown)
    {
        final long position = ProcessDescriptor.lifePosition(header.regionId(), processIndex);
        if (null != locks)
        {
            return locks.isAlive(position) ? Life.ALIVE : Life.DEAD;
        }
        // Without permission to open the lock file, the kernel's table of locks can still show a holder; but no line in
        // it proves no death.
        final boolean isShown = null != lockFile && lockFile.ino() == RegionHeader.lockInode(tables) &&
            ProcessInfo.NO_HOLDER != LockTable.holder(shown, position);
        return isShown ? Life.ALIVE : Life.UNKNOWN;
    }

    private List<PortView> ports(final List<ProcessView> processes)
    {
        final Geometry geometry = header.geometry();
        final List<PortView> ports = new ArrayList<>();
        final PortEntry entry = new PortEntry(tables, geometry);
        final PortEntry behind = new PortEntry(tablesBehind, geometry);
        for (int i = 0, count = geometry.portCount(); i < count; i++)
        {
            final long incarnation = entry.wrap(i).incarnation();
            if (0 == incarnation || behind.wrap(i).incarnation() != incarnation)
            {
                continue;
            }
            final ProcessView owner = find(processes, entry.processIndex(), entry.processIncarnation());
            final long sleepers = tables.getLong(entry.sleepersOffset());
            final Map<PortCounter, Long> counters = new EnumMap<>(PortCounter.class);
            for (final PortCounter counter : PortCounter.values())
            {
                counters.put(counter, tables.getLong(entry.counterOffset(counter.ordinal())));
            }
            ports.add(new PortView(i, incarnation, kind(entry.kind(), entry.flags()), behind.isOpen(),
                entry.processIndex(), entry.processIncarnation(), null == owner ? 0 : owner.pid(), lifeOf(owner),
                entry.linkIndex(), entry.uid(), entry.gid(), entry.flags(), printable(entry.name()),
                tables.getLong(entry.generationOffset()), entry.openedAtMs(),
                PortEntry.sleeperCount(sleepers) + (PortEntry.waitSetIndex(sleepers) >= 0 ? 1 : 0),
                Map.copyOf(counters), entry.claimed(), entry.held(), goneClients(entry), goneService(entry)));
        }
        return ports;
    }

    private static Map<ClientCounter, Long> goneClients(final PortEntry service)
    {
        final Map<ClientCounter, Long> totals = new EnumMap<>(ClientCounter.class);
        for (final ClientCounter counter : ClientCounter.values())
        {
            totals.put(counter, service.goneTotal(counter));
        }
        return Map.copyOf(totals);
    }

    private static Map<ServiceCounter, Long> goneService(final PortEntry service)
    {
        final Map<ServiceCounter, Long> totals = new EnumMap<>(ServiceCounter.class);
        for (final ServiceCounter counter : ServiceCounter.values())
        {
            totals.put(counter, service.goneTotal(counter));
        }
        return Map.copyOf(totals);
    }

    private List<LinkView> links(final List<ProcessView> processes, final int peekLength)
    {
        final Geometry geometry = header.geometry();
        final List<LinkView> links = new ArrayList<>();
        final LinkEntry entry = new LinkEntry(tables, geometry);
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            final long state = entry.wrap(i).state();
            if (!LinkEntry.isFree(state))
            {
                final ProcessView client =
                    find(processes, entry.clientProcessIndex(), entry.clientProcessIncarnation());
                final ProcessView service =
                    find(processes, entry.serviceProcessIndex(), entry.serviceProcessIncarnation());
                final int flags = (int)(state & FLAGS_MASK);
                final Life serviceLife = lifeOf(service);
                linkReader.read(i, flags, serviceLife, peekLength);
                links.add(new LinkView(i, LinkEntry.incarnation(state), flags, entry.clientPortIndex(),
                    LinkEntry.incarnation(state), null == client ? 0 : client.pid(), lifeOf(client),
                    entry.servicePortIndex(), entry.servicePortIncarnation(), null == service ? 0 : service.pid(),
                    serviceLife, linkReader.messages(), linkReader.movingCount(), linkReader.clientCounters(),
                    linkReader.serviceCounters()));
            }
        }
        return links;
    }

    private static ProcessView find(final List<ProcessView> processes, final int index, final long incarnation)
    {
        for (final ProcessView process : processes)
        {
            if (process.index() == index && process.incarnation() == incarnation)
            {
                return process;
            }
        }
        return null;
    }

    /** A process whose entry is gone has left, or was found dead. */
    private static Life lifeOf(final ProcessView process)
    {
        return null == process ? Life.DEAD : process.life();
    }

    private static PortView.Kind kind(final int kind, final int flags)
    {
        return switch (kind)
        {
            case PortDescriptor.KIND_SERVICE -> PortView.Kind.SERVICE;
            case PortDescriptor.KIND_CLIENT -> PortView.Kind.CLIENT;
            case PortDescriptor.KIND_WAIT_SET -> 0 != (flags & PortFlags.WAITSVC) ? PortView.Kind.WAITING :
                PortView.Kind.WAIT_SET;
            default -> PortView.Kind.UNKNOWN;
        };
    }

    /** Replaces control characters: a terminal would obey those that a hostile process wrote into a name. */
    private static String printable(final String name)
    {
        return name.replaceAll("[^0-9A-Za-z_.]", "?");
    }

    private void read(final long position, final UnsafeBuffer target)
    {
        final ByteBuffer bytes = target.byteBuffer().duplicate();
        bytes.position(target.wrapAdjustment()).limit(target.wrapAdjustment() + target.capacity());
        try
        {
            channel.read(bytes, position);
        }
        catch (final IOException ex)
        {
            throw new RegionException("region " + path + " cannot be read: " + RegionDirectory.reason(ex), ex);
        }
        if (bytes.hasRemaining())
        {
            throw new RegionException("truncated region: " + path + " ends before byte " +
                (position + target.capacity()) + ": remove it when no process uses it");
        }
    }
}
