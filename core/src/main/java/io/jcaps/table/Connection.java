/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.CapsException;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.RegionException;
import org.agrona.concurrent.AtomicBuffer;

/**
 * Connects one client (R5, R6): opens its link, and announces it to the service, or undoes it if the client's port
 * cannot be made. Used by one thread.
 */
public final class Connection
{
    private final Host host;
    private final AtomicBuffer tables;
    private final Registry registry;
    private final Peers peers;
    private final PortEntry service;
    private final PortEntry client;
    private final LinkEntry link;
    private long incarnation;

    /**
     * @param host     of the region.
     * @param registry of the attachment.
     * @param peers    of the attachment.
     */
    public Connection(final Host host, final Registry registry, final Peers peers)
    {
        this.host = host;
        this.registry = registry;
        this.peers = peers;
        tables = host.tables();
        service = new PortEntry(tables, host.header().geometry());
        client = new PortEntry(tables, host.header().geometry());
        link = new LinkEntry(tables, host.header().geometry());
    }

    /**
     * Opens a link to the newest service that matches. When this returns true, the service is open, and the caller
     * either {@link #announce announces} the link or {@link #undo undoes} it.
     *
     * @param spec name and ids to look for.
     * @param self credentials of this process.
     * @return false if there is no such service.
     * @throws CapsException as {@code Attachment.client} does.
     */
    public boolean open(final PortSpec spec, final Credentials self)
    {
        boolean isServiceOpen = false;
        while (!isServiceOpen)
        {
            if (!openLink(spec, self))
            {
                return false;
            }
            try
            {
                // [port-state] acquire, after the compare and set that opened the link: pairs with PortEntry.close().
                // If this misses the close, the close sees the link.
                isServiceOpen = service.isOpen();
            }
            finally
            {
                if (!isServiceOpen)
                {
                    // The service was closed just now, perhaps before it could see this link: another is looked for.
                    undo();
                }
            }
        }
        return true;
    }

    /**
     * @return incarnation of the client's port and link.
     */
    public long incarnation()
    {
        return incarnation;
    }

    /**
     * @return index of the client's port entry.
     */
    public int portIndex()
    {
        return client.index();
    }

    /**
     * @return entry of the link.
     */
    public LinkEntry link()
    {
        return link;
    }

    /** Announces the link to the service, once the client has its port: the service accepts the client. */
    public void announce()
    {
        // [events] atomic add, after the link was opened: pairs with the acquire in Acceptor.isDue(). Without it the
        // service could look before the link is there, and not look again.
        tables.getAndAddInt(service.eventsOffset(), 1);
    }

    /** Releases a link that its caller will not get. The service looks again, because it may have accepted the link. */
    public void undo()
    {
        link.change(incarnation, LinkEntryDescriptor.CLIENT_CLOSED, LinkEntryDescriptor.CLIENT_HOLDS);
        client.free(incarnation);
        // [events] as in announce().
        tables.getAndAddInt(service.eventsOffset(), 1);
    }

    private boolean openLink(final PortSpec spec, final Credentials self)
    {
        boolean isOpen = false;
        incarnation = 0;
        try
        {
            registry.lock();
            try
            {
                registry.reap();
                final int serviceIndex = find(spec);
                if (Registry.NONE == serviceIndex)
                {
                    return false;
                }
                service.wrap(serviceIndex);
                checkAllowed(spec, self);
                takeLink(spec);
            }
            finally
            {
                registry.unlock();
            }
            isOpen = true;
            return true;
        }
        finally
        {
            if (!isOpen && 0 != incarnation)
            {
                undo();
            }
        }
    }

    private int find(final PortSpec spec)
    {
        final int found = registry.search().service(spec.name(), spec.uid(), spec.gid());
        return Registry.NONE != found ?
            found : registry.search().service(spec.name(), (each) -> isOwnedBy(each, spec.uid(), spec.gid()));
    }

