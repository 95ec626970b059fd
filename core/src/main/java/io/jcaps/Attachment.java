/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Failures;
import io.jcaps.host.Host;
import io.jcaps.layout.RegionException;
import io.jcaps.table.Registry;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A process's connection to a region: opens ports, and watches the processes of their peers.
 * <p>
 * Any thread may call. When the attachment is closed or its process terminates, each of its ports is closed (R25).
 */
public final class Attachment implements AutoCloseable
{
    // Longest wait of a close for the tables' lock, under which it returns memory. Otherwise the next user of the links
    // returns it.
    private static final long TRIM_TIMEOUT_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Host host;
    private final Registry registry;
    final OpenPorts openPorts;
    private final PortOpener opener;
    private final Watch watch;
    // Null if the caller makes the watch's rounds.
    private final WatchThread watchThread;
    // Held by the thread that closes the attachment.
    private final ReentrantLock closeLock = new ReentrantLock();
    // Under the close lock: each port that can be closed is closed.
    private boolean areAllClosed;
    // Under the close lock: this attachment has left the region.
    private boolean hasLeft;
    // Written under the close lock.
    private volatile boolean isDone;

    private Attachment(
        final Host host,
        final long watchIntervalNs,
        final ThreadFactory watchThreadFactory,
        final ErrorHandler errorHandler)
    {
        this.host = host;
        registry = new Registry(host);
        try
        {
            openPorts = new OpenPorts(new PortContext(host, registry, watchIntervalNs > 0));
            opener = new PortOpener(openPorts);
            watch = new Watch(openPorts, this::completeClose);
            watchThread =
                watchIntervalNs > 0 ? startWatch(watchIntervalNs, watchThreadFactory, errorHandler) : null;
        }
        catch (final Throwable ex)
        {
            final Failures failures = new Failures();
            failures.add(ex);
            failures.run(registry::leave);
            throw ex;
        }
    }

    private WatchThread startWatch(
        final long watchIntervalNs, final ThreadFactory watchThreadFactory, final ErrorHandler errorHandler)
    {
        return new WatchThread(watch, host, watchIntervalNs, watchThreadFactory, (ex) ->
        {
            openPorts.context.errors.onError(ex);
            errorHandler.onError(ex);
        });
    }

    /**
     * Attaches to a region.
     *
     * @param host            of the region; closed with the attachment, and if this fails.
     * @param watchIntervalNs longest time in nanoseconds between two rounds of the watch, by a thread of the
     *                        attachment; 0 for no thread: the caller must then call {@link Watch#doWork()}, or no death
     *                        is ever reported.
     * @param errorHandler    receives what a round throws, on that thread.
     * @return the attachment.
     * @throws CapsException   with {@link Status#NO_BUFFERS} if the region has no free process entry, with
     *                         {@link Status#TIMED_OUT} if another process holds the tables' lock for 10 seconds.
     * @throws RegionException if the region's tables are corrupt; also by the methods that open ports and wait sets.
     */
    public static Attachment attach(
        final Host host, final long watchIntervalNs, final ErrorHandler errorHandler)
    {
        return attach(host, watchIntervalNs, null, errorHandler);
    }

    /**
     * Attaches to a region, with a watch thread that a factory creates.
     *
     * @param host               as in {@link #attach(Host, long, ErrorHandler)}.
     * @param watchIntervalNs    as there.
     * @param watchThreadFactory called once, by this thread, if there is a watch thread; null for an ordinary thread.
     * @param errorHandler       as there.
     * @return the attachment.
     */
    public static Attachment attach(
        final Host host,
        final long watchIntervalNs,
        final ThreadFactory watchThreadFactory,
        final ErrorHandler errorHandler)
    {
        try
        {
            return new Attachment(host, watchIntervalNs, watchThreadFactory, errorHandler);
        }
        catch (final RuntimeException | Error ex)
        {
            CloseHelper.quietClose(host);
            throw ex;
        }
    }

    /**
     * Registers a service of the caller's user, for clients of that user: {@link #service(String, PortOptions)} with
     * default options.
     *
     * @param name as there.
     * @return the port.
     * @throws CapsException as there.
     */
    public ServicePort service(final String name)
    {
        return service(name, new PortOptions());
    }

