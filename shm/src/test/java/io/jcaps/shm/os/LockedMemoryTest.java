/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Which limit a mapping met, by what the kernel says of this process.
 */
class LockedMemoryTest
{
    private static final String LIMITS = """
        Limit                     Soft Limit           Hard Limit           Units
        Max stack size            8388608              unlimited            bytes
        Max locked memory         8388608              8388608              bytes
        Max address space         unlimited            unlimited            bytes
        """;

    private static String status(final long lockedKiB)
    {
        return "Name:\tjava\nVmPin:\t       0 kB\nVmLck:\t    " + lockedKiB + " kB\nVmRSS:\t  1000 kB\n";
    }

    @Test
    @DisplayName("F50: a mapping above the limit of locked memory is refused with the limit and the remedy")
    void shouldNameLimit()
    {
        assertThat(LockedMemory.advice(status(4_096), LIMITS, 4_194_305)).contains("4194304 bytes locked",
            "may lock 8388608", "RLIMIT_MEMLOCK", "MCL_ONFAULT", "Geometry");
    }

    @Test
    @DisplayName("F50: another cause is not reported as that limit")
    void shouldNotNameLimit()
    {
        assertThat(LockedMemory.advice(status(4_096), LIMITS, 4_194_304)).isEmpty();
        assertThat(LockedMemory.advice(status(0), LIMITS, Long.MAX_VALUE)).isEmpty();
        assertThat(LockedMemory.advice(status(4_096), LIMITS.replace("8388608   ", "unlimited "), 1L << 40)).isEmpty();
        assertThat(LockedMemory.advice("", LIMITS, 1L << 40)).isEmpty();
        assertThat(LockedMemory.advice(status(4_096), "", 1L << 40)).isEmpty();
        assertThat(LockedMemory.advice(1)).as("this process locks nothing").isEmpty();
    }
}
