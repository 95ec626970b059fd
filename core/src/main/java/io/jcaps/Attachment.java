/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.AtomicBuffer;

import java.util.ArrayList;
import java.util.concurrent.TimeUnit;

/**
 * One process's view of a region: opens ports, and looks after the peers of all of them.
 * <p>
 * Any thread may call. Its end, or that of its process, is the end of each of its ports (R25).
 */
public final class Attachment implements AutoCloseable
{
    // A service's process may be one that cannot wake anybody.
    private static final long SEARCH_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(30);

    /** Of a process whose entry says something else than the operating system does. */
    static final Credentials FORGED = new Credentials(0, Credentials.NOBODY, Credentials.NOBODY, Credentials.NOBODY,
        Credentials.NOBODY, new int[0]);

    private final Host host;
    private final AtomicBuffer tables;
    private final Geometry geometry;
    private final Registry registry;
    private final ErrorLog errors;
    private final Watch watch;
    private final AgentRunner watchRunner;
    private final ArrayList<Port> ports = new ArrayList<>();
    private final ArrayList<WaitSet> waitSets = new ArrayList<>();
    private final Sleepers sleepers = new Sleepers();
    private volatile boolean isRetired;
    private volatile boolean isClosed;

    private Attachment(
        final Host host, final long watchIntervalNs, final ErrorHandler errorHandler)
    {
        this.host = host;
        tables = host.tables();
        geometry = host.header().geometry();
        registry = new Registry(host);
        errors = new ErrorLog(host, registry.processIndex(), registry.incarnation());
        watch = new Watch(this);
        if (watchIntervalNs > 0)
        {
            final ErrorHandler watchErrorHandler = (ex) ->
            {
                errors.onError(ex);
                errorHandler.onError(ex);
            };
            watchRunner = new AgentRunner(new WatchPause(host, watchIntervalNs), watchErrorHandler, null,
                new WatchRounds(watch, watchErrorHandler));
            final Thread thread = AgentRunner.startOnThread(watchRunner, (runnable) ->
            {
                final Thread result = new Thread(runnable);
                result.setDaemon(true);
                return result;
            });
            thread.setName(watch.roleName());
        }
        else
        {
            watchRunner = null;
        }
    }

    /**
     * Attaches to a region.
     *
     * @param host            of the region; closed with the attachment, and if this fails.
     * @param watchIntervalNs from one look at the peers to the next, by a thread of the attachment's own; 0 for none:
     *                        the caller then calls {@link Watch#doWork()} itself, or never hears of a death.
     * @param errorHandler    for what goes wrong in that thread.
     * @return the attachment.
     * @throws CapsException   with {@link Status#NO_BUFFERS} if as many processes as may be are attached already, with
     *                         {@link Status#TIMED_OUT} if another process holds the tables' lock.
     * @throws RegionException if the region's tables are corrupt; also by the methods that open ports and wait sets.
     */
    public static Attachment attach(
        final Host host, final long watchIntervalNs, final ErrorHandler errorHandler)
    {
        try
        {
            return new Attachment(host, watchIntervalNs, errorHandler);
        }
        catch (final RuntimeException | Error ex)
        {
            CloseHelper.quietClose(host);
            throw ex;
        }
    }

