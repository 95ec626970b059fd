/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

/**
 * Something that the demo shows did not hold: the message says what.
 */
final class DemoFailure extends RuntimeException
{
    private static final long serialVersionUID = 1L;

    DemoFailure(final String message)
    {
        super(message);
    }
}
