/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * The bodies of the frames that are no messages, little endian.
 * <pre>
 *   HELLO: what the importer wants, and what it can hold
 *     at  size  field          meaning
 *      0    32  NONCE          random; the exporter proves over it that it has the key
 *     32     8  LOST_AFTER     nanoseconds; the session uses the smaller one of both ends
 *     40     4  SLOT_COUNT     messages in progress per client at the importer
 *     44     4  MESSAGE_LIMIT  longest message at the importer, in bytes
 *     48     .  NAME           of the service, ASCII, to the end of the body
 *
 *   CHALLENGE: the exporter proves that it has the key, and asks the same; PROOF is the importer's proof alone
 *      0    32  NONCE          random
 *     32    32  PROOF          of the exporter, over both nonces: {@link SharedKey}
 *
 *   SERVICE: FLAGS is 0 while the service is up; else how it ended, without RECEIVED. ID is its incarnation
 *      0     8  GENERATION     the service's own (R28)
 *
 *   OPEN: the client, as the importer reports it. For display; it authorises nothing
 *      0     4  PID            of the client; 0 if unknown
 *      4     4  UID            of the client; -1 if unknown
 *
 *   BEAT of the exporter
 *      0     8  ROUND_TRIP     nanoseconds from a tick to its echo; 0 if none has come back. For display
 * </pre>
 */
public final class BodyDescriptor
{
    public static final int HELLO_NONCE_OFFSET = 0;
    public static final int HELLO_LOST_AFTER_OFFSET = HELLO_NONCE_OFFSET + SharedKey.NONCE_LENGTH;
    public static final int HELLO_SLOT_COUNT_OFFSET = HELLO_LOST_AFTER_OFFSET + SIZE_OF_LONG;
    public static final int HELLO_MESSAGE_LIMIT_OFFSET = HELLO_SLOT_COUNT_OFFSET + SIZE_OF_INT;
    public static final int HELLO_NAME_OFFSET = HELLO_MESSAGE_LIMIT_OFFSET + SIZE_OF_INT;

    public static final int CHALLENGE_NONCE_OFFSET = 0;
    public static final int CHALLENGE_PROOF_OFFSET = CHALLENGE_NONCE_OFFSET + SharedKey.NONCE_LENGTH;
    public static final int CHALLENGE_LENGTH = CHALLENGE_PROOF_OFFSET + SharedKey.PROOF_LENGTH;

    public static final int SERVICE_GENERATION_OFFSET = 0;
    public static final int SERVICE_LENGTH = SERVICE_GENERATION_OFFSET + SIZE_OF_LONG;

    public static final int OPEN_PID_OFFSET = 0;
    public static final int OPEN_UID_OFFSET = OPEN_PID_OFFSET + SIZE_OF_INT;
    public static final int OPEN_LENGTH = OPEN_UID_OFFSET + SIZE_OF_INT;

    public static final int BEAT_ROUND_TRIP_OFFSET = 0;
    public static final int BEAT_LENGTH = BEAT_ROUND_TRIP_OFFSET + SIZE_OF_LONG;

    private BodyDescriptor()
    {
    }
}
