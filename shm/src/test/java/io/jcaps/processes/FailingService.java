/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortAgent;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Two services of one process, each run by an agent: one handler fails for good at its first request, the other echoes.
 */
final class FailingService
{
    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    /** What the handler does. */
    enum Failure
    {
        /** Fills the heap, and drops everything when that fails. */
        OUT_OF_MEMORY,
        /** The same, in a JVM that was told to end then. */
        OUT_OF_MEMORY_AND_EXIT,
        /** Calls itself without end. */
        STACK_OVERFLOW,
        /** Calls itself without end, and the library at each depth. */
        STACK_OVERFLOW_IN_CALL
    }

    private FailingService()
    {
    }

    static String execute(final Path region, final String[] words)
    {
        final Attachment attachment = Caps.attach(new RegionConfig().path(region));
        final PortOptions options = new PortOptions().flags(PortFlags.USER);
        final ServicePort failing = attachment.service(words[2], options);
        final ServicePort echoing = attachment.service(words[3], options);
        final Failure failure = Failure.valueOf(words[1]);
        run(new PortAgent(failing, (message) ->
        {
            if (MessageState.REQUEST == message.state())
            {
                fail(failure, failing, message);
            }
        }, 1));
        run(new PortAgent(echoing, (message) ->
        {
            if (MessageState.REQUEST == message.state())
            {
                message.reply(message.buffer(), 0, message.length());
            }
        }, 1));
        return "serving";
    }

    private static void run(final PortAgent agent)
    {
        // Nothing is printed: the error that is expected would look like one that is not.
        final Thread thread = new Thread(
            new AgentRunner(new YieldingIdleStrategy(), (throwable) -> Thread.yield(), null, agent));
        thread.setUncaughtExceptionHandler((dead, throwable) -> Thread.yield());
        thread.setDaemon(true);
        thread.start();
    }

    private static void fail(final Failure failure, final ServicePort port, final Message message)
    {
        switch (failure)
        {
            case OUT_OF_MEMORY, OUT_OF_MEMORY_AND_EXIT -> fill(1 << 20, new ArrayList<>());
            case STACK_OVERFLOW -> recurse(1);
            case STACK_OVERFLOW_IN_CALL -> recurseAndCall(port, message.id());
            default -> throw new IllegalStateException(failure.name());
        }
    }

    private static void fill(final int size, final List<byte[]> list)
    {
        while (list.size() < Integer.MAX_VALUE)
        {
            list.add(new byte[size]);
        }
    }

    private static int recurse(final int depth)
    {
        return recurse(depth + 1) + 1;
    }

    private static int recurseAndCall(final ServicePort port, final long id)
    {
        // An id that it never had: refused, within the port's gate.
        port.reply(id + (1L << 40), NOTHING, 0, 0);
        port.isReady();
        return recurseAndCall(port, id) + 1;
    }
}
