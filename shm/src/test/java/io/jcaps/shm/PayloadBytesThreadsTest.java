/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import net.openhft.chronicle.bytes.Bytes;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Payloads as Chronicle Bytes in another thread than the one that warmed them up, with assertions enabled as in each
 * test: Chronicle checks threads then.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PayloadBytesThreadsTest
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();
    private final PayloadBytes writing = new PayloadBytes();
    private final PayloadBytes reading = new PayloadBytes();

    @Test
    @DisplayName("R13: an object that one thread has used works in another one, to write and to read")
    void shouldBeHandedToAnotherThread() throws Exception
    {
        assertThat(PayloadBytesThreadsTest.class.desiredAssertionStatus()).as("-ea").isTrue();
        try (Attachment caps = Caps.attach(fixture.config());
            ServicePort service = caps.service("bytes");
            ClientPort client = caps.client("bytes"))
        {
            for (int i = 0; i < 3; i++)
            {
                final long number = i;
                final CompletableFuture<Long> read = new CompletableFuture<>();
                final Thread thread = new Thread(() ->
                {
                    try
                    {
                        read.complete(send(service, client, number));
                    }
                    catch (final Throwable ex)
                    {
                        read.completeExceptionally(ex);
                    }
                });
                thread.start();
                assertThat(read.get()).isEqualTo(number);
                thread.join();
                assertThat(send(service, client, -number)).isEqualTo(-number);
            }
        }
    }

    private long send(final ServicePort service, final ClientPort client, final long number)
    {
        final Claim claim = new Claim();
        final Message message = new Message();
        assertThat(client.claim(100, claim)).isEqualTo(Status.OK);
        final Bytes<?> bytes = writing.forWriting(claim);
        bytes.writeLong(number).writeUtf8("text");
        assertThat(claim.put((int)bytes.writePosition())).isPositive();
        while (MessageState.REQUEST != service.await(message, Long.MAX_VALUE))
        {
            assertThat(message.state()).isEqualTo(MessageState.DISPOSE);
        }
        final Bytes<?> received = reading.forReading(message);
        final long result = received.readLong();
        assertThat(received.readUtf8()).isEqualTo("text");
        message.reply();
        assertThat(client.await(message, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        message.release();
        return result;
    }
}
