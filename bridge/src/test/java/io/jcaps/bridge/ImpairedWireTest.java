/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.bridge.session.SessionCounter;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two bridges over a network that is not as it should be.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ImpairedWireTest
{
    private static final int WINDOW = 32;

    private final long seed = Long.getLong("caps.test.seed", System.nanoTime());
    private final TwoHosts hosts = new TwoHosts();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100_000]);
    private final Message reply = new Message();
    private ImpairedWire wire;
    private Bridge importer;
    private Bridge exporter;

    @BeforeEach
    void open() throws Exception
    {
        System.out.println("ImpairedWireTest: caps.test.seed=" + seed);
        wire = hosts.add(new ImpairedWire(hosts.endpoint, seed));
    }

    @AfterEach
    void close() throws Exception
    {
        hosts.close();
    }

    private ClientPort connect(final Duration lostAfter)
    {
        exporter = hosts.add(hosts.export(new BridgeConfig().lostAfter(lostAfter)));
        importer = hosts.add(hosts.importFrom(new BridgeConfig().lostAfter(lostAfter), wire.endpoint()));
        return hosts.client();
    }

    @ParameterizedTest(name = "loss {0}, duplication {1}, delays up to {2} us")
    @Tag("full")
    @CsvSource({"0.01, 0, 0", "0.1, 0.1, 0", "0.02, 0.2, 500", "0, 0.05, 2000"})
    @DisplayName("Packets lost, duplicated, reordered: 0 lost, 0 duplicated, order kept (R19)")
    void shouldLoseNothing(final double loss, final double duplication, final long maxDelayUs)
    {
        wire.loss = loss;
        wire.duplication = duplication;
        wire.maxDelayNs = TimeUnit.MICROSECONDS.toNanos(maxDelayUs);
        hosts.echo();
        final ClientPort client = connect(Duration.ofSeconds(20));
        long put = 0;
        long got = 0;
        while (got < 1_000)
        {
            bytes.putLong(0, put);
            if (put - got < WINDOW && put < 1_000 &&
                client.put(bytes, 0, 0 == put % 50 ? 60_000 : 8 + (int)(put % 2_000)) > 0)
            {
                put++;
            }
            else if (MessageState.REPLY == client.await(reply, TimeUnit.MILLISECONDS.toNanos(100)))
            {
                assertThat(Outcome.text(reply.outcome())).isEqualTo("REPLIED");
                assertThat(reply.buffer().getLong(0)).isEqualTo(got++);
                reply.release();
            }
        }
        assertThat(exporter.total(SessionCounter.REQUESTS)).as("each handed out once").isEqualTo(1_000);
        assertThat(importer.total(SessionCounter.UNREACHABLE)).isZero();
    }

    @Test
    @DisplayName("Network cut both ways: UNREACHABLE|RECEIVED for what was offered; restored, the clients continue")
    void shouldGoOnAfterCut()
    {
        final ServicePort service = hosts.services.service(TwoHosts.NAME, new PortOptions());
        final ClientPort client = connect(Duration.ofMillis(500));
        final long id = client.put(bytes, 0, 10);
        assertThat(service.await(new Message(), Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
        wire.isCutToA = true;
        wire.isCutToB = true;
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("UNREACHABLE|RECEIVED");
        reply.release();
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(Status.NOT_CONNECTED);
        wire.isCutToA = false;
        wire.isCutToB = false;
        service.close();
        hosts.echo();
        assertThat(hosts.connectedClient().call(bytes, 0, 10, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("REPLIED");
        reply.release();
    }

    @Test
    @DisplayName("Network cut one way, each: the session ends at both ends, and each request has one outcome")
    void shouldEndOnCutOneWay()
    {
        hosts.echo();
        ClientPort client = connect(Duration.ofMillis(500));
        // So that the exporter knows the client when the network is cut.
        assertThat(client.call(bytes, 0, 10, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        reply.release();
        for (int round = 0; round < 2; round++)
        {
            wire.isCutToA = 0 == round;
            wire.isCutToB = 1 == round;
            final long id = client.put(bytes, 0, 10);
            assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            assertThat(reply.id()).isEqualTo(id);
            assertThat(Outcome.text(reply.outcome())).isEqualTo("UNREACHABLE|RECEIVED");
            reply.release();
            assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(Status.NOT_CONNECTED);
            client.close();
            wire.isCutToA = false;
            wire.isCutToB = false;
            client = hosts.connectedClient();
            assertThat(client.call(bytes, 0, 10, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            assertThat(Outcome.text(reply.outcome())).isEqualTo("REPLIED");
            reply.release();
        }
    }

    @Test
    @Tag("full")
    @DisplayName("Outage shorter than half of lost-after, both ways, packets lost before and after it: all REPLIED")
    void shouldSurviveShortOutage()
    {
        final Duration lostAfter = Duration.ofSeconds(4);
        hosts.echo();
        final ClientPort client = connect(lostAfter);
        wire.loss = 0.02;
        long put = 0;
        long got = 0;
        boolean wasCut = false;
        while (got < 400)
        {
            if (got >= 100 && !wasCut)
            {
                wasCut = true;
                wire.isCutToA = true;
                wire.isCutToB = true;
                LockSupport.parkNanos(lostAfter.toNanos() / 4);
                wire.isCutToA = false;
                wire.isCutToB = false;
            }
            bytes.putLong(0, put);
            if (put - got < WINDOW && put < 400 && client.put(bytes, 0, 100) > 0)
            {
                put++;
            }
            else if (MessageState.REPLY == client.await(reply, TimeUnit.MILLISECONDS.toNanos(100)))
            {
                assertThat(Outcome.text(reply.outcome())).isEqualTo("REPLIED");
                assertThat(reply.buffer().getLong(0)).isEqualTo(got++);
                reply.release();
            }
        }
        assertThat(importer.total(SessionCounter.UNREACHABLE)).isZero();
    }
}
