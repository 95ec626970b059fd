/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.PayloadKind;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Descriptors in rings over a slab, between two JVMs. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class SlabRingContenderIT
{
    private static final String NAME = "slab-ring";

    @ParameterizedTest
    @MethodSource("cells")
    void shouldEchoWholeMessages(final Cell cell)
    {
        EchoCells.assertEchoes(cell);
    }

    static List<Cell> cells()
    {
        final int[] lengths = {32, 4096, 131_072, Cell.MAX_LENGTH};
        final List<Cell> cells = new ArrayList<>(EchoCells.of(NAME, lengths));
        for (final int length : lengths)
        {
            // Of the longest messages no more than the window that is tested already fits one mapping.
            if (length < Cell.MAX_LENGTH)
            {
                cells.add(EchoCells.cell(NAME, length).payload(PayloadKind.FILLED).pipelined(1024));
            }
        }
        return cells;
    }

    @Test
    void shouldSayWhyItDoesNotBlock()
    {
        EchoCells.assertDoesNotBlock(NAME);
    }
}
