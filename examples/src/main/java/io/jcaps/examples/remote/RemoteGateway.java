/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.remote;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.bridge.Bridge;
import io.jcaps.bridge.BridgeConfig;
import io.jcaps.bridge.Endpoint;
import io.jcaps.shm.Caps;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.LongArrayList;
import org.agrona.concurrent.ShutdownSignalBarrier;
import org.agrona.concurrent.UnsafeBuffer;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Sends numbered orders to an engine on another host, several at a time. After a cut, the outcome shows whether an
 * order can be sent again: without RECEIVED the engine has not received it and never will; with RECEIVED the gateway
 * queries the engine.
 */
public final class RemoteGateway
{
    private static final long MISSING = -1;
    private static final int WINDOW = 8;
    private static final long WAIT_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private final UnsafeBuffer request = new UnsafeBuffer(new byte[RemoteEngine.REQUEST_LENGTH]);
    private final Message reply = new Message();
    // Orders in flight, by message id.
    private final Long2LongHashMap inFlight = new Long2LongHashMap(MISSING);
    private final LongArrayList again = new LongArrayList();
    private final LongArrayList doubtful = new LongArrayList();
    private final long count;
    private long last;
    private long done;
    private boolean isTrading;

    private RemoteGateway(final long count)
    {
        this.count = count;
    }

    /**
     * Sends orders.
     *
     * @param args the engine's HOST:PORT (127.0.0.1:40123), lost-after in milliseconds (2000), and number of orders
     *             (100000).
     */
    public static void main(final String[] args)
    {
        final BridgeConfig config = new BridgeConfig()
            .importService(RemoteEngine.NAME, Endpoint.parse(args.length > 0 ? args[0] : "127.0.0.1:40123"))
            .lostAfter(Duration.ofMillis(args.length > 1 ? Long.parseLong(args[1]) : 2_000));
        final RemoteGateway gateway = new RemoteGateway(args.length > 2 ? Long.parseLong(args[2]) : 100_000);
        // Ctrl-C ends the loop, so that the bridge is closed and takes its directory with it.
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier(Thread.currentThread()::interrupt);
            Attachment caps = Caps.attach();
            Bridge bridge = Bridge.launch(caps, config, System.out::println))
        {
            while (gateway.done < gateway.count && !Thread.interrupted())
            {
                // The stand-in is registered while the engine can be reached, so WAITSVC also waits for a service of
                // another host.
                try (ClientPort engine = caps.client(RemoteEngine.NAME, new PortOptions().waitForService()))
                {
                    System.out.println("connected");
                    gateway.settle(engine);
                    gateway.trade(engine);
                }
                catch (final CapsException ex)
                {
                    // The stand-in closed during the connect.
                    System.out.println(ex.getMessage());
                }
            }
            System.out.println("done: " + gateway.done);
        }
    }

    /** Settles the doubtful orders first: queries the engine for each. */
    private void settle(final ClientPort engine)
    {
        while (!doubtful.isEmpty())
        {
            final long number = doubtful.getLong(doubtful.size() - 1);
            write(RemoteEngine.WAS_EXECUTED, number);
            final int state = engine.call(request, 0, request.capacity(), reply, Long.MAX_VALUE);
            if (MessageState.REPLY != state || Outcome.REPLIED != reply.outcome())
            {
                reply.release();
                return;
            }
            final boolean isExecuted = 1 == reply.buffer().getLong(0);
            reply.release();
            doubtful.removeAt(doubtful.size() - 1);
            System.out.println("order " + number + (isExecuted ? " was executed" : " was not executed: sent again"));
            if (isExecuted)
            {
                done++;
            }
            else
            {
                again.addLong(number);
            }
        }
    }

    /** Sends orders until all are done, or until the engine is lost and each order has its outcome. */
    private void trade(final ClientPort engine)
    {
        int state = Status.OK;
        isTrading = false;
        while (done < count && Status.NOT_CONNECTED != state && !Thread.currentThread().isInterrupted())
        {
            while (inFlight.size() < WINDOW && (!again.isEmpty() || last < count) && put(engine))
            {
                Thread.onSpinWait();
            }
            state = engine.await(reply, WAIT_NS);
            if (MessageState.REPLY == state)
            {
                onOutcome(inFlight.remove(reply.id()), reply.outcome());
                reply.release();
            }
        }
    }

    private boolean put(final ClientPort engine)
    {
        final long number = again.isEmpty() ? last + 1 : again.getLong(again.size() - 1);
        write(RemoteEngine.EXECUTE, number);
        final long id = engine.put(request, 0, request.capacity());
        if (id < 0)
        {
            return false;
        }
        inFlight.put(id, number);
        if (again.isEmpty())
        {
            last++;
        }
        else
        {
            again.removeAt(again.size() - 1);
        }
        return true;
    }

    private void onOutcome(final long number, final int outcome)
    {
        if (Outcome.REPLIED == outcome)
        {
            if (1 != reply.buffer().getLong(0))
            {
                throw new IllegalStateException("order " + number + " was executed twice");
            }
            done++;
            if (!isTrading)
            {
                isTrading = true;
                System.out.println("trading, from order " + number);
            }
        }
        else if (Outcome.wasReceived(outcome))
        {
            System.out.println("order " + number + " may have been executed (" + Outcome.text(outcome) + "): will ask");
            doubtful.addLong(number);
        }
        else
        {
            System.out.println(
                "order " + number + " never will be executed (" + Outcome.text(outcome) + "): sent again");
            again.addLong(number);
        }
    }

    private void write(final long kind, final long number)
    {
        request.putLong(RemoteEngine.KIND_OFFSET, kind);
        request.putLong(RemoteEngine.NUMBER_OFFSET, number);
    }
}
