/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.AbortResult;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Both ends of a session, stepped in one JVM. Each row of the table of faults that needs no real network is here.
 */
class SessionTest
{
    private static final int SLOTS = 8;
    private static final int LIMIT = 131_072;

    private Scene scene = new Scene(SLOTS, LIMIT);

    @AfterEach
    void close()
    {
        scene.close();
    }

    private void other(final Scene other)
    {
        scene.close();
        scene = other;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 32, 33, 1_352, 1_353, 65_536, 131_072})
    @DisplayName("B7, R12, R20: a request of any size crosses, its reply comes back, and its disposal follows")
    void shouldCarryMessage(final int length)
    {
        final ClientPort client = scene.connect();
        scene.bytes.setMemory(0, length, (byte)length);
        for (int i = 0; i < 3 * SLOTS; i++)
        {
            scene.bytes.putByte(0, (byte)i);
            final long id = client.put(scene.bytes, 0, length);
            scene.steps(3);
            scene.receive();
            assertThat(scene.request.length()).isEqualTo(length);
            assertThat(length > 0 ? scene.request.buffer().getByte(0) : (byte)i).isEqualTo((byte)i);
            final long localId = scene.request.id();
            scene.request.reply(scene.bytes, 0, length);
            scene.steps(3);
            assertThat(scene.service.get(scene.request)).as("before the disposal").isEqualTo(Status.WOULD_BLOCK);
            scene.take(client, id, Outcome.REPLIED);
            scene.steps(3);
            assertThat(scene.service.get(scene.request)).isEqualTo(MessageState.DISPOSE);
            assertThat(scene.request.id()).isEqualTo(localId);
        }
        assertThat(scene.countersB.get(SessionCounter.DUPLICATES)).isZero();
        assertThat(client.isServiceImported()).isTrue();
    }

    @Test
    @DisplayName("R14, quota: a REQUEST is the disposal of its slot, so that B never runs out of slots")
    void shouldTakeRequestForDisposal()
    {
        final ClientPort client = scene.connect();
        for (int round = 0; round < 20; round++)
        {
            final long[] ids = new long[SLOTS];
            for (int i = 0; i < SLOTS; i++)
            {
                ids[i] = client.put(scene.bytes, 0, 40);
                assertThat(ids[i]).isPositive();
            }
            assertThat(client.put(scene.bytes, 0, 40)).isEqualTo(Status.NO_BUFFERS);
            scene.steps(4);
            for (int i = 0; i < SLOTS; i++)
            {
                int state = scene.service.get(scene.request);
                while (MessageState.DISPOSE == state)
                {
                    state = scene.service.get(scene.request);
                }
                assertThat(state).isEqualTo(MessageState.REQUEST);
                scene.request.reply(scene.bytes, 0, 10);
            }
            scene.steps(4);
            for (int i = 0; i < SLOTS; i++)
            {
                // The next round's request follows at once: no step lies between the disposal and it.
                scene.take(client, ids[i], Outcome.REPLIED);
            }
        }
        assertThat(scene.countersA.get(SessionCounter.UNREACHABLE)).isZero();
    }

    @Test
    @DisplayName("Service killed at B: the outcome is what B's own client sees, with B's RECEIVED bit")
    void shouldReportDeathOfService()
    {
        final ClientPort client = scene.connect();
        final long received = scene.putAndReceive(client);
        final long unseen = client.put(scene.bytes, 0, 1);
        scene.steps(3);
        scene.serviceProcess.die();
        scene.steps(6);
        scene.take(client, received, Outcome.SERVICE_DIED | Outcome.RECEIVED);
        scene.take(client, unseen, Outcome.SERVICE_DIED);
        scene.steps(10);
        assertThat(client.get(scene.reply)).isEqualTo(Status.NOT_CONNECTED);
        assertThatThrownBy(scene::client).isInstanceOf(CapsException.class);
    }

    @Test
    @DisplayName("Service closes, restarts: SERVICE_CLOSED; the stand-in returns with a new incarnation and generation")
    void shouldFollowRestart()
    {
        final ClientPort client = scene.connect();
        final long id = client.put(scene.bytes, 0, 1);
        scene.steps(3);
        scene.service.close();
        scene.steps(10);
        scene.take(client, id, Outcome.SERVICE_CLOSED);
        assertThat(client.get(scene.reply)).isEqualTo(Status.NOT_CONNECTED);
        scene.service = scene.serviceProcess.attachment.service(Scene.NAME, new PortOptions().generation(77));
        scene.pass(200);
        final ClientPort next = scene.client();
        assertThat(next.serviceIncarnation()).isNotEqualTo(client.serviceIncarnation());
        assertThat(next.serviceGeneration()).isEqualTo(77);
        final long nextId = next.put(scene.bytes, 0, 1);
        scene.steps(3);
        scene.receive();
        scene.service.generation(78);
        scene.request.reply(scene.bytes, 0, 1);
        scene.step();
        // One step: the reply and the generation that it belongs to came together (R28).
        scene.step();
        scene.take(next, nextId, Outcome.REPLIED);
        assertThat(next.serviceGeneration()).isEqualTo(78);
    }

    @Test
    @DisplayName("Client killed at A: the service receives its DISPOSE (R24)")
    void shouldDisposeForDeadClient()
    {
        final ClientPort client = scene.connect();
        scene.putAndReceive(client);
        final long held = scene.request.id();
        scene.clientProcess.die();
        scene.steps(5);
        assertThat(scene.service.get(scene.request)).isEqualTo(MessageState.DISPOSE);
        assertThat(scene.request.id()).isEqualTo(held);
        assertThat(scene.importer.linkCount()).isZero();
        assertThat(scene.exporter.linkCount()).isZero();
    }

    @Test
    @DisplayName("Bridge B killed, host B gone, network cut: UNREACHABLE, with RECEIVED only if it was offered")
    void shouldReportUnreachable()
    {
        final ClientPort client = scene.connect();
        final long replied = scene.putAndReceive(client);
        scene.request.reply(scene.bytes, 0, 5);
        scene.steps(3);
        final long offered = client.put(scene.bytes, 0, 1);
        scene.step();
        scene.toB.capacity = 0;
        final long taken = client.put(scene.bytes, 0, 1);
        scene.isStoppedB = true;
        scene.toA.cut();
        scene.pass(900);
        assertThat(client.isConnected()).as("not before the lease of B is over").isTrue();
        scene.take(client, replied, Outcome.REPLIED);
        assertThat(client.get(scene.reply)).isEqualTo(Status.WOULD_BLOCK);
        scene.pass(300);
        scene.take(client, offered, Outcome.UNREACHABLE | Outcome.RECEIVED);
        scene.take(client, taken, Outcome.UNREACHABLE);
        assertThat(client.get(scene.reply)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(scene.eventsA).last().asString().startsWith("ended: lost");
        scene.isStoppedB = false;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("Network cut one way: B hands out nothing after its lease, and says BYE; A reports after it")
    void shouldEndLease(final boolean isCutToA)
    {
        final ClientPort client = scene.connect();
        (isCutToA ? scene.toA : scene.toB).cut();
        scene.pass(700);
        final long late = client.put(scene.bytes, 0, 1);
        scene.pass(150);
        assertThat(scene.eventsB).last().asString().startsWith("ended: lost");
        assertThat(scene.service.get(scene.request)).as("closed with its client port").isNegative();
        if (isCutToA)
        {
            assertThat(client.get(scene.reply)).as("B's BYE cannot arrive").isEqualTo(Status.WOULD_BLOCK);
            scene.pass(300);
        }
        scene.take(client, late, Outcome.UNREACHABLE | Outcome.RECEIVED);
    }

    @Test
    @DisplayName("Slow return path: the lease counts from when the tick was sent, not from when its echo arrived")
    void shouldCountLeaseFromTick()
    {
        final ClientPort client = scene.connect();
        scene.toB.delayNs = 500_000_000;
        scene.pass(2_000);
        assertThat(scene.eventsB).as("half a second late, all is well").last().isEqualTo("up");
        scene.toA.cut();
        scene.pass(450);
        assertThat(scene.eventsB).as("echoes still arrive").last().isEqualTo("up");
        scene.pass(400);
        assertThat(scene.eventsB).as("800 ms after the last tick").last().asString().startsWith("ended: lost");
        assertThat(client.isConnected()).isTrue();
    }

    @Test
    @DisplayName("Outage shorter than half of lost-after: all REPLIED")
    void shouldSurviveShortOutage()
    {
        final ClientPort client = scene.connect();
        scene.pass(300);
        final long first = client.put(scene.bytes, 0, 1);
        // Aeron sends again what was lost: to the session an outage is a delay.
        scene.isStoppedA = true;
        scene.isStoppedB = true;
        scene.pass(490);
        scene.isStoppedA = false;
        scene.isStoppedB = false;
        final long second = client.put(scene.bytes, 0, 1);
        scene.steps(4);
        for (int i = 0; i < 2; i++)
        {
            scene.receive();
            scene.request.reply(scene.bytes, 0, 0);
        }
        scene.steps(4);
        scene.take(client, first, Outcome.REPLIED);
        scene.take(client, second, Outcome.REPLIED);
    }

    @Test
    @DisplayName("A bridge stopped for 60 s: B hands out none of the requests that it finds when it resumes")
    void shouldHandOutNothingAfterPause()
    {
        final ClientPort client = scene.connect();
        scene.pass(100);
        scene.isStoppedB = true;
        final long id = client.put(scene.bytes, 0, 1);
        scene.pass(60_000);
        scene.take(client, id, Outcome.UNREACHABLE | Outcome.RECEIVED);
        scene.isStoppedB = false;
        scene.step();
        assertThat(scene.service.get(scene.request)).isNegative();
        assertThat(scene.eventsB).last().asString().startsWith("ended");
        assertThat(scene.countersB.get(SessionCounter.REQUESTS)).as("that of connect()").isEqualTo(1);
    }

    @Test
    @DisplayName("A bridge stopped for 60 s: A reports the messages that it had offered before it sends a frame")
    void shouldReportAfterPause()
    {
        final ClientPort client = scene.connect();
        final long offered = client.put(scene.bytes, 0, 1);
        scene.steps(2);
        scene.isStoppedA = true;
        final long untaken = client.put(scene.bytes, 0, 1);
        scene.pass(60_000);
        scene.isStoppedA = false;
        scene.steps(3);
        scene.take(client, offered, Outcome.UNREACHABLE | Outcome.RECEIVED);
        scene.take(client, untaken, Outcome.UNREACHABLE);
        assertThat(scene.service.get(scene.request)).as("vanished with B's client port").isNegative();
    }

    @Test
    @DisplayName("Service slow, or stopped: no outcome; NO_BUFFERS at the quota; the session continues")
    void shouldWaitForSlowService()
    {
        final ClientPort client = scene.connect();
        for (int i = 0; i < SLOTS; i++)
        {
            assertThat(client.put(scene.bytes, 0, 1)).isPositive();
        }
        scene.pass(60_000);
        assertThat(client.put(scene.bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
        assertThat(client.get(scene.reply)).isEqualTo(Status.WOULD_BLOCK);
        scene.receive();
        scene.request.reply(scene.bytes, 0, 0);
        scene.steps(3);
        assertThat(client.get(scene.reply)).isEqualTo(MessageState.REPLY);
        scene.reply.release();
        assertThat(client.put(scene.bytes, 0, 1)).isPositive();
    }

    @Test
    @DisplayName("Session cut while a long reply arrives: the part that was written is discarded, then UNREACHABLE")
    void shouldCancelHalfReply()
    {
        final ClientPort client = scene.connect();
        final long id = scene.putAndReceive(client);
        scene.request.reply(scene.bytes, 0, 100_000);
        scene.exporter.doWork();
        final byte[] frame = scene.toA.frames.pollLast();
        scene.toA.frames.clear();
        scene.importer.onFragment(new UnsafeBuffer(frame), 0, 1_376, true, false);
        scene.toA.cut();
        scene.pass(1_200);
        scene.take(client, id, Outcome.UNREACHABLE | Outcome.RECEIVED);
    }

    @Test
    @DisplayName("Wrong key: refused with the reason, no stand-in")
    void shouldRefuseWrongKey()
    {
        scene.keyA = new SharedKey(new byte[]{1});
        scene.withService().begin();
        scene.steps(20);
        assertThat(scene.eventsA).containsExactly("ended: refused: its key is not the same");
        assertThatThrownBy(scene::client).isInstanceOf(CapsException.class);
    }

    @Test
    @DisplayName("Smaller geometry at B: refused with the reason, no stand-in")
    void shouldRefuseSmallerRegion()
    {
        other(new Scene(SLOTS, LIMIT, SLOTS - 1, LIMIT));
        scene.withService().begin();
        scene.steps(20);
        assertThat(scene.eventsA).last().asString().contains("fewer slots or shorter messages");
        other(new Scene(SLOTS, LIMIT, SLOTS, LIMIT - 1));
        scene.withService().begin();
        scene.steps(20);
        assertThat(scene.eventsA).last().asString().contains("fewer slots or shorter messages");
    }

    @Test
    @DisplayName("Other protocol version, address not allowed, export of an import: refused with the reason")
    void shouldRefuseOthers()
    {
        scene.isAllowed = false;
        scene.withService().begin();
        scene.steps(20);
        assertThat(scene.eventsA).last().asString().contains("does not allow this address");
        other(new Scene(SLOTS, LIMIT));
        scene.withService().begin();
        scene.importer.doWork();
        scene.toB.frames.peek()[FrameDescriptor.VERSION_OFFSET] = 2;
        scene.steps(20);
        assertThat(scene.eventsA).last().asString().contains("another version of the protocol");
        other(new Scene(SLOTS, LIMIT));
        scene.serviceProcess.attachment.service(Scene.NAME, new PortOptions().imported(true));
        scene.begin();
        scene.steps(20);
        // Before anybody is admitted: an importer that tries again and again is not connected each time.
        assertThat(scene.eventsA).singleElement().asString().contains("an import is not exported again");
        assertThat(scene.eventsB).containsExactly("ended: refused: IMPORTED");
    }

    @Test
    @DisplayName("Export of an import that is registered after the WELCOME: refused with the reason, once")
    void shouldRefuseLaterImport()
    {
        scene.begin();
        scene.steps(20);
        assertThat(scene.eventsA).containsExactly("connected");
        scene.serviceProcess.attachment.service(Scene.NAME, new PortOptions().imported(true));
        scene.pass(200);
        assertThat(scene.eventsA).hasSize(2).last().asString().contains("an import is not exported again");
        assertThat(scene.eventsB).containsExactly("connected", "ended: refused: IMPORTED");
    }

    @Test
    @DisplayName("WAITSVC across hosts: no stand-in before the service is registered")
    void shouldRegisterOnceServiceIsThere()
    {
        scene.begin();
        scene.pass(500);
        assertThatThrownBy(scene::client).isInstanceOf(CapsException.class);
        scene.withService();
        scene.pass(200);
        assertThat(scene.client().isConnected()).isTrue();
    }

    @Test
    @DisplayName("B's region is full: UNREACHABLE without RECEIVED, at once; with room again, the client continues")
    void shouldReportFullRegion()
    {
        scene.connect();
        final List<ServicePort> fillers = new ArrayList<>();
        for (int i = 0; i < 32; i++)
        {
            try
            {
                fillers.add(scene.serviceProcess.attachment.service("filler" + i, new PortOptions()));
            }
            catch (final CapsException ex)
            {
                assertThat(ex.status()).isEqualTo(Status.NO_BUFFERS);
            }
        }
        final ClientPort next = scene.client();
        final long id = next.put(scene.bytes, 0, 1);
        scene.steps(4);
        scene.take(next, id, Outcome.UNREACHABLE);

        fillers.forEach(ServicePort::close);
        scene.steps(4);
        final long later = next.put(scene.bytes, 0, 1);
        scene.steps(4);
        scene.receive();
        scene.request.reply();
        scene.steps(3);
        scene.take(next, later, Outcome.REPLIED);
    }

    @Test
    @DisplayName("Duplicated frames: dropped and counted, each message at most once and with one outcome")
    void shouldDropDuplicates()
    {
        final ClientPort client = scene.connect();
        final long id = client.put(scene.bytes, 0, 1);
        scene.steps(2);
        scene.importer.doWork();
        scene.toB.deliver(scene.exporter, StepWire.frame(FrameDescriptor.REQUEST, 0, 1, id, (byte)9));
        scene.receive();
        assertThat(scene.service.get(new Message())).isEqualTo(Status.WOULD_BLOCK);
        assertThat(scene.countersB.get(SessionCounter.DUPLICATES)).isEqualTo(1);
        scene.request.reply(scene.bytes, 0, 1);
        scene.steps(3);
        scene.toA.deliver(scene.importer, StepWire.frame(FrameDescriptor.REPLY, 0, 1, id, (byte)9));
        scene.toA.deliver(scene.importer,
            StepWire.frame(FrameDescriptor.OUTCOME, Outcome.UNREACHABLE, 1, id));
        assertThat(scene.countersA.get(SessionCounter.DUPLICATES)).isEqualTo(2);
        scene.take(client, id, Outcome.REPLIED);
        assertThat(client.get(scene.reply)).isEqualTo(Status.WOULD_BLOCK);
    }

    @Test
    @DisplayName("R29: a message that its client took back is replied to at B, and disposed of")
    void shouldCarryOnAfterAbort()
    {
        final ClientPort client = scene.connect();
        final long id = client.put(scene.bytes, 0, 1);
        scene.steps(3);
        assertThat(client.abort(id, true)).isEqualTo(AbortResult.AT_SERVER);
        scene.take(client, id, Outcome.ABORTED | Outcome.RECEIVED);
        scene.receive();
        scene.request.reply(scene.bytes, 0, 1);
        scene.steps(3);
        // With this the client's side finds the late reply, and disposes of it.
        assertThat(client.get(scene.reply)).isEqualTo(Status.WOULD_BLOCK);
        scene.steps(3);
        assertThat(scene.service.get(scene.request)).isEqualTo(MessageState.DISPOSE);
        final long next = scene.putAndReceive(client);
        scene.request.reply(scene.bytes, 0, 1);
        scene.steps(3);
        scene.take(client, next, Outcome.REPLIED);
    }

    @Test
    @DisplayName("Hostile: a REQUEST in a slot whose reply was not sent yet: the session is closed and counted")
    void shouldRejectRequestBeforeReply()
    {
        final ClientPort client = scene.connect();
        final long id = scene.putAndReceive(client);
        scene.toA.capacity = 0;
        scene.request.reply(scene.bytes, 0, 1);
        scene.steps(2);
        long next = id + 1;
        while (SlotDescriptor.slotIndex(next) != SlotDescriptor.slotIndex(id))
        {
            next++;
        }
        scene.toB.deliver(scene.exporter, StepWire.frame(FrameDescriptor.REQUEST, 0, 1, next, (byte)9));
        assertThat(scene.countersB.get(SessionCounter.VIOLATIONS)).isEqualTo(1);
        scene.toA.capacity = Integer.MAX_VALUE;
        scene.steps(3);
        scene.take(client, id, Outcome.UNREACHABLE | Outcome.RECEIVED);
    }

    @ParameterizedTest
    @CsvSource({"91, true", "90, false", "50, true", "0, true"})
    @DisplayName("Hostile: fragments that are longer or shorter than their frame: the session is closed and counted")
    void shouldRejectFragmentsOfAnotherLength(final int length, final boolean isLast)
    {
        final ClientPort client = scene.connect();
        final long id = client.put(scene.bytes, 0, 1);
        final UnsafeBuffer frame =
            new UnsafeBuffer(StepWire.frame(FrameDescriptor.REQUEST, 0, 1, id, new byte[100]));
        scene.exporter.onFragment(frame, 0, FrameDescriptor.HEADER_LENGTH + 10, true, false);
        assertThat(scene.countersB.get(SessionCounter.VIOLATIONS)).isZero();
        scene.exporter.onFragment(frame, FrameDescriptor.HEADER_LENGTH + 9, length, false, isLast);
        assertThat(scene.countersB.get(SessionCounter.VIOLATIONS)).isEqualTo(1);
        scene.steps(3);
        scene.take(client, id, Outcome.UNREACHABLE | Outcome.RECEIVED);
    }

    @Test
    @DisplayName("Hostile: clients without end: each has its answer, the region's other clients are served")
    void shouldSurviveFloodOfClients()
    {
        scene.connect();
        for (int number = 2; number <= 100; number++)
        {
            scene.toB.deliver(scene.exporter, StepWire.frame(FrameDescriptor.OPEN, 0, number, 0, new byte[8]));
        }
        scene.steps(4);
        assertThat(scene.countersB.get(SessionCounter.VIOLATIONS)).isZero();
        for (int number = 2; number <= 100; number++)
        {
            scene.toB.deliver(scene.exporter, StepWire.frame(FrameDescriptor.CLOSE, 0, number, 0));
        }
        scene.steps(4);
        assertThat(scene.exporter.linkCount()).isEqualTo(1);
        assertThat(scene.serviceProcess.attachment.client(Scene.NAME, new PortOptions()).isConnected()).isTrue();
    }

    @Test
    @DisplayName("Hostile: the echo of a beat that was never sent does not lengthen the lease")
    void shouldRejectForgedEcho()
    {
        scene.connect();
        scene.toB.deliver(scene.exporter, StepWire.frame(FrameDescriptor.BEAT, 0, 0, scene.nowNs + 1));
        assertThat(scene.countersB.get(SessionCounter.VIOLATIONS)).isEqualTo(1);
        assertThat(scene.eventsB).last().asString().contains("the echo of a beat that was never sent");
    }
}
