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
    /** Each side polls on a core of its own. */
    SPIN,
    /** Each side polls, and yields its core when no message is ready: for more threads than cores. */
    YIELD,
    /** Each side sleeps in the operating system until it is woken. */
    BLOCK
}
