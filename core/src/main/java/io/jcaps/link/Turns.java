/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

/**
 * Whose turn it is among the clients of a service: a round goes over all of them once, from the one after the last that
 * had something, so that no client starves another (R19). As the client that was active last is most likely active
 * next, it is looked at in between. Heap only; used within the gate of the port.
 */
final class Turns
{
    /** After this many clients, the one that was active last is looked at again. */
    private static final int HOT_LOOK_INTERVAL = 4;

    private int clientCount;
    private int first;
    private int index;
    private int lookCount;
    private int hotIndex;
    private boolean isHotLook;

    /** Begins a round over that many clients. */
    void begin(final int clientCount)
    {
        this.clientCount = clientCount;
        index = first - 1;
        lookCount = 0;
        isHotLook = true;
    }

    /** Index of the client that is looked at next; -1 at the end of the round. */
    int next()
    {
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
        }
        first = index + 1;
    }
}
