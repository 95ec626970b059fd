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

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A service that keeps books on what it received, replied to and was told to be over.
 */
final class CrashService
{
    /** Stands for the number in a payload that was too long to be shown. */
    static final long UNREAD = 0;

    final CrashProcess process;
    final ServicePort port;
    /** Ids that were handed out, with their payloads' numbers, or {@link #UNREAD}. */
    final Map<Long, Long> received = new HashMap<>();
    /** Whether it has begun to close: what is not replied then may come back as closed. */
    boolean isClosing;
    /** Whether a get began and did not return: what it was about to hand out counts as received. */
    boolean isGetting;
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
        isGetting = true;
        final int state = port.get(request, lengthLimit);
        isGetting = false;
        if (MessageState.REQUEST == state)
        {
            final boolean isShown = request.length() <= lengthLimit;
            final Long former = received.put(request.id(), isShown ? CrashPayload.check(request) : UNREAD);
            assertThat(null == former || UNREAD == former).as("received twice: " + request.id()).isTrue();
            held.add(request.id());
            request.release();
        }
        else if (MessageState.DISPOSE == state)
        {
            assertThat(received).as("disposal of what was not received").containsKey(request.id());
            assertThat(disposed.add(request.id())).as("disposed of twice: " + request.id()).isTrue();
            held.remove(request.id());
        }
        return state;
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

    /** What it received from a client, or from all, and was not told to be over. */
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
