/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import java.io.Console;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A command's output: lines, and below them one line of progress, which is redrawn on a terminal; elsewhere a new line
 * is printed at intervals. 80 columns. One thread at a time.
 */
public final class Screen
{
    /** Columns that are used, so that nothing wraps at 80. */
    public static final int WIDTH = 79;

    private static final int PROGRESS_WIDTH = 20;
    private static final String EIGHTHS = " ▏▎▍▌▋▊▉█";
    private static final int EIGHTH_COUNT = 8;
    private static final String ERASE_LINE = "\r\u001b[K";
    /** Cuts lines in a narrow window: a wrapped line could not be erased. */
    private static final String WRAP_OFF = "\u001b[?7l";
    private static final String WRAP_ON = "\u001b[?7h";

    private final PrintStream out;
    private final boolean isTerminal;
    private final boolean isUnicode;
    private final long plainIntervalNs;
    private boolean hasProgress;
    private long plainDeadlineNs;

    /**
     * @param out             to print to.
     * @param isTerminal      whether it can draw a line again.
     * @param isUnicode       whether it can show block characters; if not, bars are of ASCII.
     * @param plainIntervalNs nanoseconds from one line of progress to the next, where there is no terminal.
     */
    public Screen(
        final PrintStream out, final boolean isTerminal, final boolean isUnicode, final long plainIntervalNs)
    {
        this.out = out;
        this.isTerminal = isTerminal;
        this.isUnicode = isUnicode;
        this.plainIntervalNs = plainIntervalNs;
        plainDeadlineNs = System.nanoTime() + plainIntervalNs;
    }

    /**
     * @param plainIntervalNs nanoseconds from one line of progress to the next, where there is no terminal.
     * @return standard output.
     */
    public static Screen standardOutput(final long plainIntervalNs)
    {
        return new Screen(
            System.out, isTerminal(), StandardCharsets.UTF_8.equals(StandardOutput.charset()), plainIntervalNs);
    }

    /**
     * @return whether standard output is a terminal.
     */
    public static boolean isTerminal()
    {
        final Console console = System.console();
        if (null == console)
        {
            return false;
        }
        try
        {
            // From JDK 22 on there always is a console, which reports whether it is a terminal.
            return (boolean)Console.class.getMethod("isTerminal").invoke(console);
        }
        catch (final ReflectiveOperationException ex)
        {
            return true;
        }
    }

    /**
     * @return the stream that it prints to, with a clean line.
     */
    public PrintStream stream()
    {
        endProgress();
        return out;
    }

    /**
     * @param text for a line of its own.
     */
    public void print(final String text)
    {
        endProgress();
        out.println(text);
    }

    /**
     * @param text to be underlined.
     */
    public void title(final String text)
    {
        print("");
        print(text);
        print((isUnicode ? "─" : "-").repeat(WIDTH));
    }

    /**
     * Shows progress.
     *
     * @param fraction of the work that is done, 0 to 1.
     * @param text     beside the bar.
     */
    public void progress(final double fraction, final String text)
    {
        final String line = String.format(Locale.ROOT, "  [%s] %3d%%  %s",
            pad(bar(fraction * PROGRESS_WIDTH), PROGRESS_WIDTH), (int)(fraction * 100), text);
        progress(line);
    }

    /**
     * Shows a line that the next output replaces.
     *
     * @param line of text.
     */
    public void progress(final String line)
    {
        if (isTerminal)
        {
            out.print(ERASE_LINE + WRAP_OFF + line.substring(0, Math.min(line.length(), WIDTH)) + WRAP_ON);
            out.flush();
            hasProgress = true;
            return;
        }
        final long nowNs = System.nanoTime();
        if (nowNs - plainDeadlineNs >= 0)
        {
            plainDeadlineNs = nowNs + plainIntervalNs;
            out.println(line);
        }
    }

    /** Leaves the terminal with a clean line. */
    public void endProgress()
    {
        if (hasProgress)
        {
            out.print(ERASE_LINE);
            out.flush();
            hasProgress = false;
        }
    }

    /**
     * A horizontal bar, exact to an eighth of a column where block characters can be shown.
     *
     * @param columns its length, 0 or more.
     * @return the bar, not padded; not empty if the length is not zero.
     */
    public String bar(final double columns)
    {
        if (!isUnicode)
        {
            return "#".repeat(columns > 0 ? (int)Math.max(1, Math.round(columns)) : 0);
        }
        final int eighths = columns > 0 ? (int)Math.max(1, Math.round(columns * EIGHTH_COUNT)) : 0;
        final String whole = EIGHTHS.substring(EIGHTH_COUNT).repeat(eighths / EIGHTH_COUNT);
        return eighths % EIGHTH_COUNT == 0 ? whole : whole + EIGHTHS.charAt(eighths % EIGHTH_COUNT);
    }

    /**
     * @param text  to pad.
     * @param width in columns.
     * @return the text, with spaces up to the width.
     */
    public static String pad(final String text, final int width)
    {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    /** The terminal's encoding by the locale: JDK 17 has another property for it than JDK 19 and later. */
}
