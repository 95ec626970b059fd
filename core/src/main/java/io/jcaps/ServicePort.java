/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.DirectBuffer;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntArrayList;
import org.agrona.concurrent.UnsafeBuffer;

import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Objects;

/**
 * A registered service (R1): receives the requests of its clients and replies to them, in any order.
 * <p>
 * Any thread may call, and several may wait: each gets different messages. With {@link PortOptions#singleThreaded} one
 * thread at a time.
 */
public final class ServicePort extends Port
{
    /** Between so many links that had nothing, the one that was active last is looked at again. */
    private static final int HOT_LOOK_MASK = 3;
    /** Behind each so many requests, however busy the port is, disposals are looked for. */
    private static final int DISPOSAL_LOOK_MASK = 255;
    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(Claim.NO_BYTES);

    private final int uid;
    private final int gid;
    private final int flags;
    private final int prefaultLength;
    private final int eventsOffset;
    private final LinkEntry linkEntry;
    private final Int2ObjectHashMap<ServiceLink> linkByLease = new Int2ObjectHashMap<>();
    // Copied on change, for the watch. Within the gate it is the same as what the watch sees.
    private volatile ServiceLink[] links = new ServiceLink[0];
    private volatile Books books = new Books(links, new long[ServiceCounter.values().length]);
    private final long[] lastCounters = new long[ServiceCounter.values().length];
    private int linkCount;
    private int cursor;
    private int hotIndex;
    private int requestCount;
    private int seenEvents;
    private volatile boolean isAttentionDue = true;
    // Links whose client is gone, kept for the sake of views that are still out.
    private final ArrayList<ServiceLink> droppedLinks = new ArrayList<>();

    private ServiceLink peekedLink;
    private int peekedSlot;

    /**
     * Links in use, and what all those counted that are not any more: replaced as one, so that whoever adds them up
     * takes no link twice and misses none.
     */
    private record Books(ServiceLink[] links, long[] past)
    {
    }

    private long[] disposalIds = new long[SlotDescriptor.MAX_SLOT_COUNT];
    private ServiceLink[] disposalLinks = new ServiceLink[SlotDescriptor.MAX_SLOT_COUNT];
    private int disposalHead;
    private int disposalCount;

    ServicePort(
        final Attachment attachment,
        final int portIndex,
        final long incarnation,
        final String name,
        final PortOptions options,
        final int uid)
    {
        super(attachment, portIndex, incarnation, name, options);
        this.uid = uid;
        gid = options.gid();
        flags = options.flags();
        prefaultLength = options.prefaultLength();
        eventsOffset = entry.eventsOffset();
        linkEntry = new LinkEntry(tables, geometry);
    }

    /**
     * @return user id that the service is registered under; {@link PortOptions#ANY} if under none.
     */
    public int uid()
    {
        return uid;
    }

    /**
     * @return group id that the service is registered under; {@link PortOptions#ANY} if under none.
     */
    public int gid()
    {
        return gid;
    }

    /**
     * @return clients that are connected, as far as this side has noticed.
     */
    public int clientCount()
    {
        gate.enter();
        try
        {
            acceptAndDrop();
            return linkCount;
        }
        finally
        {
            gate.exit();
        }
    }

    /**
     * What this service has counted for all of its clients, those that are gone as well; also after it was closed. Any
     * thread may call, also of a port that one thread uses at a time.
     *
     * @param counter of what.
     * @return how many.
     */
    public synchronized long counter(final ServiceCounter counter)
    {
        // Under the monitor the end cannot come in between: until then no link goes but by dropGone().
        return isClosed() ? lastCounters[counter.ordinal()] : sum(counter);
    }

    private long sum(final ServiceCounter counter)
    {
        while (true)
        {
            final Books read = books;
            long sum = read.past[counter.ordinal()];
            for (final ServiceLink link : read.links)
            {
                sum += link.counter(counter);
            }
            // [books] acquire fence before the second look: pairs with the volatile store in dropGone(), which comes
            // before any of its links is another client's. Without it that one's numbers could be in the sum.
            VarHandle.acquireFence();
            if (read == books)
            {
                return sum;
            }
        }
    }

    @Override
    void keepCounters()
    {
        for (final ServiceCounter counter : ServiceCounter.values())
        {
            lastCounters[counter.ordinal()] = sum(counter);
        }
    }

