/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.aeron.Aeron;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.jcaps.bridge.session.SessionContext;
import io.jcaps.bridge.session.SessionCounter;
import io.jcaps.bridge.session.SessionCounters;
import io.jcaps.bridge.session.SharedKey;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The exports of a bridge over a real media driver, stepped by the test, by a clock that stands still: no stream ends
 * because its importer is silent.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ExporterTest
{
    private final TwoHosts hosts = new TwoHosts();

    @AfterEach
    void close() throws Exception
    {
        hosts.close();
    }

    @Test
    @Tag("full")
    @DisplayName("B7: a stream beyond the most sessions is ignored, counted and reported; the end of one makes room")
    void shouldIgnoreStreamsBeyondMostSessions(@TempDir final Path directory) throws Exception
    {
        final String driver = directory.resolve("driver").toString();
        hosts.add(MediaDriver.launch(new MediaDriver.Context().aeronDirectoryName(driver)
            .threadingMode(ThreadingMode.SHARED).dirDeleteOnShutdown(true)));
        final Aeron importers = hosts.add(Aeron.connect(new Aeron.Context().aeronDirectoryName(driver)));
        final Aeron aeron = hosts.add(Aeron.connect(
            new Aeron.Context().aeronDirectoryName(driver).useConductorAgentInvoker(true)));
        final SessionContext sessions = new SessionContext(
            hosts.bridgeB, SharedKey.none(), TimeUnit.SECONDS.toNanos(2), hosts.add(new BlockingCalls()), () -> 0);
        final BridgeConfig config = new BridgeConfig().exportService(TwoHosts.NAME).bind(hosts.endpoint).conclude();
        final SessionCounters counters = new SessionCounters(null);
        final List<Peer<?>> peers = new ArrayList<>();
        final Exporter exporter =
            new Exporter(new BridgeContext(aeron, sessions, config, hosts.events::add), counters, peers);

        for (int i = 0; i < Exporter.MAX_PEERS; i++)
        {
            addStream(importers);
        }
        await(aeron, exporter, peers, () -> Exporter.MAX_PEERS ==
            peers.stream().filter((peer) -> null != peer.session).count());
        assertThat(counters.get(SessionCounter.REFUSED)).isZero();
        assertThat(hosts.events).isEmpty();

        addStream(importers);
        await(aeron, exporter, peers, () -> 1 == counters.get(SessionCounter.REFUSED));
        assertThat(peers).hasSize(Exporter.MAX_PEERS);
        assertThat(hosts.events).singleElement().satisfies((event) ->
        {
            assertThat(event.kind()).isEqualTo(BridgeEvent.Kind.ENDED);
            assertThat(event.isImport()).isFalse();
            assertThat(event.peer()).startsWith("127.0.0.1:");
            assertThat(event.detail()).isEqualTo("not answered: there are 256 sessions");
        });

        peers.get(0).beginClose();
        await(aeron, exporter, peers, () -> Exporter.MAX_PEERS - 1 == peers.size());
        addStream(importers);
        await(aeron, exporter, peers, () -> Exporter.MAX_PEERS == peers.size());
        assertThat(counters.get(SessionCounter.REFUSED)).isEqualTo(1);
    }

    private void addStream(final Aeron importers)
    {
        final Subscription replies = importers.addSubscription(Streams.repliesFrom(hosts.endpoint), Streams.STREAM_ID);
        importers.addExclusivePublication(
            Streams.requestsTo(hosts.endpoint, replies.registrationId()), Streams.STREAM_ID);
    }

    private static void await(
        final Aeron aeron, final Exporter exporter, final List<Peer<?>> peers, final BooleanSupplier isDone)
    {
        Awaitility.await().pollInSameThread().pollDelay(0, TimeUnit.MILLISECONDS).pollInterval(1, TimeUnit.MILLISECONDS)
            .until(() ->
            {
                aeron.conductorAgentInvoker().invoke();
                exporter.accept();
                peers.forEach(Peer::work);
                peers.removeIf(Peer::isOver);
                return isDone.getAsBoolean();
            });
    }
}
