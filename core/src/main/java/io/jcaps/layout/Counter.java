/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

/**
 * A counter in a region. The enums that implement this list the counters of each side: {@link ClientCounter},
 * {@link ServiceCounter} and {@code io.jcaps.PortCounter}. Each counter has one writer, and only rises as long as its
 * port or link lives.
 */
public interface Counter
{
    /**
     * @return number that no other counter has, and that stays the same in later versions: 1 to 99 for ports, 101 to
     * 199 for the client of a link, 201 to 299 for the service of a link.
     */
    int id();

    /**
     * @return name in lower case with dashes, such as {@code put-bytes}: unique among the counters of its kind.
     */
    String label();

    /**
     * @return one line for people: what the counter counts.
     */
    String description();
}