    /**
     * Replies to a request with a copy of some bytes (R20). The reply's memory is the service's again when a disposal
     * with the same id comes (R21).
     *
     * @param id     of a request that this port received and nobody has replied to. Its payload need not have been
     *               retrieved (R17).
     * @param source of the bytes.
     * @param index  of the first one.
     * @param length in bytes, 0 to the region's limit.
     * @return {@link Status#OK}; {@link Status#INVALID} if there is no such request, or its client is gone;
     * {@link Status#NO_SPACE} if the region finds no memory, the request waits on then; {@link Status#CLOSED}.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public int reply(final long id, final DirectBuffer source, final int index, final int length)
    {
        return reply(null, id, source, index, length);
    }

    /**
     * Claims memory for a reply, to be written in place and sent without a copy.
     *
     * @param id     of a request that this port received and nobody has replied to.
     * @param length in bytes, 0 to the region's limit.
     * @param claim  to fill; must be spent.
     * @return as {@link #reply(long, DirectBuffer, int, int)} does.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public int claim(final long id, final int length, final Claim claim)
    {
        return claim(null, id, length, claim);
    }

    int claim(final Message request, final int length, final Claim claim)
    {
        return claim(request.link(), request.id(), length, claim);
    }

    int reply(final Message request, final DirectBuffer source, final int index, final int length)
    {
        final int result = reply(request.link(), request.id(), source, index, length);
        if (Status.NO_SPACE != result)
        {
            request.release();
        }
        return result;
    }

    // ---- receiving

    @Override
    int poll(final Message message, final int lengthLimit)
    {
        if (null != peekedLink)
        {
            return show(peekedLink, peekedSlot, message, lengthLimit);
        }
        if (disposalCount > 0)
        {
            return showDisposal(message);
        }
        if (tables.getIntAcquire(eventsOffset) != seenEvents || isAttentionDue)
        {
            acceptAndDrop();
        }
        final int result = pollLinks(message, lengthLimit);
        if (Status.WOULD_BLOCK == result)
        {
            findDisposed();
            return disposalCount > 0 ? showDisposal(message) : Status.WOULD_BLOCK;
        }
        if ((++requestCount & DISPOSAL_LOOK_MASK) == 0)
        {
            // A client that says no more must not wait for its disposals until all others are silent, too: they come
            // behind this request.
            findDisposed();
        }
        return result;
    }

    /**
     * One round over all links, from the one after the last that had something: no client starves another (R19). As the
     * client that spoke last will most likely speak next, its slot is looked at in between.
     */
    private int pollLinks(final Message message, final int lengthLimit)
    {
        final ServiceLink[] links = this.links;
        final int count = linkCount;
        int index = cursor;
        for (int i = 0; i < count; i++)
        {
            if (index >= count)
            {
                index = 0;
            }
            final ServiceLink link = links[index];
            for (int slot = link.poll(); ServiceLink.NONE != slot; slot = link.poll())
            {
                final int result = take(link, slot, message, lengthLimit);
                if (Status.WOULD_BLOCK != result)
                {
                    hotIndex = index;
                    cursor = index + 1;
                    return result;
                }
            }
            if ((i & HOT_LOOK_MASK) == HOT_LOOK_MASK && hotIndex < count)
            {
                final ServiceLink hotLink = links[hotIndex];
                final int hotSlot = hotLink.pollExpected();
                if (ServiceLink.NONE != hotSlot)
                {
                    final int result = take(hotLink, hotSlot, message, lengthLimit);
                    if (Status.WOULD_BLOCK != result)
                    {
                        cursor = index + 1;
                        return result;
                    }
                }
            }
            index++;
        }
        return Status.WOULD_BLOCK;
    }

    private int take(final ServiceLink link, final int slot, final Message message, final int lengthLimit)
    {
        if (!link.take(slot))
        {
            wakeIfSkipped(link);
            return Status.WOULD_BLOCK;
        }
        final long disposedId = link.disposedByReuse(slot);
        if (0 != disposedId)
        {
            addDisposal(link, disposedId);
        }
        return show(link, slot, message, lengthLimit);
    }

