/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * How the two sides of a measurement wait for their messages.
 */
public enum WaitMode
{
    /** {@code get} again and again, on a port that was opened to spin only. */
    GET,
    /** {@code await} on a port that was opened to spin only. */
    SPIN,
    /** {@code await} on a port that sleeps after some polls: {@link RoundTripOptions#spinCount(int)}. */
    BLOCK
}
