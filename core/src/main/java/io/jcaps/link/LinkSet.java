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

/**
 * The links of one service: takes the next request of any of them so that no client starves another (R19), finds the
 * link of a message id, and keeps the totals of links that have gone. Used within the gate of the port, unless a
 * method says otherwise.
 */
public final class LinkSet
{
    /** After this many links without a request, and one, the link that was active last is polled again. */
    private static final int HOT_LOOK_MASK = 3;
    /** Most requests that one of several links gives to a batch (R19). */
    static final int BATCH_SHARE = 16;

    private final LinkLeases leases;
    // Replaced on change, so that the watch can go through it outside the gate.
    private volatile ServiceLink[] links = new ServiceLink[0];
    private ServiceLink[] room;
    private final DroppedLinks dropped;
    // What the links that have gone had counted. Under the monitor, as is the removal of a link.
    private final long[] pastTotals = new long[ServiceCounter.values().length];
    private int cursor;
    private int hotIndex;
    private int disposalCount;
    private ServiceLink disposingLink;
    // A request that was received, but was longer than its caller wanted (R17).
    private ServiceLink peekedLink;
    private long peekedId;
    // A batch: the links of which requests were collected, each once, and how many are left to hand out in all.
    private ServiceLink[] batch = new ServiceLink[1];
    private int batchIndex;
    private int batchLength;
    private int collectedCount;
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
        if (batch.length < room.length)
        {
            batch = Arrays.copyOf(batch, room.length);
        }
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
        for (final ServiceLink link : links)
        {
            if (link.linkIndex() == linkIndex)
            {
                return true;
            }
        }
        return false;
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
        return hasRequestWaiting() || disposalCount > 0;
    }

    /**
     * @return whether a request that was too long or was collected waits to be delivered.
     */
    public boolean hasRequestWaiting()
    {
        return null != peekedLink || collectedCount > 0;
    }

    /**
     * @return whether a disposal waits to be delivered.
     */
    public boolean hasDisposal()
    {
        return disposalCount > 0;
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
        return null == peekedLink && disposalCount > 0 ?
            takeDisposal(delivery) : takeRequestWaiting(delivery, lengthLimit);
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
        if (null != peekedLink && Status.WOULD_BLOCK != show(peekedLink, peekedId, delivery, lengthLimit))
        {
            return MessageState.REQUEST;
        }
        while (collectedCount > 0)
        {
            final ServiceLink link = batch[batchIndex];
            if (null == link || !link.requests().hasCollected())
            {
                batchIndex++;
                continue;
            }
            collectedCount--;
            final long id = link.requests().nextCollected();
            if (link.requests().receiveCollected(id) && showReceived(link, id, delivery, lengthLimit))
            {
                return MessageState.REQUEST;
            }
        }
        return Status.WOULD_BLOCK;
    }

    /**
     * Receives the next requests as a batch: one round over all links, from the one after the last that had something.
     * Nothing may be left of the batch before.
     *
     * @param limit most requests, 1 or more.
     * @return how many {@link #takeRequestWaiting} may hand out.
     */
    public int collect(final int limit)
    {
        final ServiceLink[] links = this.links;
        final int count = links.length;
        final int share = 1 == count ? limit : Math.min(limit, BATCH_SHARE);
        batchIndex = 0;
        batchLength = 0;
        int index = cursor;
        for (int i = 0; i < count && collectedCount < limit; i++)
        {
            if (index >= count)
            {
                index = 0;
            }
            if (collect(links[index], Math.min(share, limit - collectedCount)))
            {
                hotIndex = index;
                cursor = index + 1;
            }
            else if ((i & HOT_LOOK_MASK) == HOT_LOOK_MASK && hotIndex < count &&
                collect(links[hotIndex], Math.min(share, limit - collectedCount)))
            {
                cursor = index + 1;
            }
            index++;
        }
        if (collectedCount > 0)
        {
            IncomingRequests.fenceCollected();
        }
        return collectedCount;
    }

    private boolean collect(final ServiceLink link, final int limit)
    {
        // It has had its share of this round if it was looked at as the one that was active last.
        final int count = link.requests().hasCollected() ? 0 : link.requests().collect(limit);
        if (0 == count)
        {
            return false;
        }
        collectedCount += count;
        // References only if they change: each store of one is work for a collector.
        if (batch[batchLength] != link)
        {
            batch[batchLength] = link;
        }
        batchLength++;
        return true;
    }

    /**
     * The port closes a link: what was collected and not handed out counts as not received.
     *
     * @param linkIndex   of the link.
     * @param incarnation of the link.
     */
    public void lowerReceived(final int linkIndex, final long incarnation)
    {
        for (final ServiceLink link : links)
        {
            if (link.linkIndex() == linkIndex && link.linkId() == incarnation)
            {
                collectedCount -= link.requests().lowerReceived();
            }
        }
    }

    /**
     * Receives the next request: one round over all links, from the one after the last that had something. As the
     * client that was active last is most likely active next, its expected slot is polled in between.
     *
     * @param delivery    to fill.
     * @param lengthLimit longest payload in bytes that is put in view; a longer request stays first in line (R17).
     * @return {@link MessageState#REQUEST} or {@link Status#WOULD_BLOCK}.
     */
    public int poll(final Delivery delivery, final int lengthLimit)
    {
        final ServiceLink[] links = this.links;
        final int count = links.length;
        int index = cursor;
        for (int i = 0; i < count; i++)
        {
            if (index >= count)
            {
                index = 0;
            }
            final ServiceLink link = links[index];
            final IncomingRequests requests = link.requests();
            for (long id = requests.poll(); IncomingRequests.NO_REQUEST != id; id = requests.poll())
            {
                if (receive(link, id, delivery, lengthLimit))
                {
                    hotIndex = index;
                    cursor = index + 1;
                    return MessageState.REQUEST;
                }
            }
            if ((i & HOT_LOOK_MASK) == HOT_LOOK_MASK && hotIndex < count)
            {
                final ServiceLink hotLink = links[hotIndex];
                final long id = hotLink.requests().pollExpected();
                if (IncomingRequests.NO_REQUEST != id && receive(hotLink, id, delivery, lengthLimit))
                {
                    cursor = index + 1;
                    return MessageState.REQUEST;
                }
            }
            index++;
        }
        return Status.WOULD_BLOCK;
    }

    private boolean receive(
        final ServiceLink link, final long id, final Delivery delivery, final int lengthLimit)
    {
        return link.requests().receive(id) && showReceived(link, id, delivery, lengthLimit);
    }

    private boolean showReceived(
        final ServiceLink link, final long id, final Delivery delivery, final int lengthLimit)
    {
        countQueued(link, link.countDisposals());
        return Status.WOULD_BLOCK != show(link, id, delivery, lengthLimit);
    }

    private int show(final ServiceLink link, final long id, final Delivery delivery, final int lengthLimit)
    {
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
            return Status.WOULD_BLOCK;
        }
        if (!delivery.isView())
        {
            peek(link, id);
        }
        return MessageState.REQUEST;
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
            if (IncomingRequests.NO_REQUEST != link.requests().poll())
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

    /** A request brought the disposal of the reply that was in its slot before: the link need not be searched for. */
    private void countQueued(final ServiceLink link, final int queuedCount)
    {
        if (queuedCount > 0)
        {
            disposalCount += queuedCount;
            if (!isDisposing())
            {
                disposing(link);
            }
        }
    }

    /**
     * Looks for replies that clients have finished with.
     *
     * @param isThorough whether to look at links with many replies out, too: their lines are the clients' to write to.
     */
    public void findDisposed(final boolean isThorough)
    {
        for (final ServiceLink link : links)
        {
            disposalCount += link.findDisposed(isThorough);
        }
    }

    private int takeDisposal(final Delivery delivery)
    {
        final ServiceLink link = disposingLink();
        link.showDisposal(delivery, takeDisposal(link));
        return MessageState.DISPOSE;
    }

    /**
     * Takes the next disposal; there must be one.
     *
     * @return id of the message whose reply its client has finished with.
     */
    public long takeDisposal()
    {
        return takeDisposal(disposingLink());
    }

    private ServiceLink disposingLink()
    {
        if (!isDisposing())
        {
            disposing(nextDisposing());
        }
        return disposingLink;
    }

    private boolean isDisposing()
    {
        return null != disposingLink && disposingLink.disposalCount() > 0;
    }

    /** References only if they change: each store of one is work for a collector, G1's a full fence at times. */
    private void disposing(final ServiceLink link)
    {
        if (disposingLink != link)
        {
            disposingLink = link;
        }
    }

    private long takeDisposal(final ServiceLink disposingLink)
    {
        final long id = disposingLink.takeDisposal();
        disposalCount--;
        if (0 == disposingLink.disposalCount() && disposingLink.isDropped())
        {
            dropped.disposed(disposingLink);
            this.disposingLink = null;
        }
        return id;
    }

    private ServiceLink nextDisposing()
    {
        final ServiceLink droppedLink = dropped.nextDisposing();
        if (null != droppedLink)
        {
            return droppedLink;
        }
        for (final ServiceLink link : links)
        {
            if (link.disposalCount() > 0)
            {
                return link;
            }
        }
        throw new IllegalStateException("no link has the disposals that were counted: disposalCount=" + disposalCount);
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
        collectedCount -= link.requests().lowerReceived();
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
        final ServiceLink[] links = this.links;
        int goneCount = 0;
        final boolean[] isGone = new boolean[links.length];
        for (int i = 0; i < links.length; i++)
        {
            isGone[i] = links[i].isClientGone();
            goneCount += isGone[i] ? 1 : 0;
        }
        if (goneCount > 0)
        {
            final ServiceLink[] kept = new ServiceLink[links.length - goneCount];
            dropped.prepareAdd(goneCount);
            for (int i = 0, keptCount = 0; i < links.length; i++)
            {
                if (!isGone[i])
                {
                    kept[keptCount++] = links[i];
                }
            }
            for (int i = 0; i < links.length; i++)
            {
                if (isGone[i])
                {
                    deathCount += links[i].client().hasDied() ? 1 : 0;
                    drop(links[i]);
                }
            }
            removeDropped(kept);
        }
        dropped.releaseOver();
        return deathCount;
    }

    private void drop(final ServiceLink link)
    {
        if (peekedLink == link)
        {
            peekedLink = null;
            link.countGet(0);
        }
        collectedCount -= link.requests().forgetCollected();
        for (int i = 0; i < batch.length; i++)
        {
            if (batch[i] == link)
            {
                batch[i] = null;
            }
        }
        disposalCount += link.drop();
        if (disposingLink == link && 0 == link.disposalCount())
        {
            disposingLink = null;
        }
        leases.remove(link);
        dropped.add(link);
    }

    private synchronized void removeDropped(final ServiceLink[] kept)
    {
        for (final ServiceLink link : links)
        {
            if (link.isDropped())
            {
                for (final ServiceCounter counter : ServiceCounter.values())
                {
                    pastTotals[counter.ordinal()] += link.counter(counter);
                }
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
     * The port closes a link, and no copy into it is being made. While a claim for a reply in it is being written, its
     * memory must not be another client's: the last such claim releases it then.
     *
     * @param linkIndex of the link.
     * @return whether there is such a claim.
     */
    public boolean keepWhileWritten(final int linkIndex)
    {
        for (final ServiceLink link : links)
        {
            if (link.linkIndex() == linkIndex && link.keepWhileWritten())
            {
                return true;
            }
        }
        return dropped.keepWhileWritten(linkIndex);
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
        int result = dropped.claimedCount();
        for (final ServiceLink link : links)
        {
            result += link.claimedCount();
        }
        return result;
    }

    /**
     * Requests that are in view, as far as this thread sees. Any thread may call.
     *
     * @return how many; as {@link #claimedCount} those of clients that have gone.
     */
    public int heldCount()
    {
        int result = dropped.heldCount();
        for (final ServiceLink link : links)
        {
            result += link.heldCount();
        }
        return result;
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
        long total = pastTotals[counter.ordinal()];
        for (final ServiceLink link : links)
        {
            total += link.counter(counter);
        }
        return total;
    }
}
