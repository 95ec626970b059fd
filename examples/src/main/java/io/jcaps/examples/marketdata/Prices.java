/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.marketdata;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The prices of all instruments, with the sequence of each one's last change. The publisher and each reader have a
 * copy.
 * <p>
 * A reply has a header of 64 bytes and 64 bytes for each instrument that has changed since the sequence asked for:
 * <pre>
 *   at  size  header                          at  size  instrument
 *    0     8  sequence                         0     8  number
 *    8     8  checksum over all prices         8     8  sequence of its last change
 *   16     4  instruments that follow         16     8  bid
 *                                             24     8  ask
 * </pre>
 * So a request for all changes since 0 returns all instruments, the snapshot: 65,536 bytes.
 */
final class Prices
{
    static final int INSTRUMENT_COUNT = 1023;

    private static final int SEQUENCE_OFFSET = 0;
    private static final int CHECKSUM_OFFSET = 8;
    private static final int COUNT_OFFSET = 16;
    private static final int HEADER_LENGTH = 64;
    private static final int NUMBER_OFFSET = 0;
    private static final int CHANGED_AT_OFFSET = 8;
    private static final int BID_OFFSET = 16;
    private static final int ASK_OFFSET = 24;
    private static final int ENTRY_LENGTH = 64;

    private final long[] changedAt = new long[INSTRUMENT_COUNT];
    private final long[] bids = new long[INSTRUMENT_COUNT];
    private final long[] asks = new long[INSTRUMENT_COUNT];
    private long sequence;

    long sequence()
    {
        return sequence;
    }

    /** At the publisher: later changes have the next sequence. */
    void nextSequence()
    {
        sequence++;
    }

    void set(final int instrument, final long bid, final long ask)
    {
        changedAt[instrument] = sequence;
        bids[instrument] = bid;
        asks[instrument] = ask;
    }

    long bid(final int instrument)
    {
        return bids[instrument];
    }

    /** Bytes that {@link #write} will write. */
    int lengthSince(final long since)
    {
        int count = 0;
        for (final long changed : changedAt)
        {
            count += changed > since ? 1 : 0;
        }
        return HEADER_LENGTH + count * ENTRY_LENGTH;
    }

    /** Writes the changes since a sequence straight into the buffer, without another copy. */
    void write(final long since, final MutableDirectBuffer buffer)
    {
        int count = 0;
        for (int i = 0; i < INSTRUMENT_COUNT; i++)
        {
            if (changedAt[i] > since)
            {
                final int offset = HEADER_LENGTH + count * ENTRY_LENGTH;
                buffer.putLong(offset + NUMBER_OFFSET, i);
                buffer.putLong(offset + CHANGED_AT_OFFSET, changedAt[i]);
                buffer.putLong(offset + BID_OFFSET, bids[i]);
                buffer.putLong(offset + ASK_OFFSET, asks[i]);
                count++;
            }
        }
        buffer.putLong(SEQUENCE_OFFSET, sequence);
        buffer.putLong(CHECKSUM_OFFSET, checksum());
        buffer.putInt(COUNT_OFFSET, count);
    }

    /** At the reader: applies a reply, and returns the number of instruments that have changed. */
    int apply(final DirectBuffer buffer)
    {
        final int count = buffer.getInt(COUNT_OFFSET);
        for (int i = 0; i < count; i++)
        {
            final int offset = HEADER_LENGTH + i * ENTRY_LENGTH;
            final int instrument = (int)buffer.getLong(offset + NUMBER_OFFSET);
            changedAt[instrument] = buffer.getLong(offset + CHANGED_AT_OFFSET);
            bids[instrument] = buffer.getLong(offset + BID_OFFSET);
            asks[instrument] = buffer.getLong(offset + ASK_OFFSET);
        }
        sequence = buffer.getLong(SEQUENCE_OFFSET);
        if (checksum() != buffer.getLong(CHECKSUM_OFFSET))
        {
            throw new IllegalStateException("prices differ from the publisher's at sequence " + sequence);
        }
        return count;
    }

    private long checksum()
    {
        long sum = 0;
        for (int i = 0; i < INSTRUMENT_COUNT; i++)
        {
            sum = 31 * (31 * sum + bids[i]) + asks[i];
        }
        return sum;
    }
}
