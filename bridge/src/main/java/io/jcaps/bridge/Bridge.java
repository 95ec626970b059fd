/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.aeron.Aeron;
import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.driver.status.SystemCounterDescriptor;
import io.aeron.exceptions.AeronException;
import io.jcaps.Attachment;
import io.jcaps.bridge.session.SessionContext;
import io.jcaps.bridge.session.SessionCounter;
import io.jcaps.bridge.session.SessionCounters;
import org.agrona.CloseHelper;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.status.CountersReader;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Connects the services of this host's region with those of other hosts (B7). Each imported service has a local one
 * that stands in for it, and all rules hold for the clients of that: each accepted put has exactly one outcome. A
 * message whose outcome the bridge cannot learn ends as UNREACHABLE.
 * <p>
 * Any thread may launch, read and close it. It starts three threads, one of them for Aeron's media driver; two if the
 * configuration names a driver that runs already.
 */
public final class Bridge implements AutoCloseable
{
    private static final long NEVER_NS = TimeUnit.HOURS.toNanos(24);
    private static final long STATUS_INTERVAL_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long CLOSE_LIMIT_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long DRIVER_TIMEOUT_MS = TimeUnit.SECONDS.toMillis(10);
    private static final int SPIN_COUNT = 200;
    private static final int YIELD_COUNT = 20;
    // A clock that cannot jump: Aeron's client fails when its clock does (aeron#392).
    private static final long EPOCH_MS = System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    private static final EpochClock CLOCK = () -> EPOCH_MS + TimeUnit.NANOSECONDS.toMillis(System.nanoTime());

    // What was made last is the first, and is closed first.
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final Map<String, SessionCounters> importCounters = new LinkedHashMap<>();
    private final SessionCounters counters = new SessionCounters(null);
    private final SessionCounters exportCounters = new SessionCounters(counters);
    private final BridgeConfig config;
    private final BridgeListener listener;
    private final BlockingCalls calls;
    private final BridgeDirectory directory;
    private final SessionContext sessions;
    private final BridgeAgent agent = new BridgeAgent();
    private final ReportLimit errors = new ReportLimit();
    private boolean isClosed;

    private Bridge(final Attachment attachment, final BridgeConfig config, final BridgeListener listener)
    {
        this.config = config;
        this.listener = listener;
        boolean isLaunched = false;
        try
        {
            directory = add(new BridgeDirectory());
            if (null == config.driverDirectory)
            {
                add(MediaDriver.launch(driverContext(directory.driver())));
            }
            calls = add(new BlockingCalls());
            sessions = new SessionContext(
                attachment, config.key, config.lostAfter.toNanos(), calls, SystemNanoClock.INSTANCE);
            final AgentRunner runner = add(new AgentRunner(idleStrategy(), this::report, null, agent));
            agent.connect();
            AgentRunner.startOnThread(runner, BlockingCalls::daemon);
            isLaunched = true;
        }
        catch (final AeronException | IOException ex)
        {
            throw new BridgeException("the bridge cannot begin: " + ex.getMessage(), ex);
        }
        finally
        {
            if (!isLaunched)
            {
                CloseHelper.quietCloseAll(resources);
            }
        }
    }

    private <T extends AutoCloseable> T add(final T resource)
    {
        resources.push(resource);
        return resource;
    }

    /**
     * Launches a bridge.
     *
     * @param attachment to the region of this host; stays the caller's, and must not be closed before the bridge.
     * @param config     of the bridge.
     * @param listener   of what happens.
     * @return the bridge; to be closed.
     * @throws IllegalArgumentException if the configuration contradicts itself.
     * @throws BridgeException          if it cannot start: a name does not resolve, a port is in use, or no media
     *                                  driver runs.
     */
    public static Bridge launch(
        final Attachment attachment, final BridgeConfig config, final BridgeListener listener)
    {
        config.conclude();
        config.imports.values().forEach((endpoints) -> endpoints.forEach((endpoint) -> check(endpoint)));
        if (null != config.bind)
        {
            check(config.bind, config.bind.port(), config.bind.port() + 1);
        }
        return new Bridge(attachment, new BridgeConfig(config), listener);
    }

