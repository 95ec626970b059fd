/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

/**
 * A measurement of the floor within a cell, between the cell's own two threads.
 *
 * @param p50Ns   median of round trips that were timed one by one, in nanoseconds, with the clock's own cost as in
 *                every other time; NaN if there were too few.
 * @param batchNs median of round trips that were timed 100 at a time, in nanoseconds per round trip; NaN if there were
 *                too few, or both sides sleep.
 */
public record Probe(double p50Ns, double batchNs)
{
    /** Too few round trips for a value. */
    static final Probe NONE = new Probe(Double.NaN, Double.NaN);

    /**
     * The time that distinguishes states of the machine: the batch's time if there is one, as the clock's resolution is
     * up to 7 % of a single round trip.
     *
     * @return nanoseconds; NaN if not known.
     */
    double stateNs()
    {
        return Double.isNaN(batchNs) ? p50Ns : batchNs;
    }
}
