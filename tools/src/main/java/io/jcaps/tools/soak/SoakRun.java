/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Attachment;
import io.jcaps.tools.child.Child;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.remote.BridgeProcess;
import io.jcaps.tools.terminal.Screen;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One run of the soak: starts the processes, kills, stops and restarts them at random, and finally compares the notes
 * of services with the outcomes of clients.
 * <p>
 * One thread runs it; any may stop or close it.
 */
final class SoakRun implements AutoCloseable
{
    private static final Line STOP = new Line("stop");
    private static final int CLIENTS_PER_PROCESS = 2;
    private static final int MORTAL_SERVICE_COUNT = 2;
    private static final long TICK_MS = 50;
    private static final long LOOK_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long SAMPLE_INTERVAL_NS = TimeUnit.SECONDS.toNanos(1);
    private static final int MIN_ACT_MS = 200;
    private static final int MAX_ACT_MS = 1_400;
    private static final int MAX_SECOND_ACT_MS = 100;
    private static final int MAX_REST_MS = 800;
    /** One of this many acts is a cut, if there is a network. */
    private static final int CUT_RATE = 8;
    private static final int MIN_STOP_MS = 50;
    private static final int STOP_DOUBLINGS = 7;
    private static final int MAX_STOPPED = 2;
    private static final long SETTLE_LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long END_LIMIT_NS = TimeUnit.SECONDS.toNanos(120);
    /** A shorter run ends before all memory has been used once. */
    private static final long MIN_JUDGED_NS = TimeUnit.SECONDS.toNanos(120);
    // A fixed heap, so that growth of a process has another cause.
    private static final List<String> JVM_FLAGS = List.of(
        "-Xms24m", "-Xmx24m", "-XX:+AlwaysPreTouch", "-Xss512k", "-XX:ReservedCodeCacheSize=24m",
        // Memory that compilers free is returned to the system: when they run depends on the machine's load.
        "-XX:+IgnoreUnrecognizedVMOptions", "-XX:+UnlockExperimentalVMOptions", "-XX:TrimNativeHeapInterval=1000");

    private final Path directory;
    private final Path regionFile;
    private final long durationNs;
    private final int clientCount;
    private final RemoteHosts hosts;
    private final Screen screen;
    private final SplittableRandom random;
    private final BlockingQueue<Child.Event> events = new LinkedBlockingQueue<>();
    private final Accounts accounts = new Accounts();
    private final Books books;
    private final List<Party> parties = new ArrayList<>();
    private final Map<Child, Party> partyByChild = new LinkedHashMap<>();
    private final Set<Child> killed = new HashSet<>();
    private final List<ProcessUse> uses = new ArrayList<>();
    private final Map<String, Object> summary = new LinkedHashMap<>();
    private String services;
    private int lifeCount;
    private long clientKills;
    private long serviceKills;
    private long bridgeKills;
    private long stops;
    private long restarts;
    private long gracefulEnds;
    private long startNs;
    private long endNs;
    private volatile boolean isStopping;

    // Guarded by this, because a shutdown closes the run while it is in progress.
    private final List<Child> children = new ArrayList<>();
    private boolean isClosed;

    /**
     * @param directory   of this run, removed when it is closed.
     * @param regionFile  to use, in that directory or another.
     * @param durationNs  of the traffic.
     * @param seed        of all random choices.
     * @param clientCount clients in processes that may be killed.
     * @param hosts       between which there are bridges; null for one region. They are closed with this.
     * @param screen      to show it on.
     */
    SoakRun(
        final Path directory,
        final Path regionFile,
        final long durationNs,
        final long seed,
        final int clientCount,
        final RemoteHosts hosts,
        final Screen screen)
    {
        this.directory = directory;
        this.regionFile = regionFile;
        this.durationNs = durationNs;
        this.clientCount = clientCount;
        this.hosts = hosts;
        this.screen = screen;
        random = new SplittableRandom(seed);
        books = new Books(directory, accounts,
            (openedNs) -> null == hosts ? Accounts.Way.LOCAL : hosts.way(openedNs));
    }

    /**
     * Runs it, until its time is over or it is stopped.
     *
     * @return whether every check passed.
     */
    boolean run() throws IOException, InterruptedException
    {
        try (RegionState region = new RegionState(regionFile))
        {
            begin(region);
            startNs = System.nanoTime();
            traffic(region);
            endNs = System.nanoTime();
            finish(region);
        }
        summarize();
        return accounts.isClean();
    }

