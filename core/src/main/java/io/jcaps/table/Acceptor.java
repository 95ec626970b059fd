/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.PortFlags;
import io.jcaps.host.Credentials;
import io.jcaps.host.Failures;
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
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Keeps the links of one service: accepts new clients, refuses those that may not connect (R6, R22), drops those that
 * have gone, and closes the links when the service is closed. Used within the service port's gate, unless a method says
 * otherwise.
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
     * @param service        name and ids under which the port is registered.
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
     * @return whether the port must call {@link #acceptAndDrop}.
     */
    public boolean isDue()
    {
        // [events] acquire: the client that raised it had changed its link before. Pairs with the atomic adds in
        // Connection, ServiceEntry and Reaper.reapLinks(). Without it a newcomer could be announced and not seen.
        return tables.getIntAcquire(eventsOffset) != seenEvents || attention.isDue();
    }

    /** Makes the port look at its links. Any thread may call. */
    public void raise()
    {
        attention.raise();
    }

    /** Drops the clients that have gone, and accepts new ones. A step that fails is tried again later. */
    public void acceptAndDrop()
    {
        // Both are taken before the look: a change after the look makes the next one due.
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

    /** Reports a step that failed for a cause that may pass; the next round of the watch makes it due again. */
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
     * Accepts a client or refuses it. The change of the link's state is the last step that can fail: until then the
     * link is as it was, and this side has noted nothing of it.
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
            // The client has died in the meantime, or no process has its entry. No other thread of this process would
            // release the link, because only accepted links are watched.
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
            refuse(accepted, linkIncarnation, clientPortIndex, clientProcessIndex, Peers.FORGED == credentials);
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
            // If there is no memory now, there may be some when a reply needs it.
            link.prefault(prefaultLength);
        }
    }

    private void refuse(
        final LinkEntry link,
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
                report.forged(link.index(), clientProcessIndex);
            }
            else
            {
                report.refused(link.index());
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
     * By the watch, outside the gate: checks whether the clients are alive.
     *
     * @param deaths reports which processes are proved dead.
     * @return whether a thread that sleeps on the service must be woken: because a new client could not wake it, or
     * because a step that failed is due again.
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
        // A step that failed is tried again once per round, by a thread that polls, or by one that is woken for this.
        // If a client has put a message in the meantime, its wake-up is spent: the service could not see the message
        // then.
        return attention.isDueAgain() || isSilent;
    }

    /**
     * Closes each link to a service that is closed, and wakes the clients. Outside the gate; can be repeated if it
     * fails.
     *
     * @param gate of the port.
     */
    public void closeLinks(final Gate gate)
    {
        final LinkEntry closing = new LinkEntry(tables, geometry);
        // What fails is tried again by the next call; the other clients are notified now.
        final Failures failures = new Failures();
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            closing.wrap(i);
            final long state = closing.state();
            if (!LinkEntry.isFree(state) && closing.servicePortIncarnation() == incarnation)
            {
                failures.run(() ->
                {
                    close(gate, closing, LinkEntry.incarnation(state));
                    peers.wake(closing.clientPortIndex());
                });
            }
        }
        failures.rethrow();
    }

    /** Closes a link. It is released once no claim is unspent: until then its memory must not be another client's. */
    private void close(final Gate gate, final LinkEntry closing, final long linkIncarnation)
    {
        gate.enter();
        try
        {
            final boolean isWritten = links.close(closing.index(), linkIncarnation);
            closing.change(linkIncarnation, LinkEntryDescriptor.SERVICE_CLOSED,
                isWritten ? 0 : LinkEntryDescriptor.SERVICE_HOLDS);
        }
        finally
        {
            gate.exit();
        }
    }

    /** Whether a client that is not accepted yet cannot wake any thread, and so may have put a message unnoticed. */
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
