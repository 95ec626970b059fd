/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Outcome;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares the clients' outcomes with the services' notes, connection by connection, when both ends have finished: each
 * accepted put has exactly one outcome (B1), the outcome is true, and each reply that reached a client is disposed of
 * once (R21, R24). Not thread safe.
 */
final class Accounts
{
    private static final int MAX_FINDINGS = 20;
    private static final int KIND_COUNT = Outcome.REFUSED + 1;
    /**
     * A service may be killed between the library's record of a reception and its own note; an agent receives a whole
     * batch.
     */
    private static final int MAX_UNSEEN_PER_REGISTRATION = Registration.MAX_BATCH;

    private final Map<Long, Integer> unseenByGeneration = new HashMap<>();
    private final List<String> findings = new ArrayList<>();
    private final long[] outcomes = new long[KIND_COUNT];
    private final long[] outcomesReceived = new long[KIND_COUNT];
    private Way way;
    private long sessions;
    private long puts;
    private long openAtDeath;
    private long abandoned;
    private long withoutOutcome;
    private long received;
    private long replied;
    private long disposals;
    private long aborts;
    private long lost;
    private long lostDisposals;
    private long doubled;
    private long untruthful;
    private long torn;
    private long disordered;
    private long strange;
    private long other;

    /**
     * How a client's end of a connection finished.
     */
    enum ClientEnd
    {
        /** Closed after each message had its outcome. */
        DRAINED,
        /** Closed with messages open, on purpose. */
        ABANDONED,
        /** Closed with messages open, as no outcome came. */
        STUCK,
        /** Its process was killed. */
        KILLED
    }

    /**
     * How a service's end of a connection finished.
     */
    enum ServiceEnd
    {
        /** It stayed alive, and has reported that no more messages are due. */
        OUTLIVED,
        /** It stayed alive, and had time enough, but has not reported that. */
        OVERDUE,
        /** It closed its port. */
        CLOSED,
        /** Its process was killed. */
        KILLED,
        /** Its process was killed while it closed its port. */
        KILLED_CLOSING
    }

    /**
     * The path between the two ends of a connection.
     */
    enum Way
    {
        /** Both ends share a region. */
        LOCAL,
        /** Two bridges, without a disturbance of them or of the network. */
        STEADY,
        /** Two bridges, of which one may have lost the other. */
        DISTURBED,
        /** Two bridges, of which the importing one was killed: for its clients, their service died. */
        IMPORTER_KILLED
    }

    /**
     * Adds a connection to the accounts.
     *
     * @param ledger     of the connection; neither end writes it any more.
     * @param clientEnd  of the connection.
     * @param serviceEnd of the connection.
     * @param way        between them.
     */
    void add(final Ledger ledger, final ClientEnd clientEnd, final ServiceEnd serviceEnd, final Way way)
    {
        sessions++;
        this.way = way;
        if (ledger.isGone() && !isLossPossible() &&
            (ServiceEnd.OUTLIVED == serviceEnd || ServiceEnd.OVERDUE == serviceEnd))
        {
            untruthful++;
            find(ledger, "the client found its service gone, but it lives (B2)", serviceEnd);
        }
        addFaults(ledger);
        for (int i = 0; i < Ledger.CAPACITY; i++)
        {
            final int client = ledger.clientNote(i);
            final int service = ledger.serviceNote(i);
            if (0 != client || 0 != service)
            {
                addMessage(ledger, i, clientEnd, serviceEnd);
            }
        }
    }

    /** Whether a bridge may have lost the service. */
    private boolean isLossPossible()
    {
        return Way.DISTURBED == way || Way.IMPORTER_KILLED == way;
    }

    /** Whether a stand-in may have closed: messages put to it then never leave the client's host. */
    private boolean mayStandInClose(final ServiceEnd serviceEnd)
    {
        return isLossPossible() || Way.STEADY == way && ServiceEnd.KILLED == serviceEnd;
    }

