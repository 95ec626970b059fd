/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.Agent;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Calls a handler for each message of a port, in a duty cycle (R11, B4): run it by an Agrona {@code AgentRunner} or
 * {@code AgentInvoker}, with the idle strategy of your choice.
 * <p>
 * If the handler throws an exception, its request, unless it replied or holds a claim for the reply, is replied to with
 * 0 bytes, and the exception goes to the agent's error handler; the port goes on. If it throws an error, the port is
 * closed: all that it had received and not replied has the outcome {@link Outcome#SERVICE_CLOSED}.
 */
public final class PortAgent implements Agent
{
    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(Claim.NO_BYTES);

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

    /** {@inheritDoc} */
    @Override
    public void onClose()
    {
        port.close();
    }

    /** {@inheritDoc} */
    @Override
    public String roleName()
    {
        return "jcaps-" + port.name();
    }

    private void handle()
    {
        final long id = message.id();
        try
        {
            handler.onMessage(message);
        }
        catch (final Exception ex)
        {
            if (MessageState.REQUEST == message.state() && port instanceof ServicePort service)
            {
                service.reply(id, NOTHING, 0, 0);
            }
            throw ex;
        }
        catch (final Error error)
        {
            port.close();
            throw error;
        }
        finally
        {
            message.release();
        }
    }
}
