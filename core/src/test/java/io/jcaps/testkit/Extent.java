/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

/** The extent of a test: brief in the default build, full with {@code -Pfull}. */
public final class Extent
{
    private static final boolean IS_FULL = Boolean.getBoolean("caps.test.full");

    private Extent()
    {
    }

    /**
     * @return whether this build runs the exhaustive forms, too.
     */
    public static boolean isFull()
    {
        return IS_FULL;
    }

    /**
     * @param brief number for the default build.
     * @param full  number for {@code -Pfull}.
     * @return the number of this build.
     */
    public static int of(final int brief, final int full)
    {
        return IS_FULL ? full : brief;
    }
}
