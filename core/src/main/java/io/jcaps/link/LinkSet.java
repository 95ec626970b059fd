/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.MessageState;
import io.jcaps.Status;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.concurrent.AtomicBuffer;

import java.util.Arrays;

import static io.jcaps.link.IncomingRequests.NO_REQUEST;

/**
 * The links of one service: takes their requests in turn, finds the link of a message id, drops the links of clients
 * that have gone, and keeps the totals of those. Used within the gate of the port, unless a method says otherwise.
 */
public final class LinkSet
{
    /** Most requests that one of several links gives to a batch (R19). */
    static final int BATCH_SHARE = 16;

    private final LinkLeases leases;
    // Replaced on change, so that the watch can go through it outside the gate.
    private volatile ServiceLink[] links = new ServiceLink[0];
    private ServiceLink[] room;
    private final DroppedLinks dropped;
    // What the links that have gone had counted. Under the monitor, as is the removal of a link.
    private final long[] pastTotals = new long[ServiceCounter.values().length];
    private final Turns turns = new Turns();
    private final Batch batch = new Batch();
    private final Disposals disposals;
    // A request that was received, but was longer than its caller wanted (R17).
    private ServiceLink peekedLink;
    private long peekedId;
    private ServiceLink faultyLink;
    private String fault;

    /**
     * @param tables  header and tables of the region.
     * @param service entry of the service; stays on it.
     */
    public LinkSet(final AtomicBuffer tables, final PortEntry service)
    {
        leases = new LinkLeases(tables);
        dropped = new DroppedLinks(service);
        disposals = new Disposals(dropped);
    }

    /**
     * @return the links in use, in the order in which they were accepted; not to be changed. Any thread may call.
     */
    public ServiceLink[] links()
    {
        return links;
    }

    /** Makes room for one more link: {@link #add} cannot fail after it. */
    public void prepareAdd()
    {
        room = Arrays.copyOf(links, links.length + 1);
        dropped.prepareAdd(room.length);
        batch.prepare(room.length);
    }

    /**
     * Adds a link that was accepted, after {@link #prepareAdd}.
     *
     * @param link to add.
     */
    public void add(final ServiceLink link)
    {
        room[room.length - 1] = link;
        links = room;
        room = null;
    }

    /**
     * A link's state is input: it can deny that the link was accepted.
     *
     * @param linkIndex of a link.
     * @return whether it is one of these.
     */
    public boolean contains(final int linkIndex)
    {
        return Arrays.stream(links).anyMatch((link) -> link.linkIndex() == linkIndex);
    }

    /**
     * @param linkId of a connection.
     * @return its link, null if it has gone or never was one of these.
     */
    public ServiceLink byLinkId(final long linkId)
    {
        for (final ServiceLink link : links)
        {
            if (link.linkId() == linkId)
            {
                return link;
            }
        }
        return null;
    }

    /**
     * @param id of a message, any number.
     * @return link that a message with that lease came by; null if there is none.
     */
    public ServiceLink byMessageId(final long id)
    {
        return leases.linkOf(id);
    }

    // ---- receiving

    /**
     * @return whether a request that was too long or was collected, or a disposal, waits to be delivered.
     */
    public boolean hasWaiting()
    {
        return hasRequestWaiting() || hasDisposal();
    }

    /**
     * @return whether a request that was too long or was collected waits to be delivered.
     */
    public boolean hasRequestWaiting()
    {
        return null != peekedLink || batch.size() > 0;
    }

    /**
     * @return whether a disposal waits to be delivered.
     */
    public boolean hasDisposal()
    {
        return disposals.size() > 0;
    }

    /**
     * Delivers what {@link #hasWaiting} reports.
     *
     * @param delivery    to fill.
     * @param lengthLimit longest payload in bytes that is put in view.
     * @return {@link MessageState#REQUEST} or {@link MessageState#DISPOSE}; {@link Status#WOULD_BLOCK} if the request
     * turned out to be aborted or corrupt.
     */
    public int takeWaiting(final Delivery delivery, final int lengthLimit)
    {
        if (null != peekedLink || !hasDisposal())
        {
            return takeRequestWaiting(delivery, lengthLimit);
        }
        final ServiceLink link = disposals.next(links);
        link.showDisposal(delivery, disposals.take(link));
        return MessageState.DISPOSE;
    }

