/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.os.NativeCalls;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The memory of links that no side holds is returned (F49).
 */
class TrimTest
{
    private static final int LENGTH = 100_000;
    private static final int BLOCK_LENGTH = 512;
    private static final Geometry GEOMETRY = new Geometry(4, 8, 4, 8, LENGTH);

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @BeforeEach
    void before()
    {
        assumeTrue(null == NativeCalls.load(), "it needs native calls");
    }

    /** As {@code df} counts it. */
    private long usedBytes() throws IOException
    {
        final Process stat = new ProcessBuilder("stat", "-c", "%b", fixture.path().toString()).start();
        return Long.parseLong(new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim()) *
            BLOCK_LENGTH;
    }

    private Attachment attach()
    {
        return fixture.closing(
            Attachment.attach(ShmHost.open(fixture.config().geometry(GEOMETRY)), 0, Throwable::printStackTrace));
    }

    @Test
    @DisplayName("F49: a link that no side holds returns its memory; a view that a caller kept does not fault")
    void shouldReturnMemoryOfLinks() throws IOException
    {
        final Attachment server = attach();
        final ServicePort service = server.service("service", new PortOptions());
        final long before = usedBytes();
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LENGTH]);
        bytes.setMemory(0, LENGTH, (byte)7);
        final UnsafeBuffer kept = new UnsafeBuffer(0, 0);
        for (int round = 0; round < 3; round++)
        {
            final Attachment process = attach();
            final ClientPort client = process.client("service", new PortOptions());
            final Message request = new Message();
            final Message reply = new Message();
            client.put(bytes, 0, LENGTH);
            service.get(request);
            request.reply(bytes, 0, LENGTH);
            client.get(reply);
            kept.wrap(reply.buffer(), 0, LENGTH);
            assertThat(usedBytes()).isGreaterThan(before + 2 * LENGTH);
            reply.release();
            process.close();
            while (service.get(request) >= 0)
            {
                // Disposals, and the end of the link.
            }
            for (int i = 0; i < 32; i++)
            {
                server.watch().doWork();
            }
            assertThat(usedBytes()).isLessThanOrEqualTo(before + LENGTH / 2);
            assertThat(kept.getByte(LENGTH - 1)).isIn((byte)0, (byte)7);
        }
    }
}