    private int show(final ServiceLink link, final int slot, final Message message, final int lengthLimit)
    {
        final long id = link.heldId(slot);
        final int length = link.payloadLength(slot);
        final int payloadOffset = link.requestPayloadOffset(slot, length);
        peekedLink = null;
        final int lease = SlotDescriptor.lease(id);
        if (SlotTable.NOWHERE == payloadOffset || lease != link.lastLease() && !addLease(link, lease))
        {
            // Not what a client of ours writes: its link is at its end.
            link.forget(slot);
            refuse(link, "a request's flags, length or id: length=" + length + ", id=" + id);
            return Status.WOULD_BLOCK;
        }
        message.show(
            this, link, MessageState.REQUEST, Outcome.REPLIED, id, slot, length, link.credentials());
        if (length <= lengthLimit)
        {
            link.addView();
            message.view(link.buffer(), payloadOffset);
            link.countGet(length);
        }
        else
        {
            peekedLink = link;
            peekedSlot = slot;
        }
        return MessageState.REQUEST;
    }

    private void findDisposed()
    {
        final ServiceLink[] links = this.links;
        for (int i = 0, count = linkCount; i < count; i++)
        {
            if (links[i].hasUndisposed())
            {
                links[i].findDisposed(this);
            }
        }
    }

    private int showDisposal(final Message message)
    {
        final ServiceLink link = disposalLinks[disposalHead];
        message.show(this, link, MessageState.DISPOSE, Outcome.REPLIED, disposalIds[disposalHead], 0, 0,
            link.credentials());
        disposalLinks[disposalHead] = null;
        disposalHead++;
        if (0 == --disposalCount)
        {
            disposalHead = 0;
        }
        return MessageState.DISPOSE;
    }

    void addDisposal(final ServiceLink link, final long id)
    {
        if (disposalHead + disposalCount == disposalIds.length)
        {
            makeRoomForDisposal();
        }
        final int index = disposalHead + disposalCount;
        disposalIds[index] = id;
        disposalLinks[index] = link;
        disposalCount++;
    }

    private void makeRoomForDisposal()
    {
        if (disposalHead > 0)
        {
            System.arraycopy(disposalIds, disposalHead, disposalIds, 0, disposalCount);
            System.arraycopy(disposalLinks, disposalHead, disposalLinks, 0, disposalCount);
            Arrays.fill(disposalLinks, disposalCount, disposalHead + disposalCount, null);
            disposalHead = 0;
        }
        else
        {
            // Only when many clients close or die at once: else there are no more than one link's slots.
            disposalIds = Arrays.copyOf(disposalIds, 2 * disposalCount);
            disposalLinks = Arrays.copyOf(disposalLinks, 2 * disposalCount);
        }
    }

    @Override
    boolean hasNext()
    {
        if (null != peekedLink || disposalCount > 0)
        {
            return true;
        }
        if (tables.getIntAcquire(eventsOffset) != seenEvents || isAttentionDue)
        {
            acceptAndDrop();
        }
        final ServiceLink[] links = this.links;
        for (int i = 0, count = linkCount; i < count; i++)
        {
            if (ServiceLink.NONE != links[i].poll())
            {
                return true;
            }
        }
        findDisposed();
        return disposalCount > 0;
    }

    @Override
    int getReply(final Message message, final long callId)
    {
        throw new IllegalStateException("a service makes no calls");
    }

    @Override
    void release(final Message message)
    {
        message.endView();
        gate.enter();
        try
        {
            endView(message.link());
        }
        finally
        {
            gate.exit();
        }
    }

    // ---- replying

    private int reply(
        final ServiceLink givenLink, final long id, final DirectBuffer source, final int index, final int length)
    {
        Objects.requireNonNull(source, "source");
        checkLength(length);
        source.boundsCheck(index, length);
        final int slot = SlotDescriptor.slotIndex(id);
        final ServiceLink link;
        gate.enter();
        try
        {
            if (isClosed())
            {
                return endStatus();
            }
            link = null == givenLink ? linkOf(id) : givenLink;
            if (null == link || !link.isHeld(slot, id))
            {
                return Status.INVALID;
            }
            if (!link.claim(slot, length))
            {
                return noSpace(length);
            }
            // Outside the gate the client may go: the link stays here until the copy is over.
            link.addView();
            beginCopy();
        }
        finally
        {
            gate.exit();
        }
        try
        {
            link.buffer().putBytes(link.replyPayloadOffset(slot, length), source, index, length);
        }
        catch (final Throwable ex)
        {
            // A file that was cut short, or memory of the caller's that is gone.
            undoCopy(link, slot);
            throw ex;
        }
        return publish(link, slot, id, SlotTable.flags(length), length, null);
    }