    /**
     * Registers a service (R1, R3, R4).
     *
     * @param name    1 to 63 characters of {@code 0-9 A-Z a-z _ .} (R2).
     * @param options uid, gid, flags, and how it is used.
     * @return the port.
     * @throws CapsException with {@link Status#INVALID}, {@link Status#NOT_PERMITTED}, {@link Status#EXISTS},
     *                       {@link Status#NO_BUFFERS}, {@link Status#NOT_CONNECTED} or {@link Status#TIMED_OUT}.
     */
    public ServicePort service(final String name, final PortOptions options)
    {
        PortOptions.checkName(name);
        checkUsable();
        final Credentials self = host.self();
        final int uid = options.uidOr(self.euid());
        final int gid = options.gid();
        checkNotBothAny(uid, gid);
        checkPrefaultLength(options);
        if (0 != self.euid())
        {
            if (PortOptions.ANY != uid && self.euid() != uid)
            {
                throw new CapsException(Status.NOT_PERMITTED,
                    "uid must be that of the caller, " + self.euid() + ", or any: uid=" + uid + ", name=" + name);
            }
            if (PortOptions.ANY != gid && !self.isMember(gid))
            {
                throw new CapsException(Status.NOT_PERMITTED,
                    "gid must be one of the caller's groups, or any: gid=" + gid + ", name=" + name);
            }
        }

        final ServicePort port;
        registry.lock();
        try
        {
            registry.reap();
            if ((options.flags() & PortFlags.EXCL) != 0 && Registry.NONE != registry.find(name, uid, gid))
            {
                throw new CapsException(Status.EXISTS,
                    "a service of that name lives: name=" + name + ", uid=" + uid + ", gid=" + gid);
            }
            final int portIndex = registry.freePort();
            final long portIncarnation = registry.nextIncarnation();
            new PortEntry(tables, geometry).wrap(portIndex).publish(portIncarnation, PortDescriptor.KIND_SERVICE,
                registry.processIndex(), registry.incarnation(), Registry.NONE, uid, gid, libraryFlags(options), name,
                options.generation(), System.currentTimeMillis());
            port = new ServicePort(this, portIndex, portIncarnation, name, options, uid);
            // [registered] release: pairs with the acquire in client(), which looks for the service once more behind
            // it.
            tables.putIntRelease(RegionDescriptor.REGISTRATIONS_OFFSET,
                tables.getInt(RegionDescriptor.REGISTRATIONS_OFFSET) + 1);
        }
        finally
        {
            registry.unlock();
        }
        host.wake(RegionDescriptor.REGISTRATIONS_OFFSET, Integer.MAX_VALUE);
        add(port);
        return port;
    }

    /**
     * Connects to a service (R5, R6).
     *
     * @param name    of the service.
     * @param options uid and gid to look for, flags, and how the port is used.
     * @return the port.
     * @throws CapsException with {@link Status#INVALID}, {@link Status#NOT_FOUND}, {@link Status#ACCESS_DENIED},
     *                       {@link Status#NO_BUFFERS}, {@link Status#NO_SPACE}, {@link Status#NOT_CONNECTED} or
     *                       {@link Status#TIMED_OUT}; with {@link PortFlags#WAITSVC} also {@link Status#INTERRUPTED},
     *                       the thread's interrupt status stays set.
     */
    public ClientPort client(final String name, final PortOptions options)
    {
        PortOptions.checkName(name);
        checkPrefaultLength(options);
        final Object begun = host.events().connectBegins();
        if (null == begun)
        {
            return findAndConnect(name, options);
        }
        int status = Status.CLOSED;
        try
        {
            final ClientPort port = findAndConnect(name, options);
            status = Status.OK;
            return port;
        }
        catch (final CapsException ex)
        {
            status = ex.status();
            throw ex;
        }
        finally
        {
            host.events().connectEnds(begun, name, status);
        }
    }

    private ClientPort findAndConnect(final String name, final PortOptions options)
    {
        final boolean isWaiting = (options.flags() & PortFlags.WAITSVC) != 0;
        final boolean isTimed = Long.MAX_VALUE != options.connectTimeoutNs();
        final long deadlineNs = Port.deadline(options.connectTimeoutNs());
        while (true)
        {
            checkUsable();
            // [registered] acquire before the look: pairs with the release in service(). If the look misses a service,
            // the word has changed when it comes, and nobody sleeps.
            final int registrations = tables.getIntAcquire(RegionDescriptor.REGISTRATIONS_OFFSET);
            final ClientPort port = connect(name, options, host.self());
            if (null != port)
            {
                return port;
            }
            if (!isWaiting)
            {
                throw new CapsException(Status.NOT_FOUND, "no such service is registered: " + describe(name, options));
            }
            if (!sleep(RegionDescriptor.REGISTRATIONS_OFFSET, registrations, deadlineNs, isTimed, SEARCH_INTERVAL_NS))
            {
                checkUsable();
                throw new CapsException(
                    Thread.currentThread().isInterrupted() ? Status.INTERRUPTED : Status.TIMED_OUT,
                    "while waiting for a service: " + describe(name, options));
            }
        }
    }