    private void addMessage(
        final Ledger ledger, final int number, final ClientEnd clientEnd, final ServiceEnd serviceEnd)
    {
        final int client = ledger.clientNote(number);
        final int service = ledger.serviceNote(number);
        final boolean isSeen = has(service, Ledger.SEEN);
        received += has(service, Ledger.SEEN) ? 1 : 0;
        replied += has(service, Ledger.REPLIED) ? 1 : 0;
        disposals += has(service, Ledger.DISPOSED) ? 1 : 0;
        aborts += has(client, Ledger.ABORTING) ? 1 : 0;
        if (has(client, Ledger.ACCEPTED))
        {
            puts++;
        }
        else if (isSeen && !(ClientEnd.KILLED == clientEnd && has(client, Ledger.PUTTING)))
        {
            untruthful++;
            find(ledger, number, "received, but its put was not accepted", clientEnd, serviceEnd);
        }
        if (has(client, Ledger.ENDED))
        {
            addOutcome(ledger, number, clientEnd, serviceEnd);
        }
        else if (has(client, Ledger.ACCEPTED))
        {
            addOpen(ledger, number, clientEnd, serviceEnd);
        }
        if (isSeen && !has(service, Ledger.DISPOSED) &&
            (ServiceEnd.OUTLIVED == serviceEnd || ServiceEnd.OVERDUE == serviceEnd))
        {
            lostDisposals++;
            find(ledger, number, "no disposal came for it, though its service lived on (R21, R24)",
                clientEnd, serviceEnd);
        }
        if (has(service, Ledger.DISPOSED_EARLY) && ClientEnd.KILLED != clientEnd && !isLossPossible() &&
            (Way.LOCAL == way || Outcome.ABORTED != Ledger.kind(client)))
        {
            untruthful++;
            find(ledger, number, "disposed of while its client still held it (R21)", clientEnd, serviceEnd);
        }
    }

    private void addOpen(
        final Ledger ledger, final int number, final ClientEnd clientEnd, final ServiceEnd serviceEnd)
    {
        switch (clientEnd)
        {
            case KILLED -> openAtDeath++;
            case ABANDONED -> abandoned++;
            default ->
            {
                lost++;
                withoutOutcome++;
                find(ledger, number, "accepted, but had no outcome (B1)", clientEnd, serviceEnd);
            }
        }
    }

    private void addOutcome(
        final Ledger ledger, final int number, final ClientEnd clientEnd, final ServiceEnd serviceEnd)
    {
        final int client = ledger.clientNote(number);
        final int service = ledger.serviceNote(number);
        final int kind = Ledger.kind(client);
        final boolean wasReceived = has(client, Ledger.TOLD_RECEIVED);
        final boolean isSeen = has(service, Ledger.SEEN);
        (wasReceived ? outcomesReceived : outcomes)[kind]++;
        String lie = null;
        if (!wasReceived && isSeen)
        {
            lie = "its outcome is without RECEIVED, but it was received (B1)";
        }
        switch (kind)
        {
            case Outcome.REPLIED ->
            {
                if (!has(service, Ledger.REPLYING) || has(service, Ledger.REFUSED))
                {
                    lie = "its client has a reply that its service did not make";
                }
            }
            case Outcome.SERVICE_CLOSED ->
            {
                if (ServiceEnd.CLOSED != serviceEnd && ServiceEnd.KILLED_CLOSING != serviceEnd &&
                    (wasReceived || !mayStandInClose(serviceEnd)))
                {
                    lie = "its outcome is SERVICE_CLOSED, but the service did not close";
                }
                else if (wasReceived && !isSeen)
                {
                    lie = "its outcome is SERVICE_CLOSED with RECEIVED, but the service did not receive it";
                }
            }
            case Outcome.SERVICE_DIED ->
            {
                if (Way.IMPORTER_KILLED == way)
                {
                    break;
                }
                if (ServiceEnd.KILLED != serviceEnd && ServiceEnd.KILLED_CLOSING != serviceEnd)
                {
                    lie = "its outcome is SERVICE_DIED, but the service did not die (B2)";
                }
                else if (wasReceived && !isSeen && isOneTooMany(ledger.generation()))
                {
                    lie = "its outcome is SERVICE_DIED with RECEIVED, but the service had not received it";
                }
            }
            case Outcome.ABORTED ->
            {
                if (!has(client, Ledger.ABORTING) && !has(client, Ledger.CALLED))
                {
                    lie = "its outcome is ABORTED, but no call aborted it";
                }
            }
            case Outcome.UNREACHABLE ->
            {
                if (!isLossPossible())
                {
                    lie = "its outcome is UNREACHABLE, but nothing was cut or stopped (B7)";
                }
            }
            default -> lie = "its outcome is " + Outcome.text(kind) + ", which nothing explains";
        }
        if (null != lie)
        {
            untruthful++;
            find(ledger, number, lie, clientEnd, serviceEnd);
        }
        if (Way.IMPORTER_KILLED != way && has(service, Ledger.REPLIED) &&
            (Outcome.SERVICE_CLOSED == kind || Outcome.SERVICE_DIED == kind))
        {
            lost++;
            find(ledger, number, "its service had replied, but its client never saw the reply (R23)",
                clientEnd, serviceEnd);
        }
    }

