/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.RegionException;
import io.jcaps.table.ErrorLog;
import io.jcaps.table.Peers;
import io.jcaps.table.Registry;
import io.jcaps.table.WakeUps;
import io.jcaps.wait.Sleepers;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One process's view of a region: opens ports, and looks after the peers of all of them.
 * <p>
 * Any thread may call. Its end, or that of its process, is the end of each of its ports (R25).
 */
public final class Attachment implements AutoCloseable
{
    // What a close waits for the tables' lock to return memory; if it is not free, the next user of the links does
    // that.
    private static final long TRIM_TIMEOUT_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Host host;
    private final Registry registry;
    private final ErrorLog errors;
    private final Sleepers sleepers;
    final OpenPorts openPorts;
    private final PortOpener opener;
    private final Watch watch;
    // Null if the caller makes the rounds.
    private final WatchThread watchThread;
    // Held by the thread that closes the attachment.
    private final ReentrantLock closeLock = new ReentrantLock();
    // Under the close lock: all is closed that can be; then, nothing is left to be done.
    private boolean areAllClosed;
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
            errors = new ErrorLog(host, registry.processIndex(), registry.incarnation());
            sleepers = new Sleepers(host);
            final Peers peers = new Peers(host, watchIntervalNs > 0);
            openPorts = new OpenPorts(host, registry, peers, errors, new WakeUps(host, peers, errors), sleepers);
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
            errors.onError(ex);
            errorHandler.onError(ex);
        });
    }

    /**
     * Attaches to a region.
     *
     * @param host            of the region; closed with the attachment, and if this fails.
     * @param watchIntervalNs from one look at the peers to the next, by a thread of the attachment's own; 0 for none:
     *                        the caller then calls {@link Watch#doWork()} itself, or no death is ever reported.
     * @param errorHandler    for what goes wrong in that thread.
     * @return the attachment.
     * @throws CapsException   with {@link Status#NO_BUFFERS} if as many processes as may be are attached already, with
     *                         {@link Status#TIMED_OUT} if another process holds the tables' lock.
     * @throws RegionException if the region's tables are corrupt; also by the methods that open ports and wait sets.
     */
    public static Attachment attach(
        final Host host, final long watchIntervalNs, final ErrorHandler errorHandler)
    {
        return attach(host, watchIntervalNs, null, errorHandler);
    }

    /**
     * Attaches to a region, with a watch thread that the caller makes.
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
     * options as they are made.
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
     * @param options uid, gid, flags, and how it is used.
     * @return the port.
     * @throws CapsException with {@link Status#INVALID}, {@link Status#NOT_PERMITTED}, {@link Status#EXISTS},
     *                       {@link Status#NO_BUFFERS}, {@link Status#NOT_CONNECTED} or {@link Status#TIMED_OUT}.
     */
    public ServicePort service(final String name, final PortOptions options)
    {
        PortOptions.checkName(name);
        openPorts.beginCall();
        try
        {
            return opener.service(name, options);
        }
        finally
        {
            openPorts.endCall();
        }
    }

    /**
     * Connects to a service of the caller's user: {@link #client(String, PortOptions)} with options as they are made.
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
     *                       {@link Status#NO_BUFFERS}, {@link Status#NO_SPACE}, {@link Status#NOT_CONNECTED} or
     *                       {@link Status#TIMED_OUT}; with {@link PortFlags#WAITSVC} also {@link Status#INTERRUPTED},
     *                       the thread's interrupt status stays set.
     */
    public ClientPort client(final String name, final PortOptions options)
    {
        PortOptions.checkName(name);
        openPorts.beginCall();
        try
        {
            return opener.client(name, options);
        }
        finally
        {
            openPorts.endCall();
        }
    }

    /**
     * Connects to a 'generic' service (R7): one of the caller's user, else one of the caller's group, else the
     * system's.
     *
     * @param name    of the service.
     * @param options flags, and how the port is used; uid, gid and {@link PortFlags#WAITSVC} are ignored.
     * @return the port.
     * @throws CapsException as {@link #client(String, PortOptions)} does: with {@link Status#ACCESS_DENIED} if one of
     * the three does not admit the caller and none does, otherwise for the last of the three.
     */
    public ClientPort genericClient(final String name, final PortOptions options)
    {
        final Credentials self = host.self();
        final int[][] owners = {{self.uid(), PortOptions.ANY}, {PortOptions.ANY, self.gid()}, {0, 0}};
        CapsException denied = null;
        for (int i = 0;; i++)
        {
            try
            {
                return client(name, options.copy().uid(owners[i][0]).gid(owners[i][1])
                    .flags(options.flags() & ~PortFlags.WAITSVC));
            }
            catch (final CapsException ex)
            {
                if (Status.NOT_FOUND != ex.status() && Status.ACCESS_DENIED != ex.status())
                {
                    throw ex;
                }
                denied = null == denied && Status.ACCESS_DENIED == ex.status() ? ex : denied;
                if (i + 1 == owners.length)
                {
                    throw null == denied ? ex : denied;
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
        openPorts.beginCall();
        try
        {
            return opener.waitSet();
        }
        finally
        {
            openPorts.endCall();
        }
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
        return host.header().geometry().messageLimit();
    }

    /**
     * @return most messages that a client of the region has in progress (R14).
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
     * begins. Attach again.
     *
     * @return true once that was noticed.
     */
    public boolean isRetired()
    {
        return openPorts.isRetired();
    }

    /**
     * Closes each port and wait set, waits for the calls that other threads are in, and leaves the region. Those calls
     * end with their own result, or with {@link Status#CLOSED}. Not from within such a call. If something fails, the
     * rest is done all the same, and the first failure is thrown; another call then does what is left, and so does the
     * watch. A call while another thread closes returns when that one is done; a call after that does nothing.
     * <p>
     * The error handler of the watch may call, too: while another thread closes it returns at once, as that one may
     * wait for the handler.
     * <p>
     * While a {@link Claim} is not spent, a thread may write through it, and so may the thread that got a buffer from
     * {@link ClientPort#next}: the link must not be another client's. So the peers are told at once, this method
     * returns, and this process stays in the region until the last claim is spent, or dropped by the program, and each
     * such buffer is put or cancelled, or its thread has ended. The watch's next round after that completes the close,
     * or another call; {@link #isClosed()} tells.
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
     * Whether this attachment has left the region: nothing of it is left there.
     *
     * @return false while it is open, while it is being closed, while a claim or a buffer of {@link ClientPort#next}
     * keeps it in the region, and after a close that failed and was not completed.
     */
    public boolean isClosed()
    {
        return isDone;
    }

    /** After each round of the watch: a close that had to leave something. */
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

    /** Closes for everybody else. Under the close lock. */
    private void closeAll(final Failures failures)
    {
        if (!isDone)
        {
            openPorts.close();
            failures.run(openPorts::checkOwnProcess);
            openPorts.closeAll(failures);
            failures.run(sleepers::close);
            if (isOwnProcess(failures))
            {
                openPorts.awaitCalls(false);
                // Those whose close by another thread failed.
                openPorts.closeAll(failures);
            }
            areAllClosed = true;
        }
    }

    /**
     * Leaves the region. Not while a thread may write into a link: from then on that would be another client's. Under
     * the close lock.
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
            openPorts.awaitCalls(true);
            errors.close();
            failures.run(() -> registry.trim(TRIM_TIMEOUT_NS));
            failures.run(registry::leave);
        }
        failures.run(host::close);
        // From then on there is nothing to be stored into, if that is what failed.
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

    /** Stops as a killed process does, within this JVM: for tests of what the survivors do. */
    void abandon()
    {
        closeLock.lock();
        isDone = true;
        closeLock.unlock();
        openPorts.abandon();
        stopWatch();
        errors.close();
        host.dropLife(registry.processIndex());
        host.close();
    }
}