    /**
     * Delivers what {@link #hasRequestWaiting} reports.
     *
     * @param delivery    to fill.
     * @param lengthLimit longest payload in bytes that is put in view.
     * @return {@link MessageState#REQUEST}; {@link Status#WOULD_BLOCK} if each turned out to be aborted or corrupt.
     */
    public int takeRequestWaiting(final Delivery delivery, final int lengthLimit)
    {
        if (null != peekedLink && show(peekedLink, peekedId, delivery, lengthLimit))
        {
            return MessageState.REQUEST;
        }
        for (ServiceLink link = batch.next(); null != link; link = batch.next())
        {
            final long id = link.requests().receiveCollected();
            if (NO_REQUEST != id && show(link, id, delivery, lengthLimit))
            {
                return MessageState.REQUEST;
            }
        }
        return Status.WOULD_BLOCK;
    }

    /**
     * Receives the next requests as a batch: a round over the links, from the one after the last that had something. It
     * ends early if many links have nothing, so that one busy client of many does not wait for looks at all others.
     * Nothing may be left of the batch before.
     *
     * @param limit most requests, 1 or more.
     * @return how many {@link #takeRequestWaiting} may hand out.
     */
    public int collect(final int limit)
    {
        final ServiceLink[] links = this.links;
        final int share = 1 == links.length ? limit : Math.min(limit, BATCH_SHARE);
        batch.begin();
        turns.begin(links.length);
        for (int i = turns.next(0); i >= 0 && batch.size() < limit; i = turns.next(batch.size()))
        {
            if (batch.collect(links[i], Math.min(share, limit - batch.size())))
            {
                turns.found();
            }
        }
        if (batch.size() > 0)
        {
            IncomingRequests.fenceCollected();
        }
        return batch.size();
    }

    /**
     * Receives the next request: one round over all links, from the one after the last that had something.
     *
     * @param delivery    to fill.
     * @param lengthLimit longest payload in bytes that is put in view; a longer request stays first in line (R17).
     * @return {@link MessageState#REQUEST} or {@link Status#WOULD_BLOCK}.
     */
    public int poll(final Delivery delivery, final int lengthLimit)
    {
        final ServiceLink[] links = this.links;
        turns.begin(links.length);
        for (int i = turns.next(0); i >= 0; i = turns.next(0))
        {
            final ServiceLink link = links[i];
            final IncomingRequests requests = link.requests();
            // Out of its turn, a client is only looked at where its next request is expected.
            final boolean isHotLook = turns.isHotLook();
            for (long id = requests.poll(isHotLook); NO_REQUEST != id; id = requests.poll(isHotLook))
            {
                if (requests.receive(id) && show(link, id, delivery, lengthLimit))
                {
                    turns.found();
                    return MessageState.REQUEST;
                }
            }
        }
        return Status.WOULD_BLOCK;
    }

    /** Shows a request that was received; false if it is corrupt. */
    private boolean show(final ServiceLink link, final long id, final Delivery delivery, final int lengthLimit)
    {
        disposals.received(link);
        final int lease = SlotDescriptor.lease(id);
        boolean isOurs = lease == link.lastLease();
        if (!isOurs)
        {
            // If that finds no memory, the request stays first in line, and the next poll shows it.
            peek(link, id);
            isOurs = leases.add(link, lease);
        }
        if (null != peekedLink)
        {
            peekedLink = null;
        }
        if (!isOurs || !link.show(id, delivery, lengthLimit))
        {
            giveUp(link, link.forget(id));
            return false;
        }
        if (!delivery.isView())
        {
            peek(link, id);
        }
        return true;
    }

    private void peek(final ServiceLink link, final long id)
    {
        peekedLink = link;
        peekedId = id;
    }

    /**
     * @return whether {@link #poll} would find a request.
     */
    public boolean hasRequest()
    {
        for (final ServiceLink link : links)
        {
            if (NO_REQUEST != link.requests().poll(false))
            {
                return true;
            }
        }
        return false;
    }

    /**
     * A request is replied to; if it waited because it was too long, it no longer does (R17).
     *
     * @param link of the request.
     * @param id   of the request.
     */
    public void replied(final ServiceLink link, final long id)
    {
        if (peekedLink == link && peekedId == id)
        {
            peekedLink = null;
            link.countGet(0);
        }
    }

    // ---- disposals

    /**
     * Looks for replies that clients have finished with.
     *
     * @param isThorough whether to look at links with many replies out, too: their lines are the clients' to write to.
     */
    public void findDisposed(final boolean isThorough)
    {
        disposals.find(links, isThorough);
    }

    /**
     * Takes the next disposal; there must be one.
     *
     * @return id of the message whose reply its client has finished with.
     */
    public long takeDisposal()
    {
        return disposals.take(disposals.next(links));
    }

