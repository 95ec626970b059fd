/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A service that records the requests that it received, replied to and got a disposal for.
 */
final class CrashService
{
    /** Stands for the number in a payload that was too long to be shown. */
    static final long UNREAD = 0;
    private static final int BATCH_LIMIT = 16;

    final CrashProcess process;
    final ServicePort port;
    /** Ids that were handed out, with their payloads' numbers, or {@link #UNREAD}. */
    final Map<Long, Long> received = new HashMap<>();
    /** Whether it has begun to close: what is not replied then may come back as closed. */
    boolean isClosing;
    /** How many messages a get or poll that began and did not return may hand out: these may count as received. */
    int gettingCount;
    /** Ids that it ended, or was about to end, with an outcome instead of a reply. */
    final Set<Long> ended = new HashSet<>();
    private final Set<Long> disposed = new HashSet<>();
    private final Set<Long> held = new HashSet<>();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[CrashPayload.LIMIT]);
    private final Message request = new Message();
    private final Claim claim = new Claim();

    CrashService(final CrashProcess process, final String name)
    {
        this.process = process;
        port = process.attachment().service(name,
            new PortOptions().flags(PortFlags.ANYCLIENT | PortFlags.EXCL).spinCount(0));
    }

    boolean isLiving()
    {
        return process.isLiving() && !port.isClosed();
    }

    boolean isUnread(final long id)
    {
        return received.containsKey(id) && UNREAD == received.get(id);
    }

    /** One get; its result. */
    int receive()
    {
        return receive(CrashPayload.LIMIT);
    }

    /** One get of a payload up to some length; its result. */
    int receive(final int lengthLimit)
    {
        gettingCount = 1;
        final int state = port.get(request, lengthLimit);
        gettingCount = 0;
        if (MessageState.REQUEST == state)
        {
            keep(request, request.length() <= lengthLimit);
            request.release();
        }
        else if (MessageState.DISPOSE == state)
        {
            keepDisposal(request.id());
        }
        return state;
    }

    private void keep(final Message request, final boolean isShown)
    {
        final Long former = received.put(request.id(), isShown ? CrashPayload.check(request) : UNREAD);
        assertThat(null == former || UNREAD == former).as("received twice: " + request.id()).isTrue();
        held.add(request.id());
    }

    private void keepDisposal(final long id)
    {
        assertThat(received).as("disposal of what was not received").containsKey(id);
        assertThat(disposed.add(id)).as("disposed of twice: " + id).isTrue();
        held.remove(id);
    }

    /** Takes what is there as a batch, and does something with each message; what the poll returned. */
    int receiveBatch(final Consumer<Message> then)
    {
        gettingCount = BATCH_LIMIT;
        final int result = port.poll(new MessageHandler()
        {
            @Override
            public void onMessage(final Message message)
            {
                gettingCount--;
                keep(message, true);
                then.accept(message);
            }

            @Override
            public void onDispose(final long id)
            {
                keepDisposal(id);
            }
        }, BATCH_LIMIT);
        gettingCount = 0;
        return result;
    }

    /** Replies to a message of a batch in place. */
    void replyInBatch(final Message message)
    {
        final int length = CrashPayload.fill(bytes, CrashPayload.replyTo(received.get(message.id())));
        message.replyBuffer(length).putBytes(0, bytes, 0, length);
        message.reply(length);
        held.remove(message.id());
    }

    /** Closes the port in a batch: requests not handed out were not received, and must not be reported as received. */
    void closeInBatch()
    {
        isClosing = true;
        port.close();
        gettingCount = 0;
    }

    /** Takes all that is there. */
    int receiveAll()
    {
        int count = 0;
        while (receive() >= 0)
        {
            count++;
        }
        return count;
    }

    /** Waits, without time to do so: says that it sleeps, and that it does not any more. */
    int await()
    {
        return port.await(request, 0);
    }

    /** The oldest message that was received and not replied to. */
    long oldestHeld()
    {
        return held.stream().min(Long::compare).orElseThrow();
    }

    int reply(final long id)
    {
        final int length = CrashPayload.fill(bytes, CrashPayload.replyTo(received.get(id)));
        final int result = port.reply(id, bytes, 0, length);
        held.remove(id);
        return result;
    }

    /** Instead of a reply, as a service does that stands in for another. */
    int end(final long id)
    {
        ended.add(id);
        final int result = port.end(id, Outcome.UNREACHABLE | Outcome.RECEIVED);
        held.remove(id);
        return result;
    }

    int replyInPlace(final long id)
    {
        final int length = CrashPayload.fill(bytes, CrashPayload.replyTo(received.get(id)));
        int result = port.claim(id, length, claim);
        if (Status.OK == result)
        {
            claim.buffer().putBytes(0, bytes, 0, length);
            result = claim.reply();
        }
        held.remove(id);
        return result;
    }

    /** Replies to all that it holds. What it cannot reply to must be disposed of instead. */
    int replyAll()
    {
        final List<Long> ids = new ArrayList<>(held);
        ids.sort(null);
        ids.forEach(this::reply);
        return ids.size();
    }

    /** Requests that it received from a client, or from all, without a disposal so far. */
    List<Long> undisposed(final int clientNumber)
    {
        final List<Long> result = new ArrayList<>();
        received.forEach((id, value) ->
        {
            if (!disposed.contains(id) && (0 == clientNumber || CrashPayload.clientNumber(value) == clientNumber))
            {
                result.add(id);
            }
        });
        return result;
    }
}
