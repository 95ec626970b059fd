/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line between a child and its parent, in either direction: a word, and named values. Not thread safe.
 */
public final class Line
{
    /** Distinguishes these lines from any other output of a JVM. */
    private static final String PREFIX = "@caps ";

    private final String word;
    private final Map<String, String> values = new LinkedHashMap<>();

    public Line(final String word)
    {
        this.word = word;
    }

    /**
     * Reads a line.
     *
     * @param text of it.
     * @return the line; null if the text does not begin with the prefix.
     */
    public static Line parse(final String text)
    {
        if (!text.startsWith(PREFIX))
        {
            return null;
        }
        final String[] parts = text.substring(PREFIX.length()).split(" ");
        final Line line = new Line(parts[0]);
        for (int i = 1; i < parts.length; i++)
        {
            final int equals = parts[i].indexOf('=');
            line.with(parts[i].substring(0, equals),
                URLDecoder.decode(parts[i].substring(equals + 1), StandardCharsets.UTF_8));
        }
        return line;
    }

    public Line with(final String name, final String value)
    {
        values.put(name, value);
        return this;
    }

    public Line with(final String name, final long value)
    {
        return with(name, Long.toString(value));
    }

    public String word()
    {
        return word;
    }

    public String text(final String name)
    {
        final String value = values.get(name);
        if (null == value)
        {
            throw new IllegalStateException("no " + name + " in line: " + this);
        }
        return value;
    }

    public long number(final String name)
    {
        return Long.parseLong(text(name));
    }

    @Override
    public String toString()
    {
        final StringBuilder builder = new StringBuilder(PREFIX).append(word);
        values.forEach((name, value) -> builder.append(' ').append(name).append('=')
            .append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
        return builder.toString();
    }
}
