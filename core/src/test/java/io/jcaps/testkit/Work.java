/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

/** The work of a test's processes so far, as the watchdog measures it. */
interface Work
{
    /**
     * @return nanoseconds of processor time that they have used.
     */
    long usedNs();

    /**
     * @return nanoseconds that their threads could have run and had no processor.
     */
    long waitedNs();
}
