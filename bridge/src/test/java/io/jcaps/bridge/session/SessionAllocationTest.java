/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import com.sun.management.ThreadMXBean;
import io.jcaps.ClientPort;
import io.jcaps.MessageState;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.lang.management.ManagementFactory;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Nothing is allocated per message by either end of a session, once it is warm.
 */
class SessionAllocationTest
{
    private static final int LIMIT = 4_000;
    private static final int FRAGMENT_LENGTH = 1_376;
    private static final int WARM_UP_COUNT = 20_000;
    private static final int ROUND_COUNT = 20_000;
    /** A deoptimization of compiled code allocates, too, ever more rarely; a message that allocates does so in each. */
    private static final int MAX_ATTEMPTS = 100;

    private final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();

    /** Delivers each frame at once, in fragments; the beats are few and come at any time. */
    private static final class DirectWire implements Wire
    {
        private final UnsafeBuffer frame = new UnsafeBuffer(new byte[2 * LIMIT]);
        private int length;

        @Override
        public boolean send(final DirectBuffer header, final DirectBuffer body, final int bodyLength)
        {
            if (length > 0)
            {
                return false;
            }
            frame.putBytes(0, header, 0, FrameDescriptor.HEADER_LENGTH);
            frame.putBytes(FrameDescriptor.HEADER_LENGTH, body, 0, bodyLength);
            length = FrameDescriptor.HEADER_LENGTH + bodyLength;
            return true;
        }

        void deliver(final Session session)
        {
            final int total = length;
            length = 0;
            for (int offset = 0; offset < total; offset += FRAGMENT_LENGTH)
            {
                final int part = Math.min(FRAGMENT_LENGTH, total - offset);
                session.onFragment(frame, offset, part, 0 == offset, offset + part == total);
            }
        }
    }

    private final DirectWire toA = new DirectWire();
    private final DirectWire toB = new DirectWire();
    private Scene scene;
    private ClientPort client;
    private ImportSession importer;
    private ExportSession exporter;

    private void step()
    {
        scene.nowNs += 100_000;
        toA.deliver(importer);
        importer.doWork();
        toB.deliver(exporter);
        exporter.doWork();
    }

    private void round(final int length)
    {
        if (client.put(scene.bytes, 0, length) < 0)
        {
            throw new AssertionError("not accepted");
        }
        while (MessageState.REQUEST != scene.service.get(scene.request))
        {
            step();
        }
        scene.request.reply(scene.bytes, 0, length);
        while (MessageState.REPLY != client.get(scene.reply))
        {
            step();
        }
        scene.reply.release();
    }

    @Test
    @DisplayName("B7, B8: no byte is allocated per message, of one fragment or of several")
    void shouldAllocateNothing()
    {
        scene = new Scene(4, LIMIT);
        scene.withService();
        importer = new ImportSession(scene.context(scene.bridgeA, scene.keyA), scene.countersA, toB,
            Scene.listener(scene.eventsA), Scene.NAME);
        exporter = new ExportSession(scene.context(scene.bridgeB, scene.keyB), scene.countersB, toA,
            Scene.listener(scene.eventsB), Set.of(Scene.NAME), true);
        while (!scene.eventsA.contains("up"))
        {
            step();
        }
        client = scene.client();
        for (int i = 0; i < WARM_UP_COUNT; i++)
        {
            round(0 == i % 4 ? LIMIT : 32);
        }
        final long threadId = Thread.currentThread().getId();
        // What the JVM does once would not be there in each attempt.
        long least = Long.MAX_VALUE;
        for (int attempt = 0; attempt < MAX_ATTEMPTS && 0 != least; attempt++)
        {
            final long before = threads.getThreadAllocatedBytes(threadId);
            for (int i = 0; i < ROUND_COUNT; i++)
            {
                round(0 == i % 4 ? LIMIT : 32);
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(threadId) - before);
        }
        assertThat(least).as("bytes in " + ROUND_COUNT + " round trips").isZero();
        importer.fail("closed");
        exporter.fail("closed");
        step();
        scene.close();
    }
}
