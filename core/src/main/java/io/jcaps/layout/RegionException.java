/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

/**
 * Thrown when a region is missing, corrupt or incompatible, or when this process can no longer use it. The message has
 * the value that was found, its place, and what to do.
 */
public final class RegionException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    /**
     * @param message the value that was found, and what was expected.
     */
    public RegionException(final String message)
    {
        super(message);
    }

    /**
     * @param message the value that was found, and what was expected.
     * @param cause   the exception that was thrown; may be null.
     */
    public RegionException(final String message, final Throwable cause)
    {
        super(message, cause);
    }
}
