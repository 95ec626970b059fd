/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;

/**
 * What commands print with {@code --json}. Any thread may call.
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
     * @return it, over several lines.
     */
    public static String pretty(final Object value)
    {
        return escape(PRETTY.toJson(value));
    }

    /**
     * @param value maps, lists, numbers, texts.
     * @return it, in one line: for values that follow each other.
     */
    public static String line(final Object value)
    {
        return escape(LINE.toJson(value));
    }

    /** All that the library leaves as it is and a terminal obeys; such characters are in texts only, never between. */
    private static String escape(final String json)
    {
        return Escaped.lines(json);
    }
}
