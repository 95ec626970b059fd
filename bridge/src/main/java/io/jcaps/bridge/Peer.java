/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.exceptions.RegistrationException;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.Header;
import io.jcaps.bridge.session.Session;
import io.jcaps.bridge.session.SessionCounter;
import io.jcaps.bridge.session.SessionCounters;
import io.jcaps.bridge.session.Wire;
import org.agrona.DirectBuffer;

/**
 * A session and its two streams. Used by the bridge's thread.
 */
abstract class Peer<S extends Session> implements FragmentHandler
{
    /** Fragments that are taken in one round. */
    private static final int FRAGMENT_LIMIT = 32;

    final BridgeContext bridge;
    final SessionCounters counters;
    long publicationId;
    ExclusivePublication publication;
    Image image;
    /** Null while there is no publication. */
    S session;
    /** No further session begins. */
    boolean isClosing;

    Peer(final BridgeContext bridge, final SessionCounters counters)
    {
        this.bridge = bridge;
        this.counters = counters;
    }

    /** The session's wire: copies each frame to the stream once, whether or not the frame fits one datagram. */
    private boolean send(final DirectBuffer header, final DirectBuffer body, final int length)
    {
        return publication.offer(header, 0, header.capacity(), body, 0, length, null) > 0;
    }

    /** Returns the publication once the driver has added it; null until then. */
    ExclusivePublication findPublication()
    {
        return bridge.aeron().getExclusivePublication(publicationId);
    }

    abstract S newSession(Wire wire);

    /** Makes progress while there is a session. */
    abstract int doWork();

    /** Closes what this session, or the attempt at one, has opened. */
    abstract void end();

    abstract void report(BridgeEvent.Kind kind, String detail);

    /** A line of the status file. */
    abstract String status();

    /** Makes progress. An exception ends this session alone. */
    final int work()
    {
        try
        {
            return null != session ? doWork() : isClosing ? 0 : connect();
        }
        catch (final RuntimeException | Error ex)
        {
            fail(ex.toString());
            return 1;
        }
    }

    private int connect()
    {
        try
        {
            publication = findPublication();
        }
        catch (final RegistrationException ex)
        {
            // Such as a name that does not resolve any more.
            report(BridgeEvent.Kind.TROUBLE, ex.getMessage());
            end();
        }
        session = null == publication ? null : newSession(this::send);
        return null == publication ? 0 : 1;
    }

    final int workSession()
    {
        // First: the session checks whether it has timed out, before it acts on anything received.
        final int work = session.doWork();
        return null == image || image.isClosed() ? work : work + image.poll(this, FRAGMENT_LIMIT);
    }

    @Override
    public final void onFragment(final DirectBuffer buffer, final int offset, final int length, final Header header)
    {
        final byte flags = header.flags();
        session.onFragment(buffer, offset, length,
            (flags & FrameDescriptor.BEGIN_FRAG_FLAG) != 0, (flags & FrameDescriptor.END_FRAG_FLAG) != 0);
    }

    private void fail(final String reason)
    {
        if (null != session)
        {
            session.fail(reason);
        }
    }

    final void beginClose()
    {
        isClosing = true;
        fail("closed");
    }

    final boolean isOver()
    {
        return isClosing && null == session;
    }

    final int linkCount()
    {
        return null == session ? 0 : session.linkCount();
    }

    final String status(final boolean isImport, final String service, final String peer)
    {
        final boolean isUp = null != session && session.isServiceUp();
        final StringBuilder line = new StringBuilder();
        line.append(isImport).append('\t').append(service).append('\t').append(peer).append('\t').append(isUp)
            .append('\t').append(linkCount()).append('\t').append(counters.roundTripNs());
        for (final SessionCounter counter : SessionCounter.values())
        {
            line.append('\t').append(counters.get(counter));
        }
        return line.append('\n').toString();
    }
}
