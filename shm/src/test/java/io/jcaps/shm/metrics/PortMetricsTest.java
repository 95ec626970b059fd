/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.metrics;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.Geometry;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PortMetricsTest
{
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private double count(final String name, final String kind, final String... tags)
    {
        return registry.get(name).tags("port", "measured", "kind", kind).tags(tags).functionCounter().count();
    }

    @Test
    @DisplayName("A registry reads the counters of ports by name, port and kind, also after they have closed")
    void shouldBindCounters()
    {
        final LocalRegion region = new LocalRegion(new Geometry(2, 4, 2, 2, 64));
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
        final Message message = new Message();
        try (Attachment attachment = Attachment.attach(region.host(), 0, Throwable::printStackTrace);
            ServicePort service = attachment.service("measured", new PortOptions());
            ClientPort client = attachment.client("measured", new PortOptions()))
        {
            new PortMetrics(service).bindTo(registry);
            new PortMetrics(client, Tags.of("desk", "7")).bindTo(registry);
            assertThat(count("jcaps.puts", "client")).isZero();
            for (int i = 0; i < 3; i++)
            {
                client.put(bytes, 0, 40);
                while (service.get(message) >= 0)
                {
                    if (message.length() > 0)
                    {
                        message.reply(bytes, 0, 5);
                    }
                }
                client.get(message);
                message.release();
            }
            assertThat(count("jcaps.puts", "client", "desk", "7")).isEqualTo(3);
            assertThat(count("jcaps.put.bytes", "client")).isEqualTo(120);
            assertThat(count("jcaps.replies", "client")).isEqualTo(3);
            assertThat(count("jcaps.gets", "service")).isEqualTo(3);
            assertThat(count("jcaps.replies", "service")).isEqualTo(3);
            assertThat(count("jcaps.reply.bytes", "service")).isEqualTo(15);
            assertThat(count("jcaps.accepted", "service")).isEqualTo(1);
            final FunctionCounter bytesCounter = registry.get("jcaps.put.bytes").functionCounter();
            assertThat(bytesCounter.getId().getBaseUnit()).isEqualTo("bytes");
            assertThat(bytesCounter.getId().getDescription()).isEqualTo("bytes of payload put");
            client.close();
            service.close();
            assertThat(count("jcaps.puts", "client")).isEqualTo(3);
            assertThat(count("jcaps.gets", "service")).isEqualTo(3);
        }
    }
}
