/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.ParentLink;
import io.jcaps.tools.child.Payload;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;

/**
 * A client of the demo, a process of its own: keeps a window of requests in flight, and counts how each of them ends.
 * <p>
 * Commands: {@code run} (count), {@code flight} (until the service has gone), {@code killed} (when), {@code stop}.
 * Reports: {@code connected}, {@code progress}, {@code done}, {@code gone}, {@code outcomes}, {@code failed}.
 */
final class DemoClient implements RequestWindow.Client
{
    private static final long AWAIT_NS = TimeUnit.SECONDS.toNanos(10);

    private final ParentLink parent;
    private final Attachment attachment;
    private final int client;
    private final RequestWindow window;
    private ClientPort port;

    private final BitSet outcomeSequences = new BitSet();
    private long autoReceived;
    private long autoNotReceived;
    private long doubled;
    private long maxReceivedSequence = -1;
    private long minNotReceivedSequence = Long.MAX_VALUE;

    private DemoClient(final ParentLink parent, final Attachment attachment, final int client)
    {
        this.parent = parent;
        this.attachment = attachment;
        this.client = client;
        window = new RequestWindow(parent, client, AWAIT_NS, this);
    }

    /**
     * @param args directory and index of the client.
     */
    public static void main(final String[] args)
    {
        final Path directory = Path.of(args[0]);
        ParentLink.run(directory, (parent) ->
        {
            try (Attachment attachment = Demo.attach(Demo.regionFile(directory)))
            {
                new DemoClient(parent, attachment, Integer.parseInt(args[1])).run();
            }
        });
    }

    private void run() throws InterruptedException
    {
        connect();
        while (true)
        {
            final Line line = parent.take();
            switch (line.word())
            {
                case "run" ->
                {
                    window.exchange(line.number("count"), "no process killed it");
                    window.reportTotals(new Line("done"));
                }
                case "flight" ->
                {
                    window.fly(Long.MAX_VALUE);
                    // The generation can still be read after the service has died (R28).
                    final Line gone = new Line("gone").with("generation", port.serviceGeneration());
                    port.close();
                    window.reportTotals(gone);
                }
                case "killed" ->
                {
                    final Line answer = new Line("outcomes")
                        .with("maxReceived", maxReceivedSequence)
                        .with("minNotReceived", minNotReceivedSequence);
                    window.flight().tell(line.number("micros"), answer);
                    parent.tell(answer);
                    connect();
                }
                case "stop" ->
                {
                    port.close();
                    return;
                }
                default -> throw new IllegalStateException("unknown command: " + line);
            }
        }
    }

    /** Waits, asleep, until there is a service (R5). */
    private void connect()
    {
        port = attachment.client(
            Demo.SERVICE_NAME, new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC).singleThreaded(true));
        window.connected(port);
        parent.tell(new Line("connected")
            .with("generation", port.serviceGeneration())
            .with("incarnation", port.serviceIncarnation()));
    }

    @Override
    public int length(final long sequence, final int direction)
    {
        return Payload.length(client, sequence, direction);
    }

    @Override
    public void accepted(final long sequence)
    {
    }

    @Override
    public boolean hasEnded(final long sequence)
    {
        final boolean hasEnded = outcomeSequences.get((int)sequence);
        doubled += hasEnded ? 1 : 0;
        return hasEnded;
    }

    @Override
    public boolean ended(final long sequence, final int outcome, final boolean isFlight)
    {
        outcomeSequences.set((int)sequence);
        final boolean wasReceived = Outcome.wasReceived(outcome);
        if (wasReceived)
        {
            maxReceivedSequence = Math.max(maxReceivedSequence, sequence);
        }
        else
        {
            minNotReceivedSequence = Math.min(minNotReceivedSequence, sequence);
        }
        if (Outcome.REPLIED != outcome)
        {
            autoReceived += wasReceived ? 1 : 0;
            autoNotReceived += wasReceived ? 0 : 1;
        }
        return isFlight && Outcome.SERVICE_DIED == Outcome.kind(outcome);
    }

    @Override
    public void addTotals(final Line line)
    {
        // Counted by the sequence numbers that had an outcome, not by the sums of the kinds.
        final int outcomes = outcomeSequences.cardinality();
        line.with("outcomes", outcomes)
            // A request without an outcome is lost if no more outcomes are due; otherwise it is open.
            .with("lost", window.sent() - outcomes)
            .with("autoReceived", autoReceived)
            .with("autoNotReceived", autoNotReceived)
            .with("doubled", doubled);
    }
}
