/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Before each store of one who connects or closes, the other side acts, and before each later store the one dies.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CrashConnectTest
{
    private static final int CONNECT_STORE_COUNT = 28;
    private static final int CLOSE_STORE_COUNT = 3;
    private static final int ACCEPT_STORE_COUNT = 2;

    @Test
    @DisplayName("F6: a client dies while it connects and its service closes")
    void shouldLoseNothingWhereverClientOfClosingServiceDies()
    {
        runAll("connect to a service that closes meanwhile", CONNECT_STORE_COUNT, (scene) -> scene.idler, (scene) -> {},
            CrashConnectTest::connect, CrashConnectTest::close);
    }

    @Test
    @DisplayName("F6: a service dies while it closes and a client connects")
    void shouldLoseNothingWhereverClosingServiceDies()
    {
        runAll("close while a client connects", CLOSE_STORE_COUNT, (scene) -> scene.service.process, (scene) -> {},
            CrashConnectTest::close, (scene) ->
            {
                if (!scene.service.process.host.holdsTables())
                {
                    connect(scene);
                }
            });
    }

    @Test
    @DisplayName("F6: a client dies while it connects and its service polls")
    void shouldLoseNothingWhereverClientOfLookingServiceDies()
    {
        runAll("connect to a service that looks meanwhile", CONNECT_STORE_COUNT, (scene) -> scene.idler, (scene) -> {},
            CrashConnectTest::connect, (scene) ->
            {
                // Has it look at all links, not only at its own.
                scene.kill(scene.client.process);
                scene.service.process.watch();
                scene.service.receiveAll();
            });
    }

    @Test
    @DisplayName("F6: a client and its service die while the client connects")
    void shouldLoseNothingWhereverClientOfDyingServiceDies()
    {
        runAll("connect to a service that dies meanwhile", CONNECT_STORE_COUNT, (scene) -> scene.idler, (scene) -> {},
            CrashConnectTest::connect, (scene) -> scene.kill(scene.service.process));
    }

    @Test
    @DisplayName("F6: a service dies while it accepts a client that closes")
    void shouldLoseNothingWhereverAcceptingServiceDies()
    {
        runAll("accept a client that closes meanwhile", ACCEPT_STORE_COUNT, (scene) -> scene.service.process,
            CrashConnectTest::connect, (scene) -> scene.service.receiveAll(),
            (scene) -> scene.clients.get(scene.clients.size() - 1).port.close());
    }

    @Test
    @DisplayName("F6: a service and its client die while the service accepts")
    void shouldLoseNothingWhereverServiceOfDyingClientDies()
    {
        runAll("accept a client that dies meanwhile", ACCEPT_STORE_COUNT, (scene) -> scene.service.process,
            CrashConnectTest::connect, (scene) -> scene.service.receiveAll(),
            (scene) -> scene.kill(scene.idler));
    }

    private static void connect(final CrashScene scene)
    {
        try
        {
            scene.connect(scene.idler, scene.service, CrashScene.NAME).put(CrashPayload.CELL);
        }
        catch (final CapsException ex)
        {
            assertThat(ex.status()).as(ex.getMessage()).isEqualTo(Status.NOT_FOUND);
            assertThat(scene.service.isLiving()).isFalse();
        }
    }

    private static void close(final CrashScene scene)
    {
        scene.service.isClosing = true;
        scene.service.port.close();
    }

    private static void runAll(
        final String title,
        final int minStoreCount,
        final Function<CrashScene, CrashProcess> actor,
        final Consumer<CrashScene> prepare,
        final Consumer<CrashScene> act,
        final Consumer<CrashScene> meanwhile)
    {
        final CrashPoints points = new CrashPoints(title);
        final CrashAftermath[] aftermaths = CrashAftermath.values();
        final AtomicBoolean hasActed = new AtomicBoolean(true);
        for (int i = 0; hasActed.get(); i++)
        {
            boolean hasDied = true;
            for (int j = i; hasDied; j++)
            {
                final int actIndex = i;
                final int storeIndex = j;
                points.renewRegion();
                hasDied = points.run("act before " + i + ", die before " + j, (scene) ->
                {
                    hasActed.set(false);
                    prepare.accept(scene);
                    final CrashProcess process = actor.apply(scene);
                    final boolean isDead = scene.dies(process, storeIndex, () -> act.accept(scene), actIndex, () ->
                    {
                        hasActed.set(true);
                        meanwhile.accept(scene);
                    });
                    aftermaths[(actIndex + storeIndex) % aftermaths.length].check(scene);
                    return isDead && hasActed.get();
                });
            }
        }
        points.check(minStoreCount * minStoreCount / 2);
    }
}
