/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.PortFlags;
import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.link.ClientState;
import io.jcaps.link.LinkSet;
import io.jcaps.link.ServiceLink;
import io.jcaps.wait.Deaths;
import io.jcaps.wait.Gate;
import org.agrona.LangUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Keeps the links of one service: accepts the clients that are new, refuses those that may not connect (R6, R22), drops
 * those that have gone, and closes the links when the service is closed. Within the service port's gate, except where a
 * method says otherwise.
 */
public final class Acceptor
{
    private final Host host;
    private final UnsafeBuffer tables;
    private final Geometry geometry;
    private final Registry registry;
    private final Peers peers;
    private final WakeUps wakeUps;
    private final Report report;
    private final LinkSet links;
    private final PortSpec service;
    private final long incarnation;
    private final int prefaultLength;
    private final int eventsOffset;
    private final LinkEntry linkEntry;
    private final Attention attention = new Attention();
    // Written within the gate; the watch reads it, too.
    private volatile int seenEvents;

    /**
     * @param host           of the region.
     * @param registry       of the attachment.
     * @param peers          of the attachment.
     * @param wakeUps        of the attachment.
     * @param report         of the port.
     * @param links          of the port.
     * @param service        what the port is registered under.
     * @param entry          of the port.
     * @param incarnation    of the port.
     * @param prefaultLength bytes of payload for which each new link gets memory; 0 for none.
     */
    public Acceptor(
        final Host host,
        final Registry registry,
        final Peers peers,
        final WakeUps wakeUps,
        final Report report,
        final LinkSet links,
        final PortSpec service,
        final PortEntry entry,
        final long incarnation,
        final int prefaultLength)
    {
        this.host = host;
        this.registry = registry;
        this.peers = peers;
        this.wakeUps = wakeUps;
        this.report = report;
        this.links = links;
        this.service = service;
        this.incarnation = incarnation;
        this.prefaultLength = prefaultLength;
        tables = host.tables();
        geometry = host.header().geometry();
        eventsOffset = entry.eventsOffset();
        linkEntry = new LinkEntry(tables, geometry);
    }

    /**
     * Any thread may call.
     *
     * @return whether {@link #acceptAndDrop} is to be called.
     */
    public boolean isDue()
    {
        // [events] acquire: the client that raised it had changed its link before. Pairs with the atomic adds in
        // Connection, ServiceEntry and Reaper.reapLinks(). Without it a newcomer could be announced and not seen.
        return tables.getIntAcquire(eventsOffset) != seenEvents || attention.isDue();
    }

    /** Calls for a look at the links. Any thread may call. */
    public void raise()
    {
        attention.raise();
    }

    /** Drops the clients that have gone, and accepts those that are new. What fails is tried again. */
    public void acceptAndDrop()
    {
        // Both are taken before the look: what changes after the look is found by the next one.
        seenEvents = tables.getIntAcquire(eventsOffset);
        attention.take();
        try
        {
            dropGone();
        }
        catch (final Throwable ex)
        {
            tryLater("a client that has gone could not be dropped", ex);
        }
        accept();
    }

    private void dropGone()
    {
        report.dropped(links.dropGone());
        if (links.hasDroppedInUse())
        {
            // A claim may be dropped unspent later: only a garbage collection shows it.
            attention.raiseLater();
        }
    }

    /** Something failed for a cause that may pass: the watch calls for the next try in its next round. */
    private void tryLater(final String what, final Throwable cause)
    {
        attention.raiseLater();
        report.retry(what, cause);
    }