    private void undoCopy(final ServiceLink link, final int slot)
    {
        gate.enter();
        try
        {
            link.unclaim(slot);
            endCopy();
            endView(link);
        }
        finally
        {
            gate.exit();
        }
    }

    private int claim(final ServiceLink givenLink, final long id, final int length, final Claim claim)
    {
        checkLength(length);
        claim.checkSpent();
        final int slot = SlotDescriptor.slotIndex(id);
        gate.enter();
        try
        {
            if (isClosed())
            {
                return endStatus();
            }
            final ServiceLink link = null == givenLink ? linkOf(id) : givenLink;
            if (null == link || !link.isHeld(slot, id))
            {
                return Status.INVALID;
            }
            if (!link.claim(slot, length))
            {
                return noSpace(length);
            }
            link.addView();
            link.claimedBy(slot, claim);
            claim.fill(
                this, link, id, slot, SlotTable.flags(length), link.replyPayloadOffset(slot, length), length);
            return Status.OK;
        }
        finally
        {
            gate.exit();
        }
    }

    int reply(final Claim claim, final int length)
    {
        final ServiceLink link = claim.link();
        final int slot = claim.slotIndex();
        return publish(link, slot, claim.id(), claim.flags(), length, claim);
    }

    void cancel(final Claim claim)
    {
        final ServiceLink link = claim.link();
        final int slot = claim.slotIndex();
        gate.enter();
        try
        {
            if (link.isClaimedBy(slot, claim))
            {
                link.unclaim(slot);
            }
            endClaim(link, claim);
        }
        finally
        {
            gate.exit();
        }
    }

    /** Within the gate. */
    private void endClaim(final ServiceLink link, final Claim claim)
    {
        // Not so if the request was given up meanwhile.
        if (claim.isFilled())
        {
            claim.spend();
            endView(link);
        }
    }

    /** Within the gate. */
    private void endView(final ServiceLink link)
    {
        link.endView();
        isAttentionDue |= link.isDropped() && !link.hasViews();
    }

    /**
     * Replies to a request with 0 bytes if nobody has, as its handler failed; a claim for its reply that is not spent
     * is void.
     */
    void giveUp(final Message request)
    {
        final ServiceLink link = request.link();
        final long id = request.id();
        final int slot = SlotDescriptor.slotIndex(id);
        gate.enter();
        try
        {
            final Claim claim = link.claimOf(slot, id);
            if (null != claim)
            {
                link.unclaim(slot);
                endClaim(link, claim);
            }
        }
        finally
        {
            gate.exit();
        }
        reply(link, id, NOTHING, 0, 0);
    }

    private int publish(
        final ServiceLink link,
        final int slot,
        final long id,
        final int flags,
        final int length,
        final Claim claim)
    {
        gate.enter();
        try
        {
            final boolean isVoid = null != claim && !link.isClaimedBy(slot, claim);
            if (null == claim)
            {
                endCopy();
                endView(link);
            }
            else
            {
                endClaim(link, claim);
            }
            if (isClosed())
            {
                return endStatus();
            }
            if (isVoid)
            {
                return Status.INVALID;
            }
            link.unclaim(slot);
            if (!link.isHeld(slot, id))
            {
                return Status.INVALID;
            }
            if (peekedLink == link && peekedSlot == slot)
            {
                // Replied to without being retrieved (R17): it is no longer first in line.
                peekedLink = null;
                link.countGet(0);
            }
            if (!link.publish(slot, id, flags, length))
            {
                refuse(link, "the reply ring's head");
                return Status.INVALID;
            }
        }
        finally
        {
            gate.exit();
        }
        if (!link.clientSpins())
        {
            final int wakeUps = wakePeer(link.clientSleepersOffset(), Integer.MAX_VALUE);
            if (wakeUps > 0)
            {
                countWakeUps(link, wakeUps);
            }
        }
        return Status.OK;
    }

    /** Behind a system call, so that another time through the gate is of no matter. */
    private void countWakeUps(final ServiceLink link, final int count)
    {
        gate.enter();
        try
        {
            if (!isClosed())
            {
                link.countWakeUps(count);
            }
        }
        finally
        {
            gate.exit();
        }
    }

    // ---- links

    private ServiceLink linkOf(final long id)
    {
        return id <= 0 ? null : linkByLease.get(SlotDescriptor.lease(id));
    }

