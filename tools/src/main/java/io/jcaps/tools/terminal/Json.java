/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;

/**
 * Renders the output of {@code --json}. Any thread may call.
 */
public final class Json
{
    private static final Gson PRETTY =
        new GsonBuilder().serializeNulls().setPrettyPrinting().disableHtmlEscaping().create();
    private static final Gson LINE = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    private Json()
    {
    }

    /**
     * @param value maps, lists, numbers, texts.
     * @return JSON in several lines.
     */
    public static String pretty(final Object value)
    {
        return escape(PRETTY.toJson(value));
    }

    /**
     * @param value maps, lists, numbers, texts.
     * @return JSON in one line: for a sequence of values.
     */
    public static String line(final Object value)
    {
        return escape(LINE.toJson(value));
    }

    /**
     * Escapes the characters that the JSON library does not, and that a terminal obeys; they occur only within strings.
     */
    private static String escape(final String json)
    {
        return Escaped.lines(json);
    }
}