    /**
     * Connects to a 'generic' service (R7): one of the caller's user, else one of the caller's group, else the
     * system's.
     *
     * @param name    of the service.
     * @param options flags, and how the port is used; uid, gid and {@link PortFlags#WAITSVC} are ignored.
     * @return the port.
     * @throws CapsException as {@link #client(String, PortOptions)} does for the last of the three.
     */
    public ClientPort genericClient(final String name, final PortOptions options)
    {
        final Credentials self = host.self();
        final int[][] owners = {{self.uid(), PortOptions.ANY}, {PortOptions.ANY, self.gid()}, {0, 0}};
        for (int i = 0;; i++)
        {
            try
            {
                return client(name, options.copy().uid(owners[i][0]).gid(owners[i][1])
                    .flags(options.flags() & ~PortFlags.WAITSVC));
            }
            catch (final CapsException ex)
            {
                if (i + 1 == owners.length ||
                    Status.NOT_FOUND != ex.status() && Status.ACCESS_DENIED != ex.status())
                {
                    throw ex;
                }
            }
        }
    }

    /**
     * Makes a wait set (B4).
     *
     * @return the wait set, empty.
     * @throws CapsException with {@link Status#NO_BUFFERS}, {@link Status#NOT_CONNECTED} or {@link Status#TIMED_OUT}.
     */
    public WaitSet waitSet()
    {
        checkUsable();
        registry.lock();
        final WaitSet waitSet;
        try
        {
            registry.reap();
            final int portIndex = registry.freePort();
            new PortEntry(tables, geometry).wrap(portIndex).publish(registry.nextIncarnation(),
                PortDescriptor.KIND_WAIT_SET, registry.processIndex(), registry.incarnation(), Registry.NONE,
                PortOptions.ANY, PortOptions.ANY, 0, "", 0, System.currentTimeMillis());
            waitSet = new WaitSet(this, portIndex);
        }
        finally
        {
            registry.unlock();
        }
        synchronized (ports)
        {
            waitSets.add(waitSet);
        }
        return waitSet;
    }

    /**
     * @return the look after the peers, for a caller that makes its rounds itself.
     */
    public Watch watch()
    {
        return watch;
    }

    /**
     * @return longest message in bytes that the region allows.
     */
    public int messageLimit()
    {
        return geometry.messageLimit();
    }

    /**
     * @return where the region is.
     */
    public String place()
    {
        return host.place();
    }

    /**
     * @return how sleeping threads wait here, and if it is the slower way, why.
     */
    public String sleepMode()
    {
        return host.sleepMode();
    }

    /**
     * @return which pages the region is mapped by here, and if they are the small ones, why.
     */
    public String pageMode()
    {
        return host.pageMode();
    }

    /**
     * @return who this process is.
     */
    public Credentials credentials()
    {
        return host.self();
    }

    /**
     * Whether the region was removed or replaced under this attachment: what is in progress goes on, but nothing new
     * begins. Attach anew.
     *
     * @return true once that was noticed.
     */
    public boolean isRetired()
    {
        return isRetired;
    }

    /**
     * Closes each port and leaves the region. A second call does nothing.
     */
    @Override
    public void close()
    {
        final ArrayList<Port> open;
        final ArrayList<WaitSet> openSets;
        synchronized (ports)
        {
            if (isClosed)
            {
                return;
            }
            isClosed = true;
            open = new ArrayList<>(ports);
            openSets = new ArrayList<>(waitSets);
        }
        stopWatch();
        checkOwnProcess();
        CloseHelper.closeAll(openSets);
        CloseHelper.closeAll(open);
        sleepers.close(this);
        errors.close();
        if (host.isOwnProcess())
        {
            registry.leave();
        }
        host.close();
    }

    private void stopWatch()
    {
        host.cancelAwait();
        CloseHelper.quietClose(watchRunner);
    }

