/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.ClientPort;
import io.jcaps.testkit.Extent;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Frames as no bridge sends them. {@code -Dfuzz.iterations=1000000} makes it long.
 */
class MutatedFramesTest
{
    private static final int LIMIT = 2_000;

    private final long seed = Long.getLong("caps.test.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    @DisplayName("Mutated frames: the session is closed and counted, or the frame dropped; other sessions continue")
    void shouldEndSessionAtMost()
    {
        int iterations = Integer.getInteger("fuzz.iterations", Extent.of(2_000, 20_000));
        int ended = 0;
        while (iterations > 0)
        {
            try (Scene scene = new Scene(4, LIMIT))
            {
                final ClientPort client = scene.connect();
                final List<byte[]> seen = new ArrayList<>();
                for (int i = 0; i < 500 && iterations > 0; i++, iterations--)
                {
                    client.put(scene.bytes, 0, random.nextInt(LIMIT));
                    scene.importer.doWork();
                    seen.addAll(scene.toB.frames);
                    scene.exporter.doWork();
                    seen.addAll(scene.toA.frames);
                    scene.step();
                    mutate(scene, seen);
                    while (0 <= scene.service.get(scene.request))
                    {
                        scene.request.release();
                    }
                    if (0 == random.nextInt(4))
                    {
                        scene.service.reply(scene.request.id(), scene.bytes, 0, random.nextInt(LIMIT));
                    }
                    if (!scene.importer.isListening() || scene.exporter.isOver())
                    {
                        ended++;
                        break;
                    }
                }
                while (client.get(scene.reply) >= 0)
                {
                    scene.reply.release();
                }
            }
            catch (final RuntimeException | AssertionError ex)
            {
                throw new AssertionError("caps.test.seed=" + seed, ex);
            }
        }
        assertThat(ended).isPositive();
    }

    private void mutate(final Scene scene, final List<byte[]> seen)
    {
        if (seen.isEmpty())
        {
            return;
        }
        final byte[] frame = seen.get(random.nextInt(seen.size())).clone();
        for (int i = random.nextInt(3); i >= 0; i--)
        {
            frame[random.nextInt(Math.min(frame.length, 48))] = (byte)random.nextInt(256);
        }
        final StepWire wire = random.nextBoolean() ? scene.toA : scene.toB;
        wire.fragmentLength = 1 + random.nextInt(1_400);
        wire.deliver(wire == scene.toA ? scene.importer : scene.exporter, frame);
        wire.fragmentLength = 1_376;
    }
}
