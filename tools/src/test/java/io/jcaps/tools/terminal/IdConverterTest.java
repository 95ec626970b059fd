/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class IdConverterTest
{
    @ParameterizedTest
    @ValueSource(strings = {"0", "1000", "2147483648", "3000000000", "4294967294", "-1"})
    @DisplayName("An id of 32 bits is read and shown as the operating system shows it")
    void shouldReadWhatItShows(final String text)
    {
        assertThat(IdConverter.number(new IdConverter().convert(text))).hasToString(text);
    }

    @Test
    @DisplayName("What is no id is refused, with the text and the range")
    void shouldRefuseWhatIsNoId()
    {
        for (final String text : new String[] {"4294967295", "-2", "x", "", "99999999999"})
        {
            assertThatThrownBy(() -> new IdConverter().convert(text)).isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'" + text + "'").hasMessageContaining("4294967294");
        }
    }
}
