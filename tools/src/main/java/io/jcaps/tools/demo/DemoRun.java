/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.bench.suite.Histograms;
import io.jcaps.tools.child.Child;
import io.jcaps.tools.child.ChildFailure;
import io.jcaps.tools.child.Children;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.Payload;
import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.terminal.Screen;
import org.HdrHistogram.Histogram;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One run of the demo: starts the processes, sends them commands, and checks their reports.
 * <p>
 * One thread runs it; any may close it.
 */
final class DemoRun implements Performance
{
    private static final long SILENCE_LIMIT_NS = TimeUnit.SECONDS.toNanos(30);
    /**
     * Longer than for other parts: two spinning sides that a busy machine puts on one core take a time slice for each
     * round trip.
     */
    private static final long SPINNING_SILENCE_LIMIT_NS = TimeUnit.MINUTES.toNanos(3);
    private static final long FLIGHT_NS = TimeUnit.MILLISECONDS.toNanos(1_500);
    private static final long FLIGHT_MIN_OUTCOMES = 500;
    private static final int HOLD_COUNT = 24;
    private static final int AFTERWARDS_DIVISOR = 10;
    private static final long FIRST_GENERATION = 1;
    private static final double BYTES_PER_MB = 1e6;

    private final Path directory;
    private final int messageCount;
    private final int roundTripCount;
    private final Screen screen;
    private final Map<String, Object> summary = new LinkedHashMap<>();

    private final Children children = new Children(SILENCE_LIMIT_NS);
    private Child service;
    private final Child[] clients = new Child[Demo.CLIENT_COUNT];
    private final Line[] totals = new Line[Demo.CLIENT_COUNT];
    private final Line[] connections = new Line[Demo.CLIENT_COUNT];
    private long sentToFirstService;

    /**
     * @param directory      that is the run's own, and removed when it is closed.
     * @param messageCount   requests to exchange before the service is killed.
     * @param roundTripCount round trips to time.
     * @param screen         to show it on.
     */
    DemoRun(final Path directory, final int messageCount, final int roundTripCount, final Screen screen)
    {
        this.directory = directory;
        this.messageCount = messageCount;
        this.roundTripCount = roundTripCount;
        this.screen = screen;
    }

