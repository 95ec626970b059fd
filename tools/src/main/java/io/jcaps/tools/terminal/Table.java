/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows of text in columns as wide as their content. The first column and all text columns are aligned left, numbers
 * right. One thread.
 */
public final class Table
{
    private final List<String[]> rows = new ArrayList<>();
    private final boolean[] isText;

    /**
     * @param headings of the columns; a heading that begins with {@code <} marks a text column.
     */
    public Table(final String... headings)
    {
        isText = new boolean[headings.length];
        final String[] row = new String[headings.length];
        for (int i = 0; i < headings.length; i++)
        {
            isText[i] = headings[i].startsWith("<");
            row[i] = isText[i] ? headings[i].substring(1) : headings[i];
        }
        rows.add(row);
    }

    /**
     * @param cells one for each column; escaped, as texts can come from a region or a file name.
     */
    public void add(final Object... cells)
    {
        if (cells.length != isText.length)
        {
            throw new IllegalArgumentException("cells=" + cells.length + ", columns=" + isText.length);
        }
        final String[] row = new String[cells.length];
        for (int i = 0; i < cells.length; i++)
        {
            row[i] = Escaped.line(String.valueOf(cells[i]));
        }
        rows.add(row);
    }

    /**
     * @return the lines, headings first.
     */
    public List<String> lines()
    {
        final int[] widths = new int[isText.length];
        for (final String[] row : rows)
        {
            for (int i = 0; i < row.length; i++)
            {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        final List<String> lines = new ArrayList<>();
        for (final String[] row : rows)
        {
            final StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++)
            {
                final String space = " ".repeat(widths[i] - row[i].length());
                line.append(0 == i ? "" : " ").append(isText[i] ? row[i] + space : space + row[i]);
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    /**
     * @param text  to show.
     * @param width in columns.
     * @return the text; if it is too long, its beginning and a {@code ~}.
     */
    public static String cut(final String text, final int width)
    {
        return text.length() <= width ? text : text.substring(0, width - 1) + '~';
    }
}
