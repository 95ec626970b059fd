/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * The keyboard of a command that fills the screen: keys come one by one and are not shown. Java cannot switch a
 * terminal to that mode, so {@code stty} does; where that fails, no key ever comes. One thread; {@link #close()} by
 * any.
 */
public final class Keyboard implements AutoCloseable
{
    /** No key was pressed. */
    public static final int NONE = -1;

    private static final File TERMINAL = new File("/dev/tty");
    private static final int DEFAULT_ROWS = 24;
    private static final int DEFAULT_COLUMNS = 80;
    private static final int STTY_S = 5;

    private final FileInputStream input;
    private final String saved;
    private boolean isClosed;

    private Keyboard(final FileInputStream input, final String saved)
    {
        this.input = input;
        this.saved = saved;
    }

    /**
     * @return the keyboard; to be closed.
     */
    public static Keyboard open()
    {
        final String saved = stty("-g");
        if (null == saved || null == stty("-icanon", "-echo", "min", "0", "time", "0"))
        {
            return new Keyboard(null, null);
        }
        try
        {
            return new Keyboard(new FileInputStream(TERMINAL), saved);
        }
        catch (final IOException ex)
        {
            stty(saved);
            return new Keyboard(null, null);
        }
    }

    /**
     * @return a pressed key, or {@link #NONE}; does not wait.
     */
    public int poll()
    {
        try
        {
            return null == input ? NONE : input.read();
        }
        catch (final IOException ex)
        {
            return NONE;
        }
    }

    /**
     * @return rows and columns of the terminal; 24 and 80 if they are not known.
     */
    public int[] size()
    {
        final String size = null == input ? null : stty("size");
        if (null != size && size.matches("[1-9]\\d{0,3} [1-9]\\d{0,3}"))
        {
            final int blank = size.indexOf(' ');
            return new int[] {Integer.parseInt(size.substring(0, blank)), Integer.parseInt(size.substring(blank + 1))};
        }
        return new int[] {DEFAULT_ROWS, DEFAULT_COLUMNS};
    }

    /** Restores the terminal's mode. A second call does nothing. */
    @Override
    public synchronized void close()
    {
        if (!isClosed)
        {
            isClosed = true;
            if (null != input)
            {
                stty(saved);
                try
                {
                    input.close();
                }
                catch (final IOException ignore)
                {
                    // Nothing was written.
                }
            }
        }
    }

    private static String stty(final String... args)
    {
        final String[] command = new String[args.length + 1];
        command[0] = "stty";
        System.arraycopy(args, 0, command, 1, args.length);
        // Ctrl-C ends the command, and the terminal's mode must be restored after it.
        boolean isInterrupted = Thread.interrupted();
        try
        {
            final Process process = new ProcessBuilder(command)
                .redirectInput(TERMINAL).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim();
            return process.waitFor(STTY_S, TimeUnit.SECONDS) && 0 == process.exitValue() ? output : null;
        }
        catch (final IOException ex)
        {
            return null;
        }
        catch (final InterruptedException ex)
        {
            isInterrupted = true;
            return null;
        }
        finally
        {
            if (isInterrupted)
            {
                Thread.currentThread().interrupt();
            }
        }
    }
}