    @Override
    public void run() throws InterruptedException
    {
        final long startNs = System.nanoTime();
        screen.print("jcaps demo: a service and " + Demo.CLIENT_COUNT + " clients, each a JVM of its own, in");
        screen.print(directory.toString());
        summary.put("messages", messageCount);
        summary.put("roundTrips", roundTripCount);
        exchange();
        killInFlight();
        restart();
        finish();
        measure();
        summary.put("seconds", seconds(System.nanoTime() - startNs));
        printSummary();
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
            WorkDirectory.remove(directory);
        }
    }

    // ---- the parts

    private void exchange() throws InterruptedException
    {
        screen.title(format("1. %,d requests of 0 to %,d bytes, and replies: each byte verified",
            messageCount, Payload.MAX_LENGTH));
        screen.progress("  starting ...");
        service = startService(FIRST_GENERATION);
        for (int i = 0; i < clients.length; i++)
        {
            clients[i] = children.start(
                "client " + (i + 1), DemoClient.class, directory.toString(), Integer.toString(i));
        }
        introduceClients();
        for (int i = 0; i < clients.length; i++)
        {
            connections[i] = children.expect(clients[i], "connected");
        }
        final long startNs = System.nanoTime();
        children.onProgress(() -> showExchange(startNs));
        runClients(messageCount);
        final long elapsedNs = System.nanoTime() - startNs;
        service.tell(new Line("report"));
        final Line report = children.expect(service, "report");

        check(total("sent") == messageCount, "not each request was sent");
        check(total("replied") == messageCount, "not each request was replied to");
        check(report.number("received") == messageCount, "not each request was received once");
        check(report.number("disposed") == messageCount, "not each reply was disposed of once");
        checkLengths();
        final double rate = messageCount / (elapsedNs / 1e9);
        final double bytes = total("sentBytes") + total("verifiedBytes");
        screen.print(format("  %,d requests, as many replies and disposals: %.1f s, %,.0f requests/s",
            messageCount, elapsedNs / 1e9, rate));
        screen.print(format("  %,.0f MB verified, %,.0f MB/s; messages of %,d to %,d bytes, %d magnitudes",
            bytes / BYTES_PER_MB, bytes / BYTES_PER_MB / (elapsedNs / 1e9), min("minLength"), max("maxLength"),
            Long.bitCount(magnitudes())));
        summary.put("exchangeSeconds", seconds(elapsedNs));
        summary.put("requestsPerSecond", Math.round(rate));
        summary.put("minLength", min("minLength"));
        summary.put("maxLength", max("maxLength"));
    }

    private void killInFlight() throws InterruptedException
    {
        screen.title("2. SIGKILL to the service with requests in flight");
        service.tell(new Line("hold").with("count", HOLD_COUNT));
        children.expect(service, "holding");
        final long[] before = new long[clients.length];
        children.forgetProgress();
        for (int i = 0; i < clients.length; i++)
        {
            before[i] = totals[i].number("sent");
            clients[i].tell(new Line("flight"));
        }
        children.onProgress(() -> screen.progress(format("  in flight: %,d requests more, up to %d open at a time",
            progress("sent") - total("sent"), Demo.CLIENT_COUNT * RequestWindow.FLIGHT_WINDOW)));
        final long startNs = System.nanoTime();
        while (System.nanoTime() - startNs < FLIGHT_NS || !isInFlight(before))
        {
            children.await(TimeUnit.MILLISECONDS.toNanos(50));
            check(System.nanoTime() - startNs < SILENCE_LIMIT_NS, "nothing is in flight");
        }

        children.mayEnd(service);
        final long killMicros = Demo.epochMicros();
        service.kill();
        final long killedMicros = Demo.epochMicros();
        for (int i = 0; i < clients.length; i++)
        {
            totals[i] = children.expect(clients[i], "gone");
        }
        service.join();
        final Line[] outcomes = new Line[clients.length];
        for (int i = 0; i < clients.length; i++)
        {
            clients[i].tell(new Line("killed").with("micros", killedMicros));
            outcomes[i] = children.expect(clients[i], "outcomes");
            check(0 == totals[i].number("lost"), clients[i].name() + " has requests without an outcome");
            checkSums(totals[i]);
        }
        sentToFirstService = total("sent");
        try (Witness witness = Witness.open(Demo.witnessFile(directory, FIRST_GENERATION)))
        {
            checkWitness(witness, outcomes);
            summary.put("disposed", witness.disposed());
            summary.put("verifiedBytes", witness.verifiedBytes());
        }
        showOutcomes(outcomes, killMicros);
    }

    private void restart() throws InterruptedException
    {
        final int count = Math.max(Demo.CLIENT_COUNT, messageCount / AFTERWARDS_DIVISOR);
        screen.title("3. The service is started again");
        final Line[] before = totals.clone();
        screen.progress("  the clients sleep until there is one ...");
        final long startNs = System.nanoTime();
        service = startService(FIRST_GENERATION + 1);
        introduceClients();
        for (int i = 0; i < clients.length; i++)
        {
            final Line connection = children.expect(clients[i], "connected");
            final long generation = before[i].number("generation");
            screen.print(format("  %s noticed: generation %d -> %d, the service's incarnation %d -> %d",
                clients[i].name(), generation, connection.number("generation"),
                connections[i].number("incarnation"), connection.number("incarnation")));
            check(generation == FIRST_GENERATION && connection.number("generation") == FIRST_GENERATION + 1,
                clients[i].name() + " did not notice the new generation");
            check(connection.number("incarnation") > connections[i].number("incarnation"),
                clients[i].name() + " did not notice the new incarnation");
        }
        summary.put("generationBefore", before[0].number("generation"));
        summary.put("generationAfter", FIRST_GENERATION + 1);
        children.forgetProgress();
        children.onProgress(() ->
            screen.progress((progress("outcomes") - sum(before, "sent")) / (double)count, "going on"));
        runClients(count);
        screen.print(format("  %,d requests more, verified; %.1f s after the restart",
            total("sent") - sum(before, "sent"), (System.nanoTime() - startNs) / 1e9));
    }

    private void finish() throws InterruptedException
    {
        service.tell(new Line("report"));
        final Line report = children.expect(service, "report");
        long afterwards = 0;
        for (final Line each : totals)
        {
            checkSums(each);
            afterwards += each.number("sent");
        }
        afterwards -= sentToFirstService;
        check(report.number("received") == afterwards, "not each request was received once after the restart");
        check(report.number("replied") == afterwards, "not each request was replied to once after the restart");
        check(report.number("disposed") == afterwards, "not each reply was disposed of once after the restart");
        try (Witness witness = Witness.open(Demo.witnessFile(directory, FIRST_GENERATION + 1)))
        {
            add("disposed", witness.disposed());
            add("verifiedBytes", witness.verifiedBytes() + total("verifiedBytes"));
        }
        for (final Child client : clients)
        {
            client.tell(new Line("stop"));
            children.end(client);
        }
        service.tell(new Line("stop"));
        children.end(service);
        summary.put("sent", total("sent"));
        summary.put("replied", total("replied"));
        summary.put("autoReplied", total("autoReceived") + total("autoNotReceived"));
        summary.put("autoRepliedReceived", total("autoReceived"));
        summary.put("autoRepliedNotReceived", total("autoNotReceived"));
        summary.put("lost", total("lost"));
        summary.put("doubled", total("doubled"));
        check(0 == total("lost"), "requests were lost");
        check(0 == total("doubled"), "requests were doubled");
    }

    private void measure() throws InterruptedException
    {
        screen.title(format("4. %,d round trips of 32 bytes, one at a time, both sides spinning",
            roundTripCount));
        final Child latency = children.start(
            "measuring client", DemoLatency.class, directory.toString(), Integer.toString(roundTripCount));
        Line line = children.next(latency, SPINNING_SILENCE_LIMIT_NS);
        for (; "round".equals(line.word()); line = children.next(latency, SPINNING_SILENCE_LIMIT_NS))
        {
            screen.progress(line.number("done") / (2.0 * DemoLatency.ROUND_COUNT),
                "measuring the " + line.text("what"));
        }
        final Histogram transport = Histograms.decode(line.text("transport"));
        final Histogram floor = Histograms.decode(line.text("floor"));
        children.end(latency);
        final long timed = Math.min(transport.getTotalCount(), floor.getTotalCount());
        check(timed > 0 && timed <= roundTripCount, "of " + roundTripCount + " round trips " + timed + " were timed");

        final LatencyRounds rounds = LatencyRounds.parse(line.text("rounds"));
        final LatencyPicture picture = new LatencyPicture(screen, transport, floor);
        picture.bars().forEach(screen::print);
        screen.title("5. Beside the floor: a number bounced between two JVMs through two cache lines");
        picture.percentiles().forEach(screen::print);
        screen.print("");
        rounds.lines().forEach(screen::print);
        LatencyPicture.shortfall(timed, roundTripCount).forEach(screen::print);
        summary.put("roundTripsTimed", timed);
        summary.put("ratioP50", Math.round(rounds.ratio() * 100) / 100.0);
        summary.put("hasChangedSpeed", rounds.hasChangedSpeed());
        LatencyPicture.addTo(summary, "latency", transport);
        LatencyPicture.addTo(summary, "floor", floor);
    }

    // ---- showing

    private void showExchange(final long startNs)
    {
        final long done = progress("outcomes");
        final double elapsed = Math.max(1, System.nanoTime() - startNs) / 1e9;
        screen.progress(done / (double)messageCount, format("%,d replies  %,.0f/s  %,.0f MB/s",
            done, done / elapsed,
            (progress("sentBytes") + progress("verifiedBytes")) / BYTES_PER_MB / elapsed));
    }

    private void showOutcomes(final Line[] outcomes, final long killMicros)
    {
        long open = 0;
        long firstMicros = Long.MAX_VALUE;
        for (final Line each : outcomes)
        {
            open += each.number("openReplied") + each.number("openReceived") + each.number("openNotReceived");
            firstMicros = Math.min(firstMicros, each.number("firstAutomaticMicros"));
        }
        check(Long.MAX_VALUE != firstMicros, "the kill met no request in flight: nothing was shown");
        final double firstMs = (firstMicros - killMicros) / 1e3;
        screen.print(format("  killed pid %d with %d requests open; first automatic reply %.1f ms later",
            service.pid(), open, firstMs));
        screen.print(format("  %-44s %10s %10s %10s", "", clients[0].name(), clients[1].name(), "together"));
        row("open when it was killed: outcomes", outcomes, "openReplied", "openReceived", "openNotReceived");
        row("  REPLIED, read after its death", outcomes, "openReplied");
        row("  SERVICE_DIED, it had received the request", outcomes, "openReceived");
        row("  SERVICE_DIED, it never saw the request", outcomes, "openNotReceived");
        if (0 != sum(outcomes, "later"))
        {
            row("put before its death was known: outcomes", outcomes, "later");
            row("  SERVICE_DIED, it never saw the request", outcomes, "laterNotReceived");
        }
        screen.print("  Each request has exactly one outcome, and the service's own notes of what it");
        screen.print("  received agree with it.");
        summary.put("openAtKill", open);
        summary.put("openReplied", sum(outcomes, "openReplied"));
        summary.put("openReceived", sum(outcomes, "openReceived"));
        summary.put("openNotReceived", sum(outcomes, "openNotReceived"));
        summary.put("killToFirstAutoReplyMs", Math.round(firstMs * 10) / 10.0);
    }

    private void row(final String name, final Line[] lines, final String... keys)
    {
        final long[] values = new long[lines.length];
        long together = 0;
        for (int i = 0; i < lines.length; i++)
        {
            for (final String key : keys)
            {
                values[i] += lines[i].number(key);
            }
            together += values[i];
        }
        screen.print(format("  %-44s %,10d %,10d %,10d", name, values[0], values[1], together));
    }

    private void printSummary()
    {
        screen.title("Summary");
        screen.print(format("  %-44s %10s %10s %10s", "", clients[0].name(), clients[1].name(), "together"));
        row("sent", totals, "sent");
        row("replied", totals, "replied");
        row("auto-replied", totals, "autoReceived", "autoNotReceived");
        row("  the service had received the request", totals, "autoReceived");
        row("  the service never saw the request", totals, "autoNotReceived");
        row("lost", totals, "lost");
        row("doubled", totals, "doubled");
        screen.print(format("  %-44s %10s %10s %,10d", "disposed", "", "", (long)summary.get("disposed")));
        screen.print(format("  %-44s %10s %10s %,10d", "  not any more, as the service had died", "", "",
            total("replied") - (long)summary.get("disposed")));
        screen.print(format("  %-44s %10s %10s %,10d", "MB verified", "", "",
            Math.round((long)summary.get("verifiedBytes") / BYTES_PER_MB)));
        screen.print("");
        screen.print(format("  All of it held. %.1f s", (double)summary.get("seconds")));
    }

    // ---- checking

    private void checkSums(final Line total)
    {
        check(total.number("sent") == total.number("replied") + total.number("autoReceived") +
            total.number("autoNotReceived"), "sent is not replied plus auto-replied: " + total);
    }

    /**
     * A client must know which requests a killed service may have acted on (B1): compares with the service's own notes.
     */
    private void checkWitness(final Witness witness, final Line[] outcomes)
    {
        for (int i = 0; i < outcomes.length; i++)
        {
            final long next = witness.nextSequence(i);
            // The service may have been killed between the library's record and its own note, of one request.
            check(outcomes[i].number("maxReceived") == next - 1 || outcomes[i].number("maxReceived") == next,
                "the service noted " + next + " requests of " + clients[i].name() +
                " as received, the client counts " + (outcomes[i].number("maxReceived") + 1));
            check(outcomes[i].number("minNotReceived") > outcomes[i].number("maxReceived"),
                clients[i].name() + " has an outcome without RECEIVED for a request that the service received");
        }
        // The same between a reply and its note; and only a reply that was sent can be disposed of.
        final long replied = total("replied");
        check(replied == witness.replied() || replied == witness.replied() + 1,
            "the service noted " + witness.replied() + " replies, the clients have " + replied);
        check(witness.disposed() <= replied, "more was disposed of than replied");
    }

    private void checkLengths()
    {
        if (messageCount >= 2 * Payload.MAGNITUDE_COUNT)
        {
            check(0 == min("minLength") && Payload.MAX_LENGTH == max("maxLength"), "not each length was sent");
            check(Payload.MAGNITUDE_COUNT == Long.bitCount(magnitudes()), "not each magnitude was sent");
        }
    }

    private static void check(final boolean holds, final String otherwise)
    {
        if (!holds)
        {
            throw new ChildFailure(otherwise);
        }
    }

    // ---- the children

    private Child startService(final long generation) throws InterruptedException
    {
        return children.start("service", DemoService.class, directory.toString(), Long.toString(generation));
    }

    private void introduceClients() throws InterruptedException
    {
        children.expect(service, "ready");
        final Line line = new Line("clients");
        for (int i = 0; i < clients.length; i++)
        {
            line.with("pid" + i, clients[i].pid()).with("next" + i, null == totals[i] ? 0 : totals[i].number("sent"));
        }
        service.tell(line);
        children.expect(service, "known");
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

    private boolean isInFlight(final long[] before)
    {
        for (int i = 0; i < clients.length; i++)
        {
            final Line progress = children.progress(clients[i]);
            if (null == progress || progress.number("outcomes") < before[i] + FLIGHT_MIN_OUTCOMES)
            {
                return false;
            }
        }
        return true;
    }

    // ---- numbers

    private long progress(final String key)
    {
        long sum = 0;
        for (int i = 0; i < clients.length; i++)
        {
            // A client without a new report counts with its last one.
            final Line said = children.progress(clients[i]);
            final Line line = null == said ? totals[i] : said;
            sum += null == line ? 0 : line.number(key);
        }
        return sum;
    }

    private long total(final String key)
    {
        return sum(totals, key);
    }

    private static long sum(final Line[] lines, final String key)
    {
        long sum = 0;
        for (final Line line : lines)
        {
            sum += line.number(key);
        }
        return sum;
    }

    private long min(final String key)
    {
        return Math.min(totals[0].number(key), totals[1].number(key));
    }

    private long max(final String key)
    {
        return Math.max(totals[0].number(key), totals[1].number(key));
    }

    private long magnitudes()
    {
        return totals[0].number("magnitudes") | totals[1].number("magnitudes");
    }

    private void add(final String key, final long value)
    {
        summary.put(key, (long)summary.get(key) + value);
    }

    private static double seconds(final long ns)
    {
        return Math.round(ns / 1e8) / 10.0;
    }

    private static String format(final String format, final Object... args)
    {
        return String.format(Locale.ROOT, format, args);
    }
}
