/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.upcall;

import io.jcaps.Attachment;
import io.jcaps.MessageHandler;
import io.jcaps.PortAgent;
import io.jcaps.PortOptions;
import io.jcaps.shm.Caps;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.CompositeAgent;
import org.agrona.concurrent.ShutdownSignalBarrier;

/**
 * Two services on one thread: an Agrona agent calls a handler for each message of its port.
 */
public final class UpcallService
{
    private static final int MESSAGES_PER_CYCLE = 16;

    private UpcallService()
    {
    }

    /**
     * Serves until it is ended by Ctrl-C.
     *
     * @param args none.
     */
    public static void main(final String[] args)
    {
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier();
            Attachment caps = Caps.attach())
        {
            final CompositeAgent agents = new CompositeAgent(
                agent(caps, PriceHandler.NAME, new PriceHandler()), agent(caps, LimitHandler.NAME, new LimitHandler()));
            // No thread wakes an agent: it polls. This strategy polls often at first, and finally each millisecond; a
            // BusySpinIdleStrategy replies at once and takes a core.
            try (AgentRunner runner = new AgentRunner(
                new BackoffIdleStrategy(),
                ex -> System.out.println("handler failed: " + ex.getMessage()),
                null,
                agents))
            {
                AgentRunner.startOnThread(runner);
                System.out.println("serving");
                barrier.await();
            }
            // Closing the runner has closed the agents, which close their ports.
        }
    }

    private static PortAgent agent(final Attachment caps, final String name, final MessageHandler handler)
    {
        // One thread at a time: this one until the runner starts, then the agent's.
        final PortOptions options = new PortOptions().singleThreaded(true);
        return new PortAgent(caps.service(name, options), handler, MESSAGES_PER_CYCLE);
    }
}
