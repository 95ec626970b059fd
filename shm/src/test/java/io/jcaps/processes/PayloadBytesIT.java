/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.PayloadBytes;
import net.openhft.chronicle.bytes.Bytes;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Objects that write themselves into a claim and read themselves from a message, in two processes.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PayloadBytesIT
{
    private static final String NAME = "orders";
    private static final int COUNT = 500;

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @Test
    @DisplayName("R13, B6: an object is written straight into a claim and read straight from a message, both ways")
    void shouldExchangeObjects()
    {
        final ChildJvm child = region.closing(ChildJvm.start(region.path()));
        child.tell("receipts", NAME, COUNT);
        try (Attachment attachment = region.attach();
            ClientPort client = attachment.client(
                NAME, new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC)))
        {
            final Claim claim = new Claim();
            final Message reply = new Message();
            final PayloadBytes payload = new PayloadBytes();
            final PayloadPeer.Order order = new PayloadPeer.Order();
            for (int i = 0; i < COUNT; i++)
            {
                // Short ones lie in the slot itself, long ones in its cell.
                final String symbol = "S" + "x".repeat(i % 100);
                assertThat(client.claim(32 + i % 3 * 100, claim)).isEqualTo(Status.OK);
                order.number = i;
                order.price = i + 0.5;
                order.symbol = claim.length() < 100 ? "S" : symbol;
                final Bytes<?> bytes = payload.forWriting(claim);
                order.writeMarshallable(bytes);
                assertThat(bytes.writePosition()).isLessThanOrEqualTo(claim.length());
                assertThat(claim.put((int)bytes.writePosition())).isPositive();

                final String sent = order.symbol;
                assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
                order.readMarshallable(payload.forReading(reply));
                reply.release();
                assertThat(order.number).isEqualTo(2L * i);
                assertThat(order.price).isEqualTo((i + 0.5) / 2);
                assertThat(order.symbol).isEqualTo(sent + "!");
            }
        }
        assertThat(child.answer()).isEqualTo("served " + COUNT);
    }

    @Test
    @DisplayName("limits: no byte is written beyond a claim, or read beyond a message")
    void shouldKeepToLimits()
    {
        try (Attachment attachment = region.attach())
        {
            final PortOptions options = new PortOptions().flags(PortFlags.USER);
            final ServicePort service = attachment.service(NAME, options);
            final ClientPort client = attachment.client(NAME, options);
            final Claim claim = new Claim();
            final Message request = new Message();
            final PayloadBytes payload = new PayloadBytes();
            for (final int length : new int[]{131_072, 16, 0, 33, 16})
            {
                assertThat(client.claim(length, claim)).isEqualTo(Status.OK);
                final Bytes<?> writing = payload.forWriting(claim);
                assertThat(writing.writeLimit()).isEqualTo(length);
                for (int i = 0; i < length; i++)
                {
                    writing.writeByte((byte)i);
                }
                assertThatThrownBy(() -> writing.writeByte((byte)1)).isInstanceOf(BufferOverflowException.class);
                assertThatThrownBy(() -> writing.writeLong(1)).isInstanceOf(BufferOverflowException.class);
                assertThat(writing.writePosition()).isEqualTo(length);
                assertThat(claim.put((int)writing.writePosition())).isPositive();

                assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
                final Bytes<?> reading = payload.forReading(request);
                assertThat(reading.readRemaining()).isEqualTo(length);
                for (int i = 0; i < length; i++)
                {
                    assertThat(reading.readByte()).isEqualTo((byte)i);
                }
                assertThat(reading.readRemaining()).isZero();
                assertThatThrownBy(reading::readLong).isInstanceOf(BufferUnderflowException.class);
                request.release();
                assertThatThrownBy(() -> payload.forReading(request)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> payload.forWriting(claim)).isInstanceOf(IllegalStateException.class);
            }
        }
    }
}
