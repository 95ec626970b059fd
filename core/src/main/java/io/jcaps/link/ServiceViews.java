/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

/**
 * A service program's use of one link: requests in view, claims for replies, and copies that are being made. The link
 * is not released to another client before all of them have ended. In the heap only; used within the gate of the port.
 */
public final class ServiceViews
{
    /** In place of the id of a claimed request: its reply is being copied. No request has this id. */
    private static final long COPY = -1;

    // By slot: the delivery that last showed its request, and the id of the request that is in view, 0 for none.
    private final Delivery[] viewers;
    private final long[] viewedIds;
    // By slot: the claim that was last made for it, and the id of the request whose reply that claim writes; COPY while
    // a copy writes it, 0 if none does.
    private final ClaimToken[] tokens;
    private final long[] claimedIds;
    private int count;

    ServiceViews(final int slotCount)
    {
        viewers = new Delivery[slotCount];
        viewedIds = new long[slotCount];
        tokens = new ClaimToken[slotCount];
        claimedIds = new long[slotCount];
    }

    boolean isEmpty()
    {
        return 0 == count;
    }

    /** Requests in view. Any thread may call: the number may be older than the last change. */
    int viewedCount()
    {
        return 0 == count ? 0 : countIn(viewedIds);
    }

    /** Claims for replies that are not spent. Any thread may call: as {@link #viewedCount}. */
    int claimedCount()
    {
        return 0 == count ? 0 : countIn(claimedIds);
    }

    private static int countIn(final long[] ids)
    {
        int result = 0;
        for (final long id : ids)
        {
            result += id > 0 ? 1 : 0;
        }
        return result;
    }

    // ---- requests in view

    void show(final int slot, final long id, final Delivery delivery)
    {
        // Stored only if it changes, because each store of a reference costs the garbage collector work.
        if (viewers[slot] != delivery)
        {
            viewers[slot] = delivery;
        }
        if (0 == viewedIds[slot])
        {
            count++;
        }
        viewedIds[slot] = id;
    }

    /**
     * Ends the view of a request, at its release or its reply, whichever comes first.
     *
     * @param slot of the request.
     * @param id   of the request.
     */
    public void endView(final int slot, final long id)
    {
        if (viewedIds[slot] == id)
        {
            viewedIds[slot] = 0;
            count--;
        }
    }

    /**
     * Ends the view of a request that was replied to, by its view, its id or a claim: its bytes are the client's again.
     */
    void replied(final int slot, final long id)
    {
        if (viewedIds[slot] == id)
        {
            viewers[slot].endView();
            endView(slot, id);
        }
    }

    // ---- replies that are being written

    boolean isWriting(final int slot)
    {
        return 0 != claimedIds[slot];
    }

    void beginCopy(final int slot)
    {
        claimedIds[slot] = COPY;
        count++;
    }

    /**
     * Ends what {@link ServiceLink#beginCopy} began.
     *
     * @param slot of the request.
     */
    public void endCopy(final int slot)
    {
        claimedIds[slot] = 0;
        count--;
    }

    void claim(final int slot, final long id, final ClaimToken token)
    {
        if (tokens[slot] != token)
        {
            tokens[slot] = token;
        }
        claimedIds[slot] = id;
        count++;
    }

    /**
     * @param slot of a request.
     * @param id   of the request.
     * @return the unspent claim for its reply; null if there is none.
     */
    public Object claimOf(final int slot, final long id)
    {
        return claimedIds[slot] == id ? tokens[slot].get() : null;
    }

    /**
     * Ends a claim, which was spent. A second call does nothing.
     *
     * @param slot of the request.
     * @param id   of the request.
     */
    public void endClaim(final int slot, final long id)
    {
        if (claimedIds[slot] == id)
        {
            claimedIds[slot] = 0;
            count--;
        }
    }

    boolean hasClaims()
    {
        for (final long id : claimedIds)
        {
            if (id > 0)
            {
                return true;
            }
        }
        return false;
    }

    /** Ends the claims that the program has dropped without spending them. */
    void endDroppedClaims()
    {
        for (int slot = 0; slot < claimedIds.length; slot++)
        {
            endDroppedClaim(slot);
        }
    }

    /** Ends the claim for a reply if the program has dropped it unspent; returns whether there was such a claim. */
    boolean endDroppedClaim(final int slot)
    {
        final boolean isDropped = claimedIds[slot] > 0 && tokens[slot].isDropped();
        if (isDropped)
        {
            endClaim(slot, claimedIds[slot]);
        }
        return isDropped;
    }
}