    // ---- for the ports

    Host host()
    {
        return host;
    }

    ErrorLog errors()
    {
        return errors;
    }

    void onClosed(final Port port)
    {
        synchronized (ports)
        {
            ports.remove(port);
        }
        // What the close has left in the tables is freed now if nobody is in them, else by the next who comes.
        if (host.lockTables(0))
        {
            try
            {
                registry.freeClosed();
            }
            finally
            {
                registry.unlock();
            }
        }
    }

    void onClosed(final WaitSet waitSet)
    {
        synchronized (ports)
        {
            waitSets.remove(waitSet);
        }
    }

    /** In another process than the one that attached, each port ends where it is (R27); the parent's goes on. */
    void checkOwnProcess()
    {
        if (!host.isOwnProcess())
        {
            synchronized (ports)
            {
                for (final Port port : ports)
                {
                    port.disownForeign();
                }
            }
        }
    }

    void wakePort(final int portIndex)
    {
        if (portIndex >= 0 && portIndex < geometry.portCount())
        {
            final int sleepersOffset = new PortEntry(tables, geometry).wrap(portIndex).sleepersOffset();
            final long state = tables.getLongVolatile(sleepersOffset);
            if (0 != state)
            {
                wake(sleepersOffset, state, Integer.MAX_VALUE);
            }
        }
    }

    /** Wakes who sleeps for a port; the number of system calls that it took. */
    int wake(final int sleepersOffset, final long state, final int limit)
    {
        int count = 0;
        if (0 != PortEntry.sleeperCount(state))
        {
            wakeWord(PortEntry.wakeOffset(sleepersOffset), limit);
            count++;
        }
        final int waitSetIndex = PortEntry.waitSetIndex(state);
        if (waitSetIndex >= 0 && waitSetIndex < geometry.portCount())
        {
            wakeWord(new PortEntry(tables, geometry).wrap(waitSetIndex).wakeOffset(), Integer.MAX_VALUE);
            count++;
        }
        return count;
    }

    private void wakeWord(final int wakeOffset, final int limit)
    {
        // [wake] atomic add before the wake-up: a sleeper that read the word before it does not fall asleep any more.
        // Pairs with the volatile read in Port.sleep() and WaitSet.
        tables.getAndAddInt(wakeOffset, 1);
        host.wake(wakeOffset, limit);
    }

    /**
     * Sleeps until woken.
     *
     * @param limitNs longest sleep before the caller wants to look by itself.
     * @return false if the time is over or the thread interrupted.
     */
    boolean sleep(
        final int wakeOffset,
        final int wakeSequence,
        final long deadlineNs,
        final boolean isTimed,
        final long limitNs)
    {
        final Thread thread = Thread.currentThread();
        if (!sleepers.add(thread, wakeOffset))
        {
            return false;
        }
        try
        {
            final long timeoutNs = isTimed ? deadlineNs - System.nanoTime() : Long.MAX_VALUE;
            if (thread.isInterrupted() || timeoutNs <= 0)
            {
                return false;
            }
            host.sleep(wakeOffset, wakeSequence, Math.min(timeoutNs, limitNs));
            return !thread.isInterrupted();
        }
        finally
        {
            sleepers.remove(thread);
        }
    }

    /**
     * Who a peer is, by the word of the operating system (R22); its process is followed from here on.
     *
     * @return null if nobody stands behind the entry, {@link #FORGED} if it says something else than the operating
     * system does.
     */
    Credentials attest(final int processIndex, final long incarnation)
    {
        if (processIndex < 0 || processIndex >= geometry.processCount())
        {
            return null;
        }
        final ProcessEntry process = new ProcessEntry(tables, geometry).wrap(processIndex);
        if (process.incarnation() != incarnation)
        {
            return null;
        }
        final Credentials credentials = host.attest(processIndex);
        if (null == credentials)
        {
            return null;
        }
        final boolean isTrue = Credentials.UNKNOWN == credentials || process.claims(credentials.ownPid(),
            credentials.uid(), credentials.euid(), credentials.gid(), credentials.groups());
        if (null != watchRunner)
        {
            // If it cannot be, or its process ends before: the watch looks at the lock.
            host.follow(processIndex);
        }
        // Of the same process, not of one that came after it.
        return process.incarnation() != incarnation ? null : isTrue ? credentials : FORGED;
    }