    /**
     * Registers a service (R1, R3, R4).
     *
     * @param name    1 to 63 characters of {@code 0-9 A-Z a-z _ .} (R2).
     * @param options uid, gid, flags, and how the port is used.
     * @return the port.
     * @throws CapsException with {@link Status#INVALID}, {@link Status#NOT_PERMITTED}, {@link Status#EXISTS},
     *                       {@link Status#NO_BUFFERS}, {@link Status#NOT_CONNECTED}, {@link Status#TIMED_OUT} or
     *                       {@link Status#CLOSED}.
     */
    public ServicePort service(final String name, final PortOptions options)
    {
        PortOptions.checkName(name);
        return opener.service(name, options);
    }

    /**
     * Connects to a service of the caller's user: {@link #client(String, PortOptions)} with default options.
     *
     * @param name as there.
     * @return the port.
     * @throws CapsException as there.
     */
    public ClientPort client(final String name)
    {
        return client(name, new PortOptions());
    }

    /**
     * Connects to a service (R5, R6).
     *
     * @param name    of the service.
     * @param options uid and gid to look for, flags, and how the port is used.
     * @return the port.
     * @throws CapsException with {@link Status#INVALID}, {@link Status#NOT_FOUND}, {@link Status#ACCESS_DENIED},
     *                       {@link Status#NO_BUFFERS}, {@link Status#NO_SPACE}, {@link Status#NOT_CONNECTED},
     *                       {@link Status#TIMED_OUT} or {@link Status#CLOSED}; with {@link PortFlags#WAITSVC} also
     *                       {@link Status#INTERRUPTED}: the thread's interrupt status then stays set.
     */
    public ClientPort client(final String name, final PortOptions options)
    {
        PortOptions.checkName(name);
        return opener.client(name, options);
    }

    /**
     * Connects to a 'generic' service (R7): one of the caller's user, else one of the caller's group, else the
     * system's.
     *
     * @param name    of the service.
     * @param options flags, and how the port is used; uid, gid and {@link PortFlags#WAITSVC} are ignored.
     * @return the port.
     * @throws CapsException as {@link #client(String, PortOptions)} does: with {@link Status#ACCESS_DENIED} if at least
     *                       one of the three refuses the caller and none admits it, with {@link Status#NOT_FOUND} if
     *                       none of the three is registered.
     */
    public ClientPort genericClient(final String name, final PortOptions options)
    {
        final Credentials self = host.self();
        final int[][] owners = {{self.uid(), PortOptions.ANY}, {PortOptions.ANY, self.gid()}, {0, 0}};
        CapsException denied = null;
        for (final int[] owner : owners)
        {
            try
            {
                return client(name,
                    options.copy().uid(owner[0]).gid(owner[1]).flags(options.flags() & ~PortFlags.WAITSVC));
            }
            catch (final CapsException ex)
            {
                if (Status.NOT_FOUND != ex.status() && Status.ACCESS_DENIED != ex.status())
                {
                    throw ex;
                }
                denied = null == denied && Status.ACCESS_DENIED == ex.status() ? ex : denied;
            }
        }
        if (null != denied)
        {
            throw denied;
        }
        throw new CapsException(Status.NOT_FOUND, "no such service is registered: name=" + name + ", of uid=" +
            Credentials.idText(self.uid()) + ", else of gid=" + Credentials.idText(self.gid()) +
            ", else of uid=0 and gid=0, region=" + host.place());
    }

    /**
     * Makes a wait set (B4).
     *
     * @return the wait set, empty.
     * @throws CapsException with {@link Status#NO_BUFFERS}, {@link Status#NOT_CONNECTED}, {@link Status#TIMED_OUT} or
     *                       {@link Status#CLOSED}.
     */
    public WaitSet waitSet()
    {
        return opener.waitSet();
    }

    /**
     * @return the watch, for a caller that makes its rounds itself.
     */
    public Watch watch()
    {
        return watch;
    }

    /**
     * @return longest message in bytes that the region allows, 0 to 131,072 (R12).
     */
    public int messageLimit()
    {
        return host.header().geometry().messageLimit();
    }

    /**
     * @return most messages that a client of the region can have in progress, 1 to 128 (R14).
     */
    public int slotCount()
    {
        return host.header().geometry().slotCount();
    }

    /**
     * @return where the region is.
     */
    public String place()
    {
        return host.place();
    }

    /**
     * @return for people: how threads of this process sleep; if it is the slower way, also the reason.
     */
    public String sleepMode()
    {
        return host.sleepMode();
    }

    /**
     * @return for people: the kind of pages that map the region; if they are small, also the reason.
     */
    public String pageMode()
    {
        return host.pageMode();
    }

