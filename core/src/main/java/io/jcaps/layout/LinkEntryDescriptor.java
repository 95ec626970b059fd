/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * One entry of the link directory: 128 bytes. It shows which sides hold the link; the link's rings, slots and cells lie
 * in its body ({@link LinkDescriptor}).
 * <pre>
 *    at  size  field                       written by          ordering
 *     0     8  STATE                       both sides          compare and set; see below
 *     8     8  CLIENT_PROCESS_INCARNATION  client              plain, before OPEN
 *    16     8  CLIENT_PORT_INCARNATION     client              plain, before OPEN
 *    24     8  SERVICE_PROCESS_INCARNATION client              plain, before OPEN
 *    32     8  SERVICE_PORT_INCARNATION    client              plain, before OPEN
 *    40     4  CLIENT_PROCESS_INDEX        client              plain, before OPEN
 *    44     4  CLIENT_PORT_INDEX           client              plain, before OPEN
 *    48     4  SERVICE_PROCESS_INDEX       client              plain, before OPEN
 *    52     4  SERVICE_PORT_INDEX          client              plain, before OPEN
 * </pre>
 * STATE is the link's incarnation, shifted left by 8, with the flags below it. It is the one word that both sides
 * change: each changes its own flags, and a survivor those of the dead, by compare and set. A link is free when neither
 * side holds it, whichever released it last. A late change to an earlier use fails by its incarnation. STATE changes
 * only when a link is opened, accepted, refused, given up, closed or reaped.
 */
public final class LinkEntryDescriptor
{
    /** The client has the link, or is building it. */
    public static final long CLIENT_HOLDS = 0x01;
    /** The service has accepted the link. */
    public static final long SERVICE_HOLDS = 0x02;
    /** The client has built the link: the service may accept it. */
    public static final long OPEN = 0x04;
    /** The client has closed its port. */
    public static final long CLIENT_CLOSED = 0x08;
    /** The service has closed its port: nothing more will be received or replied to. */
    public static final long SERVICE_CLOSED = 0x10;
    /** The service did not admit the client, and has received nothing from it (R6, B1). */
    public static final long REFUSED = 0x20;
    /** The service gave the link up: the client wrote an invalid value. Nothing more will be received or replied to. */
    public static final long CORRUPT = 0x40;
    /** Bits of STATE below the incarnation. */
    public static final int INCARNATION_SHIFT = 8;

    public static final int STATE_OFFSET = 0;
    public static final int CLIENT_PROCESS_INCARNATION_OFFSET = STATE_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_PORT_INCARNATION_OFFSET = CLIENT_PROCESS_INCARNATION_OFFSET + SIZE_OF_LONG;
    public static final int SERVICE_PROCESS_INCARNATION_OFFSET = CLIENT_PORT_INCARNATION_OFFSET + SIZE_OF_LONG;
    public static final int SERVICE_PORT_INCARNATION_OFFSET = SERVICE_PROCESS_INCARNATION_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_PROCESS_INDEX_OFFSET = SERVICE_PORT_INCARNATION_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_PORT_INDEX_OFFSET = CLIENT_PROCESS_INDEX_OFFSET + SIZE_OF_INT;
    public static final int SERVICE_PROCESS_INDEX_OFFSET = CLIENT_PORT_INDEX_OFFSET + SIZE_OF_INT;
    public static final int SERVICE_PORT_INDEX_OFFSET = SERVICE_PROCESS_INDEX_OFFSET + SIZE_OF_INT;

    /** Length of an entry in bytes. */
    public static final int ENTRY_LENGTH = 128;

    private LinkEntryDescriptor()
    {
    }
}