    /**
     * Checks that the ports can be bound: the driver would report a failure later, for the second port only when the
     * first importer connects.
     */
    private static void check(final Endpoint endpoint, final int... ports)
    {
        int port = endpoint.port();
        try
        {
            final InetAddress address = InetAddress.getByName(endpoint.host());
            for (final int each : ports)
            {
                port = each;
                new DatagramSocket(port, address).close();
            }
        }
        catch (final UnknownHostException ex)
        {
            throw new BridgeException("no host of that name: " + endpoint, ex);
        }
        catch (final IOException ex)
        {
            throw new BridgeException("cannot bind " + endpoint.host() + ':' + port + ": " + ex.getMessage(), ex);
        }
    }

    private Aeron connect()
    {
        final Aeron.Context context = new Aeron.Context().useConductorAgentInvoker(true).errorHandler(this::report);
        if (null == config.driverDirectory)
        {
            // A pause of the whole process must not count as a failure of the driver.
            context.aeronDirectoryName(directory.driver()).epochClock(CLOCK)
                .driverTimeoutMs(TimeUnit.NANOSECONDS.toMillis(NEVER_NS));
        }
        else
        {
            context.aeronDirectoryName(config.driverDirectory.toString());
            final StringBuilder log = new StringBuilder();
            if (!CommonContext.isDriverActive(config.driverDirectory.toFile(), DRIVER_TIMEOUT_MS, log::append))
            {
                throw new BridgeException("no media driver runs in " + config.driverDirectory +
                    (log.isEmpty() ? "" : "; " + log), null);
            }
        }
        return Aeron.connect(context);
    }

    private MediaDriver.Context driverContext(final String directory)
    {
        // The sessions' beats detect a lost peer: Aeron's timeouts must be longer.
        final long patienceNs = Math.max(TimeUnit.SECONDS.toNanos(10), 3 * config.lostAfter.toNanos());
        return new MediaDriver.Context()
            .aeronDirectoryName(directory)
            .dirDeleteOnShutdown(true)
            .threadingMode(ThreadingMode.SHARED)
            .sharedIdleStrategy(idleStrategy())
            .epochClock(CLOCK)
            .clientLivenessTimeoutNs(NEVER_NS)
            .publicationUnblockTimeoutNs(2 * NEVER_NS)
            .imageLivenessTimeoutNs(patienceNs)
            .publicationConnectionTimeoutNs(patienceNs)
            .publicationLingerTimeoutNs(TimeUnit.SECONDS.toNanos(1))
            .termBufferSparseFile(true)
            .errorHandler(this::report);
    }

    private static IdleStrategy idleStrategy()
    {
        return new BackoffIdleStrategy(
            SPIN_COUNT, YIELD_COUNT, TimeUnit.MICROSECONDS.toNanos(1), TimeUnit.MILLISECONDS.toNanos(1));
    }

    /** By any thread of the bridge, and of any host that sends datagrams which Aeron rejects: not each of them. */
    private void report(final Throwable thrown)
    {
        if (errors.isDue(thrown.toString(), System.nanoTime()))
        {
            reportTrouble(thrown.toString());
        }
    }

    private void reportTrouble(final String detail)
    {
        listener.onEvent(new BridgeEvent(BridgeEvent.Kind.TROUBLE, config.exports.isEmpty(), "", "", detail));
    }

    /**
     * @param counter of the sessions.
     * @return sum over all imports and exports.
     */
    public long total(final SessionCounter counter)
    {
        return counters.get(counter);
    }

    /**
     * @return clients that are connected to stand-ins, and remote clients that are connected to services.
     */
    public int linkCount()
    {
        return agent.linkCount;
    }

    /**
     * Ends all sessions at once: each open request gets its outcome, and the other ends are notified. A second call
     * does nothing. An interrupt of the calling thread does not shorten it, and is kept.
     */
    @Override
    public synchronized void close()
    {
        if (!isClosed)
        {
            isClosed = true;
            // On a thread of its own, which is never interrupted; the join keeps an interrupt of this one.
            CompletableFuture.runAsync(() ->
            {
                agent.awaitClose(CLOSE_LIMIT_NS);
                CloseHelper.quietCloseAll(resources);
            }, (closing) -> BlockingCalls.daemon(closing).start()).join();
        }
    }

