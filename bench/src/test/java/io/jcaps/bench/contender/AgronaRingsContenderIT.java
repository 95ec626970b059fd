/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.concurrent.TimeUnit;

/** Agrona's rings, between two JVMs. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class AgronaRingsContenderIT
{
    private static final String NAME = "agrona-rings";

    @ParameterizedTest
    @MethodSource("cells")
    void shouldEchoWholeMessages(final Cell cell)
    {
        EchoCells.assertEchoes(cell);
    }

    static List<Cell> cells()
    {
        return EchoCells.of(NAME, 32, 4096, 131_072, Cell.MAX_LENGTH);
    }

    @Test
    void shouldSayWhyItDoesNotBlock()
    {
        EchoCells.assertDoesNotBlock(NAME);
    }
}
