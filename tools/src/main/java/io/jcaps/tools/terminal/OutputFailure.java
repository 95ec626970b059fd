/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

/**
 * Standard output cannot be written. Unchecked, because {@link java.io.PrintWriter} hides an {@code IOException}.
 */
public final class OutputFailure extends RuntimeException
{
    private static final long serialVersionUID = 1L;
    /** What a shell reports for a process that SIGPIPE has ended: 128 + 13. */
    private static final int BROKEN_PIPE = 141;

    private final boolean isPipe;

    /**
     * @param isPipe  whether standard output is a pipe or a socket, whose reader has gone.
     * @param problem what the operating system said.
     */
    public OutputFailure(final boolean isPipe, final String problem)
    {
        super("cannot write to standard output: " + problem);
        this.isPipe = isPipe;
    }

    /**
     * @return whether the reader has gone, as after {@code | head}: that is no error to report.
     */
    public boolean isPipe()
    {
        return isPipe;
    }

    /**
     * @return exit code of a command that ends because of it: 141 for a pipe, else 1.
     */
    public int exitCode()
    {
        return isPipe ? BROKEN_PIPE : ExitCodes.FAILED;
    }
}
