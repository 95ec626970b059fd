/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(600)
class ChildJvmIT
{
    /** A child that tells its arguments. */
    static final class Teller
    {
        private Teller()
        {
        }

        public static void main(final String[] args)
        {
            final ParentLife parent = ParentLife.watch();
            System.out.println(ChildJvm.READY);
            while (parent.isPresent())
            {
                Thread.onSpinWait();
            }
            System.out.println(String.join(",", args));
        }
    }

    /** A child that fails. */
    static final class Failure
    {
        private Failure()
        {
        }

        public static void main(final String[] args)
        {
            System.exit(3);
        }
    }

    @Test
    void shouldTellItsLinesWhenItsInputEnds()
    {
        try (ChildJvm child = ChildJvm.start(Teller.class, List.of(), List.of("a", "b c")))
        {
            assertThat(child.isAlive()).isTrue();
            assertThat(child.end()).containsExactly("a,b c");
            assertThat(child.isAlive()).isFalse();
        }
    }

    @Test
    void shouldTakeTheLastOfTwoCollectors()
    {
        final List<String> collectors = List.of("-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseSerialGC");
        try (ChildJvm child = ChildJvm.start(Teller.class, collectors, List.of("a")))
        {
            assertThat(child.end()).containsExactly("a");
        }
    }

    @Test
    void shouldBeGoneWhenClosed()
    {
        final ChildJvm child = ChildJvm.start(Teller.class, List.of(), List.of());
        child.close();
        child.close();

        assertThat(child.isAlive()).isFalse();
    }

    @Test
    void shouldSayThatAChildDidNotGetReady()
    {
        assertThatThrownBy(() -> ChildJvm.start(Failure.class, List.of(), List.of())).hasMessageContaining("Failure")
            .hasMessageContaining("exit value 3");
    }
}
