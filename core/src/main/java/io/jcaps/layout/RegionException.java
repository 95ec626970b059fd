/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

/**
 * Thrown when a region is missing, corrupt or incompatible. The message has what was found, where, and what to do.
 */
public final class RegionException extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    /**
     * @param message what was found, with the value, and what was expected.
     */
    public RegionException(final String message)
    {
        super(message);
    }

    /**
     * @param message what was found, with the value, and what was expected.
     * @param cause   exception of the operating system or the JDK.
     */
    public RegionException(final String message, final Throwable cause)
    {
        super(message, cause);
    }
}
