/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.Agent;

import java.util.Objects;

/**
 * Calls a handler for each message of a port, in a duty cycle (R11, B4): run it with an Agrona {@code AgentRunner} or
 * {@code AgentInvoker}, with the idle strategy of your choice. It calls {@link Port#poll}, so a service receives
 * requests in batches of up to its limit.
 * <p>
 * If the handler throws an {@link Exception}, its request gets a reply of 0 bytes unless it has one, the exception goes
 * to the agent's error handler, and the port stays open. An unspent claim for the reply becomes void: a handler that
 * has handed its claim to another thread must not throw after that. If the handler throws anything else, the port is
 * closed: each request that a service had received and not replied to has the outcome {@link Outcome#SERVICE_CLOSED}.
 * <p>
 * An {@link InterruptedException} ends Agrona's runner and invoker, which close the port. A thread that dies without an
 * agent closes nothing: its process lives, so the port stays open for the next thread that uses or closes it.
 */
public final class PortAgent implements Agent
{
    private final Port port;
    private final MessageHandler handler;
    private final int messageLimit;

    /**
     * @param port         to receive from; the agent's close closes it.
     * @param handler      to call.
     * @param messageLimit most requests or replies in one duty cycle, 1 or more.
     * @throws IllegalArgumentException if the limit is less than 1.
     */
    public PortAgent(final Port port, final MessageHandler handler, final int messageLimit)
    {
        if (messageLimit < 1)
        {
            throw new IllegalArgumentException("messageLimit must be positive: messageLimit=" + messageLimit);
        }
        this.port = port;
        this.handler = new Settling(Objects.requireNonNull(handler, "handler"));
        this.messageLimit = messageLimit;
    }

    /**
     * Handles the messages that are there, up to the limit.
     *
     * @return messages handled, disposals among them; 0 if the port is closed or its service is gone.
     */
    @Override
    public int doWork()
    {
        return Math.max(0, port.poll(handler, messageLimit));
    }

    /** Closes the port. */
    @Override
    public void onClose()
    {
        port.close();
    }

    /**
     * @return {@code jcaps-} and the port's name.
     */
    @Override
    public String roleName()
    {
        return "jcaps-" + port.name();
    }

    /** Calls the user's handler, and settles its failure while the message is still in view. */
    private final class Settling implements MessageHandler
    {
        private final MessageHandler handler;

        Settling(final MessageHandler handler)
        {
            this.handler = handler;
        }

        @Override
        public void onMessage(final Message message)
        {
            try
            {
                handler.onMessage(message);
            }
            catch (final Throwable thrown)
            {
                settle(thrown, message);
                throw thrown;
            }
        }

        @Override
        public void onDispose(final long id)
        {
            try
            {
                handler.onDispose(id);
            }
            catch (final Throwable thrown)
            {
                settle(thrown, null);
                throw thrown;
            }
        }
    }

    /** Settles a failure of the handler; {@code message} is null if it handled a disposal. */
    private void settle(final Throwable thrown, final Message message)
    {
        try
        {
            port.handlerFailed(thrown);
            // Anything but an Exception closes the port: an Error, or a Throwable of another kind.
            if (!(thrown instanceof Exception))
            {
                port.close();
            }
            else if (null != message && port instanceof ServicePort service)
            {
                service.giveUp(message);
            }
        }
        catch (final Throwable ex)
        {
            // The error handler receives what the handler threw; this failure is added to it.
            thrown.addSuppressed(ex);
        }
    }
}