    /**
     * @return identity of this process.
     */
    public Credentials credentials()
    {
        return host.self();
    }

    /**
     * Whether the region's file was removed or replaced. Messages in progress complete, but no call opens or puts
     * anything new. Attach again.
     *
     * @return true once the watch has detected it.
     */
    public boolean isRetired()
    {
        return openPorts.context.isRetired();
    }

    /**
     * Closes each port and wait set, waits for the calls of other threads, and leaves the region. Those calls return
     * their own result or {@link Status#CLOSED}. Must not be called within such a call. If a step fails, the others are
     * still taken, and the first failure is thrown. A second call, or the watch, then completes the close. A call while
     * another thread closes returns when that thread is done. A call after that does nothing.
     * <p>
     * The error handler of the watch may call this method. While another thread closes, that call returns at once,
     * because the other thread may wait for the handler.
     * <p>
     * A thread may still write through a {@link Claim} that is not spent, or into a buffer of {@link ClientPort#next}.
     * No other client may get the link before that ends. In this case the method notifies the peers and returns, and
     * the process stays in the region until each claim is spent or dropped by the program, and each such buffer is put,
     * cancelled, or its thread has ended. The next round of the watch, or another call, then completes the close.
     * {@link #isClosed()} reports whether it is complete.
     */
    @Override
    public void close()
    {
        if (null != watchThread && watchThread.isCurrent())
        {
            if (!closeLock.tryLock())
            {
                return;
            }
        }
        else
        {
            closeLock.lock();
        }
        try
        {
            final Failures failures = new Failures();
            closeAll(failures);
            leave(failures);
            failures.rethrow();
        }
        finally
        {
            closeLock.unlock();
        }
    }

    /**
     * Whether this attachment has left the region, with all of its entries.
     *
     * @return false while it is open, while it is being closed, while a claim or a buffer of {@link ClientPort#next}
     * keeps it in the region, and after a close that failed and was not completed.
     */
    public boolean isClosed()
    {
        return isDone;
    }

    /** Called after each round of the watch: completes a close that could not leave the region. */
    private void completeClose()
    {
        if (openPorts.isClosed() && closeLock.tryLock())
        {
            try
            {
                final Failures failures = new Failures();
                if (areAllClosed)
                {
                    leave(failures);
                }
                failures.rethrow();
            }
            finally
            {
                closeLock.unlock();
            }
        }
    }

    /** Closes each port and wait set, which notifies the peers. Under the close lock. */
    private void closeAll(final Failures failures)
    {
        if (!isDone)
        {
            openPorts.close();
            failures.run(openPorts::checkOwnProcess);
            openPorts.closeAll(failures);
            failures.run(openPorts.context.sleepers::close);
            if (isOwnProcess(failures))
            {
                openPorts.context.calls.await(false);
                // Ports whose close by another thread has failed in the meantime.
                openPorts.closeAll(failures);
            }
            areAllClosed = true;
        }
    }

    /**
     * Leaves the region, unless a thread may still write into a link: another client could get that link. Under the
     * close lock.
     */
    private void leave(final Failures failures)
    {
        if (isDone)
        {
            return;
        }
        final boolean isOwnProcess = isOwnProcess(failures);
        if (isOwnProcess && !openPorts.isLost() && openPorts.isAnyWritten())
        {
            return;
        }
        failures.run(this::stopWatch);
        if (isOwnProcess && !hasLeft)
        {
            openPorts.context.calls.await(true);
            openPorts.context.errors.close();
            failures.run(() -> registry.trim(TRIM_TIMEOUT_NS));
            failures.run(registry::leave);
        }
        failures.run(host::close);
        // Also if that failed: the memory may be unmapped, so a second close must not store.
        hasLeft = true;
        isDone = !failures.hasAny();
    }

    private boolean isOwnProcess(final Failures failures)
    {
        try
        {
            return host.isOwnProcess();
        }
        catch (final Throwable ex)
        {
            failures.add(ex);
            return true;
        }
    }

    private void stopWatch()
    {
        try
        {
            host.cancelAwait();
        }
        finally
        {
            CloseHelper.quietClose(watchThread);
        }
    }

    /** Ends this attachment as a kill ends a process, within this JVM: for tests of the survivors. */
    void abandon()
    {
        closeLock.lock();
        isDone = true;
        closeLock.unlock();
        openPorts.abandon();
        stopWatch();
        openPorts.context.errors.close();
        host.dropLife(registry.processIndex());
        host.close();
    }
}