    /** Ends the traffic now; the final checks follow as usual. */
    void stop()
    {
        isStopping = true;
    }

    /** The counters by name. */
    Map<String, Object> summary()
    {
        return summary;
    }

    /** Ends all processes and removes the directory. A second call does nothing. */
    @Override
    public void close()
    {
        synchronized (this)
        {
            if (isClosed)
            {
                return;
            }
            isClosed = true;
            children.forEach(Child::kill);
            children.forEach(Child::join);
        }
        books.close();
        if (null != hosts)
        {
            hosts.close();
            parties.stream().filter((party) -> party.isBridge() && null != party.child())
                .forEach((party) -> RemoteHosts.bridgeEnded(party.child().pid()));
        }
        WorkDirectory.remove(directory);
    }

    // ---- the traffic

    /** Starts all processes, and waits for the first connection, which can take long on a busy machine. */
    private void begin(final RegionState region) throws IOException, InterruptedException
    {
        screen.progress("  starting ...");
        for (int i = 0; i <= MORTAL_SERVICE_COUNT; i++)
        {
            parties.add(new Party(Soak.SERVICE_PREFIX + i, Party.Role.SERVICE, 0 != i, 0));
        }
        services = parties.stream().map(Party::name).collect(Collectors.joining(","));
        if (null != hosts)
        {
            parties.add(new Party("bridge of the services", Party.Role.EXPORTER, true, 0));
            parties.add(new Party("bridge of the clients", Party.Role.IMPORTER, true, 0));
        }
        parties.add(new Party("clients 0", Party.Role.CLIENTS, false, 1));
        for (int i = 0; i < clientCount; i += CLIENTS_PER_PROCESS)
        {
            parties.add(new Party("clients " + (1 + i / CLIENTS_PER_PROCESS), Party.Role.CLIENTS, true,
                Math.min(CLIENTS_PER_PROCESS, clientCount - i)));
        }
        for (final Party party : parties)
        {
            start(party, region.geometry().slotCount());
            if (!party.isMortal())
            {
                uses.add(new ProcessUse(party.name(), party.child().pid()));
            }
        }
        restarts = 0;
        final long fromNs = System.nanoTime();
        while (0 == books.openCount() && !isStopping && System.nanoTime() - fromNs < SETTLE_LIMIT_NS)
        {
            onEvents();
            books.look(Set.of());
        }
    }

    private void traffic(final RegionState region) throws IOException, InterruptedException
    {
        long actAtNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
        long lookAtNs = System.nanoTime();
        long sampleAtNs = System.nanoTime();
        for (long nowNs = startNs; nowNs - startNs < durationNs && !isStopping; nowNs = System.nanoTime())
        {
            onEvents();
            if (null != hosts)
            {
                hosts.look(parties);
            }
            if (nowNs - actAtNs >= 0)
            {
                // Sometimes a second process is killed while the others handle a death.
                final int delayMs = act() && Soak.isOneIn(random, 3) ?
                    random.nextInt(MAX_SECOND_ACT_MS) : MIN_ACT_MS + random.nextInt(MAX_ACT_MS - MIN_ACT_MS);
                actAtNs = nowNs + TimeUnit.MILLISECONDS.toNanos(delayMs);
            }
            for (final Party party : parties)
            {
                if (party.isDue(nowNs))
                {
                    start(party, region.geometry().slotCount());
                }
            }
            if (nowNs - lookAtNs >= 0)
            {
                books.look(stoppedLives());
                lookAtNs = nowNs + LOOK_INTERVAL_NS;
                showProgress(nowNs);
            }
            if (nowNs - sampleAtNs >= 0)
            {
                uses.forEach(ProcessUse::sample);
                sampleAtNs = nowNs + SAMPLE_INTERVAL_NS;
            }
        }
    }

