/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

/**
 * Thrown when a bridge cannot start. No thread, port or file of it remains.
 */
public final class BridgeException extends RuntimeException
{
    private static final long serialVersionUID = 1;

    BridgeException(final String message, final Throwable cause)
    {
        super(message, cause);
    }
}
