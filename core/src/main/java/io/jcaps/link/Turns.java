/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

/**
 * The order in which a service looks at its clients. A round starts after the client that had a message last, and looks
 * at each client at most once, so that no client can starve another (R19). The client that was active last is most
 * likely active next, so the round looks at it again in between. In the heap only; used within the gate of the port.
 */
final class Turns
{
    /**
     * After this many clients, the one that was active last is looked at again. A batch ends after this many clients
     * without a message in a row, for each request that it has.
     */
    private static final int HOT_LOOK_INTERVAL = 4;

    private int clientCount;
    private int first;
    private int index;
    private int lookCount;
    private int vainLookCount;
    private int hotIndex;
    private boolean isHotLook;

    /** Begins a round over this many clients. */
    void begin(final int clientCount)
    {
        this.clientCount = clientCount;
        index = first - 1;
        lookCount = 0;
        vainLookCount = 0;
        isHotLook = true;
    }

    /**
     * Index of the client to look at next; -1 at the end of the round. Requests that were found have to wait for
     * further looks. So a round that has found some ends after four clients in a row without one, for each request
     * found. The next round then begins after the last client that was looked at.
     *
     * @param foundCount requests that the round has found for a batch; 0 for a round that looks at all clients.
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

    /** Notes that the client that {@link #next} returned had a message. */
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
