/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class RoundTripOptionsTest
{
    @Test
    void shouldReadWhatItWrites()
    {
        final List<String> arguments = new RoundTripOptions().region(Path.of("/dev/shm/x/region")).length(1024)
            .inPlace(true).waitMode(WaitMode.BLOCK).serviceWaitMode(WaitMode.GET).singleThreaded(false).spinCount(0)
            .warmUpCount(1).messageCount(2).arguments();

        assertThat(RoundTripOptions.parse(arguments).arguments()).isEqualTo(arguments).hasSize(9);
    }

    @Test
    void shouldLetTheServiceWaitAsTheClientDoes()
    {
        assertThat(RoundTripOptions.parse(List.of("--wait=block")).serviceWaitMode()).isEqualTo(WaitMode.BLOCK);
    }

    @Test
    void shouldNameAnArgumentThatIsNone()
    {
        assertThatThrownBy(() -> RoundTripOptions.parse(List.of("--lenght=1"))).hasMessageContaining("--lenght=1");
        assertThatThrownBy(() -> RoundTripOptions.parse(List.of("--length"))).hasMessageContaining("--length");
        assertThatThrownBy(() -> RoundTripOptions.parse(List.of("--length=-1"))).hasMessageContaining("length=-1");
        assertThatThrownBy(() -> RoundTripOptions.parse(List.of("--length=131073"))).hasMessageContaining("131073");
    }
}
