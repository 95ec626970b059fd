/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Where the demo shows what it does: lines, and below them one line of progress that is drawn again and again on a
 * terminal, or now and then a new one elsewhere. 80 columns. One thread at a time.
 */
final class Screen
{
    /** Columns that are used, so that nothing wraps at 80. */
    static final int WIDTH = 79;

    private static final long PLAIN_INTERVAL_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int PROGRESS_WIDTH = 20;
    private static final String EIGHTHS = " ▏▎▍▌▋▊▉█";
    private static final int EIGHTH_COUNT = 8;
    private static final String ERASE_LINE = "\r\u001b[K";

    private final PrintStream out;
    private final boolean isTerminal;
    private final boolean isUnicode;
    private boolean hasProgress;
    private long plainDeadlineNs = System.nanoTime() + PLAIN_INTERVAL_NS;

    /**
     * @param out        to print to.
     * @param isTerminal whether it can draw a line again.
     * @param isUnicode  whether it can show block characters; if not, bars are of ASCII.
     */
    Screen(final PrintStream out, final boolean isTerminal, final boolean isUnicode)
    {
        this.out = out;
        this.isTerminal = isTerminal;
        this.isUnicode = isUnicode;
    }

    void print(final String text)
    {
        endProgress();
        out.println(text);
    }

    void title(final String text)
    {
        print("");
        print(text);
        print((isUnicode ? "─" : "-").repeat(WIDTH));
    }

    /**
     * Shows how far something is.
     *
     * @param fraction that is done, 0 to 1.
     * @param text     beside the bar.
     */
    void progress(final double fraction, final String text)
    {
        final String line = String.format(Locale.ROOT, "  [%s] %3d%%  %s",
            pad(bar(fraction * PROGRESS_WIDTH), PROGRESS_WIDTH), (int)(fraction * 100), text);
        progress(line);
    }

    /**
     * Shows something that will be replaced by what comes next.
     *
     * @param line of text.
     */
    void progress(final String line)
    {
        if (isTerminal)
        {
            out.print(ERASE_LINE + line.substring(0, Math.min(line.length(), WIDTH)));
            out.flush();
            hasProgress = true;
            return;
        }
        final long nowNs = System.nanoTime();
        if (nowNs - plainDeadlineNs >= 0)
        {
            plainDeadlineNs = nowNs + PLAIN_INTERVAL_NS;
            out.println(line);
        }
    }

    /** Leaves the terminal with a clean line. */
    void endProgress()
    {
        if (hasProgress)
        {
            out.print(ERASE_LINE);
            out.flush();
            hasProgress = false;
        }
    }

    /**
     * A horizontal bar, to an eighth of a column where there are characters for it.
     *
     * @param columns its length, 0 or more.
     * @return the bar, not padded; not empty if the length is not zero.
     */
    String bar(final double columns)
    {
        if (!isUnicode)
        {
            return "#".repeat(columns > 0 ? (int)Math.max(1, Math.round(columns)) : 0);
        }
        final int eighths = columns > 0 ? (int)Math.max(1, Math.round(columns * EIGHTH_COUNT)) : 0;
        final String whole = EIGHTHS.substring(EIGHTH_COUNT).repeat(eighths / EIGHTH_COUNT);
        return eighths % EIGHTH_COUNT == 0 ? whole : whole + EIGHTHS.charAt(eighths % EIGHTH_COUNT);
    }

    static String pad(final String text, final int width)
    {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
