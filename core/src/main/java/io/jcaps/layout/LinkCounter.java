/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

/**
 * A number that one side of a link counts, in the link.
 */
public interface LinkCounter extends Counter
{
    /**
     * @return its place in bytes from the start of the link.
     */
    int offset();
}