    /**
     * A client's ids carry another lease than its last one's: once per link and 33 million messages.
     *
     * @return false if no client of ours would have it: it is another link's, whose messages a reply by id would reach,
     * or one that the region has not given yet.
     */
    private boolean addLease(final ServiceLink link, final int lease)
    {
        final ServiceLink other = linkByLease.get(lease);
        if (null != other && other != link ||
            lease <= 0 || lease >= tables.getLongAcquire(RegionDescriptor.NEXT_LEASE_OFFSET))
        {
            return false;
        }
        final IntArrayList leases = link.leases();
        for (int i = leases.size() - 1; i >= 0; i--)
        {
            final int former = leases.getInt(i);
            if (!link.holdsLease(former))
            {
                linkByLease.remove(former);
                leases.fastUnorderedRemove(i);
            }
        }
        if (null == other)
        {
            linkByLease.put(lease, link);
            leases.addInt(lease);
        }
        link.lastLease(lease);
        return true;
    }

    /** Accepts the clients that are new, lets go of those that are gone. */
    private void acceptAndDrop()
    {
        // Counted before the look: what changes behind it is looked at next time.
        seenEvents = tables.getIntAcquire(eventsOffset);
        isAttentionDue = false;
        dropGone();
        accept();
    }

    private void dropGone()
    {
        int keptCount = 0;
        final ServiceLink[] kept = new ServiceLink[linkCount];
        long[] past = null;
        for (int i = 0; i < linkCount; i++)
        {
            final ServiceLink link = links[i];
            if (link.isClientGone())
            {
                if (peekedLink == link)
                {
                    peekedLink = null;
                    link.countGet(0);
                }
                if (link.hasDied())
                {
                    count(PortCounter.DEATHS);
                }
                link.drop(this);
                if (null == past)
                {
                    past = books.past.clone();
                }
                for (final ServiceCounter counter : ServiceCounter.values())
                {
                    past[counter.ordinal()] += link.counter(counter);
                }
                final IntArrayList leases = link.leases();
                for (int j = leases.size() - 1; j >= 0; j--)
                {
                    linkByLease.remove(leases.getInt(j));
                }
                droppedLinks.add(link);
            }
            else
            {
                kept[keptCount++] = link;
            }
        }
        if (keptCount != linkCount)
        {
            linkCount = keptCount;
            final ServiceLink[] fewer = Arrays.copyOf(kept, keptCount);
            links = fewer;
            // [books] volatile store, before a link that was dropped is let go of: pairs with the fence in sum().
            books = new Books(fewer, past);
        }
        for (int i = droppedLinks.size() - 1; i >= 0; i--)
        {
            if (!droppedLinks.get(i).hasViews())
            {
                droppedLinks.remove(i).letGo();
            }
        }
    }