    /**
     * The bridge's first thread: it runs the sessions of both ends, their ports and their streams, and Aeron's
     * conductor. If the media driver stops, all sessions end, and new ones begin once a driver runs again.
     */
    private final class BridgeAgent implements Agent
    {
        private final List<Peer<?>> peers = new ArrayList<>();
        private final CountDownLatch closed = new CountDownLatch(1);
        private Aeron aeron;
        private Exporter exporter;
        private long lookNs = System.nanoTime();
        private boolean isWriting;
        private String problem = "";
        private volatile boolean isClosing;
        private volatile int linkCount;

        /** Connects to the media driver, before the thread starts or on it. */
        void connect()
        {
            aeron = Bridge.this.connect();
            final BridgeContext context = new BridgeContext(aeron, sessions, config, listener);
            exporter = config.exports.isEmpty() ? null : new Exporter(context, exportCounters, peers);
            config.imports.forEach((name, endpoints) ->
                peers.add(new Importer(context, name, endpoints,
                    importCounters.computeIfAbsent(name, (each) -> new SessionCounters(counters)))));
        }

        @Override
        public int doWork()
        {
            int work = calls.doWork();
            final long nowNs = sessions.clock().nanoTime();
            final boolean isDue = nowNs - lookNs >= STATUS_INTERVAL_NS;
            lookNs = isDue ? nowNs : lookNs;
            if (null == aeron)
            {
                if (isClosing)
                {
                    closed.countDown();
                }
                else if (isDue)
                {
                    reconnect();
                }
                return work;
            }
            work += aeron.conductorAgentInvoker().invoke();
            final boolean isEnding = isClosing || aeron.isClosed();
            if (isEnding)
            {
                peers.forEach(Peer::beginClose);
            }
            if (isEnding && !isClosing)
            {
                report("the media driver has gone");
            }
            work += isEnding || null == exporter ? 0 : exporter.accept();
            int links = 0;
            for (int i = peers.size() - 1; i >= 0; i--)
            {
                final Peer<?> peer = peers.get(i);
                work += peer.work();
                links += peer.linkCount();
                if (peer.isOver())
                {
                    peers.remove(i);
                }
            }
            linkCount = links;
            if (isEnding && peers.isEmpty() && !isWriting)
            {
                end();
            }
            else if (isDue && !isWriting && !isEnding)
            {
                writeStatus();
            }
            return work;
        }

        private void end()
        {
            CloseHelper.quietClose(aeron);
            aeron = null;
            peers.clear();
        }

        private void reconnect()
        {
            try
            {
                connect();
                problem = "";
            }
            catch (final RuntimeException ex)
            {
                end();
                report(ex.getMessage());
            }
        }

        /** Reports a problem once, not at each attempt. */
        private void report(final String found)
        {
            if (!problem.equals(found))
            {
                reportTrouble(found);
            }
            problem = found;
        }

        /** Writes the status file that caps stat reads. */
        private void writeStatus()
        {
            final CountersReader driver = aeron.countersReader();
            final StringBuilder text = new StringBuilder();
            text.append(driver.getCounterValue(SystemCounterDescriptor.NAK_MESSAGES_SENT.id())).append('\t')
                .append(driver.getCounterValue(SystemCounterDescriptor.NAK_MESSAGES_RECEIVED.id())).append('\t')
                .append(sessions.attachment().place()).append('\t')
                .append(exportCounters.get(SessionCounter.REFUSED)).append('\n');
            peers.forEach((peer) -> text.append(peer.status()));
            isWriting = true;
            calls.run(() -> directory.write(text.toString()), (done) -> isWriting = false, (ex) ->
            {
                isWriting = false;
                report("the status cannot be written: " + ex);
            });
        }

        void awaitClose(final long limitNs)
        {
            isClosing = true;
            try
            {
                closed.await(limitNs, TimeUnit.NANOSECONDS);
            }
            catch (final InterruptedException ex)
            {
                Thread.currentThread().interrupt();
            }
        }

        /** Also called after a launch that failed. */
        @Override
        public void onClose()
        {
            end();
        }

        @Override
        public String roleName()
        {
            return "caps-bridge";
        }
    }
}