    int flagsOf(final int portIndex)
    {
        return portIndex < 0 || portIndex >= geometry.portCount() ?
            0 : new PortEntry(tables, geometry).wrap(portIndex).flags();
    }

    /** Whether a client may connect to a service (R6). */
    static boolean isAllowed(
        final Credentials client, final int clientFlags, final int uid, final int gid, final int serviceFlags)
    {
        final int flags = clientFlags & serviceFlags;
        return (flags & PortFlags.WORLD) != 0 ||
            (flags & PortFlags.USER) != 0 && PortOptions.ANY != uid && client.euid() == uid ||
            (flags & PortFlags.GROUP) != 0 && PortOptions.ANY != gid && client.isMember(gid);
    }

    // ---- for the watch

    void watchPorts(final Watch watch)
    {
        synchronized (ports)
        {
            for (int i = ports.size() - 1; i >= 0; i--)
            {
                final Port port = ports.get(i);
                if (port.isEndDue())
                {
                    port.close();
                }
                else
                {
                    port.watch(watch);
                }
            }
        }
    }

    void watchPlace()
    {
        checkOwnProcess();
        if (!isRetired && !host.isCurrent())
        {
            isRetired = true;
        }
    }

    int wakeInterrupted()
    {
        return sleepers.wakeInterrupted(this);
    }

    void wakeAll(final int wakeOffset)
    {
        wakeWord(wakeOffset, Integer.MAX_VALUE);
    }

    /** Dies without a word, within this virtual machine: for tests of what the survivors do. */
    void abandon()
    {
        synchronized (ports)
        {
            isClosed = true;
            for (final Port port : ports)
            {
                port.disown(Status.CLOSED);
            }
        }
        stopWatch();
        errors.close();
        host.dropLife(registry.processIndex());
        host.close();
    }

    // ---- connecting

