/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.sbe;

import com.sun.management.ThreadMXBean;
import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.examples.sbe.codec.MessageHeaderEncoder;
import io.jcaps.examples.sbe.codec.OrderEncoder;
import io.jcaps.examples.sbe.codec.Side;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Both sides in one thread.
 */
@Timeout(600)
class SbeTest
{
    private static final int ROUND_COUNT = 20_000;
    private static final int WARM_UP_COUNT = 20_000;
    private static final int MAX_ATTEMPTS = 100;

    private final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
    @TempDir
    private Path directory;
    private Attachment caps;
    private ClientPort client;
    private SbeExchange exchange;
    private SbeTrader trader;
    private long orderId;

    @BeforeEach
    void open()
    {
        caps = Caps.attach(new RegionConfig().path(directory.resolve("region")));
        final ServicePort service = caps.service(SbeExchange.NAME);
        client = caps.client(SbeExchange.NAME);
        exchange = new SbeExchange(service);
        trader = new SbeTrader(client);
    }

    @AfterEach
    void close()
    {
        caps.close();
    }

    private void trade(final long price)
    {
        check(trader.send(++orderId, SbeTrader.SYMBOL, Side.SELL, price, 7) == Status.OK);
        // The ticket, then the order; disposals of earlier replies come between.
        for (int requestCount = 0; requestCount < 2;)
        {
            final int state = exchange.await(0);
            check(state >= 0);
            requestCount += MessageState.REQUEST == state ? 1 : 0;
        }
        check(trader.await(0) == MessageState.REPLY);
        check(trader.await(0) == MessageState.REPLY);
    }

    private void check(final boolean condition)
    {
        if (!condition)
        {
            throw new AssertionError("order " + orderId + ", " + trader);
        }
    }

    @Test
    @DisplayName("B6: an order, its acknowledgement and its fill do not allocate on either side")
    void shouldNotAllocate()
    {
        for (int i = 0; i < WARM_UP_COUNT; i++)
        {
            trade(100_0000);
        }
        final long threadId = Thread.currentThread().getId();
        // What the JVM does once, such as loading a class late, is not there in each attempt.
        long least = Long.MAX_VALUE;
        for (int attempt = 0; attempt < MAX_ATTEMPTS && 0 != least; attempt++)
        {
            // What the measurement itself allocates, some JVMs' before they compile it, is taken off.
            final long first = threads.getThreadAllocatedBytes(threadId);
            final long before = threads.getThreadAllocatedBytes(threadId);
            for (int i = 0; i < ROUND_COUNT; i++)
            {
                trade(100_0000);
            }
            final long after = threads.getThreadAllocatedBytes(threadId);
            least = Math.min(least, Math.max(0, after - before - (before - first)));
        }
        assertThat(least).as("bytes allocated by " + ROUND_COUNT + " orders").isZero();
        assertThat(trader).hasToString(orderId + " orders accepted, " + 7 * orderId + " pieces filled");
    }

    @Test
    @DisplayName("An order without a price is rejected, and its ticket returned")
    void shouldRejectOrder()
    {
        trade(0);
        assertThat(trader).hasToString("0 orders accepted, 0 pieces filled");
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("What is no order, or is shorter than its header says, gets an empty reply")
    void shouldAnswerWhatIsNoOrder()
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100]);
        final OrderEncoder order = new OrderEncoder();
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + OrderEncoder.BLOCK_LENGTH;
        final MessageHeaderEncoder header = new MessageHeaderEncoder();
        final int[] lengths = {2, MessageHeaderEncoder.ENCODED_LENGTH, length - 1, length, length, length};
        for (int i = 0; i < lengths.length; i++)
        {
            order.wrapAndApplyHeader(bytes, 0, header).orderId(1).price(1).quantity(1);
            if (3 == i)
            {
                header.templateId(99);
            }
            else if (4 == i)
            {
                header.schemaId(99);
            }
            else if (5 == i)
            {
                header.blockLength(OrderEncoder.BLOCK_LENGTH - 1);
            }
            assertThat(client.put(bytes, 0, lengths[i])).isPositive();
            final Message reply = new Message();
            while (MessageState.REQUEST != exchange.await(0))
            {
                // Disposals of earlier replies.
                assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
            }
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(reply.length()).as("case " + i).isZero();
            reply.release();
        }
    }
}
