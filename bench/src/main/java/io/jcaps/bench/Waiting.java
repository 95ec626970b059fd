/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * How both sides of a measurement wait for their messages.
 */
public enum Waiting
{
    /** Each polls on a core of its own, and does nothing else. */
    SPIN,
    /** Each polls, and yields its core when nothing is there: for more parties than cores. */
    YIELD,
    /** Each sleeps in the operating system until it is woken. */
    BLOCK
}
