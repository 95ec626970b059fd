/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.Message;
import io.jcaps.Outcome;
import io.jcaps.host.Credentials;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.collections.IntArrayQueue;

import java.util.Arrays;

/**
 * One client of a stand-in, and the states of its messages. A slot holds one message at a time:
 * <pre>
 *   FREE -> TAKEN: received from the client, not sent
 *             |  \
 *             |   +-> ENDED: the client has its outcome, the exporter holds nothing
 *             v
 *           OFFERED: the exporter's service may act on it -> ENDED
 *             |
 *             v
 *           REPLIED: the client has the reply, the exporter holds it -> FREE, and a DISPOSE is due
 * </pre>
 */
final class ImportLink
{
    static final byte FREE = 0;
    static final byte TAKEN = 1;
    static final byte OFFERED = 2;
    static final byte REPLIED = 3;
    static final byte ENDED = 4;

    // States of the link itself.
    static final int OPEN_DUE = 0;
    static final int OPENING = 1;
    static final int OPEN = 2;
    static final int REFUSED = 3;
    static final int CLOSE_DUE = 4;
    static final int GONE = 5;

    final long linkId;
    final int number;
    final Credentials credentials;
    final byte[] states;
    final long[] ids;
    final Message[] messages;
    final long[] dueDisposals;
    int disposalCount;
    int state = OPEN_DUE;
    // Outcome of its requests, once the link is refused or closed.
    int refusal = Outcome.UNREACHABLE;

    /** Slots of requests that wait to be sent, in their order; each once at most. */
    final IntArrayQueue queue;

    ImportLink(final Message request, final int number, final int slotCount)
    {
        linkId = request.linkId();
        this.number = number;
        credentials = request.credentials();
        states = new byte[slotCount];
        ids = new long[slotCount];
        queue = new IntArrayQueue(2 * SlotDescriptor.MAX_SLOT_COUNT, -1);
        dueDisposals = new long[slotCount];
        messages = new Message[slotCount];
        Arrays.setAll(messages, (slot) -> new Message());
    }

    /**
     * Records a received request. The message that was in its slot before has been disposed of, which the exporter
     * concludes as well.
     */
    void take(final int slot, final long id)
    {
        endDisposal(slot);
        states[slot] = TAKEN;
        ids[slot] = id;
    }

    void endDisposal(final int slot)
    {
        if (0 != dueDisposals[slot])
        {
            dueDisposals[slot] = 0;
            disposalCount--;
        }
    }

    void dispose(final int slot)
    {
        states[slot] = FREE;
        dueDisposals[slot] = ids[slot];
        disposalCount++;
    }
}
