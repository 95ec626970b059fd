/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class StoppedProcessTest
{
    private static final String REST = " 1 4 4 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 1000 2000";

    @Test
    @DisplayName("B2: a process is stopped if the operating system reports that, and the pid is still its own")
    void shouldBelieveTheOperatingSystem()
    {
        assertThat(StoppedProcess.isStopped("4 (java) T" + REST, 9876)).isTrue();
        assertThat(StoppedProcess.isStopped("4 (java) t" + REST, 9876)).as("by a debugger").isTrue();
        assertThat(StoppedProcess.isStopped("4 (java) S" + REST, 9876)).isFalse();
        assertThat(StoppedProcess.isStopped("4 (java) T" + REST, 9877)).as("another process").isFalse();
        assertThat(StoppedProcess.isStopped("4 (a) T (b) S" + REST, 9876)).as("a name like a state").isFalse();
        assertThat(StoppedProcess.isStopped("", 9876)).isFalse();
    }
}
