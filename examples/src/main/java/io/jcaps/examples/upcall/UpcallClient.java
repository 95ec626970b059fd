/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.upcall;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.Port;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.WaitSet;
import io.jcaps.shm.Caps;
import org.agrona.collections.Long2LongHashMap;

/**
 * Sends a request to two services for each instrument, and waits for both with one thread: it sleeps until a reply of
 * either comes.
 */
public final class UpcallClient
{
    private static final long UNKNOWN = -1;
    // Each asks for 101 instruments, of which the last does not exist; a client may have 128 in progress.
    private static final int COUNT = PriceHandler.INSTRUMENT_COUNT + 1;

    private final ClientPort prices;
    private final ClientPort limits;
    private final Claim request = new Claim();
    private final Message reply = new Message();
    private final Long2LongHashMap instrumentByPriceId = new Long2LongHashMap(UNKNOWN);
    private final Long2LongHashMap instrumentByLimitId = new Long2LongHashMap(UNKNOWN);
    private final Long2LongHashMap priceByInstrument = new Long2LongHashMap(UNKNOWN);
    private final Long2LongHashMap limitByInstrument = new Long2LongHashMap(UNKNOWN);

    private UpcallClient(final ClientPort prices, final ClientPort limits)
    {
        this.prices = prices;
        this.limits = limits;
    }

    /**
     * Asks.
     *
     * @param args none.
     */
    public static void main(final String[] args)
    {
        final PortOptions options = new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC);
        try (Attachment caps = Caps.attach();
            ClientPort prices = caps.client(PriceHandler.NAME, options);
            ClientPort limits = caps.client(LimitHandler.NAME, options);
            WaitSet ports = caps.waitSet())
        {
            ports.add(prices).add(limits);
            new UpcallClient(prices, limits).run(ports);
        }
    }

    private void run(final WaitSet ports)
    {
        for (int instrument = 0; instrument < COUNT; instrument++)
        {
            instrumentByPriceId.put(ask(prices, instrument), instrument);
            instrumentByLimitId.put(ask(limits, instrument), instrument);
        }
        while (!instrumentByPriceId.isEmpty() || !instrumentByLimitId.isEmpty())
        {
            // The set only returns a port that is ready; null would mean that this thread was interrupted.
            final Port port = ports.await(Long.MAX_VALUE);
            if (prices == port)
            {
                take(prices, instrumentByPriceId, priceByInstrument);
            }
            else if (limits == port)
            {
                take(limits, instrumentByLimitId, limitByInstrument);
            }
            else
            {
                throw new IllegalStateException("interrupted");
            }
        }
        print();
    }

    private long ask(final ClientPort port, final long instrument)
    {
        final int status = port.claim(Long.BYTES, request);
        if (Status.OK != status)
        {
            throw new IllegalStateException("claim: " + Status.text(status));
        }
        request.buffer().putLong(0, instrument);
        final long id = request.put();
        if (id < 0)
        {
            throw new IllegalStateException("put: " + Status.text(id));
        }
        return id;
    }

    /** Takes all available replies, so that the wait set need not return the port for each. */
    private void take(final ClientPort port, final Long2LongHashMap instrumentById, final Long2LongHashMap results)
    {
        int state = port.get(reply);
        while (MessageState.REPLY == state)
        {
            if (Outcome.REPLIED != reply.outcome())
            {
                throw new IllegalStateException(port.name() + ": " + Outcome.text(reply.outcome()));
            }
            final long instrument = instrumentById.remove(reply.id());
            if (reply.length() > 0)
            {
                results.put(instrument, reply.buffer().getLong(0));
            }
            // Otherwise the handler has failed, and PortAgent has replied with 0 bytes.
            reply.release();
            state = port.get(reply);
        }
        if (Status.WOULD_BLOCK != state)
        {
            throw new IllegalStateException(port.name() + ": " + Status.text(state));
        }
    }

    private void print()
    {
        int bothCount = 0;
        for (int instrument = 0; instrument < COUNT; instrument++)
        {
            final long price = priceByInstrument.get(instrument);
            final long limit = limitByInstrument.get(instrument);
            if (UNKNOWN == price || UNKNOWN == limit)
            {
                System.out.println("instrument " + instrument + ": no price");
            }
            else
            {
                bothCount++;
                if (0 == instrument % 20)
                {
                    System.out.println("instrument " + instrument + ": up to " + limit + " at " + price);
                }
            }
        }
        System.out.println(bothCount + " instruments have a price and a limit");
    }
}