    // ---- the end of links

    /**
     * Gives a link up because its client wrote what no client of this library writes.
     *
     * @param link   to give up.
     * @param reason for people.
     */
    public void giveUp(final ServiceLink link, final String reason)
    {
        faultyLink = link;
        fault = reason;
        batch.lowerReceived(link);
        link.giveUp();
    }

    /**
     * @return link that was given up since the last call, null if none was.
     */
    public ServiceLink takeFaultyLink()
    {
        final ServiceLink link = faultyLink;
        if (null != link)
        {
            faultyLink = null;
        }
        return link;
    }

    /**
     * @return why the link was given up that {@link #takeFaultyLink} returned.
     */
    public String fault()
    {
        return fault;
    }

    /**
     * Drops the links whose clients have gone: what they had received or were replied becomes disposals (R24). If
     * memory runs out nothing has changed.
     *
     * @return number of clients that died.
     */
    public int dropGone()
    {
        int deathCount = 0;
        final ServiceLink[] gone = Arrays.stream(links).filter(ServiceLink::isClientGone).toArray(ServiceLink[]::new);
        if (gone.length > 0)
        {
            final ServiceLink[] kept = new ServiceLink[links.length - gone.length];
            dropped.prepareAdd(gone.length);
            for (final ServiceLink link : gone)
            {
                deathCount += link.client().hasDied() ? 1 : 0;
                if (peekedLink == link)
                {
                    peekedLink = null;
                    link.countGet(0);
                }
                batch.drop(link);
                disposals.drop(link);
                leases.remove(link);
                dropped.add(link);
            }
            removeDropped(kept);
        }
        dropped.releaseOver();
        return deathCount;
    }

    private synchronized void removeDropped(final ServiceLink[] kept)
    {
        int keptCount = 0;
        for (final ServiceLink link : links)
        {
            if (!link.isDropped())
            {
                kept[keptCount++] = link;
                continue;
            }
            for (final ServiceCounter counter : ServiceCounter.values())
            {
                pastTotals[counter.ordinal()] += link.counter(counter);
            }
        }
        links = kept;
    }

    /**
     * @return whether the program still has views or claims of links whose clients have gone: it may drop the claims,
     * which only a garbage collection shows.
     */
    public boolean hasDroppedInUse()
    {
        return dropped.isAnyInUse();
    }

    /**
     * The port closes a link, and no copy into it is being made: what was collected and not handed out counts as not
     * received. While a claim for a reply in it is being written, its memory must not be another client's: the last
     * such claim releases it then.
     *
     * @param linkIndex   of the link.
     * @param incarnation of the link.
     * @return whether there is such a claim.
     */
    public boolean close(final int linkIndex, final long incarnation)
    {
        final ServiceLink closing = byLinkId(incarnation);
        if (null != closing && closing.linkIndex() == linkIndex)
        {
            batch.lowerReceived(closing);
        }
        return Arrays.stream(links).anyMatch((link) -> link.linkIndex() == linkIndex && link.keepWhileWritten()) ||
            dropped.keepWhileWritten(linkIndex);
    }

    /**
     * After the close of the port: ends the claims that the program has dropped unspent, which only a garbage
     * collection shows.
     *
     * @return whether no claim keeps any of the links.
     */
    public boolean releaseDroppedClosed()
    {
        boolean isReleased = dropped.releaseClosed();
        for (final ServiceLink link : links)
        {
            isReleased &= link.releaseDropped();
        }
        return isReleased;
    }

    /**
     * Claims for replies that are not spent, as far as this thread sees. Any thread may call.
     *
     * @return how many; those in links of clients that have gone as they were when these were last looked at.
     */
    public int claimedCount()
    {
        return dropped.claimedCount() + Arrays.stream(links).mapToInt(ServiceLink::claimedCount).sum();
    }

    /**
     * Requests that are in view, as far as this thread sees. Any thread may call.
     *
     * @return how many; as {@link #claimedCount} those of clients that have gone.
     */
    public int heldCount()
    {
        return dropped.heldCount() + Arrays.stream(links).mapToInt(ServiceLink::heldCount).sum();
    }

    /**
     * What all links have counted, those that have gone as well. Any thread may call while the port is open: until
     * then no link becomes another service's but by {@link #dropGone}, which waits for this.
     *
     * @param counter of the links.
     * @return sum of its values.
     */
    public synchronized long total(final ServiceCounter counter)
    {
        return pastTotals[counter.ordinal()] + Arrays.stream(links).mapToLong((link) -> link.counter(counter)).sum();
    }
}
