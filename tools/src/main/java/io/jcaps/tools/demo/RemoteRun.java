/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.Outcome;
import io.jcaps.tools.child.Child;
import io.jcaps.tools.child.ChildFailure;
import io.jcaps.tools.child.Children;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.Payload;
import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.remote.BridgeProcess;
import io.jcaps.tools.remote.HostNetwork;
import io.jcaps.tools.terminal.Screen;
import org.agrona.CloseHelper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One run of {@code demo --remote}: two regions, two bridges, and a network that is cut. The clients' outcomes are
 * compared with the service's own record.
 * <p>
 * One thread runs it; any may close it.
 */
final class RemoteRun implements Performance
{
    /** Upper limit of --messages: requests of the first part. */
    static final int MAX_MESSAGES = 2_000_000;

    private static final long SILENCE_LIMIT_NS = TimeUnit.SECONDS.toNanos(40);
    private static final long SETTLE_LIMIT_NS = TimeUnit.SECONDS.toNanos(20);
    private static final long SETTLE_INTERVAL_MS = 20;
    /** More than the default, as a busy machine may leave a bridge without a core for a while. */
    private static final long LOST_AFTER_MS = 4_000;
    private static final long FLIGHT_NS = TimeUnit.MILLISECONDS.toNanos(700);
    private static final long FLIGHT_MIN_OUTCOMES = 200;
    private static final int LONG_RATE = 8;
    private static final int SHORT_LIMIT = 1_024;
    private static final int HOLD_COUNT = 24;
    private static final int AFTERWARDS_DIVISOR = 40;
    private static final double BYTES_PER_MB = 1e6;
    private static final double NS_PER_SECOND = 1e9;

    private final Path directory;
    private final int messageCount;
    private final Screen screen;
    private final Map<String, Object> summary = new LinkedHashMap<>();
    private final Children children = new Children(SILENCE_LIMIT_NS);
    private final List<Child> bridges = new ArrayList<>();
    private final RemoteNotes[] notes = new RemoteNotes[Demo.CLIENT_COUNT];
    private final Child[] clients = new Child[Demo.CLIENT_COUNT];
    private final Line[] totals = new Line[Demo.CLIENT_COUNT];
    private final Line[] connections = new Line[Demo.CLIENT_COUNT];
    private volatile HostNetwork network;
    private Child service;
    private Child exporter;
    private long generation;
    private long disposed;

    /**
     * @param directory    of this run, removed when it is closed.
     * @param messageCount requests to exchange before anything is cut.
     * @param screen       to show it on.
     */
    RemoteRun(final Path directory, final int messageCount, final Screen screen)
    {
        this.directory = directory;
        this.messageCount = messageCount;
        this.screen = screen;
    }

    /**
     * Length of a payload: seven of eight are short, as otherwise a network of 100 MB/s would be busy for a minute; the
     * others have any length up to the longest.
     */
    static int length(final int client, final long sequence, final int direction)
    {
        final int length = Payload.length(client, sequence, direction);
        return sequence < Payload.MAGNITUDE_COUNT || 0 == sequence % LONG_RATE ?
            length : Math.min(length, SHORT_LIMIT);
    }

    @Override
    public void run() throws InterruptedException
    {
        final long startNs = System.nanoTime();
        begin();
        exchange();
        cutNetwork();
        killBridge();
        killService();
        finish();
        summary.put("seconds", Math.round((System.nanoTime() - startNs) / NS_PER_SECOND * 10) / 10.0);
        screen.print("");
        screen.print(format("  All of it held. %.1f s", (double)summary.get("seconds")));
    }

    @Override
    public Map<String, Object> summary()
    {
        return summary;
    }

    @Override
    public boolean isClosed()
    {
        return children.isClosed();
    }

    @Override
    public void close()
    {
        if (children.close())
        {
            CloseHelper.close(network);
            synchronized (bridges)
            {
                bridges.forEach((bridge) -> BridgeProcess.removeRemains(bridge.pid()));
            }
            WorkDirectory.remove(directory);
        }
    }

    // ---- the parts

