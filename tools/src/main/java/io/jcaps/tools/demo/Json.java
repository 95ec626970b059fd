/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import java.util.Map;

/**
 * Writes one flat JSON object: all that the demo needs, and no reason for a library.
 */
final class Json
{
    private Json()
    {
    }

    /**
     * Writes an object, one member a line.
     *
     * @param members in their order: strings, numbers, booleans or null.
     * @return the text, with a line feed at its end.
     */
    static String object(final Map<String, ?> members)
    {
        final StringBuilder builder = new StringBuilder("{");
        String separator = "\n";
        for (final Map.Entry<String, ?> member : members.entrySet())
        {
            builder.append(separator).append("  ");
            appendString(builder, member.getKey());
            builder.append(": ");
            final Object value = member.getValue();
            if (null == value || value instanceof Boolean || isFinite(value))
            {
                builder.append(value);
            }
            else if (value instanceof CharSequence text)
            {
                appendString(builder, text);
            }
            else
            {
                throw new IllegalArgumentException(
                    "neither a string, a finite number nor a boolean: " + member.getKey() + "=" + value);
            }
            separator = ",\n";
        }
        return builder.append("\n}\n").toString();
    }

    private static boolean isFinite(final Object value)
    {
        return value instanceof Number number && Double.isFinite(number.doubleValue());
    }

    private static void appendString(final StringBuilder builder, final CharSequence text)
    {
        builder.append('"');
        for (int i = 0; i < text.length(); i++)
        {
            final char c = text.charAt(i);
            if ('"' == c || '\\' == c)
            {
                builder.append('\\').append(c);
            }
            else if (c < ' ' || Character.isSurrogate(c))
            {
                // A surrogate without its other half could not be written as UTF-8; escaped, each can.
                builder.append(String.format("\\u%04x", (int)c));
            }
            else
            {
                builder.append(c);
            }
        }
        builder.append('"');
    }
}
