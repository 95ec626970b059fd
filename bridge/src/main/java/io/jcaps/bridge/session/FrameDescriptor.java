/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import static org.agrona.BitUtil.SIZE_OF_BYTE;
import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/**
 * The header of each frame: 24 bytes, little endian. A body of LENGTH bytes follows.
 * <pre>
 *   at  size  field     meaning
 *    0     1  TYPE      what the frame is, one of the constants
 *    1     1  VERSION   of the protocol
 *    2     2  FLAGS     OUTCOME, OPENED and SERVICE: an outcome, kind and RECEIVED; REFUSE: a reason; else 0
 *    4     4  LINK      the importer's number of a client, from 1; 0 in frames of the session itself
 *    8     8  ID        the message id at the importer; SERVICE: the incarnation; BEAT: the exporter's tick
 *   16     4  LENGTH    of the body, in bytes
 *   20     4  spare     zero
 * </pre>
 */
public final class FrameDescriptor
{
    public static final int TYPE_OFFSET = 0;
    public static final int VERSION_OFFSET = TYPE_OFFSET + SIZE_OF_BYTE;
    public static final int FLAGS_OFFSET = VERSION_OFFSET + SIZE_OF_BYTE;
    public static final int LINK_OFFSET = FLAGS_OFFSET + SIZE_OF_SHORT;
    public static final int ID_OFFSET = LINK_OFFSET + SIZE_OF_INT;
    public static final int LENGTH_OFFSET = ID_OFFSET + SIZE_OF_LONG;
    public static final int SPARE_OFFSET = LENGTH_OFFSET + SIZE_OF_INT;

    /** Length of the header in bytes, and the index of the body. */
    public static final int HEADER_LENGTH = SPARE_OFFSET + SIZE_OF_INT;

    /** The protocol that this class describes. */
    public static final int CURRENT_VERSION = 1;

    // Importer to exporter, in the order of a session; then exporter to importer; then both ways.
    public static final int HELLO = 1;
    public static final int PROOF = 2;
    public static final int OPEN = 3;
    public static final int CLOSE = 4;
    public static final int REQUEST = 5;
    public static final int DISPOSE = 6;

    public static final int CHALLENGE = 17;
    public static final int WELCOME = 18;
    public static final int REFUSE = 19;
    public static final int SERVICE = 20;
    public static final int OPENED = 21;
    public static final int REPLY = 22;
    public static final int OUTCOME = 23;

    public static final int BEAT = 33;
    public static final int BYE = 34;

    private FrameDescriptor()
    {
    }
}
