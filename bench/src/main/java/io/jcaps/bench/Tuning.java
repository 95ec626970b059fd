/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * What may be asked of the machine; all of it is off unless the user says so.
 *
 * @param pin       whether each side's thread keeps to a core of its own.
 * @param prefault  whether a link's pages get memory when it is opened. For the transports that know how.
 * @param hugePages whether mappings ask for huge pages. For the transports that know how.
 */
public record Tuning(boolean pin, boolean prefault, boolean hugePages)
{
    /** Nothing is asked. */
    public static final Tuning NONE = new Tuning(false, false, false);
}
