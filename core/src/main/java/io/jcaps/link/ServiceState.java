/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.Outcome;
import io.jcaps.Status;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import org.agrona.concurrent.UnsafeBuffer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Whether the service at the other end of a client's link is still there, and if not, how it ended. Any thread may
 * call.
 */
public final class ServiceState
{
    /** Flags of a link's state that do not end it for its client. */
    private static final long LIVE_FLAGS = LinkEntryDescriptor.CLIENT_HOLDS | LinkEntryDescriptor.SERVICE_HOLDS |
        LinkEntryDescriptor.OPEN | LinkEntryDescriptor.CLIENT_CLOSED;

    private static final VarHandle GONE_KIND;

    static
    {
        try
        {
            GONE_KIND = MethodHandles.lookup().findVarHandle(ServiceState.class, "goneKind", int.class);
        }
        catch (final ReflectiveOperationException ex)
        {
            throw new ExceptionInInitializerError(ex);
        }
    }

    private final UnsafeBuffer tables;
    private final LinkEntry entry;
    private final int stateOffset;
    private final long incarnation;
    private final long liveState;
    private final int processIndex;
    private final long processIncarnation;
    private final Runnable ended;
    // Kind of outcome of each message without a reply; REPLIED, which is 0, while the service is there. Set once, by
    // the thread that finds the end first.
    @SuppressWarnings("FieldMayBeFinal") // changed by GONE_KIND
    private volatile int goneKind;
    // The service wrote an invalid value, and may still receive messages.
    private volatile boolean isGivenUp;

    /** {@code ended} is called by the thread that finds the end first, within the gate or outside. */
    ServiceState(final UnsafeBuffer tables, final LinkEntry entry, final long incarnation, final Runnable ended)
    {
        this.ended = ended;
        this.tables = tables;
        this.entry = entry;
        stateOffset = entry.stateOffset();
        processIndex = entry.serviceProcessIndex();
        processIncarnation = entry.serviceProcessIncarnation();
        this.incarnation = incarnation;
        liveState = incarnation << LinkEntryDescriptor.INCARNATION_SHIFT;
    }

    long incarnation()
    {
        return incarnation;
    }

    /**
     * @return index of the service's process entry; input.
     */
    public int processIndex()
    {
        return processIndex;
    }

    /**
     * @return incarnation of the service's process.
     */
    public long processIncarnation()
    {
        return processIncarnation;
    }

    /**
     * @return whether the service has closed or refused this link, or is proved dead.
     */
    public boolean isGone()
    {
        if (isEndKnown())
        {
            return true;
        }
        // [link] acquire: sees the replies that were sent before the close. Pairs with [link] in LinkEntry.change().
        final long state = tables.getLongAcquire(stateOffset);
        // With another incarnation the state is not this link's, which only a corrupt entry can cause.
        if ((state & ~LIVE_FLAGS) != liveState)
        {
            final boolean isOurs = LinkEntry.incarnation(state) == incarnation;
            end(isOurs && (state & LinkEntryDescriptor.REFUSED) != 0 ? Outcome.REFUSED : Outcome.SERVICE_CLOSED);
            return true;
        }
        return false;
    }

    /**
     * @return whether the end was noted already; does not read the region.
     */
    public boolean isEndKnown()
    {
        return Outcome.REPLIED != goneKind;
    }

    /**
     * @return how the service ended, as far as this side can see: the kind of the outcome of what has no reply;
     * {@link Outcome#REPLIED} while it is there.
     */
    public int goneKind()
    {
        return isGone() ? goneKind : Outcome.REPLIED;
    }

    /**
     * Notes that the service's process is proved dead; by the watch, outside the gate.
     *
     * @return whether it died without closing, and this thread found it first.
     */
    public boolean died()
    {
        // Looked at after the proof of death: a service that closed before it ended had closed.
        return !isGone() && end(Outcome.SERVICE_DIED);
    }

    /**
     * Notes the end of the service. The thread that finds it first must wake all waiters, because perhaps no other
     * does: the service may have died before it woke them, and the watch wakes them only for a death that it finds
     * first.
     *
     * @param kind of outcome of each message without a reply.
     * @return whether this thread found the end first.
     */
    boolean end(final int kind)
    {
        // [gone] compare and set: one thread finds the end. Pairs with the volatile reads of the field.
        final boolean isFirst = GONE_KIND.compareAndSet(this, Outcome.REPLIED, kind);
        if (isFirst)
        {
            ended.run();
        }
        return isFirst;
    }

    /** Within the gate: gives the link up as corrupt. Nothing more is taken from the service, which may be alive. */
    void giveUp()
    {
        isGivenUp = true;
        // At its next look, the service drops the link like that of a client that has closed.
        entry.change(incarnation, LinkEntryDescriptor.CLIENT_CLOSED, 0);
        end(Outcome.SERVICE_CLOSED);
    }

    /**
     * @return whether this side gave the link up, because the service, which may live, wrote what it should not.
     */
    public boolean isGivenUp()
    {
        return isGivenUp;
    }

    /** Status of a call once nothing more is due from the service, or if the service did not admit this client. */
    int goneStatus()
    {
        return Outcome.REFUSED == goneKind ? Status.ACCESS_DENIED : Status.NOT_CONNECTED;
    }

    /** Outcome of a message that has no reply. */
    int goneOutcome(final boolean wasReceived)
    {
        return wasReceived && Outcome.REFUSED != goneKind ? goneKind | Outcome.RECEIVED : goneKind;
    }
}
