/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bridge;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ImportTest
{
    private final Import.Converter converter = new Import.Converter();

    @Test
    @DisplayName("A name and one endpoint or several, in their order")
    void shouldReadNameAndEndpoints()
    {
        final Import read = converter.convert("o@b.example:4000,[::1]:4001");
        assertThat(read.name()).isEqualTo("o");
        assertThat(read.endpoints()).extracting(Object::toString).containsExactly("b.example:4000", "[::1]:4001");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "orders", "@h:1"})
    @DisplayName("Without a name or an @ it is none, and the message shows how it is written")
    void shouldRefuseWhatIsNoImport(final String text)
    {
        assertThatThrownBy(() -> converter.convert(text)).isInstanceOf(TypeConversionException.class)
            .hasMessage("'" + text + "' is not NAME@HOST:PORT");
    }

    @ParameterizedTest
    @ValueSource(strings = {"o@", "o@h:1,", "o@h:1,,h:2", "o@h"})
    @DisplayName("Each endpoint is one, also the last")
    void shouldRefuseWhatIsNoEndpoint(final String text)
    {
        assertThatThrownBy(() -> converter.convert(text)).isInstanceOf(TypeConversionException.class)
            .hasMessageContaining("HOST:PORT");
    }
}