    /** Kills, stops or ends a process; true if it was a kill. */
    private boolean act()
    {
        if (null != hosts && Soak.isOneIn(random, CUT_RATE))
        {
            hosts.cut(random);
            return false;
        }
        final Party party = parties.get(random.nextInt(parties.size()));
        if (!party.isIdle())
        {
            return false;
        }
        final int choice = random.nextInt(100);
        if (choice < 50 && party.isMortal())
        {
            ending(party, true);
            killed.add(party.child());
            clientKills += Party.Role.CLIENTS == party.role() ? 1 : 0;
            serviceKills += Party.Role.SERVICE == party.role() ? 1 : 0;
            bridgeKills += party.isBridge() ? 1 : 0;
            party.child().kill();
            return true;
        }
        if (choice < 65 && party.isMortal())
        {
            ending(party, false);
            gracefulEnds++;
            party.child().tell(STOP);
        }
        else if (!party.isPaused() && parties.stream().filter(Party::isPaused).count() < MAX_STOPPED)
        {
            stops++;
            final int longestMs = MIN_STOP_MS << random.nextInt(STOP_DOUBLINGS);
            party.pause(longestMs + random.nextInt(longestMs));
        }
        return false;
    }

    private void ending(final Party party, final boolean isKill)
    {
        party.ending();
        if (party.isBridge())
        {
            hosts.bridgeEnds(party.role(), isKill);
        }
    }

    private Set<Integer> stoppedLives()
    {
        return parties.stream().filter(Party::isPaused).map(Party::life).collect(Collectors.toSet());
    }

    private void start(final Party party, final int slotCount)
    {
        final int life = ++lifeCount;
        final Party.Role role = party.role();
        final List<String> args = arguments(party, life, slotCount);
        final List<String> launcher = null == hosts ? List.of() : hosts.launcher(role);
        final Class<?> type = Party.Role.SERVICE == role ? SoakService.class :
            Party.Role.CLIENTS == role ? SoakClient.class : BridgeProcess.class;
        synchronized (this)
        {
            if (isClosed)
            {
                return;
            }
            final Child child = new Child(party.name() + ", life " + life, type, events, true, launcher,
                party.isBridge() ? List.of() : JVM_FLAGS, args);
            children.add(child);
            partyByChild.put(child, party);
            party.live(child, life);
        }
        restarts++;
    }

    private List<String> arguments(final Party party, final int life, final int slotCount)
    {
        if (party.isBridge())
        {
            return hosts.bridgeArguments(party.role(), regionFile, List.of(services.split(",")));
        }
        final boolean isService = Party.Role.SERVICE == party.role();
        final Path region = isService && null != hosts ? hosts.serviceRegion() : regionFile;
        final List<String> args = new ArrayList<>(List.of(
            directory.toString(), region.toString(), Integer.toString(life), Long.toString(random.nextLong())));
        args.addAll(isService ? List.of(party.name()) :
            List.of(Integer.toString(slotCount), Integer.toString(party.clientCount()), services));
        args.add(Boolean.toString(null != hosts));
        return args;
    }

    private void onEvents() throws InterruptedException
    {
        Child.Event event = events.poll(TICK_MS, TimeUnit.MILLISECONDS);
        for (; null != event; event = events.poll())
        {
            final Child child = event.child();
            switch (event.line().word())
            {
                case "finding" -> accounts.find(event.line().text("what"));
                case "stranger" -> accounts.addOther(event.line().text("what"));
                case "failed" -> accounts.addOther(child.name() + " failed: " + event.line().text("what"));
                case Child.ENDED -> onEnded(child);
                case "ready", "bridge", "over" -> onBridge(child, event.line());
                default -> accounts.addOther(child.name() + " reported " + event.line());
            }
        }
    }

    private void onBridge(final Child child, final Line line)
    {
        final String fault = hosts.onLine(line);
        if (null != fault)
        {
            accounts.addOther(child.name() + ": " + fault);
        }
    }

    private void onEnded(final Child child)
    {
        final Party party = partyByChild.remove(child);
        final int exitCode = child.join();
        if (!party.isEnding() || 0 != exitCode && !killed.remove(child))
        {
            accounts.addOther(child.name() + " ended by itself, exit code " + exitCode);
        }
        killed.remove(child);
        synchronized (this)
        {
            children.remove(child);
        }
        if (party.isBridge())
        {
            RemoteHosts.bridgeEnded(child.pid());
        }
        books.lifeEnded(party.life());
        party.ended(random.nextInt(MAX_REST_MS));
    }

    // ---- the end

