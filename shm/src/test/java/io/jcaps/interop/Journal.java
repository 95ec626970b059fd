/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.interop;

import io.jcaps.Outcome;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What services noted before they were killed, and how the messages ended at their client: the two must agree (B1).
 * Both come from files of the drivers, whose records survive their writer.
 */
final class Journal
{
    private static final int GOT = 1;
    private static final int REPLIED = 2;
    private static final int KILLED = 3;
    private static final int ENDED = 0x10000;

    private final Set<Long> got = new HashSet<>();
    private final Set<Long> replied = new HashSet<>();
    private final Map<Long, Integer> outcomes = new HashMap<>();
    private final List<Long> killedAtNs = new ArrayList<>();
    private final List<Long> diedAtNs = new ArrayList<>();

    private interface Reader
    {
        void read(long what, long id, long timeNs);
    }

    private static void read(final Path file, final Reader reader) throws IOException
    {
        final ByteBuffer records = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        while (records.remaining() >= 3 * Long.BYTES)
        {
            reader.read(records.getLong(), records.getLong(), records.getLong());
        }
    }

    /** What one service did. */
    void addActions(final Path file) throws IOException
    {
        read(file, (what, id, timeNs) ->
        {
            switch ((int)what)
            {
                case GOT -> assertThat(got.add(id)).as("received once: %d", id).isTrue();
                case REPLIED -> replied.add(id);
                case KILLED -> killedAtNs.add(timeNs);
                default -> throw new IllegalStateException("record " + what);
            }
        });
    }

    /** How the client's messages ended. */
    void addEnds(final Path file) throws IOException
    {
        read(file, (what, id, timeNs) ->
        {
            final int outcome = (int)what - ENDED;
            assertThat(outcomes.put(id, outcome)).as("ended once: %d", id).isNull();
            if (Outcome.SERVICE_DIED == Outcome.kind(outcome))
            {
                diedAtNs.add(timeNs);
            }
        });
    }

    long endCount()
    {
        return outcomes.size();
    }

    /** A service that died between two steps may have received more than it noted, and replied to more; never less. */
    void verify()
    {
        outcomes.forEach((id, outcome) ->
        {
            if (Outcome.REPLIED == outcome)
            {
                assertThat(got).as("a reply to what was received").contains(id);
            }
            else
            {
                assertThat(replied).as("%d ended as %s", id, Outcome.text(outcome)).doesNotContain(id);
                assertThat(got.contains(id) && !Outcome.wasReceived(outcome))
                    .as("%d was received, and ended as %s", id, Outcome.text(outcome)).isFalse();
            }
        });
        assertThat(outcomes.keySet()).containsAll(got);
    }

    /** Of each service that was killed with messages in progress: from the kill to the first outcome that says so. */
    String delays()
    {
        final List<Long> delays = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < killedAtNs.size(); i++)
        {
            final long killedNs = killedAtNs.get(i);
            final long endNs = i + 1 < killedAtNs.size() ? killedAtNs.get(i + 1) : Long.MAX_VALUE;
            while (next < diedAtNs.size() && diedAtNs.get(next) < killedNs)
            {
                next++;
            }
            if (next < diedAtNs.size() && diedAtNs.get(next) < endNs)
            {
                delays.add(diedAtNs.get(next) - killedNs);
            }
        }
        delays.sort(null);
        final int last = delays.size() - 1;
        return delays.isEmpty() ? "no outcome tells of a death" : String.format(
            "kill to outcome of %d: p50 %.1f ms, p99 %.1f ms, most %.1f ms", delays.size(),
            delays.get(last / 2) / 1e6, delays.get(last * 99 / 100) / 1e6, delays.get(last) / 1e6);
    }
}
