/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * Optional settings of the machine; all are off by default.
 *
 * @param pin       whether each side's thread is pinned to a core of its own.
 * @param prefault  whether a link's pages get memory when it is opened; for transports that support it.
 * @param hugePages whether mappings ask for huge pages; for transports that support it.
 */
public record Tuning(boolean pin, boolean prefault, boolean hugePages)
{
    /** All settings off. */
    public static final Tuning NONE = new Tuning(false, false, false);
}
