/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * Thrown when a port, a wait set or an attachment cannot be opened, or when a region has no message ids left. The
 * message has the cause and the values; {@link #status()} is one of {@link Status}'s constants.
 */
public final class CapsException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * @param status  one of {@link Status}'s constants.
     * @param message the cause, with the value, and what to do.
     */
    public CapsException(final int status, final String message)
    {
        super(Status.text(status) + ": " + message);
        this.status = status;
    }

    /**
     * @return one of {@link Status}'s constants.
     */
    public int status()
    {
        return status;
    }
}
