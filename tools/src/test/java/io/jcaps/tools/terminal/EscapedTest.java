/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import com.google.gson.Gson;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;

import static org.assertj.core.api.Assertions.assertThat;

/** What a terminal would obey is shown, and what a reader reads stays as it is. */
class EscapedTest
{
    /** C0, delete, C1, soft hyphen, zero width, right to left, line and paragraph separator, a tag beyond 16 bits. */
    @ParameterizedTest
    @ValueSource(ints = {
        0x00, 0x07, 0x1B, 0x7F, 0x80, 0x9B, 0xAD, 0x200B, 0x202E, 0x2028, 0x2029, 0xE000, 0x378, 0xE0041})
    @DisplayName("Controls, formats, separators, private and unknown characters are written as numbers")
    void shouldEscapeWhatATerminalObeys(final int codePoint)
    {
        final String text = Character.toString(codePoint);
        final StringBuilder number = new StringBuilder();
        text.chars().forEach((unit) -> number.append(String.format("\\u%04x", unit)));
        assertThat(Escaped.line("a" + text + "z")).isEqualTo("a" + number + "z");
        assertThat(Escaped.lines(text + text)).isEqualTo("" + number + number);
        final String json = Json.line(List.of(text));
        assertThat(json.chars()).allMatch((unit) -> unit >= ' ' && unit <= '~');
        assertThat(new Gson().fromJson(json, Object.class)).isEqualTo(List.of(text));
    }

    @Test
    @DisplayName("An unpaired surrogate is a number, a pair is a character")
    void shouldEscapeHalfACharacter()
    {
        assertThat(Escaped.line("\ud83d")).isEqualTo("\\ud83d");
        assertThat(Escaped.line("x\ude00\ud83d")).isEqualTo("x\\ude00\\ud83d");
        assertThat(Escaped.line("\ud83d\ude00")).isEqualTo("\ud83d\ude00");
        assertThat(Escaped.line("\u001b\ud83d\ude00")).isEqualTo("\\u001b\ud83d\ude00");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "plain", "Zürich €", "日本語", "\\u001b", "a b"})
    @DisplayName("Text stays the same object")
    void shouldLeaveText(final String text)
    {
        assertThat(Escaped.line(text)).isSameAs(text);
        assertThat(Escaped.lines(text)).isSameAs(text);
    }

    @Test
    @DisplayName("One line stays one line; several keep their line feeds and tabs, and no carriage returns")
    void shouldKeepLinesApart()
    {
        assertThat(Escaped.line("a\nb\tc\rd")).isEqualTo("a\\u000ab\\u0009c\\u000dd");
        assertThat(Escaped.lines("a\nb\tc\rd")).isEqualTo("a\nb\tc\\u000dd");
    }

    @Test
    @DisplayName("A cell of a table is one line, whatever a name holds")
    void shouldEscapeCells()
    {
        final Table table = new Table("<NAME", "N");
        table.add("a\n9 forged\u001b[2J", 1);
        assertThat(table.lines()).hasSize(2).allMatch((line) -> line.chars().allMatch((unit) -> unit >= ' '))
            .last().asString().startsWith("a\\u000a9 forged\\u001b[2J ");
    }

    @Test
    @DisplayName("JSON is escaped in its texts alone, over several lines or in one, and is the same value")
    void shouldEscapeJson()
    {
        final Map<String, Object> value = Map.of("name", "a\u009b\u202e\u001b\n\"<b>");
        final String escaped = "\"a\\u009b\\u202e\\u001b\\n\\\"<b>\"";
        assertThat(Json.line(value)).isEqualTo("{\"name\":" + escaped + "}");
        assertThat(Json.pretty(value)).isEqualTo("{\n  \"name\": " + escaped + "\n}");
        assertThat(new Gson().fromJson(Json.line(value), Object.class)).isEqualTo(value);
    }
}