    /** One try to connect: null if there is no such service. */
    private ClientPort connect(final String name, final PortOptions options, final Credentials self)
    {
        final int uid = options.uidOr(self.euid());
        final int gid = options.gid();
        checkNotBothAny(uid, gid);
        while (true)
        {
            final PortEntry service = new PortEntry(tables, geometry);
            final PortEntry client = new PortEntry(tables, geometry);
            final LinkEntry link = new LinkEntry(tables, geometry);
            final int portIndex;
            final int linkIndex;
            final long portIncarnation;
            final long linkIncarnation;
            registry.lock();
            try
            {
                registry.reap();
                final int serviceIndex = registry.find(name, uid, gid);
                if (Registry.NONE == serviceIndex)
                {
                    return null;
                }
                service.wrap(serviceIndex);
                if (!isAllowed(self, options.flags(), service.uid(), service.gid(), service.flags()))
                {
                    throw new CapsException(Status.ACCESS_DENIED, "the service does not let this client in: " +
                        describe(name, options) + ", service's uid=" + service.uid() + ", gid=" + service.gid() +
                        ", flags=0x" + Integer.toHexString(service.flags() & PortFlags.USER_MASK) + ", " + self);
                }
                portIndex = registry.freePort();
                linkIndex = registry.freeLink();
                client.wrap(portIndex);
                link.wrap(linkIndex);
                portIncarnation = registry.nextIncarnation();
                linkIncarnation = portIncarnation;
                // A process that dies from here on holds the link: whoever finds it dead lets go of it.
                link.take(linkIncarnation, registry.processIndex(), registry.incarnation(), portIndex,
                    portIncarnation, serviceIndex, service.incarnation(), service.processIndex(),
                    service.processIncarnation());
                if (!host.back(linkIndex, 0, geometry.linkHeadLength()))
                {
                    link.change(linkIncarnation, 0, LinkEntryDescriptor.CLIENT_HOLDS);
                    throw new CapsException(Status.NO_SPACE, "no memory left for " + geometry.linkHeadLength() +
                        " bytes of a new link: region=" + host.place());
                }
                client.publish(portIncarnation, PortDescriptor.KIND_CLIENT, registry.processIndex(),
                    registry.incarnation(), linkIndex, uid, gid, libraryFlags(options), name, options.generation(),
                    System.currentTimeMillis());
                // [link] the link is complete before the service can accept it.
                if (link.change(linkIncarnation, LinkEntryDescriptor.OPEN, 0) < 0)
                {
                    client.free();
                    throw new RegionException("corrupt region: link " + linkIndex + " changed under its client: " +
                        host.place());
                }
            }
            finally
            {
                registry.unlock();
            }
            // [port-state] acquire, behind the compare and set that opened the link: pairs with PortEntry.close(). If
            // this misses the close, the close sees the link.
            if (service.isOpen())
            {
                final ClientPort port;
                try
                {
                    final Credentials serviceCredentials =
                        attest(link.serviceProcessIndex(), link.serviceProcessIncarnation());
                    if (FORGED == serviceCredentials)
                    {
                        final CapsException ex = new CapsException(Status.ACCESS_DENIED, "the service's process is " +
                            "not the one that it says it is, by the word of the operating system: " +
                            describe(name, options));
                        errors.onError(ex);
                        throw ex;
                    }
                    port = new ClientPort(this, portIndex, portIncarnation, name, options, linkIndex,
                        null == serviceCredentials ? Credentials.UNKNOWN : serviceCredentials);
                }
                catch (final RuntimeException ex)
                {
                    undo(link, linkIncarnation, client);
                    // The service may have accepted this client already, at another's event.
                    tables.getAndAddInt(service.eventsOffset(), 1);
                    throw ex;
                }
                tables.getAndAddInt(service.eventsOffset(), 1);
                add(port);
                return port;
            }
            // Closed just now, and perhaps before it could see this link: looked for anew.
            undo(link, linkIncarnation, client);
        }
    }

    private static void undo(final LinkEntry link, final long linkIncarnation, final PortEntry client)
    {
        link.change(linkIncarnation, LinkEntryDescriptor.CLIENT_CLOSED, LinkEntryDescriptor.CLIENT_HOLDS);
        client.free();
    }

    private void add(final Port port)
    {
        synchronized (ports)
        {
            if (!isClosed)
            {
                ports.add(port);
                return;
            }
        }
        port.close();
        throw new CapsException(Status.CLOSED, "the attachment was closed meanwhile");
    }

    private void checkUsable()
    {
        if (isClosed)
        {
            throw new CapsException(Status.CLOSED, "the attachment is closed");
        }
        if (isRetired || !host.isOwnProcess())
        {
            throw new CapsException(Status.NOT_CONNECTED, isRetired ?
                "the region was removed or replaced: attach anew: " + host.place() :
                "this process is not the one that attached: attach anew");
        }
    }

    private static void checkNotBothAny(final int uid, final int gid)
    {
        if (PortOptions.ANY == uid && PortOptions.ANY == gid)
        {
            throw new CapsException(Status.INVALID, "uid or gid may be any, but not both");
        }
    }

    private void checkPrefaultLength(final PortOptions options)
    {
        if (options.prefaultLength() > geometry.messageLimit())
        {
            throw new CapsException(Status.INVALID, "prefaultLength must be at most the region's message limit, " +
                geometry.messageLimit() + ": prefaultLength=" + options.prefaultLength() + ", region=" + host.place());
        }
    }

    private int libraryFlags(final PortOptions options)
    {
        return options.flags() | (options.spinOnly() ? PortFlags.SPINS : 0) |
            (host.canWake() ? 0 : PortFlags.CANNOT_WAKE);
    }

    private String describe(final String name, final PortOptions options)
    {
        return "name=" + name + ", uid=" + options.uidOr(host.self().euid()) + ", gid=" + options.gid() +
            ", region=" + host.place();
    }
}
