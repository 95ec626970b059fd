/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

import static org.assertj.core.api.Assertions.assertThat;

class ScreenTest
{
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Test
    void shouldDrawProgressAgainInTheSameLineOfATerminal()
    {
        final Screen screen = screen(true, true);
        screen.progress(0.25, "a quarter");
        screen.progress(1, "all of it");
        screen.print("done");

        assertThat(text()).isEqualTo("\r\u001b[K\u001b[?7l  [█████               ]  25%  a quarter\u001b[?7h" +
            "\r\u001b[K\u001b[?7l  [████████████████████] 100%  all of it\u001b[?7h\r\u001b[Kdone\n");
    }

    @Test
    void shouldCutProgressThatWouldWrap()
    {
        screen(true, false).progress("x".repeat(200));

        assertThat(text()).contains("l" + "x".repeat(Screen.WIDTH) + "\u001b[?7h");
    }

    @Test
    void shouldPrintNoControlCharactersWhereThereIsNoTerminal()
    {
        final Screen screen = screen(false, false);
        screen.progress(0.5, "half");
        screen.title("title");
        screen.endProgress();

        assertThat(text()).matches("[\\x20-\\x7e\n]*").contains("title\n-----");
    }

    @Test
    void shouldDrawBarsToAnEighth()
    {
        assertThat(screen(true, true).bar(2.5)).isEqualTo("██▌");
        assertThat(screen(true, true).bar(0)).isEmpty();
        assertThat(screen(true, true).bar(0.01)).isEqualTo("▏");
        assertThat(screen(true, false).bar(2.5)).isEqualTo("###");
    }

    private Screen screen(final boolean isTerminal, final boolean isUnicode)
    {
        return new Screen(new PrintStream(bytes, true, StandardCharsets.UTF_8), isTerminal, isUnicode, 0);
    }

    private String text()
    {
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }
}