    private void finish(final RegionState region) throws IOException, InterruptedException
    {
        screen.progress("  ending: " + books.openCount() + " connections are open");
        for (final Party party : parties)
        {
            party.awaitPauseEnd();
        }
        if (null != hosts)
        {
            awaitBridges(region);
        }
        end(Party.Role.CLIENTS);
        final long settleFromNs = System.nanoTime();
        do
        {
            onEvents();
            books.look(Set.of());
        }
        while (books.openCount() > 0 && System.nanoTime() - settleFromNs < SETTLE_LIMIT_NS);
        end(Party.Role.SERVICE);
        end(Party.Role.IMPORTER);
        end(Party.Role.EXPORTER);
        books.look(Set.of());
        if (books.openCount() > 0)
        {
            accounts.addOther(books.openCount() + " connections did not come to an end");
        }
        checkRegion(regionFile, region);
        if (null != hosts)
        {
            try (RegionState other = new RegionState(hosts.serviceRegion()))
            {
                checkRegion(hosts.serviceRegion(), other);
            }
        }
        checkSums();
    }

    /** Waits until network and bridges work again, so that the clients receive the outcomes that are due. */
    private void awaitBridges(final RegionState region) throws InterruptedException
    {
        hosts.restore();
        for (final Party party : parties)
        {
            while (party.isBridge() && !party.isIdle())
            {
                onEvents();
                if (party.isDue(System.nanoTime()))
                {
                    start(party, region.geometry().slotCount());
                }
            }
        }
        hosts.look(parties);
    }

    private void end(final Party.Role role) throws InterruptedException
    {
        for (final Party party : parties)
        {
            if (role == party.role() && party.isIdle())
            {
                ending(party, false);
                party.child().tell(STOP);
            }
        }
        final long fromNs = System.nanoTime();
        while (parties.stream().anyMatch((party) -> role == party.role() && null != party.child()))
        {
            onEvents();
            if (System.nanoTime() - fromNs > END_LIMIT_NS)
            {
                for (final Party party : parties)
                {
                    if (role == party.role() && null != party.child())
                    {
                        accounts.addOther(party.child().name() + " did not end on command");
                        killed.add(party.child());
                        party.child().kill();
                    }
                }
                return;
            }
        }
    }

    /** Attaches once, which frees what killed processes left: after that the region must be empty. */
    private void checkRegion(final Path file, final RegionState region) throws IOException, InterruptedException
    {
        try (Attachment attachment = Soak.attach(file))
        {
            summary.put("sleepMode", attachment.sleepMode());
        }
        for (final String entry : region.entries())
        {
            accounts.addOther("left in the region's tables: " + entry);
        }
        for (final String lock : region.locks())
        {
            accounts.addOther("left on the region's lock file: " + lock);
        }
        // With clients the memory changes. Now no link may have any: all must have been returned.
        final long length = region.allocatedLength();
        summary.put("regionMemory", length);
        if (length > region.fixedLength())
        {
            accounts.addOther("memory of links was not returned: the region's file has " + length +
                " bytes, of which " + region.fixedLength() + " can be its tables and error logs");
        }
    }

    private void checkSums()
    {
        final Map<String, Long> numbers = accounts.numbers();
        if (0 == numbers.get("puts") && !isStopping)
        {
            accounts.addOther("nothing was put, so nothing was shown: is the machine busy?");
        }
        final long ends = numbers.entrySet().stream()
            .filter((entry) -> entry.getKey().startsWith("outcome") || entry.getKey().startsWith("open"))
            .mapToLong(Map.Entry::getValue).sum() + accounts.withoutOutcome();
        if (numbers.get("puts") != ends)
        {
            accounts.addOther("puts are " + numbers.get("puts") + ", but their ends are " + ends);
        }
    }

    // ---- showing

    private void showProgress(final long nowNs)
    {
        screen.progress(Math.min(1, (nowNs - startNs) / (double)durationNs), String.format(Locale.ROOT,
            "%,d puts  %d kills  %d stops%s", accounts.puts(), clientKills + serviceKills + bridgeKills, stops,
            accounts.isClean() ? "" : "  NOT CLEAN"));
    }

