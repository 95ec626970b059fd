/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

/**
 * CPU time of a cell's two processes, all of their threads, outside of its probes.
 *
 * @param clientNs of the client for each reply, in nanoseconds; each value is NaN if not measured.
 * @param serverNs of the server.
 * @param helperNs part of both that threads other than the two that measure used, such as a driver, a conductor or a
 *                 watch; NaN for native programs.
 * @param idleCpus CPUs that both keep busy together while nothing is sent: 2 if both spin.
 */
public record CpuUse(double clientNs, double serverNs, double helperNs, double idleCpus)
{
    /** Nothing was measured. */
    public static final CpuUse NONE = new CpuUse(Double.NaN, Double.NaN, Double.NaN, Double.NaN);
}
