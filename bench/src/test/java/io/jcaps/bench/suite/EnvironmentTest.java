/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Tuning;
import org.junit.jupiter.api.Test;

import java.time.Instant;

import static org.assertj.core.api.Assertions.assertThat;

class EnvironmentTest
{
    @Test
    void shouldTellWhatARunNeedsToBeJudgedBy()
    {
        final Environment environment = Environment.collect(Tuning.NONE);

        assertThat(Instant.parse(environment.timeUtc())).isBeforeOrEqualTo(Instant.now());
        assertThat(environment.cpu()).isNotBlank();
        assertThat(environment.cpuCount()).isPositive();
        assertThat(environment.governor()).isNotBlank();
        assertThat(environment.kernel()).startsWith(System.getProperty("os.name"));
        assertThat(environment.clockCostNs()).isPositive();
        assertThat(environment.clockStepNs()).isPositive();
        assertThat(environment.operatingSystem()).isNotBlank().doesNotContain("\"");
        assertThat(environment.jvm()).contains(System.getProperty("java.vm.version"));
        assertThat(environment.jvmArguments()).isEqualTo(CellRunner.JVM_ARGUMENTS);
        assertThat(environment.memory()).endsWith(" GiB");
        assertThat(environment.pinning()).isEqualTo("off");
    }

    @Test
    void shouldTellWhichSideIsPinnedWhere()
    {
        final Environment environment = Environment.collect(new Tuning(true, false, false));

        assertThat(environment.pinning()).matches("client on CPU \\d+, server on CPU \\d+|.*too few CPUs.*");
    }
}
