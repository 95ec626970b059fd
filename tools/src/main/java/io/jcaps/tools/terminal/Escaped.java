/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

/**
 * Escapes text from a region, a file name or a peer for a terminal: such text can hold escape sequences, line feeds
 * that forge rows, and characters that reverse what follows. Any thread may call.
 */
public final class Escaped
{
    private Escaped()
    {
    }

    /**
     * @param text of any origin.
     * @return the text in one line, with a backslash and {@code u} and four hexadecimal digits in the place of each
     * control character, line separator, formatting character and unpaired surrogate.
     */
    public static String line(final String text)
    {
        return escape(text, false);
    }

    /**
     * @param text of any origin.
     * @return the same as {@link #line}, but line feeds and tabs stay.
     */
    public static String lines(final String text)
    {
        return escape(text, true);
    }

    private static String escape(final String text, final boolean keepsLines)
    {
        StringBuilder escaped = null;
        int length;
        for (int i = 0; i < text.length(); i += length)
        {
            final int codePoint = text.codePointAt(i);
            length = Character.charCount(codePoint);
            final boolean isKept = keepsLines && ('\n' == codePoint || '\t' == codePoint) || isPlain(codePoint);
            if (!isKept && null == escaped)
            {
                escaped = new StringBuilder(text.length() + 16).append(text, 0, i);
            }
            if (null != escaped && isKept)
            {
                escaped.appendCodePoint(codePoint);
            }
            for (int j = i; !isKept && j < i + length; j++)
            {
                escaped.append(String.format("\\u%04x", (int)text.charAt(j)));
            }
        }
        return null == escaped ? text : escaped.toString();
    }

    private static boolean isPlain(final int codePoint)
    {
        return switch (Character.getType(codePoint))
        {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
                Character.SURROGATE, Character.UNASSIGNED, Character.PRIVATE_USE -> false;
            default -> true;
        };
    }
}
