/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.Counter;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.ServiceCounter;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Ids, names and places of all counters: once released they stay as they are, so that a reader of another version
 * mistakes none for another.
 */
class CounterRegistryTest
{
    @Test
    @DisplayName("Each counter has its id, its name and its place")
    void shouldPinCounters()
    {
        assertThat(Arrays.stream(ClientCounter.values()).map((each) -> describe(each) + " " + each.offset()))
            .containsExactly("101 puts 192", "102 put-bytes 200", "103 replies 208", "104 reply-bytes 216",
                "105 closed 136", "106 died 144", "107 aborted 152", "108 aborts 160", "109 no-buffers 224",
                "110 wake-ups 232", "111 unreachable 168", "112 refused 176");
        assertThat(Arrays.stream(ServiceCounter.values()).map((each) -> describe(each) + " " + each.offset()))
            .containsExactly("201 gets 256", "202 get-bytes 264", "203 replies 272", "204 reply-bytes 280",
                "205 disposals 288", "206 skips 296", "207 wake-ups 304", "208 ends 312");
        assertThat(Arrays.stream(PortCounter.values()).map((each) -> describe(each) + " " + each.ordinal()))
            .containsExactly("1 refused 0", "2 forged 1", "3 corrupt 2", "4 accepted 3", "5 deaths 4", "6 no-space 5",
                "7 handler-errors 6", "8 retries 7");
        assertThat(PortDescriptor.COUNTER_COUNT).isEqualTo(8).isGreaterThanOrEqualTo(PortCounter.values().length);
    }

    @Test
    @DisplayName("Ids are unique, and each counter has a description of one line")
    void shouldDistinguishCounters()
    {
        final Counter[] counters = Stream.of(ClientCounter.values(), ServiceCounter.values(), PortCounter.values())
            .flatMap(Arrays::<Counter>stream).toArray(Counter[]::new);
        assertThat(Arrays.stream(counters).map(Counter::id)).doesNotHaveDuplicates();
        for (final Counter counter : counters)
        {
            assertThat(counter.description()).isNotBlank().doesNotContain("\n");
        }
    }

    private static String describe(final Counter counter)
    {
        return counter.id() + " " + counter.label();
    }
}
