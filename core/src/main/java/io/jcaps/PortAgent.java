/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.Agent;

/**
 * Calls a handler for each message of a port, in a duty cycle (R11, B4): run it by an Agrona {@code AgentRunner} or
 * {@code AgentInvoker}, with the idle strategy of your choice.
 * <p>
 * If the handler throws an exception, its request, unless it has replied, is replied to with 0 bytes, and the exception
 * goes to the agent's error handler; the port goes on. A claim for the reply that it has not spent is void: a handler
 * that leaves its claim to another thread must not throw any more. If it throws anything else, the port is closed: all
 * that it had received and not replied has the outcome {@link Outcome#SERVICE_CLOSED}.
 * <p>
 * Of an {@link InterruptedException} Agrona's runner and invoker end, and with them the port. A thread that dies
 * without an agent closes nothing: the port waits for whoever uses or closes it next, as its process is alive.
 */
public final class PortAgent implements Agent
{
    private final Port port;
    private final MessageHandler handler;
    private final int messageLimit;
    private final Message message = new Message();

    /**
     * @param port         to receive from; the agent closes it when it is closed itself.
     * @param handler      to call.
     * @param messageLimit most messages in one duty cycle, 1 or more.
     */
    public PortAgent(final Port port, final MessageHandler handler, final int messageLimit)
    {
        if (messageLimit < 1)
        {
            throw new IllegalArgumentException("messageLimit must be positive: messageLimit=" + messageLimit);
        }
        this.port = port;
        this.handler = handler;
        this.messageLimit = messageLimit;
    }

    /**
     * Handles what is there, up to the limit.
     *
     * @return messages handled.
     */
    @Override
    public int doWork()
    {
        int count = 0;
        while (count < messageLimit && port.get(message) >= 0)
        {
            count++;
            handle();
        }
        return count;
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

    private void handle()
    {
        try
        {
            handler.onMessage(message);
        }
        catch (final Throwable thrown)
        {
            settle(thrown);
            throw thrown;
        }
        finally
        {
            message.release();
        }
    }

    private void settle(final Throwable thrown)
    {
        try
        {
            port.handlerFailed(thrown);
            // Not by what a handler may declare: the others come all the same.
            if (!(thrown instanceof Exception))
            {
                port.close();
            }
            else if (MessageState.REQUEST == message.state() && port instanceof ServicePort service)
            {
                service.giveUp(message);
            }
        }
        catch (final Throwable ex)
        {
            // What the handler threw is the cause, and is what the error handler should hear of.
            thrown.addSuppressed(ex);
        }
    }
}
