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
import java.util.function.BiConsumer;

import static io.jcaps.link.IncomingRequests.NO_REQUEST;

/**
 * The links of one service: takes their requests in turn, finds the link of a message id, drops the links of clients
 * that have gone, and keeps the totals of these links. Used within the gate of the port, unless a method says
 * otherwise.
 */
public final class LinkSet
{
    /** Most requests that one of several links gives to a batch (R19). */
    static final int BATCH_SHARE = 16;

    private final LinkLeases leases;
    // Replaced on each change, so that the watch can read it outside the gate.
    private volatile ServiceLink[] links = new ServiceLink[0];
    private ServiceLink[] room;
    private final DroppedLinks dropped;
    // Counters of the links that have gone. Under the monitor, as is the removal of a link.
    private final long[] pastTotals = new long[ServiceCounter.values().length];
    private final Turns turns = new Turns();
    private final Batch batch = new Batch();
    private final Disposals disposals;
    // A request that was received, but was longer than its receiver wanted (R17).
    private ServiceLink peekedLink;
    private long peekedId;
    private final BiConsumer<ServiceLink, String> givenUp;

    /**
     * @param tables  header and tables of the region.
     * @param service view of the service's entry; must stay on it.
     * @param givenUp called with a link and the reason, for people, when the link was given up.
     */
    public LinkSet(
        final AtomicBuffer tables, final PortEntry service, final BiConsumer<ServiceLink, String> givenUp)
    {
        this.givenUp = givenUp;
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
     * Whether a link was accepted. A link's state alone does not show it, because the state is input.
     *
     * @param linkIndex of a link.
     * @return whether the link is one of these.
     */
    public boolean contains(final int linkIndex)
    {
        return Arrays.stream(links).anyMatch((link) -> link.linkIndex() == linkIndex);
    }

    /**
     * @param linkId of a connection.
     * @return its link; null if the client has gone or was never connected here.
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
     * @return link from which messages with the id's lease came; null if there is none.
     */
    public ServiceLink byMessageId(final long id)
    {
        return leases.linkOf(id);
    }

    // ---- receiving

    /**
     * @return whether a disposal, or a request that was too long or was collected, waits to be delivered.
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
     * Delivers a message that {@link #hasWaiting} reports.
     *
     * @param delivery    to fill.
     * @param lengthLimit longest payload in bytes that is put in view.
     * @return {@link MessageState#REQUEST} or {@link MessageState#DISPOSE}; {@link Status#WOULD_BLOCK} if each request
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
     * Delivers a request that {@link #hasRequestWaiting} reports.
     *
     * @param delivery    to fill.
     * @param lengthLimit longest payload in bytes that is put in view.
     * @return {@link MessageState#REQUEST}; {@link Status#WOULD_BLOCK} if each request turned out to be aborted or
     * corrupt.
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
     * Collects the next requests as a batch, in one round over the links ({@code Turns}). The round ends early if many
     * links have no request, so that one busy client of many does not wait for looks at all the others. No request of
     * the last batch may be left.
     *
     * @param limit most requests, 1 or more.
     * @return number of requests that {@link #takeRequestWaiting} may hand out.
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
            Slots.receivedFence();
        }
        return batch.size();
    }

    /**
     * Receives the next request, in one round over all links ({@code Turns}).
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
            // Out of its turn, a client's request is looked for only in the slot where it is expected.
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
            // If add() finds no memory, the request stays first in line, and the next poll shows it.
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
     * Called when a request is replied to. If it waited because it was too long, it no longer waits (R17).
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
     * @param isThorough whether to look also at links with many replies out: the clients are about to write to the
     *                   cache lines of that look.
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
     * Gives a link up because its client wrote an invalid value. A second call does nothing.
     *
     * @param link   to give up.
     * @param reason the invalid value, for people.
     */
    public void giveUp(final ServiceLink link, final String reason)
    {
        if (!link.requests().isStopped())
        {
            batch.lowerReceived(link);
            link.giveUp();
            givenUp.accept(link, reason);
        }
    }

    /**
     * Drops the links whose clients have gone: each request received from them, and each reply sent to them, becomes a
     * disposal (R24). If there is no memory for this, nothing has changed.
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
     * @return whether the program still has views or claims of links whose clients have gone. It may drop the claims
     * unspent, which only a garbage collection shows.
     */
    public boolean hasDroppedInUse()
    {
        return dropped.isAnyInUse();
    }

    /**
     * Called when the port closes a link, and no copy into it is being made. Requests that were collected and not
     * handed out count as not received. While a claim for a reply in the link is not spent, its memory must not be
     * another client's: the last such claim then releases the link.
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
     * Number of claims for replies that are not spent. Any thread may call: outside the gate the number may be older
     * than the last change.
     *
     * @return number of claims; in links of clients that have gone, those of the last {@link #dropGone}.
     */
    public int claimedCount()
    {
        return dropped.claimedCount() + Arrays.stream(links).mapToInt((link) -> link.views().claimedCount()).sum();
    }

    /**
     * Number of requests in view. Any thread may call, as {@link #claimedCount}.
     *
     * @return number of requests; in links of clients that have gone, those of the last {@link #dropGone}.
     */
    public int heldCount()
    {
        return dropped.heldCount() + Arrays.stream(links).mapToInt((link) -> link.views().viewedCount()).sum();
    }

    /**
     * Sum of a counter over all links, those that have gone included. Any thread may call while the port is open: as
     * long as it is open, only {@link #dropGone} gives links away, and that waits for this method.
     *
     * @param counter of the links.
     * @return the sum.
     */
    public synchronized long total(final ServiceCounter counter)
    {
        return pastTotals[counter.ordinal()] + Arrays.stream(links).mapToLong((link) -> link.counter(counter)).sum();
    }
}