    private void accept()
    {
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            linkEntry.wrap(i);
            final long state = linkEntry.state();
            if (isNewcomer(linkEntry, state) && !links.contains(i))
            {
                try
                {
                    accept(i, state);
                }
                catch (final Throwable ex)
                {
                    // The link waits as it was. The others must not: they would not be looked at before the next event.
                    tryLater("a client could not be accepted: link=" + i, ex);
                }
            }
        }
    }

    /**
     * Accepts a client or refuses it. The last that can fail is the change of the link's state: until then the link is
     * as it was, and nothing of it is noted here.
     */
    private void accept(final int linkIndex, final long state)
    {
        final LinkEntry accepted = new LinkEntry(tables, geometry).wrap(linkIndex);
        final long linkIncarnation = LinkEntry.incarnation(state);
        final int clientProcessIndex = accepted.clientProcessIndex();
        final long clientProcessIncarnation = accepted.clientProcessIncarnation();
        final int clientPortIndex = accepted.clientPortIndex();
        final Credentials credentials = peers.attest(clientProcessIndex, clientProcessIncarnation);
        if (null == credentials)
        {
            // Died in the meantime, or an entry without a process: no other thread would release it here,
            // as only links that were accepted are watched.
            registry.use(linkIndex);
            accepted.change(linkIncarnation, LinkEntryDescriptor.CLIENT_CLOSED, LinkEntryDescriptor.CLIENT_HOLDS);
            return;
        }
        if (Credentials.UNDETERMINED == credentials)
        {
            tryLater("the operating system did not report who a client is: link=" + linkIndex, null);
            return;
        }
        final int clientFlags = peers.flags(clientPortIndex);
        if (Peers.FORGED == credentials ||
            !AccessRules.isAllowed(credentials, clientFlags, service.uid(), service.gid(), service.flags()))
        {
            refuse(accepted, linkIndex, linkIncarnation, clientPortIndex, clientProcessIndex,
                Peers.FORGED == credentials);
            return;
        }
        registry.use(linkIndex);
        final ClientState client = new ClientState(tables, accepted, linkIncarnation, clientProcessIndex,
            clientProcessIncarnation, clientFlags);
        final ServiceLink link = new ServiceLink(host, linkIndex, client, clientPortIndex, clientFlags, credentials,
            (ex) -> wakeUps.later(clientPortIndex, ex));
        links.prepareAdd();
        if (!client.hold(state))
        {
            return;
        }
        links.add(link);
        report.accepted(linkIndex, credentials.ownPid());
        if (prefaultLength > 0)
        {
            // Where there is no memory for it now, there may be some when a reply needs it.
            link.prefault(prefaultLength);
        }
    }

    private void refuse(
        final LinkEntry link,
        final int linkIndex,
        final long linkIncarnation,
        final int clientPortIndex,
        final int clientProcessIndex,
        final boolean isForged)
    {
        link.change(linkIncarnation, LinkEntryDescriptor.REFUSED, 0);
        try
        {
            if (isForged)
            {
                report.forged(linkIndex, clientProcessIndex);
            }
            else
            {
                report.refused(linkIndex);
            }
        }
        finally
        {
            wakeUps.wake(clientPortIndex);
        }
    }

    private boolean isNewcomer(final LinkEntry link, final long state)
    {
        return (state & (LinkEntryDescriptor.OPEN | LinkEntryDescriptor.CLIENT_CLOSED |
            LinkEntryDescriptor.SERVICE_HOLDS | LinkEntryDescriptor.REFUSED | LinkEntryDescriptor.CORRUPT)) ==
            LinkEntryDescriptor.OPEN &&
            link.servicePortIncarnation() == incarnation;
    }

    /**
     * By the watch, outside the gate: looks whether the clients are alive.
     *
     * @param deaths which processes are proved dead.
     * @return whether a thread that sleeps on the service is to be woken: a client is new that could not wake it, or
     * something that failed is to be tried again.
     */
    public boolean watch(final Deaths deaths)
    {
        for (final ServiceLink link : links.links())
        {
            final ClientState client = link.client();
            if (!client.isDeathKnown() && deaths.isDead(client.processIndex(), client.processIncarnation()))
            {
                client.died();
                attention.raise();
                if (client.hasDied())
                {
                    report.peerDied(false, link.linkIndex());
                }
            }
        }
        final boolean isSilent = tables.getIntAcquire(eventsOffset) != seenEvents && hasSilentNewcomer();
        // Tried again once per round: by the thread that polls, or by one that is woken for it. The wake-up of what a
        // client has put in the meantime was spent on a service that could not see it.
        return attention.isDueAgain() || isSilent;
    }

    /**
     * The service is closed: closes each link to it, and wakes the clients. Outside the gate; can be repeated if it
     * fails.
     *
     * @param gate of the port.
     */
    public void closeLinks(final Gate gate)
    {
        final LinkEntry closing = new LinkEntry(tables, geometry);
        Throwable failure = null;
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            closing.wrap(i);
            final long state = closing.state();
            if (!LinkEntry.isFree(state) && closing.servicePortIncarnation() == incarnation)
            {
                try
                {
                    close(gate, closing, i, LinkEntry.incarnation(state));
                    peers.wake(closing.clientPortIndex());
                }
                catch (final Throwable ex)
                {
                    // The next call tries this one again; the other clients are notified now.
                    failure = ex;
                }
            }
        }
        if (null != failure)
        {
            LangUtil.rethrowUnchecked(failure);
        }
    }

    /** The link is released once no claim is being written: until then its memory must not be another client's. */
    private void close(final Gate gate, final LinkEntry closing, final int linkIndex, final long linkIncarnation)
    {
        gate.enter();
        try
        {
            final boolean isWritten = links.close(linkIndex, linkIncarnation);
            closing.change(linkIncarnation, LinkEntryDescriptor.SERVICE_CLOSED,
                isWritten ? 0 : LinkEntryDescriptor.SERVICE_HOLDS);
        }
        finally
        {
            gate.exit();
        }
    }

    /** Whether a client that is not accepted yet has put a message, perhaps, and could not wake any thread. */
    private boolean hasSilentNewcomer()
    {
        final LinkEntry newcomer = new LinkEntry(tables, geometry);
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            if (isNewcomer(newcomer.wrap(i), newcomer.state()) &&
                (peers.flags(newcomer.clientPortIndex()) & PortFlags.CANNOT_WAKE) != 0)
            {
                return true;
            }
        }
        return false;
    }
}
