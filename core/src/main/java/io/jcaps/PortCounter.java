/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * What a port counts of that which should not happen. The numbers lie in the region, written by the port's owner alone,
 * so that they can be read from another process, too, and after the owner's death.
 */
public enum PortCounter
{
    /** Clients that a service turned away because R6 does not let them in. */
    REFUSED,
    /** Clients that a service turned away because their process entry says something else than the operating system. */
    FORGED,
    /** Links that the port gave up because what the other side had written cannot be. */
    CORRUPT
}
