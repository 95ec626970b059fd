/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.Port;

import java.util.Arrays;

/**
 * The port ids of one process: small positive numbers (R9). An id is not reused soon after its port was closed.
 */
final class PortIds
{
    private static final int MAX_ID = 1 << 20;

    // Copied at each change, so that a look-up takes no lock.
    private volatile SysPort[] ports = new SysPort[16];
    private int lastId;

    SysPort get(final int id)
    {
        final SysPort[] ports = this.ports;
        return id > 0 && id < ports.length ? ports[id] : null;
    }

    synchronized int add(final Port port)
    {
        int id = lastId;
        do
        {
            id = id == MAX_ID ? 1 : id + 1;
        }
        while (null != get(id));
        final SysPort[] grown = Arrays.copyOf(ports, id < ports.length ? ports.length : 2 * id);
        grown[id] = new SysPort(port);
        ports = grown;
        lastId = id;
        return id;
    }

    synchronized SysPort remove(final int id)
    {
        final SysPort port = get(id);
        if (null != port)
        {
            final SysPort[] copy = ports.clone();
            copy[id] = null;
            ports = copy;
        }
        return port;
    }

    synchronized void clear()
    {
        ports = new SysPort[16];
    }
}
