/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

/**
 * A client's state of each slot of its link: whether the slot is free, its message, and what the message waits for. The
 * state is in the heap only, because no other process and no survivor needs it. Used within the gate of the port.
 * <pre>
 *    FREE -> CLAIMED -> SENT -> READY: its record was passed on the way to another reply
 *     ^                  |  \     |
 *     |                  |   +----+--> VIEWED: the reply or outcome is with the caller
 *     |                  v               |
 *     |               RETURNED: aborted, its outcome is not taken yet -> VIEWED
 *     |                                  |
 *     +--------------- LINGERING <-------+   while the service still has the slot; otherwise at once
 * </pre>
 * A slot counts as in progress unless it is FREE (R14).
 */
final class ClientSlots
{
    // The state, in the low bits of a slot's word.
    private static final int STATE_MASK = 0x07;
    private static final int FREE = 0;
    private static final int CLAIMED = 1;
    private static final int SENT = 2;
    private static final int READY = 3;
    private static final int RETURNED = 4;
    private static final int VIEWED = 5;
    private static final int LINGERING = 6;

    // Marks beside the state.
    /** A call waits for the reply; get() does not take it. */
    private static final int CALLED = 0x08;
    /** The abort came too late: the service had received the message, or was about to. */
    private static final int AT_SERVICE = 0x10;
    /** The message was returned, but the service has not finished with the slot. */
    private static final int LENT = 0x20;
    /** The service replied after the message was returned: the reply must be disposed of. */
    private static final int REPLIED_LATE = 0x40;
    /** An automatic reply is in view, and no memory of the service. */
    private static final int AUTOMATIC = 0x80;

    /** Beside CLAIMED: claimed by a {@code Claim}, and not for a copy that is being made. */
    private static final int BY_CLAIM = 0x08;

    /** The outcome of a RETURNED message, above state and marks. */
    private static final int OUTCOME_SHIFT = 8;

    private final int slotCount;
    private final int[] words;
    private final long[] ids;
    private final long[] cookies;
    // The claim that last claimed the slot, if one ever did.
    private final ClaimToken[] tokens;
    private final SlotQueue free = new SlotQueue();
    // Replies whose records calls have passed, in their order: get() hands them out first.
    private final SlotQueue ready = new SlotQueue();
    private final SlotHistory puts;
    private long putCount;
    private long replyLag;
    private int returnedCount;
    private int atServiceCount;

    ClientSlots(final int slotCount)
    {
        this.slotCount = slotCount;
        words = new int[slotCount];
        ids = new long[slotCount];
        cookies = new long[slotCount];
        tokens = new ClaimToken[slotCount];
        puts = new SlotHistory(slotCount);
        // So that the slots are first used in order from 0: the first message takes the last slot of this queue,
        // because none is in flight, and those after it take the first.
        for (int slot = 1; slot <= slotCount; slot++)
        {
            free.addLast(slot % slotCount);
        }
    }

    int slotCount()
    {
        return slotCount;
    }

    int inProgress()
    {
        return slotCount - free.size();
    }

    long putCount()
    {
        return putCount;
    }

    // ---- free and claimed

    boolean hasFree()
    {
        return free.size() > 0;
    }

    /**
     * The slot that the next message takes; one must be free.
     * <p>
     * With several messages in flight, the queue is first in, first out: slots are used in turn, and the service can
     * predict the slot of the next request. For a message that needs a cell, or with none in flight, it is last in,
     * first out: few pages and few cache lines are used.
     */
    int nextFree(final boolean needsCell)
    {
        return needsCell || free.size() == slotCount ? free.last() : free.first();
    }

    /** Claims the slot that {@link #nextFree} has just returned; {@code token} is null for a copy. */
    void claim(final int slot, final ClaimToken token)
    {
        if (free.first() == slot)
        {
            free.removeFirst();
        }
        else
        {
            free.removeLast();
        }
        if (null == token)
        {
            words[slot] = CLAIMED;
            return;
        }
        words[slot] = CLAIMED | BY_CLAIM;
        // Stored only if it changes, because each store of a reference costs the garbage collector work.
        if (tokens[slot] != token)
        {
            tokens[slot] = token;
        }
    }

    /** Frees the slots of claims that the program has dropped without spending them. */
    void freeDropped()
    {
        for (int slot = 0; slot < slotCount; slot++)
        {
            if ((CLAIMED | BY_CLAIM) == words[slot] && tokens[slot].isDropped())
            {
                free(slot);
            }
        }
    }

    boolean hasClaims()
    {
        return count(CLAIMED) > 0;
    }

    /** Any thread may call: the number may be older than the last change. */
    int claimedCount()
    {
        return count(CLAIMED);
    }

    boolean isClaimed(final int slot)
    {
        return (words[slot] & STATE_MASK) == CLAIMED;
    }

    void free(final int slot)
    {
        words[slot] = FREE;
        ids[slot] = 0;
        free.addLast(slot);
    }

    // ---- in flight

    void sent(final int slot, final long id, final long cookie, final boolean isCall)
    {
        ids[slot] = id;
        cookies[slot] = cookie;
        words[slot] = isCall ? SENT | CALLED : SENT;
        puts.add(putCount++, slot);
    }

    long id(final int slot)
    {
        return ids[slot];
    }

    long cookie(final int slot)
    {
        return cookies[slot];
    }

    /** Whether an id, which may be any number, is that of a message in progress. */
    boolean isInProgress(final int slot, final long id)
    {
        return id > 0 && slot < slotCount && ids[slot] == id;
    }

