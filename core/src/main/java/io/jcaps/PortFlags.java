/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.PortDescriptor;

/**
 * Flags of a port, with the original's values (R8).
 */
public final class PortFlags
{
    /** Clients with the service's uid may connect (R6). */
    public static final int USER = 0x01;
    /** Clients in the service's group may connect (R6). */
    public static final int GROUP = 0x02;
    /** Every client may connect (R6). */
    public static final int WORLD = 0x04;
    /** Refuse to register beside a living service of that name, uid and gid (R4). */
    public static final int EXCL = 0x08;
    /** Reserved, as in the original. */
    public static final int WCRED = 0x10;
    /** Make the port unknown in a forked child, instead of not connected (R27). */
    public static final int NOFORK = 0x20;
    /** Wait until the service is registered (R5). */
    public static final int WAITSVC = 0x40;
    /** USER, GROUP and WORLD. */
    public static final int ANYCLIENT = USER | GROUP | WORLD;
    /** The bits that a program may set. */
    public static final int USER_MASK = 0xFFFF;

    /** Set by the library: the port's threads never sleep, so its peers need not check whether one does. */
    public static final int SPINS = PortDescriptor.FLAG_SPINS;
    /** Set by the library: the port's process cannot wake its peers, so they look at least every millisecond. */
    public static final int CANNOT_WAKE = PortDescriptor.FLAG_CANNOT_WAKE;

    /** Set by the library: the service is a stand-in for one on another host ({@link PortOptions#imported}). */
    public static final int IMPORTED = PortDescriptor.FLAG_IMPORTED;

    private PortFlags()
    {
    }
}