    private boolean isOneTooMany(final long generation)
    {
        return unseenByGeneration.merge(generation, 1, Integer::sum) > MAX_UNSEEN_PER_REGISTRATION;
    }

    private void addFaults(final Ledger ledger)
    {
        for (final Ledger.Fault fault : Ledger.Fault.values())
        {
            final int count = ledger.faults(fault);
            switch (fault)
            {
                case TORN -> torn += count;
                case DOUBLED -> doubled += count;
                case DISORDERED -> disordered += count;
                default -> strange += count;
            }
        }
    }

    /** Adds an error that belongs to no message. */
    void addOther(final String what)
    {
        other++;
        find(what);
    }

    /** Adds the description of a fault that a process has counted itself. */
    void find(final String what)
    {
        if (findings.size() < MAX_FINDINGS)
        {
            findings.add(what);
        }
    }

    private void find(final Ledger ledger, final String what, final ServiceEnd serviceEnd)
    {
        find("connection " + ledger.session() + ": " + what + ": service " + serviceEnd + " of generation 0x" +
            Long.toHexString(ledger.generation()));
    }

    private void find(
        final Ledger ledger,
        final int number,
        final String what,
        final ClientEnd clientEnd,
        final ServiceEnd serviceEnd)
    {
        find("connection " + ledger.session() + ", message " + number + ": " + what + ": client " + clientEnd +
            " noted 0x" + Integer.toHexString(ledger.clientNote(number)) + ", service " + serviceEnd +
            " of generation 0x" + Long.toHexString(ledger.generation()) +
            " noted 0x" + Integer.toHexString(ledger.serviceNote(number)));
    }

    /** The findings as text: the first ones if there are many. */
    List<String> findings()
    {
        return findings;
    }

    boolean isClean()
    {
        return 0 == lost + lostDisposals + doubled + untruthful + torn + disordered + strange + other;
    }

    long puts()
    {
        return puts;
    }

    /** Lost messages that had no outcome at all. */
    long withoutOutcome()
    {
        return withoutOutcome;
    }

    /** All counts by name. */
    Map<String, Long> numbers()
    {
        final Map<String, Long> numbers = new LinkedHashMap<>();
        numbers.put("connections", sessions);
        numbers.put("puts", puts);
        numbers.put("outcomeReplied", outcomesReceived[Outcome.REPLIED] + outcomes[Outcome.REPLIED]);
        numbers.put("outcomeServiceClosedReceived", outcomesReceived[Outcome.SERVICE_CLOSED]);
        numbers.put("outcomeServiceClosed", outcomes[Outcome.SERVICE_CLOSED]);
        numbers.put("outcomeServiceDiedReceived", outcomesReceived[Outcome.SERVICE_DIED]);
        numbers.put("outcomeServiceDied", outcomes[Outcome.SERVICE_DIED]);
        numbers.put("outcomeAbortedReceived", outcomesReceived[Outcome.ABORTED]);
        numbers.put("outcomeAborted", outcomes[Outcome.ABORTED]);
        numbers.put("outcomeUnreachableReceived", outcomesReceived[Outcome.UNREACHABLE]);
        numbers.put("outcomeUnreachable", outcomes[Outcome.UNREACHABLE]);
        numbers.put("openWhenClientWasKilled", openAtDeath);
        numbers.put("openWhenClientClosed", abandoned);
        numbers.put("received", received);
        numbers.put("replied", replied);
        numbers.put("disposals", disposals);
        numbers.put("aborts", aborts);
        numbers.put("lost", lost);
        numbers.put("lostDisposals", lostDisposals);
        numbers.put("doubled", doubled);
        numbers.put("untruthful", untruthful);
        numbers.put("torn", torn);
        numbers.put("disordered", disordered);
        numbers.put("strange", strange);
        numbers.put("other", other);
        return numbers;
    }

    private static boolean has(final int note, final int bit)
    {
        return (note & bit) != 0;
    }
}
