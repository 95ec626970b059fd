/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The options of a port. */
class PortOptionsTest
{
    private final PortOptions options = new PortOptions();

    @Test
    @DisplayName("Each option is as it was set, each setter returns the options, and a copy has them all")
    void shouldKeepWhatIsSet()
    {
        assertThat(options.uid(5).gid(6).flags(PortFlags.GROUP).singleThreaded(true).spinOnly(true).spinCount(7)
            .connectTimeout(8, TimeUnit.MICROSECONDS).generation(9).prefaultLength(10).imported(true))
            .isSameAs(options);
        for (final PortOptions each : new PortOptions[]{options, options.copy()})
        {
            assertThat(each.uidOr(1)).isEqualTo(5);
            assertThat(each.gid()).isEqualTo(6);
            assertThat(each.flags()).isEqualTo(PortFlags.GROUP);
            assertThat(each.singleThreaded()).isTrue();
            assertThat(each.spinOnly()).isTrue();
            assertThat(each.spinCount()).isEqualTo(7);
            assertThat(each.connectTimeoutNs()).isEqualTo(8_000);
            assertThat(each.generation()).isEqualTo(9);
            assertThat(each.prefaultLength()).isEqualTo(10);
            assertThat(each.imported()).isTrue();
        }
        final PortOptions defaults = new PortOptions();
        assertThat(defaults.uidOr(1)).as("the caller's own").isEqualTo(1);
        assertThat(defaults.singleThreaded()).isFalse();
        assertThat(defaults.spinOnly()).isFalse();
        assertThat(defaults.imported()).isFalse();
        assertThat(defaults.prefaultLength()).isZero();
    }

    @Test
    @DisplayName("R5: to wait for a service is a flag beside those that are set, and a limit")
    void shouldWaitForService()
    {
        assertThat(options.flags(PortFlags.USER).waitForService()).isSameAs(options);
        assertThat(options.flags()).isEqualTo(PortFlags.USER | PortFlags.WAITSVC);
        assertThat(options.connectTimeoutNs()).isEqualTo(Long.MAX_VALUE);
        assertThat(options.flags(PortFlags.WORLD).waitForService(3, TimeUnit.SECONDS)).isSameAs(options);
        assertThat(options.flags()).isEqualTo(PortFlags.WORLD | PortFlags.WAITSVC);
        assertThat(options.connectTimeoutNs()).isEqualTo(3_000_000_000L);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, Geometry.MAX_MESSAGE_LIMIT})
    @DisplayName("A prefault length is from 0 to the longest message")
    void shouldTakePrefaultLength(final int length)
    {
        assertThat(options.prefaultLength(length)).isSameAs(options);
        assertThat(options.prefaultLength()).isEqualTo(length);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, Geometry.MAX_MESSAGE_LIMIT + 1})
    @DisplayName("A prefault length out of its range is refused with its value")
    void shouldRefusePrefaultLength(final int length)
    {
        assertThatThrownBy(() -> options.prefaultLength(length)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("prefaultLength=" + length);
    }

    @Test
    @DisplayName("Text shows ids as people write them")
    void shouldShowIds()
    {
        assertThat(options.toString()).contains("uid=own", "gid=any", "flags=0x");
        assertThat(options.uid(PortOptions.ANY).gid(-2).toString()).contains("uid=any", "gid=4294967294");
        assertThat(options.uid(7).toString()).contains("uid=7");
    }
}