    /**
     * Whether a service's process has these ids, and its port names others that the process cannot have here: it
     * registered in another user namespace, or has changed its user since.
     */
    private boolean isOwnedBy(final PortEntry candidate, final int uid, final int gid)
    {
        final Credentials owner = peers.attest(candidate.processIndex(), candidate.processIncarnation());
        return Peers.isKnown(owner) && !AccessRules.mayOwn(owner, candidate.uid(), candidate.gid()) &&
            (PortOptions.ANY == uid || owner.euid() == uid) && (PortOptions.ANY == gid || owner.isMember(gid));
    }

    /**
     * Whether the service's port and this process use the same ids for the same users. They do not if one of the two is
     * in a user namespace of its own: then only the service can decide whether to admit the client.
     */
    private boolean hasIdsOfHere()
    {
        if (!host.hasMachineIds())
        {
            return false;
        }
        final Credentials owner = peers.attest(service.processIndex(), service.processIncarnation());
        return !Peers.isKnown(owner) || AccessRules.mayOwn(owner, service.uid(), service.gid());
    }

    /**
     * The service's identity (R22). Each process that can open the region can write any ids into a port's entry, so the
     * ids that the caller looks for are compared with those that the operating system reports.
     *
     * @param spec name and ids that were looked for.
     * @return credentials; {@link Credentials#UNKNOWN} if the operating system does not report any.
     * @throws CapsException   with {@link Status#ACCESS_DENIED} if the service's process is not the one that its entry
     *                         names, or may not register under these ids.
     * @throws RegionException if the operating system gave no reliable answer.
     */
    public Credentials attestService(final PortSpec spec)
    {
        final Credentials credentials = peers.attest(link.serviceProcessIndex(), link.serviceProcessIncarnation());
        if (null == credentials || Credentials.UNKNOWN == credentials)
        {
            return Credentials.UNKNOWN;
        }
        if (Credentials.UNDETERMINED == credentials)
        {
            throw new RegionException("the operating system did not report who the service is, try again: " + spec +
                ", region=" + host.place());
        }
        final boolean isForged = Peers.FORGED == credentials;
        if (isForged || !AccessRules.mayOwn(credentials, spec.uid(), spec.gid()))
        {
            throw new CapsException(Status.ACCESS_DENIED, (isForged ?
                "the operating system reports another process than the service's entry names: " :
                "the service's process, as the operating system reports it, may not register under these ids: ") +
                spec + ", region=" + host.place() + (isForged ? "" : ", " + credentials));
        }
        return credentials;
    }

    private void checkAllowed(final PortSpec spec, final Credentials self)
    {
        if (!AccessRules.isAllowed(self, spec.flags(), service.uid(), service.gid(), service.flags()) &&
            hasIdsOfHere())
        {
            throw new CapsException(Status.ACCESS_DENIED, "the service does not admit this client: " + spec +
                ", region=" + host.place() + ", service's uid=" + Credentials.idText(service.uid()) + ", gid=" +
                Credentials.idText(service.gid()) + ", flags=0x" +
                Integer.toHexString(service.flags() & PortFlags.USER_MASK) + ", " + self);
        }
    }

    /** Under the tables' lock. */
    private void takeLink(final PortSpec spec)
    {
        final int portIndex = registry.freePort();
        client.wrap(portIndex);
        final int linkIndex = registry.freeLink();
        registry.use(linkIndex);
        link.wrap(linkIndex);
        incarnation = registry.nextIncarnation();
        // If this process dies from here on, it holds the link, and the next process that reaps releases it.
        link.take(incarnation, registry.processIndex(), registry.incarnation(), portIndex, incarnation,
            service.index(), service.incarnation(), service.processIndex(), service.processIncarnation());
        final int headLength = host.header().geometry().linkHeadLength();
        if (!host.back(linkIndex, 0, headLength))
        {
            throw new CapsException(Status.NO_SPACE, "no memory left for " + headLength +
                " bytes of a new link: region=" + host.place());
        }
        registry.publish(client, incarnation, PortDescriptor.KIND_CLIENT, linkIndex, spec);
        // [link] the link is complete before the service can accept it. Pairs with [accept] in ClientState.hold().
        if (link.change(incarnation, LinkEntryDescriptor.OPEN, 0) < 0)
        {
            throw new RegionException("corrupt region: link " + linkIndex + " changed under its client: " +
                host.place());
        }
    }
}