    private void accept()
    {
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            linkEntry.wrap(i);
            final long state = linkEntry.state();
            if (isNewcomer(linkEntry, state) && !isAccepted(i) &&
                tables.compareAndSetLong(
                    linkEntry.stateOffset(), state, state | LinkEntryDescriptor.SERVICE_HOLDS))
            {
                accept(i, state);
            }
        }
    }

    /** As input, a state can say of a link that was accepted that it was not: it must not be there twice. */
    private boolean isAccepted(final int linkIndex)
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

    private void accept(final int linkIndex, final long state)
    {
        final LinkEntry accepted = new LinkEntry(tables, geometry).wrap(linkIndex);
        final long linkIncarnation = LinkEntry.incarnation(state);
        final int clientProcessIndex = accepted.clientProcessIndex();
        final long clientProcessIncarnation = accepted.clientProcessIncarnation();
        final int clientPortIndex = accepted.clientPortIndex();
        final Credentials credentials = attachment.attest(clientProcessIndex, clientProcessIncarnation);
        if (null == credentials)
        {
            // Died in the meantime, or an entry that nobody stands behind: nobody else would let go of it here, as
            // only links that were accepted are watched.
            accepted.change(linkIncarnation, LinkEntryDescriptor.CLIENT_CLOSED,
                LinkEntryDescriptor.SERVICE_HOLDS | LinkEntryDescriptor.CLIENT_HOLDS);
            return;
        }
        final int clientFlags = attachment.flagsOf(clientPortIndex);
        final boolean isForged = Attachment.FORGED == credentials;
        if (isForged || !Attachment.isAllowed(credentials, clientFlags, uid, gid, flags))
        {
            count(isForged ? PortCounter.FORGED : PortCounter.REFUSED);
            events.refused(name(), linkIndex, isForged);
            if (isForged)
            {
                attachment.errors().onError(new RegionException("forged process entry: it says something else than " +
                    "the operating system, the client was turned away: port=" + name() + ", link=" + linkIndex +
                    ", processIndex=" + clientProcessIndex));
            }
            accepted.change(linkIncarnation, LinkEntryDescriptor.REFUSED,
                LinkEntryDescriptor.SERVICE_HOLDS);
            attachment.wakePort(clientPortIndex);
            return;
        }
        final ServiceLink[] grown = Arrays.copyOf(links, linkCount + 1);
        grown[linkCount] = new ServiceLink(host, linkIndex, accepted, linkIncarnation, clientProcessIndex,
            clientProcessIncarnation, clientPortIndex, clientFlags, credentials);
        if (prefaultLength > 0)
        {
            // Where there is no memory for it now, there may be some when a reply needs it.
            grown[linkCount].prefault(prefaultLength);
        }
        links = grown;
        books = new Books(grown, books.past);
        linkCount++;
        count(PortCounter.ACCEPTED);
        events.accepted(name(), linkIndex, credentials.ownPid());
    }

    private void refuse(final ServiceLink link, final String reason)
    {
        corrupt(link.linkIndex(), reason);
        link.refuse();
        isAttentionDue = true;
        link.countWakeUps(wakePeer(link.clientSleepersOffset(), Integer.MAX_VALUE));
    }

    private void wakeIfSkipped(final ServiceLink link)
    {
        if (link.takeSkipped() && !link.clientSpins())
        {
            link.countWakeUps(wakePeer(link.clientSleepersOffset(), Integer.MAX_VALUE));
        }
    }

    // ---- the end, and the watch over the clients

    @Override
    void end()
    {
        // Not found any more; a client that is just connecting looks at this once more when its link is open.
        entry.close();
        final LinkEntry closing = new LinkEntry(tables, geometry);
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            closing.wrap(i);
            final long state = closing.state();
            if (!LinkEntry.isFree(state) && closing.servicePortIncarnation() == incarnation())
            {
                closing.change(LinkEntry.incarnation(state), LinkEntryDescriptor.SERVICE_CLOSED,
                    LinkEntryDescriptor.SERVICE_HOLDS);
                attachment.wakePort(closing.clientPortIndex());
            }
        }
    }

    @Override
    boolean mustLook()
    {
        for (final ServiceLink link : links)
        {
            if (link.clientCannotWake())
            {
                return true;
            }
        }
        return false;
    }

    /** Whether a client that is not accepted yet has put a message, perhaps, and could not wake anybody. */
    private boolean hasSilentNewcomer()
    {
        final LinkEntry newcomer = new LinkEntry(tables, geometry);
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            if (isNewcomer(newcomer.wrap(i), newcomer.state()) &&
                (attachment.flagsOf(newcomer.clientPortIndex()) & PortFlags.CANNOT_WAKE) != 0)
            {
                return true;
            }
        }
        return false;
    }

    private boolean isNewcomer(final LinkEntry link, final long state)
    {
        return (state & (LinkEntryDescriptor.OPEN | LinkEntryDescriptor.CLIENT_CLOSED |
            LinkEntryDescriptor.SERVICE_HOLDS | LinkEntryDescriptor.REFUSED)) == LinkEntryDescriptor.OPEN &&
            link.servicePortIncarnation() == incarnation();
    }

    @Override
    int wakeLimit()
    {
        return 1;
    }

    @Override
    void watch(final Watch watch)
    {
        for (final ServiceLink link : links)
        {
            if (link.watch(watch))
            {
                isAttentionDue = true;
                if (link.hasDied())
                {
                    events.peerDied(name(), false, link.linkIndex());
                }
            }
        }
        if (tables.getIntAcquire(eventsOffset) != seenEvents && hasSilentNewcomer())
        {
            wakeOwn();
        }
        if (gate.isShared() && (isAttentionDue || tables.getIntAcquire(eventsOffset) != seenEvents))
        {
            // A service that sleeps for long must not keep what its clients have left: disposals wake nobody (R21).
            gate.enter();
            try
            {
                if (!isClosed())
                {
                    acceptAndDrop();
                }
            }
            finally
            {
                gate.exit();
            }
        }
    }
}