    /** In flight, and neither a call's nor aborted: get() takes the reply without a further check. */
    boolean isPlainlySent(final int slot)
    {
        return SENT == words[slot];
    }

    /** In flight, and get() takes the reply. */
    boolean isForGet(final int slot)
    {
        return (words[slot] & (STATE_MASK | CALLED)) == SENT;
    }

    boolean isInFlight(final int slot)
    {
        return (words[slot] & STATE_MASK) == SENT;
    }

    /** Slot in which the reply with that number is expected, if replies continue to come in the order of the puts. */
    int expectedSlot(final long replyNumber)
    {
        return puts.slot(replyNumber + replyLag);
    }

    /** Number of replies, from the one with that number on, that have an expected slot: their message was put. */
    long expectedCount(final long replyNumber)
    {
        return putCount - (replyNumber + replyLag);
    }

    /** Notes the slot of a reply that was not in the expected one: later replies are expected after it. */
    void foundReply(final int slot, final long replyNumber)
    {
        replyLag = puts.number(slot) - replyNumber;
    }

    // ---- replies passed by calls

    boolean hasReady()
    {
        return ready.size() > 0;
    }

    int firstReady()
    {
        return ready.first();
    }

    void removeFirstReady()
    {
        ready.removeFirst();
    }

    /** Notes that the reply's record was passed. The slot is no longer SENT, so no second record delivers it again. */
    void setReady(final int slot)
    {
        words[slot] = words[slot] & ~STATE_MASK | READY;
        ready.addLast(slot);
    }

    // ---- aborted

    boolean isReturnedOrReady(final int slot)
    {
        final int state = words[slot] & STATE_MASK;
        return RETURNED == state || READY == state;
    }

    boolean isReturned(final int slot)
    {
        return (words[slot] & STATE_MASK) == RETURNED;
    }

    boolean hasReturned()
    {
        return returnedCount > 0;
    }

    void setReturned(final int slot, final int outcome)
    {
        words[slot] = words[slot] & ~STATE_MASK & (1 << OUTCOME_SHIFT) - 1 | RETURNED | outcome << OUTCOME_SHIFT;
        returnedCount++;
    }

    int returnedOutcome(final int slot)
    {
        return words[slot] >>> OUTCOME_SHIFT;
    }

    boolean isAtService(final int slot)
    {
        return (words[slot] & AT_SERVICE) != 0;
    }

    boolean hasAtService()
    {
        return atServiceCount > 0;
    }

    void setAtService(final int slot)
    {
        if (!isAtService(slot))
        {
            words[slot] |= AT_SERVICE;
            atServiceCount++;
        }
    }

    boolean isLent(final int slot)
    {
        return (words[slot] & LENT) != 0;
    }

    void setLent(final int slot)
    {
        words[slot] |= LENT;
    }

    void setRepliedLate(final int slot)
    {
        words[slot] |= REPLIED_LATE;
    }

    /** Notes that the service has finished with a lent slot; returns whether the client had finished before. */
    boolean endLoan(final int slot)
    {
        words[slot] &= ~(LENT | AT_SERVICE);
        atServiceCount--;
        return (words[slot] & STATE_MASK) == LINGERING;
    }

    // ---- with the caller

    void setViewed(final int slot, final boolean isAutomatic)
    {
        int word = words[slot];
        if ((word & STATE_MASK) == RETURNED)
        {
            returnedCount--;
        }
        if ((word & (AT_SERVICE | LENT)) == AT_SERVICE)
        {
            word &= ~AT_SERVICE;
            atServiceCount--;
        }
        words[slot] = word & ~(STATE_MASK | AUTOMATIC) | VIEWED | (isAutomatic ? AUTOMATIC : 0);
    }

    boolean isViewed(final int slot, final long id)
    {
        return (words[slot] & STATE_MASK) == VIEWED && ids[slot] == id;
    }

    /** Any thread may call: the number may be older than the last change. */
    int viewedCount()
    {
        return count(VIEWED);
    }

    /** Number of messages that still concern the caller: all in progress, except those that only linger. */
    int openCount()
    {
        return inProgress() - count(LINGERING);
    }

    void setLingering(final int slot)
    {
        words[slot] = words[slot] & ~STATE_MASK | LINGERING;
    }

    /** Whether the service is due a disposal: its memory was in view, or its reply came late. */
    boolean mustDispose(final int slot)
    {
        return (words[slot] & (AUTOMATIC | REPLIED_LATE)) != AUTOMATIC;
    }

    // ---- searches, off the hot path

    private int count(final int state)
    {
        int count = 0;
        for (final int word : words)
        {
            if ((word & STATE_MASK) == state)
            {
                count++;
            }
        }
        return count;
    }

    /** Slot of the oldest returned message that get() should take; -1 if there is none. */
    int oldestReturned()
    {
        return 0 == returnedCount ? -1 : oldest(RETURNED);
    }

    /** Slot of the oldest message in flight whose outcome get() should take; -1 if there is none. */
    int oldestSent()
    {
        return oldest(SENT);
    }

    private int oldest(final int state)
    {
        int oldest = -1;
        for (int slot = 0; slot < slotCount; slot++)
        {
            if ((words[slot] & (STATE_MASK | CALLED)) == state && (oldest < 0 || ids[slot] < ids[oldest]))
            {
                oldest = slot;
            }
        }
        return oldest;
    }
}
