/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.ServiceCounter;

import java.util.List;
import java.util.Map;

/**
 * A link between a client and a service, at the time of the snapshot. Immutable. The client wrote the indices; they may
 * be any number if the entry is corrupt.
 *
 * @param index                  of its entry.
 * @param incarnation            of this use of the link.
 * @param flags                  as {@link io.jcaps.layout.LinkEntryDescriptor} has them.
 * @param clientPortIndex        of the client.
 * @param clientPortIncarnation  of the client, which is the link's own.
 * @param clientPid              of the client; 0 if its entry is gone.
 * @param clientLife             of the client's process.
 * @param servicePortIndex       of the service.
 * @param servicePortIncarnation of the service.
 * @param servicePid             of the service; 0 if its entry is gone.
 * @param serviceLife            of the service's process.
 * @param messages               in flight, in the order of their puts.
 * @param movingCount            slots whose message changed while they were looked at; not among the messages.
 * @param clientCounters         what the client counted since the link was opened.
 * @param serviceCounters        what the service counted since the link was opened.
 */
public record LinkView(
    int index,
    long incarnation,
    int flags,
    int clientPortIndex,
    long clientPortIncarnation,
    int clientPid,
    Life clientLife,
    int servicePortIndex,
    long servicePortIncarnation,
    int servicePid,
    Life serviceLife,
    List<MessageView> messages,
    int movingCount,
    Map<ClientCounter, Long> clientCounters,
    Map<ServiceCounter, Long> serviceCounters)
{
    private static final List<ClientCounter> OUTCOMES = List.of(ClientCounter.REPLIES, ClientCounter.CLOSED,
        ClientCounter.DIED, ClientCounter.ABORTED, ClientCounter.UNREACHABLE, ClientCounter.REFUSED);

    /**
     * @return messages that were put and whose outcome the client has not released, as far as the look shows.
     */
    public int inFlight()
    {
        return messages.size() + movingCount;
    }

    /**
     * Whether the numbers of this link belong to the sum of its service, beside the totals of clients that have gone:
     * such a sum does not fall. A client that its service has not accepted yet may close unnoticed, and those of a link
     * that the service gave up are in the totals already.
     *
     * @param isServing whether the service lives and is open: otherwise nothing is added to its totals any more.
     * @return true if they do.
     */
    public boolean isBesideTotals(final boolean isServing)
    {
        return 0 != (flags & LinkEntryDescriptor.SERVICE_HOLDS) ||
            !isServing && 0 == (flags & LinkEntryDescriptor.CORRUPT);
    }

    /**
     * @return requests that wait for the service to receive them.
     */
    public int backlog()
    {
        return (int)messages.stream().filter((message) -> MessageView.State.PUT == message.state()).count();
    }

    /**
     * @return replies that the client has taken and not released: it still holds their views, or never releases them.
     * Derived from the client's counters, so changes during the look can make it inexact.
     */
    public int held()
    {
        long outstanding = clientCounters.getOrDefault(ClientCounter.PUTS, 0L);
        for (final ClientCounter outcome : OUTCOMES)
        {
            outstanding -= clientCounters.getOrDefault(outcome, 0L);
        }
        final long replied =
            messages.stream().filter((message) -> MessageView.State.REPLIED == message.state()).count();
        return (int)Math.max(0, Math.min(replied, inFlight() - Math.max(0, outstanding)));
    }
}
