/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

/** What the processes of a test have done so far, as the watchdog judges it. */
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
