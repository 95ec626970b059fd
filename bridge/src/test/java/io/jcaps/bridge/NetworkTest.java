/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.InetAddress;
import java.net.UnknownHostException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class NetworkTest
{
    private static boolean contains(final String network, final String address) throws UnknownHostException
    {
        return Network.parse(network).contains(InetAddress.getByName(address));
    }

    @Test
    @DisplayName("An address is in a network if its first bits are the network's")
    void shouldContain() throws UnknownHostException
    {
        assertThat(contains("10.1.0.0/16", "10.1.255.3")).isTrue();
        assertThat(contains("10.1.0.0/16", "10.2.0.1")).isFalse();
        assertThat(contains("10.1.16.0/20", "10.1.31.9")).isTrue();
        assertThat(contains("10.1.16.0/20", "10.1.32.0")).isFalse();
        assertThat(contains("0.0.0.0/0", "192.0.2.1")).isTrue();
        assertThat(contains("192.0.2.1", "192.0.2.1")).isTrue();
        assertThat(contains("192.0.2.1", "192.0.2.2")).isFalse();
        assertThat(contains("fd00::/8", "fd12::1")).isTrue();
        assertThat(contains("fd00::/8", "10.0.0.1")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "host", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "1.2.3.4.5", "10.1.0", "10", "/8"})
    @DisplayName("What is no network is rejected, and names are not looked up")
    void shouldReject(final String text)
    {
        assertThatThrownBy(() -> Network.parse(text)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("a network is");
    }
}
