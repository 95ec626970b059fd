/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

/**
 * Whose turn it is among the clients of a service: a round goes over them from the one after the last that had
 * something, over each once at most, so that no client starves another (R19). As the client that was active last is
 * most likely active next, it is looked at in between. Heap only; used within the gate of the port.
 */
final class Turns
{
    /**
     * After this many clients in turn, the one that was active last is looked at again; and as many in a row are looked
     * at in vain for each request of a batch.
     */
    private static final int HOT_LOOK_INTERVAL = 4;

    private int clientCount;
    private int first;
    private int index;
    private int lookCount;
    private int vainLookCount;
    private int hotIndex;
    private boolean isHotLook;

    /** Begins a round over that many clients. */
    void begin(final int clientCount)
    {
        this.clientCount = clientCount;
        index = first - 1;
        lookCount = 0;
        vainLookCount = 0;
        isHotLook = true;
    }

    /**
     * Index of the client that is looked at next; -1 at the end of the round. Requests that were found wait for the
     * looks after them: four clients in turn without any, for each of these requests, end the round. The next round
     * begins after the last client that was looked at.
     */
    int next(final int foundCount)
    {
        if (foundCount > 0 && vainLookCount >= HOT_LOOK_INTERVAL * foundCount)
        {
            first = index + 1;
            return -1;
        }
        if (!isHotLook && lookCount % HOT_LOOK_INTERVAL == 0 && hotIndex < clientCount)
        {
            isHotLook = true;
            return hotIndex;
        }
        if (lookCount == clientCount)
        {
            return -1;
        }
        isHotLook = false;
        lookCount++;
        vainLookCount++;
        index = index + 1 < clientCount ? index + 1 : 0;
        return index;
    }

    /** Whether {@link #next} returned the client that was active last, out of its turn. */
    boolean isHotLook()
    {
        return isHotLook;
    }

    /** The client that {@link #next} returned had something. */
    void found()
    {
        if (!isHotLook)
        {
            hotIndex = index;
            vainLookCount = 0;
        }
        first = index + 1;
    }
}
