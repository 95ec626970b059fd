/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * One entry of the port table: 512 bytes. Services, clients and wait sets have one each.
 * <pre>
 *    at  size  field               written by                 ordering
 *     0     8  INCARNATION         owner, last; a survivor    release, pairs with acquire in PortEntry
 *     8     4  KIND                owner                      plain, before INCARNATION
 *    12     4  STATE               owner; a survivor          volatile, pairs with [port-state] in PortEntry
 *    16     8  PROCESS_INCARNATION owner                      plain, before INCARNATION
 *    24     4  PROCESS_INDEX       owner                      plain, before INCARNATION
 *    28     4  LINK_INDEX          owner, -1 if no client     plain, before INCARNATION
 *    32     4  UID                 owner                      plain, before INCARNATION
 *    36     4  GID                 owner                      plain, before INCARNATION
 *    40     4  FLAGS               owner                      plain, before INCARNATION
 *    44     4  NAME_LENGTH         owner                      plain, before INCARNATION
 *    48    64  NAME                owner, US-ASCII            plain, before INCARNATION
 *   112     8  OPENED_AT_MS        owner, since 1970          plain, before INCARNATION; information only
 *   120     4  CLAIMED             owner's watch              opaque; claims not spent, for information
 *   124     4  HELD                owner's watch              opaque; views not released, for information
 *   128     8  GENERATION          owner                      release, pairs with acquire in ServiceEntry (R28)
 *   136     8  GONE                owner, a service           odd: volatile, before the totals; even: release, last
 *   144    64  GONE_SERVICE        owner, a service           opaque; {@link ServiceCounter} of links that have gone
 *   208    48  GONE_CLIENT         owner, a service           opaque; {@link ClientCounter}, those of each message
 *   256     4  EVENTS              clients; a survivor        atomic add; connect and close, pairs with Acceptor
 *   320     4  WAKE                those who wake             atomic add; the futex word
 *   384     4  SLEEPERS            owner's threads            atomic add; pairs with [wake] in the peers
 *   388     4  WAIT_SET            owner's threads            release, then a full fence; port index + 1, or 0
 *   392    48  GONE_CLIENT_RARE    owner, a service           opaque; {@link ClientCounter}, the other ones
 *   448    64  COUNTERS            owner                      release; 8 numbers of 8 bytes, for information
 * </pre>
 * INCARNATION 0 means that the entry is free. The fields are grouped by writer, and words of different writers are at
 * least a cache line apart. SLEEPERS and WAIT_SET, which peers read after each message, are in another line than EVENTS
 * and WAKE, which peers write. EVENTS and WAKE have several writers, which only add to them: nothing is lost if a
 * writer dies before or after. WAIT_SET is the port index of the wait set whose threads sleep for the port, plus 1.
 * <p>
 * The totals have the order of the counters in a link, in its three groups. GONE is twice the number of links that were
 * added to them, and odd while one is being added. A service changes the words beside SLEEPERS only when a client has
 * gone.
 */
public final class PortDescriptor
{
    /** KIND of a service port. */
    public static final int KIND_SERVICE = 1;
    /** KIND of a client port. */
    public static final int KIND_CLIENT = 2;
    /**
     * KIND of a wait set: an entry that lends its wake word to several ports. With {@code WAITSVC} among its FLAGS it
     * only shows that a client waits for the service of that name, and any process that needs an entry may free it.
     */
    public static final int KIND_WAIT_SET = 3;

    /** STATE of a port in use. */
    public static final int STATE_OPEN = 1;
    /** STATE of a port that was closed but is still referred to, for its generation (R28). */
    public static final int STATE_CLOSED = 2;

    /** FLAGS, above the user's 16 bits: the owner's threads never sleep, so its peers need not wake them. */
    public static final int FLAG_SPINS = 0x10000;
    /** FLAGS: the owner's process has no futex and wakes no thread, so its peers poll. */
    public static final int FLAG_CANNOT_WAKE = 0x20000;
    /** FLAGS: the service is a stand-in for one on another host. */
    public static final int FLAG_IMPORTED = 0x40000;
    /** Longest name in characters, which are one byte each (R2). */
    public static final int MAX_NAME_LENGTH = 63;

    public static final int INCARNATION_OFFSET = 0;
    public static final int KIND_OFFSET = INCARNATION_OFFSET + SIZE_OF_LONG;
    public static final int STATE_OFFSET = KIND_OFFSET + SIZE_OF_INT;
    public static final int PROCESS_INCARNATION_OFFSET = STATE_OFFSET + SIZE_OF_INT;
    public static final int PROCESS_INDEX_OFFSET = PROCESS_INCARNATION_OFFSET + SIZE_OF_LONG;
    public static final int LINK_INDEX_OFFSET = PROCESS_INDEX_OFFSET + SIZE_OF_INT;
    public static final int UID_OFFSET = LINK_INDEX_OFFSET + SIZE_OF_INT;
    public static final int GID_OFFSET = UID_OFFSET + SIZE_OF_INT;
    public static final int FLAGS_OFFSET = GID_OFFSET + SIZE_OF_INT;
    public static final int NAME_LENGTH_OFFSET = FLAGS_OFFSET + SIZE_OF_INT;
    public static final int NAME_OFFSET = NAME_LENGTH_OFFSET + SIZE_OF_INT;
    public static final int OPENED_AT_MS_OFFSET = NAME_OFFSET + MAX_NAME_LENGTH + 1;

    public static final int CLAIMED_OFFSET = OPENED_AT_MS_OFFSET + SIZE_OF_LONG;
    public static final int HELD_OFFSET = CLAIMED_OFFSET + SIZE_OF_INT;

    public static final int GENERATION_OFFSET = 128;
    public static final int GONE_OFFSET = GENERATION_OFFSET + SIZE_OF_LONG;
    public static final int GONE_SERVICE_OFFSET = GONE_OFFSET + SIZE_OF_LONG;
    public static final int GONE_CLIENT_OFFSET = GONE_SERVICE_OFFSET + 8 * SIZE_OF_LONG;
    public static final int EVENTS_OFFSET = 256;
    public static final int WAKE_OFFSET = 320;
    public static final int SLEEPERS_OFFSET = 384;
    public static final int WAIT_SET_OFFSET = SLEEPERS_OFFSET + SIZE_OF_INT;
    public static final int GONE_CLIENT_RARE_OFFSET = SLEEPERS_OFFSET + SIZE_OF_LONG;
    public static final int COUNTERS_OFFSET = 448;

    /** Numbers in COUNTERS. */
    public static final int COUNTER_COUNT = 8;

    /** Length of an entry in bytes. */
    public static final int ENTRY_LENGTH = 512;

    private PortDescriptor()
    {
    }
}
