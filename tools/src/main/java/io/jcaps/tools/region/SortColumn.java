/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import java.util.Comparator;
import java.util.function.ToLongFunction;

/**
 * The columns by which {@code caps stat} can sort: names ascending, numbers descending.
 */
enum SortColumn
{
    name(null),
    pid((row) -> row.pid()),
    age((row) -> row.ageMs()),
    clients((row) -> row.links().size()),
    inflight((row) -> row.inFlight()),
    backlog((row) -> row.backlog()),
    puts((row) -> row.traffic().puts()),
    gets((row) -> row.traffic().gets()),
    replies((row) -> row.traffic().replies()),
    disposals((row) -> row.traffic().disposals()),
    automatic((row) -> row.traffic().automatic()),
    aborts((row) -> row.traffic().aborts()),
    nobuffers((row) -> row.traffic().noBuffers()),
    wakeups((row) -> row.traffic().wakeUps()),
    bytes((row) -> row.traffic().bytes());

    private final ToLongFunction<ServiceRow> value;

    SortColumn(final ToLongFunction<ServiceRow> value)
    {
        this.value = value;
    }

    Comparator<ServiceRow> order()
    {
        final Comparator<ServiceRow> byName = Comparator.comparing(ServiceRow::name).thenComparing(ServiceRow::pid);
        return null == value ? byName : Comparator.comparingLong(value).reversed().thenComparing(byName);
    }
}
