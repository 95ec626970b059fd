/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

/**
 * Thrown when a check fails; the message says which.
 */
public final class ChildFailure extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    public ChildFailure(final String message)
    {
        super(message);
    }
}
