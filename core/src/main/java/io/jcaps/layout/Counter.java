/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

/**
 * One of the numbers that are counted in a region. The enums that implement this define what each side counts:
 * {@link ClientCounter}, {@link ServiceCounter} and {@code io.jcaps.PortCounter}. Each number has one writer, and only
 * rises while its port or link lives.
 */
public interface Counter
{
    /**
     * @return number that no other counter has, and that stays the same in later versions: 1 to 99 are ports', 101 to
     * 199 a link's client's, 201 to 299 a link's service's.
     */
    int id();

    /**
     * @return name in lower case with dashes, such as {@code put-bytes}: unique among the counters of its kind.
     */
    String label();

    /**
     * @return what is counted, in one line.
     */
    String description();
}
