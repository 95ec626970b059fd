/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;

import static org.assertj.core.api.Assertions.assertThat;

class ArgumentsTest
{
    private static final byte[] ZURICH = "caps\0call\0--text\0Zürich €\0".getBytes(StandardCharsets.UTF_8);

    @Test
    @DisplayName("Text that the JVM would replace for want of a locale is refused, and the message names LC_ALL")
    void shouldNameTheLocaleThatIsMissing()
    {
        assertThat(Arguments.problem(ZURICH, StandardCharsets.US_ASCII)).contains("US-ASCII", "LC_ALL=C.UTF-8");
        assertThat(Arguments.problem(ZURICH, StandardCharsets.UTF_8)).isNull();
        assertThat(Arguments.problem("caps\0ls\0".getBytes(StandardCharsets.UTF_8), StandardCharsets.US_ASCII))
            .isNull();
    }

    @Test
    @DisplayName("Bytes that are no UTF-8 are refused, and the message says how to send them")
    void shouldSayHowToSendBytesThatAreNoText()
    {
        final byte[] bytes = {'x', (byte)0xFF, 0};
        assertThat(Arguments.problem(bytes, StandardCharsets.UTF_8)).contains("UTF-8", "standard input");
        assertThat(Arguments.problem(bytes, StandardCharsets.ISO_8859_1)).isNull();
    }

    @Test
    @DisplayName("The command line of this process, which is plain text, has no problem")
    void shouldLookAtItsOwnCommandLine()
    {
        assertThat(Arguments.problem()).isNull();
    }
}
