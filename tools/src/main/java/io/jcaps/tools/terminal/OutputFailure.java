/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

/**
 * Thrown when standard output cannot be written. Unchecked, because {@link java.io.PrintWriter} hides an {@code
 * IOException}.
 */
public final class OutputFailure extends RuntimeException
{
    private static final long serialVersionUID = 1L;
    /** What a shell reports for a process that SIGPIPE has ended: 128 + 13. */
    private static final int BROKEN_PIPE = 141;

    private final boolean isPipe;

    /**
     * @param isPipe  whether standard output is a pipe or a socket whose reader has closed it.
     * @param problem the operating system's error.
     */
    public OutputFailure(final boolean isPipe, final String problem)
    {
        super("cannot write to standard output: " + problem);
        this.isPipe = isPipe;
    }

    /**
     * @return whether the reader has closed the pipe, as {@code | head} does: that is not reported as an error.
     */
    public boolean isPipe()
    {
        return isPipe;
    }

    /**
     * @return exit code of the command: 141 for a pipe, else 1.
     */
    public int exitCode()
    {
        return isPipe ? BROKEN_PIPE : ExitCodes.FAILED;
    }
}