    private void begin() throws InterruptedException
    {
        try
        {
            network = HostNetwork.open(directory);
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
        screen.print("jcaps demo: clients on host A, their service on host B, a bridge on each;");
        screen.print("the hosts are " + network.description() + ". Files are in");
        screen.print(directory.toString());
        summary.put("network", network.description());
        summary.put("messages", messageCount);
        for (int i = 0; i < notes.length; i++)
        {
            notes[i] = RemoteNotes.create(directory, i);
        }
        // Both regions exist before the bridges open them.
        Demo.attach(regionA()).close();
        Demo.attach(regionB()).close();
        screen.progress("  starting ...");
        startService();
        startExporter();
        final Child importer = startBridge("bridge A", network.launcherOfA(), BridgeProcess.importer(
            directory, regionA(), network, LOST_AFTER_MS, List.of(Demo.SERVICE_NAME)));
        children.expect(importer, "ready");
        for (int i = 0; i < clients.length; i++)
        {
            clients[i] = children.start("client " + (i + 1), RemoteClient.class, network.launcherOfA(),
                List.of(directory.toString(), regionA().toString(), Integer.toString(i)));
        }
        for (int i = 0; i < clients.length; i++)
        {
            connections[i] = children.expect(clients[i], "connected");
            check(1 == connections[i].number("imported"), clients[i].name() + " is not connected to a stand-in");
        }
    }

    private void exchange() throws InterruptedException
    {
        screen.title(format("1. %,d requests of 0 to %,d bytes through both bridges, all verified",
            messageCount, Payload.MAX_LENGTH));
        final long startNs = System.nanoTime();
        children.onProgress(() -> showExchange(startNs));
        runClients(messageCount);
        final double seconds = (System.nanoTime() - startNs) / NS_PER_SECOND;
        final Line report = awaitDisposals();
        check(total("sent") == messageCount, "not each request was sent");
        check(total("replied") == messageCount, "not each request was replied to");
        check(report.number("received") == messageCount, "not each request was received once");
        check(report.number("disposed") == messageCount, "not each reply was disposed of once");
        compare(0);
        final double megabytes = (total("sentBytes") + total("verifiedBytes")) / BYTES_PER_MB;
        screen.print(format("  %,d requests, as many replies and disposals: %.1f s, %,.0f requests/s",
            messageCount, seconds, messageCount / seconds));
        screen.print(format("  %,.0f MB verified, %,.0f MB/s; messages of %,d to %,d bytes",
            megabytes, megabytes / seconds, Math.min(totals[0].number("minLength"), totals[1].number("minLength")),
            Math.max(totals[0].number("maxLength"), totals[1].number("maxLength"))));
        summary.put("exchangeSeconds", Math.round(seconds * 10) / 10.0);
        summary.put("requestsPerSecond", Math.round(messageCount / seconds));
        summary.put("minLength", Math.min(totals[0].number("minLength"), totals[1].number("minLength")));
        summary.put("maxLength", Math.max(totals[0].number("maxLength"), totals[1].number("maxLength")));
    }

    private void cutNetwork() throws InterruptedException
    {
        screen.title("2. The network is cut with requests in flight");
        fly();
        final long cutMicros = Demo.epochMicros();
        network.cut(HostNetwork.Cut.BOTH_WAYS);
        land("cut", "cut", cutMicros, Outcome.UNREACHABLE);
        network.restore();
        goOn("the network is restored");
    }

    private void killBridge() throws InterruptedException
    {
        screen.title("3. SIGKILL to bridge B with requests in flight");
        fly();
        final long killMicros = Demo.epochMicros();
        children.mayEnd(exporter);
        exporter.kill();
        exporter.join();
        land("bridgeKill", "killed", killMicros, Outcome.UNREACHABLE);
        startExporter();
        goOn("bridge B is started again");
    }

    private void killService() throws InterruptedException
    {
        screen.title("4. SIGKILL to the service with requests in flight");
        fly();
        final Line before = report();
        disposed += before.number("disposed");
        final long killMicros = Demo.epochMicros();
        children.mayEnd(service);
        service.kill();
        service.join();
        land("serviceKill", "killed", killMicros, Outcome.SERVICE_DIED);
        startService();
        goOn("the service is back");
    }

    private void finish() throws InterruptedException
    {
        for (final Child client : clients)
        {
            client.tell(new Line("stop"));
            children.end(client);
        }
        final Line report = awaitDisposals();
        // Checked again over all parts: a request reported as not received must never be received later.
        final Tally tally = new Tally();
        for (int i = 0; i < clients.length; i++)
        {
            for (long sequence = 0; sequence < totals[i].number("sent"); sequence++)
            {
                tally.add(notes[i].client(sequence), notes[i].service(sequence));
            }
        }
        tally.check();
        service.tell(new Line("stop"));
        children.end(service);
        for (final Child bridge : bridges)
        {
            if (bridge.isAlive())
            {
                bridge.tell(new Line("stop"));
                children.end(bridge);
            }
        }
        screen.title("Summary: what the clients were told, and what the service has noted");
        tally.print();
        check(tally.all() == total("sent"), "requests have no outcome");
        screen.print(format("  %,d requests, each with exactly one outcome; none was received twice.", tally.all()));
        screen.print("  No request without RECEIVED was received by the service, and none will be.");
        summary.put("sent", total("sent"));
        summary.put("outcomes", tally.all());
        summary.put("disposedAtLastService", report.number("disposed"));
        tally.addTo(summary, "");
    }

    // ---- a flight

    private void fly() throws InterruptedException
    {
        service.tell(new Line("hold").with("count", HOLD_COUNT));
        children.expect(service, "holding");
        children.forgetProgress();
        for (final Child client : clients)
        {
            client.tell(new Line("flight"));
        }
        children.onProgress(() -> screen.progress(format("  in flight: %,d requests more, up to %d open at a time",
            progress("sent") - total("sent"), Demo.CLIENT_COUNT * RequestWindow.FLIGHT_WINDOW)));
        final long startNs = System.nanoTime();
        while (System.nanoTime() - startNs < FLIGHT_NS || !isInFlight())
        {
            children.await(TimeUnit.MILLISECONDS.toNanos(50));
            check(System.nanoTime() - startNs < SILENCE_LIMIT_NS, "nothing is in flight");
        }
    }

    private boolean isInFlight()
    {
        for (int i = 0; i < clients.length; i++)
        {
            final Line progress = children.progress(clients[i]);
            if (null == progress || progress.number("outcomes") < totals[i].number("outcomes") + FLIGHT_MIN_OUTCOMES)
            {
                return false;
            }
        }
        return true;
    }

    /** Waits for the clients' outcomes, and compares them with the service's record. */
    private void land(final String key, final String what, final long micros, final int kind)
        throws InterruptedException
    {
        final Line[] before = totals.clone();
        screen.progress("  " + what + ": the clients wait for the outcomes ...");
        for (int i = 0; i < clients.length; i++)
        {
            totals[i] = children.expect(clients[i], "gone");
        }
        long open = 0;
        long firstMicros = Long.MAX_VALUE;
        for (int i = 0; i < clients.length; i++)
        {
            clients[i].tell(new Line("cut").with("micros", micros));
            final Line outcomes = children.expect(clients[i], "outcomes");
            open += outcomes.number("openReplied") + outcomes.number("openReceived") +
                outcomes.number("openNotReceived");
            firstMicros = Math.min(firstMicros, outcomes.number("firstAutomaticMicros"));
            check(totals[i].number("sent") == totals[i].number("outcomes"),
                clients[i].name() + " has requests without an outcome");
        }
        check(Long.MAX_VALUE != firstMicros, "no request was open: nothing was shown");
        final Tally tally = new Tally();
        for (int i = 0; i < clients.length; i++)
        {
            for (long sequence = before[i].number("sent"); sequence < totals[i].number("sent"); sequence++)
            {
                tally.add(notes[i].client(sequence), notes[i].service(sequence));
            }
        }
        tally.check();
        check(tally.told(kind, false) + tally.told(kind, true) > 0, "nothing ended as " + Outcome.text(kind));
        check(tally.isOnly(Outcome.REPLIED, kind, Outcome.SERVICE_CLOSED),
            "an outcome of another kind than " + Outcome.text(kind) + " was told");
        check(0 == tally.told(Outcome.SERVICE_CLOSED, true), "an outcome is SERVICE_CLOSED, but the service did not " +
            "close");
        final double firstMs = (firstMicros - micros) / 1e3;
        screen.print(format("  %s with %d requests open; the first %s %,.0f ms later",
            what, open, Outcome.text(kind), firstMs));
        tally.print();
        summary.put(key + "Open", open);
        summary.put(key + "ToFirstMs", Math.round(firstMs));
        tally.addTo(summary, key);
    }

    /** The clients connect again, to another incarnation, and continue. */
    private void goOn(final String what) throws InterruptedException
    {
        final int count = Math.max(Demo.CLIENT_COUNT, messageCount / AFTERWARDS_DIVISOR);
        final long startNs = System.nanoTime();
        service.tell(new Line("hold").with("count", 0));
        children.expect(service, "holding");
        for (final Child client : clients)
        {
            client.tell(new Line("connect"));
        }
        screen.progress("  " + what + ": the clients sleep until there is a service ...");
        for (int i = 0; i < clients.length; i++)
        {
            final Line connection = children.expect(clients[i], "connected");
            check(connection.number("incarnation") != connections[i].number("incarnation"),
                clients[i].name() + " did not notice the new incarnation");
            check(connection.number("generation") == generation,
                clients[i].name() + " has not the service's generation");
            connections[i] = connection;
        }
        final double connectedSeconds = (System.nanoTime() - startNs) / NS_PER_SECOND;
        final long from = total("sent");
        children.forgetProgress();
        children.onProgress(() -> screen.progress((progress("sent") - from) / (double)count, "going on"));
        runClients(count);
        awaitDisposals();
        screen.print(format("  %s: connected after %.1f s; %,d more, verified",
            what, connectedSeconds, total("sent") - from));
    }

    // ---- outcomes and the service's record

    /** Outcomes by kind and RECEIVED, and how many of them the service has noted as received. */
    private final class Tally
    {
        private static final int KIND_COUNT = Outcome.REFUSED + 1;

        private final long[] told = new long[2 * KIND_COUNT];
        private final long[] seen = new long[2 * KIND_COUNT];
        private long repliedUnsent;
        private long all;

        void add(final int client, final int ofService)
        {
            if ((client & RemoteNotes.ENDED) == 0)
            {
                return;
            }
            all++;
            final boolean isSeen = (ofService & RemoteNotes.SEEN) != 0;
            final int index = index(RemoteNotes.kind(client), (client & RemoteNotes.TOLD_RECEIVED) != 0);
            told[index]++;
            seen[index] += isSeen ? 1 : 0;
            repliedUnsent += Outcome.REPLIED == RemoteNotes.kind(client) &&
                (ofService & RemoteNotes.REPLYING) == 0 ? 1 : 0;
        }

        /** A client must know what the service may have acted on (B1, B7). */
        void check()
        {
            for (int kind = Outcome.SERVICE_CLOSED; kind < KIND_COUNT; kind++)
            {
                RemoteRun.check(0 == seen[index(kind, false)], seen[index(kind, false)] +
                    " requests ended as " + Outcome.text(kind) + ", not received, but the service has received them");
            }
            RemoteRun.check(0 == repliedUnsent, repliedUnsent + " replies were not sent by the service");
            // A service may be killed between the library's record and its own note, of one request of each client.
            RemoteRun.check(told(Outcome.SERVICE_DIED, true) - seen[index(Outcome.SERVICE_DIED, true)] <=
                Demo.CLIENT_COUNT, "more outcomes have RECEIVED than the service that died has noted");
        }

        long told(final int kind, final boolean wasReceived)
        {
            return told[index(kind, wasReceived)];
        }

        long all()
        {
            return all;
        }

        boolean isOnly(final int... kinds)
        {
            long sum = 0;
            for (final int kind : kinds)
            {
                sum += told(kind, false) + told(kind, true);
            }
            return sum == all;
        }

        void print()
        {
            screen.print(format("  %-40s %14s %20s", "", "told", "noted as received"));
            for (int kind = Outcome.REPLIED; kind < KIND_COUNT; kind++)
            {
                for (int i = 1; i >= 0; i--)
                {
                    final int index = index(kind, 1 == i);
                    if (0 != told[index])
                    {
                        final String text = Outcome.text(kind) +
                            (Outcome.REPLIED == kind ? "" : 1 == i ? ", RECEIVED" : ", not received");
                        screen.print(format("  %-40s %,14d %,20d", text, told[index], seen[index]));
                    }
                }
            }
        }

        void addTo(final Map<String, Object> members, final String key)
        {
            members.put(name(key, "replied"), told(Outcome.REPLIED, false) + told(Outcome.REPLIED, true));
            members.put(name(key, "unreachableReceived"), told(Outcome.UNREACHABLE, true));
            members.put(name(key, "unreachableNotReceived"), told(Outcome.UNREACHABLE, false));
            members.put(name(key, "diedReceived"), told(Outcome.SERVICE_DIED, true));
            members.put(name(key, "diedNotReceived"), told(Outcome.SERVICE_DIED, false));
            members.put(name(key, "closedNotReceived"), told(Outcome.SERVICE_CLOSED, false));
        }

        private String name(final String key, final String name)
        {
            return key.isEmpty() ? name : key + Character.toUpperCase(name.charAt(0)) + name.substring(1);
        }

        private int index(final int kind, final boolean wasReceived)
        {
            return 2 * kind + (wasReceived ? 1 : 0);
        }
    }

    /** Checks a part in which nothing was cut. */
    private void compare(final long from)
    {
        final Tally tally = new Tally();
        for (int i = 0; i < clients.length; i++)
        {
            for (long sequence = from; sequence < totals[i].number("sent"); sequence++)
            {
                tally.add(notes[i].client(sequence), notes[i].service(sequence));
            }
        }
        tally.check();
        check(tally.isOnly(Outcome.REPLIED), "not each request was replied to");
    }

    private Line report() throws InterruptedException
    {
        service.tell(new Line("report"));
        return children.expect(service, "report");
    }

    /** No thread waits for a disposal, so a bridge sends it after everything else. */
    private Line awaitDisposals() throws InterruptedException
    {
        final long fromNs = System.nanoTime();
        Line report = report();
        while (0 != report.number("undisposed"))
        {
            check(System.nanoTime() - fromNs < SETTLE_LIMIT_NS,
                report.number("undisposed") + " messages were not disposed of");
            Thread.sleep(SETTLE_INTERVAL_MS);
            report = report();
        }
        return report;
    }

    // ---- the processes

    private Path regionA()
    {
        return directory.resolve("host-a");
    }

    private Path regionB()
    {
        return directory.resolve("host-b");
    }

    private void startService() throws InterruptedException
    {
        service = children.start("service", RemoteService.class, network.launcherOfB(),
            List.of(directory.toString(), regionB().toString(), Long.toString(++generation)));
        children.expect(service, "ready");
    }

    private void startExporter() throws InterruptedException
    {
        exporter = startBridge("bridge B", network.launcherOfB(), BridgeProcess.exporter(
            directory, regionB(), network, LOST_AFTER_MS, List.of(Demo.SERVICE_NAME)));
        children.expect(exporter, "ready");
    }

    private Child startBridge(final String name, final List<String> launcher, final List<String> args)
        throws InterruptedException
    {
        synchronized (bridges)
        {
            final Child bridge = children.start(name, BridgeProcess.class, launcher, args);
            children.ignore(bridge, "bridge");
            bridges.add(bridge);
            return bridge;
        }
    }

    private void runClients(final int count) throws InterruptedException
    {
        for (int i = 0; i < clients.length; i++)
        {
            clients[i].tell(new Line("run")
                .with("count", count / clients.length + (i < count % clients.length ? 1 : 0)));
        }
        for (int i = 0; i < clients.length; i++)
        {
            totals[i] = children.expect(clients[i], "done");
        }
    }

    // ---- numbers

    private void showExchange(final long startNs)
    {
        final long done = progress("outcomes");
        final double elapsed = Math.max(1, System.nanoTime() - startNs) / NS_PER_SECOND;
        screen.progress(done / (double)messageCount, format("%,d replies  %,.0f/s  %,.0f MB/s",
            done, done / elapsed,
            (progress("sentBytes") + progress("verifiedBytes")) / BYTES_PER_MB / elapsed));
    }

    private long progress(final String key)
    {
        long sum = 0;
        for (int i = 0; i < clients.length; i++)
        {
            final Line said = children.progress(clients[i]);
            final Line line = null == said ? totals[i] : said;
            sum += null == line ? 0 : line.number(key);
        }
        return sum;
    }

    private long total(final String key)
    {
        long sum = 0;
        for (final Line line : totals)
        {
            sum += line.number(key);
        }
        return sum;
    }

    private static void check(final boolean holds, final String otherwise)
    {
        if (!holds)
        {
            throw new ChildFailure(otherwise);
        }
    }

    private static String format(final String format, final Object... args)
    {
        return String.format(Locale.ROOT, format, args);
    }
}
