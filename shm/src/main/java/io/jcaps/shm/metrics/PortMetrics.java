/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.metrics;

import io.jcaps.ClientPort;
import io.jcaps.Port;
import io.jcaps.PortCounter;
import io.jcaps.ServicePort;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.Counter;
import io.jcaps.layout.ServiceCounter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;

import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/**
 * Binds the counters of one port to a registry: a meter each, named after {@link Counter#label()} such as
 * {@code jcaps.put.bytes}, with the tags {@code port}, its name, and {@code kind}, {@code client} or {@code service}.
 * <p>
 * The numbers are read from the region when the registry asks, so messages cost no more. After the port is closed they
 * keep their last values, as long as the port is reachable. Any thread may read, also of a single-threaded port.
 */
public final class PortMetrics implements MeterBinder
{
    private final Port port;
    private final Iterable<Tag> tags;

    /**
     * @param port whose counters to bind.
     */
    public PortMetrics(final Port port)
    {
        this(port, List.of());
    }

    /**
     * @param port whose counters to bind.
     * @param tags to add. A registry knows meters by name and tags: it cannot distinguish two ports of one kind and
     *             name unless these tags differ.
     */
    public PortMetrics(final Port port, final Iterable<Tag> tags)
    {
        this.port = Objects.requireNonNull(port, "port");
        this.tags = Objects.requireNonNull(tags, "tags");
    }

    /** {@inheritDoc} */
    @Override
    public void bindTo(final MeterRegistry registry)
    {
        if (port instanceof ClientPort client)
        {
            for (final ClientCounter counter : ClientCounter.values())
            {
                bind(registry, client, "client", counter, (each) -> each.counter(counter));
            }
        }
        else if (port instanceof ServicePort service)
        {
            for (final ServiceCounter counter : ServiceCounter.values())
            {
                bind(registry, service, "service", counter, (each) -> each.counter(counter));
            }
        }
        final String kind = port instanceof ServicePort ? "service" : "client";
        for (final PortCounter counter : PortCounter.values())
        {
            bind(registry, port, kind, counter, (each) -> each.counter(counter));
        }
    }

    private <T extends Port> void bind(
        final MeterRegistry registry,
        final T bound,
        final String kind,
        final Counter counter,
        final ToDoubleFunction<T> function)
    {
        FunctionCounter.builder("jcaps." + counter.label().replace('-', '.'), bound, function)
            .tags(Tags.of(tags).and("port", bound.name(), "kind", kind))
            .description(counter.description())
            .baseUnit(counter.label().endsWith("-bytes") ? "bytes" : null)
            .register(registry);
    }
}
