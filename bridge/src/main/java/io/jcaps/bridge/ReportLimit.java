/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Limits the reports of importers that were not admitted, and of datagrams that Aeron rejects: any host that can send
 * datagrams causes such reports, again and again. In each minute each text is reported once, and at most 32 texts. Any
 * thread may call.
 */
final class ReportLimit
{
    static final int MAX_REPORTS = 32;
    static final long INTERVAL_NS = TimeUnit.MINUTES.toNanos(1);

    private final Set<String> reported = new HashSet<>();
    private long beginNs;

    /**
     * @param text  of the report.
     * @param nowNs time by a clock that never goes back.
     * @return whether it is to be reported.
     */
    synchronized boolean isDue(final String text, final long nowNs)
    {
        if (reported.isEmpty() || nowNs - beginNs >= INTERVAL_NS)
        {
            reported.clear();
            beginNs = nowNs;
        }
        return reported.size() < MAX_REPORTS && reported.add(text);
    }
}