    private void summarize()
    {
        screen.endProgress();
        final double seconds = (endNs - startNs) / 1e9;
        if (endNs - startNs >= MIN_JUDGED_NS)
        {
            flatnesses().filter((flatness) -> !flatness.isFlat())
                .forEach((flatness) -> accounts.addOther("grows: " + flatness));
        }
        final Map<String, Long> numbers = accounts.numbers();
        summary.put("seconds", Math.round(seconds * 10) / 10.0);
        summary.put("stopped", isStopping);
        summary.put("putsPerMinute", Math.round(numbers.get("puts") / seconds * 60));
        summary.putAll(numbers);
        summary.put("clientKills", clientKills);
        summary.put("serviceKills", serviceKills);
        if (null != hosts)
        {
            summary.put("network", hosts.description());
            summary.put("bridgeKills", bridgeKills);
            summary.put("cuts", hosts.cuts());
            summary.put("bridgeEvents", hosts.counts());
            summary.put("bridgeTroubles", hosts.troubles());
        }
        summary.put("stops", stops);
        summary.put("gracefulEnds", gracefulEnds);
        summary.put("restarts", restarts);
        final Map<String, Object> flat = new LinkedHashMap<>();
        flatnesses().forEach((flatness) -> flat.put(flatness.name(), flatness.sampleCount() < 3 ?
            null : List.of(flatness.middle(), flatness.last())));
        summary.put("middleAndLastThird", flat);
        summary.put("findings", accounts.findings());
        print(numbers, seconds);
    }

    private Stream<Flatness> flatnesses()
    {
        return uses.stream().flatMap((use) -> use.all().stream());
    }

    private void print(final Map<String, Long> numbers, final double seconds)
    {
        screen.title(String.format(Locale.ROOT, "%.1f s%s", seconds, isStopping ? ", stopped" : ""));
        row("puts accepted", numbers.get("puts"));
        row("  REPLIED", numbers.get("outcomeReplied"));
        row("  SERVICE_CLOSED, received", numbers.get("outcomeServiceClosedReceived"));
        row("  SERVICE_CLOSED, not received", numbers.get("outcomeServiceClosed"));
        row("  SERVICE_DIED, received", numbers.get("outcomeServiceDiedReceived"));
        row("  SERVICE_DIED, not received", numbers.get("outcomeServiceDied"));
        row("  ABORTED, received", numbers.get("outcomeAbortedReceived"));
        row("  ABORTED, not received", numbers.get("outcomeAborted"));
        if (null != hosts)
        {
            row("  UNREACHABLE, received", numbers.get("outcomeUnreachableReceived"));
            row("  UNREACHABLE, not received", numbers.get("outcomeUnreachable"));
        }
        row("  open when the client was killed", numbers.get("openWhenClientWasKilled"));
        row("  open when the client closed its port", numbers.get("openWhenClientClosed"));
        row("received by services", numbers.get("received"));
        row("replied by services", numbers.get("replied"));
        row("disposals that services got", numbers.get("disposals"));
        row("aborts, beside calls that ran out of time", numbers.get("aborts"));
        row("connections", numbers.get("connections"));
        row("SIGKILL to clients' processes", clientKills);
        row("SIGKILL to services' processes", serviceKills);
        if (null != hosts)
        {
            row("SIGKILL to bridges", bridgeKills);
            row("cuts of the network", hosts.cuts());
        }
        row("SIGSTOP, later SIGCONT", stops);
        row("processes that ended when asked to", gracefulEnds);
        row("processes started again", restarts);
        row("lost: no outcome, or a reply that never came", numbers.get("lost"));
        row("lost disposals", numbers.get("lostDisposals"));
        row("doubled", numbers.get("doubled"));
        row("untruthful", numbers.get("untruthful"));
        row("torn", numbers.get("torn"));
        row("disordered", numbers.get("disordered"));
        row("answers that no rule knows", numbers.get("strange"));
        row("other findings", numbers.get("other"));
        screen.title("Middle third, then last third" +
            (endNs - startNs >= MIN_JUDGED_NS ? "" : " (shown only: judged from 2 minutes on)"));
        flatnesses().forEach((flatness) -> screen.print("  " + flatness));
        if (null != hosts)
        {
            screen.title("What the bridges reported, and how often");
            hosts.troubles().forEach((what, count) -> screen.print(String.format(Locale.ROOT, "  %,7d %s", count,
                what.substring(0, Math.min(what.length(), Screen.WIDTH - 10)))));
        }
        if (!accounts.findings().isEmpty())
        {
            screen.title("Findings");
            accounts.findings().forEach((finding) -> screen.print("  " + finding));
        }
        screen.print("");
        screen.print(accounts.isClean() ? "  All of it held." : "FAILED: not all of it held.");
    }

    private void row(final String name, final long value)
    {
        screen.print(String.format(Locale.ROOT, "  %-50s %,14d", name, value));
    }
}
