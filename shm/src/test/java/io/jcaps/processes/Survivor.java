/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A service that outlives its clients. It does with each letter as the letter says, and keeps account of what must come
 * back: one disposal for each request that it received, and none for anything else.
 */
final class Survivor implements Runnable
{
    private final ServicePort port;
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[4_096]);
    private final Map<Long, Long> undisposed = new HashMap<>();
    private final Set<Long> handled = new HashSet<>();
    private final List<Message> views = new ArrayList<>();
    private Message message = new Message();
    private volatile Throwable failure;

    Survivor(final ServicePort port)
    {
        this.port = port;
    }

    /** Serves until its port is closed, asleep when there is nothing to do. */
    @Override
    public void run()
    {
        try
        {
            while (true)
            {
                final int state = port.await(message, Long.MAX_VALUE);
                if (Status.CLOSED == state)
                {
                    return;
                }
                handle(state);
            }
        }
        catch (final Throwable ex)
        {
            failure = ex;
        }
    }

    /** Serves what is there; for a service that has no thread. */
    void drain()
    {
        for (int state = port.get(message); state >= 0; state = port.get(message))
        {
            handle(state);
        }
    }

    /** Fails if the service has met what must not be. */
    void check()
    {
        if (null != failure)
        {
            throw new AssertionError("at the surviving service", failure);
        }
    }

    ServicePort port()
    {
        return port;
    }

    synchronized boolean hasHandled(final long number)
    {
        return handled.contains(number);
    }

    /** Messages of a dead one's that were received and have not come back. */
    synchronized List<Long> undisposed(final int writer)
    {
        return undisposed.entrySet().stream()
            .filter((entry) -> Letter.writer(entry.getValue()) == writer).map(Map.Entry::getKey).toList();
    }

    /** Replies, late, to a letter that was held. */
    void replyLate(final long number)
    {
        final long id;
        synchronized (this)
        {
            id = undisposed.entrySet().stream()
                .filter((entry) -> entry.getValue() == number).map(Map.Entry::getKey).findFirst().orElseThrow();
        }
        final UnsafeBuffer reply = new UnsafeBuffer(new byte[4_096]);
        if (Status.OK != port.reply(id, reply, 0, Letter.fillReply(reply, number)))
        {
            throw new AssertionError("no late reply to " + id);
        }
    }

    /** Each request in view must still be whole, even if its writer has gone. */
    synchronized void checkViews()
    {
        views.forEach((view) -> Letter.read(view.buffer(), view.length()));
    }

    synchronized void releaseViews()
    {
        views.forEach(Message::release);
        views.clear();
        handled.clear();
    }

    private synchronized void handle(final int state)
    {
        final long id = message.id();
        if (MessageState.DISPOSE == state)
        {
            if (null == undisposed.remove(id))
            {
                throw new AssertionError("disposed of twice, or never received: " + id);
            }
            return;
        }
        final long number = Letter.read(message.buffer(), message.length());
        if (null != undisposed.put(id, number))
        {
            throw new AssertionError("received twice: " + id);
        }
        switch (Letter.todo(number))
        {
            case Letter.REPLY -> message.reply(bytes, 0, Letter.fillReply(bytes, number));
            case Letter.HOLD -> message.release();
            default ->
            {
                views.add(message);
                message = new Message();
            }
        }
        handled.add(number);
    }
}
