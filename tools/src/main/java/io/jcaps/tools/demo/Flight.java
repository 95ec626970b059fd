/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.Outcome;
import io.jcaps.tools.child.Line;

/**
 * The last outcomes of a client, with the times of put and outcome. Shows afterwards which messages were open when the
 * service was killed, and their outcomes. One thread.
 */
final class Flight
{
    private static final int CAPACITY = 1 << 14;

    private final long[] putMicros = new long[CAPACITY];
    private final long[] outcomeMicros = new long[CAPACITY];
    private final int[] outcomes = new int[CAPACITY];
    private long count;

    /**
     * @param putMicros     when the message was about to be put.
     * @param outcomeMicros when its outcome was received.
     * @param outcome       one of {@link Outcome}'s.
     */
    void add(final long putMicros, final long outcomeMicros, final int outcome)
    {
        final int index = (int)(count++ & CAPACITY - 1);
        this.putMicros[index] = putMicros;
        this.outcomeMicros[index] = outcomeMicros;
        outcomes[index] = outcome;
    }

    /**
     * Counts by kind the messages that were open at a time, and those that were put later.
     *
     * @param killMicros that time, in microseconds since 1970.
     * @param line       to add the counts to.
     */
    void tell(final long killMicros, final Line line)
    {
        int openReplied = 0;
        int openReceived = 0;
        int openNotReceived = 0;
        int later = 0;
        int laterNotReceived = 0;
        long firstAutomaticMicros = Long.MAX_VALUE;
        for (long i = Math.max(0, count - CAPACITY); i < count; i++)
        {
            final int index = (int)(i & CAPACITY - 1);
            final boolean isReplied = Outcome.REPLIED == outcomes[index];
            final boolean wasReceived = Outcome.wasReceived(outcomes[index]);
            if (!isReplied)
            {
                firstAutomaticMicros = Math.min(firstAutomaticMicros, outcomeMicros[index]);
            }
            if (putMicros[index] > killMicros)
            {
                later++;
                laterNotReceived += wasReceived ? 0 : 1;
            }
            else if (outcomeMicros[index] > killMicros)
            {
                openReplied += isReplied ? 1 : 0;
                openReceived += !isReplied && wasReceived ? 1 : 0;
                openNotReceived += wasReceived ? 0 : 1;
            }
        }
        line.with("openReplied", openReplied)
            .with("openReceived", openReceived)
            .with("openNotReceived", openNotReceived)
            .with("later", later)
            .with("laterNotReceived", laterNotReceived)
            .with("firstAutomaticMicros", firstAutomaticMicros);
    }
}
