/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Frames that do not fit, and events at the moment at which they matter. A frame that does not fit ends the session and
 * is counted, or is dropped and counted; it never changes what another message ends with.
 */
class SessionEdgeTest
{
    private static final int SLOTS = 16;
    private static final int LIMIT = 1_000;
    /** Most requests of one client before the next one's turn. */
    private static final int SEND_LIMIT = 8;
    /** From the id of a message to that of the next one in the same slot. */
    private static final long NEXT = 128;

    private Scene scene = new Scene(SLOTS, LIMIT);

    @AfterEach
    void close()
    {
        scene.close();
    }

    private static int type(final byte[] frame)
    {
        return frame[FrameDescriptor.TYPE_OFFSET];
    }

    private static int link(final byte[] frame)
    {
        return new UnsafeBuffer(frame).getInt(FrameDescriptor.LINK_OFFSET, ByteOrder.LITTLE_ENDIAN);
    }

    private static List<Integer> types(final StepWire wire)
    {
        return wire.frames.stream().map(SessionEdgeTest::type).toList();
    }

    /** Links of the requests that are under way, and takes these away. */
    private List<Integer> links()
    {
        final List<Integer> links = scene.toB.frames.stream()
            .filter((frame) -> FrameDescriptor.REQUEST == type(frame)).map(SessionEdgeTest::link).toList();
        scene.toB.deliver(scene.exporter);
        return links;
    }

    private void toB(final byte[] frame)
    {
        scene.toB.deliver(scene.exporter, frame);
    }

    private void toA(final byte[] frame)
    {
        scene.toA.deliver(scene.importer, frame);
    }

    private void assertViolationAtA()
    {
        assertThat(scene.countersA.get(SessionCounter.VIOLATIONS)).isEqualTo(1);
        assertThat(scene.eventsA).last().asString().contains("broke the protocol");
    }

    private void assertViolationAtB()
    {
        assertThat(scene.countersB.get(SessionCounter.VIOLATIONS)).isEqualTo(1);
        assertThat(scene.eventsB).last().asString().contains("broke the protocol");
    }

    private ExportSession exporter(final Calls calls)
    {
        return new ExportSession(
            new SessionContext(scene.bridgeB, scene.keyB, Scene.LOST_AFTER_NS, calls, () -> scene.nowNs),
            scene.countersB, scene.toA, Scene.listener(scene.eventsB), Set.of(Scene.NAME), true);
    }

    /** Calls that block for as long as the test wants, or fail. */
    private static final class SlowCalls implements Calls
    {
        private final List<Runnable> deferred = new ArrayList<>();
        private boolean isDeferring;
        private Exception failure;

        @Override
        public <T> void run(final Callable<T> call, final Consumer<T> done, final Consumer<Exception> failed)
        {
            if (null != failure)
            {
                failed.accept(failure);
            }
            else if (isDeferring)
            {
                deferred.add(() -> Scene.run(call, done, failed));
            }
            else
            {
                Scene.run(call, done, failed);
            }
        }

        void runDeferred()
        {
            isDeferring = false;
            deferred.forEach(Runnable::run);
        }
    }

    // ---- the lease

    @ParameterizedTest
    @ValueSource(longs = {10_000_000_000L, -1})
    @DisplayName("Lease: the echo of a tick that B never sent ends the session, and does not extend the lease")
    void shouldNotBelieveEchoOfOtherTick(final long tickNs)
    {
        scene.connect();
        toB(StepWire.frame(FrameDescriptor.BEAT, 0, 0, tickNs));
        assertViolationAtB();
    }

    @Test
    @DisplayName("B says BYE when its client ports are closed, not before")
    void shouldSayByeAfterClose()
    {
        final SlowCalls calls = new SlowCalls();
        scene.withService().begin();
        scene.exporter = exporter(calls);
        scene.steps(20);
        calls.isDeferring = true;
        scene.exporter.fail("closed");
        scene.exporter.doWork();
        assertThat(types(scene.toA)).as("its ports are open").doesNotContain(FrameDescriptor.BYE);
        calls.runDeferred();
        scene.exporter.doWork();
        assertThat(types(scene.toA)).contains(FrameDescriptor.BYE);
    }

    // ---- the handshake

    @Test
    @DisplayName("Wrong key: A finds it out by itself, from B's proof")
    void shouldCheckProofOfExporter()
    {
        scene.keyB = new SharedKey(new byte[]{1});
        scene.withService().begin();
        scene.importer.doWork();
        scene.toB.deliver(scene.exporter);
        scene.exporter.doWork();
        scene.toA.deliver(scene.importer);
        assertThat(scene.eventsA).containsExactly("ended: refused: its key is not the same");
        assertThat(scene.countersA.get(SessionCounter.REFUSED)).isEqualTo(1);
        scene.importer.doWork();
        scene.toB.deliver(scene.exporter);
        assertThat(scene.eventsB).containsExactly(
            "ended: the other end has closed the session before it was admitted: its key may be another one");
        assertThat(scene.countersB.get(SessionCounter.REFUSED)).isEqualTo(1);
    }

    @Test
    @DisplayName("Wrong key: B says so, too, if A's process ended before its BYE was sent")
    void shouldReportKeyOfImporterWhoseStreamEnds()
    {
        scene.withService().begin();
        scene.importer.doWork();
        scene.toB.deliver(scene.exporter);
        scene.exporter.doWork();
        scene.exporter.left("the other end's stream has ended");
        scene.exporter.left("the other end's stream has ended");
        assertThat(scene.eventsB).containsExactly(
            "ended: the other end's stream has ended before it was admitted: its key may be another one");
        assertThat(scene.countersB.get(SessionCounter.REFUSED)).isEqualTo(1);
    }

    @Test
    @DisplayName("Wrong key: B says so, too, if A is silent after the CHALLENGE")
    void shouldReportKeyOfSilentImporter()
    {
        scene.withService().begin();
        scene.importer.doWork();
        scene.isStoppedA = true;
        scene.pass(11_000);
        assertThat(scene.eventsB).containsExactly(
            "ended: silent before it was admitted: its key may be another one");
        assertThat(scene.countersB.get(SessionCounter.REFUSED)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("Wrong key: B refuses an invalid proof, and its own proof sent back")
    void shouldCheckProofOfImporter(final boolean isOwn)
    {
        scene.withService().begin();
        scene.importer.doWork();
        scene.toB.deliver(scene.exporter);
        scene.exporter.doWork();
        final byte[] challenge = scene.toA.frames.poll();
        scene.toA.cut();
        final int offset = FrameDescriptor.HEADER_LENGTH + BodyDescriptor.CHALLENGE_PROOF_OFFSET;
        toB(StepWire.frame(FrameDescriptor.PROOF, 0, 0, 0, isOwn ?
            Arrays.copyOfRange(challenge, offset, offset + SharedKey.PROOF_LENGTH) :
            new byte[SharedKey.PROOF_LENGTH]));
        scene.exporter.doWork();
        assertThat(scene.eventsB).containsExactly("ended: refused: KEY");
        assertThat(scene.countersB.get(SessionCounter.REFUSED)).isEqualTo(1);
    }

    @Test
    @DisplayName("Other protocol version: B reports and counts the refusal also if it cannot be sent")
    void shouldReportRefusalThatCannotBeSent()
    {
        scene.withService().begin();
        scene.importer.doWork();
        scene.toB.frames.peek()[FrameDescriptor.VERSION_OFFSET] = 2;
        scene.toB.deliver(scene.exporter);
        scene.toA.capacity = 0;
        scene.exporter.doWork();
        assertThat(scene.eventsB).isEmpty();
        scene.nowNs += TimeUnit.SECONDS.toNanos(11);
        scene.exporter.doWork();
        assertThat(scene.eventsB).containsExactly("ended: refused, and not told: VERSION");
        assertThat(scene.countersB.get(SessionCounter.REFUSED)).isEqualTo(1);
    }

    @Test
    @DisplayName("A proof is of one role and of both nonces: it cannot be used again")
    void shouldDependOnRoleAndNonces()
    {
        final SharedKey key = SharedKey.none();
        final byte[] first = SharedKey.nonce();
        final byte[] second = SharedKey.nonce();
        final byte[] proof = key.proof(SharedKey.EXPORTER, first, second);
        assertThat(key.isProof(proof, SharedKey.EXPORTER, first, second)).isTrue();
        assertThat(key.isProof(proof, SharedKey.IMPORTER, first, second)).isFalse();
        assertThat(key.isProof(proof, SharedKey.EXPORTER, first, SharedKey.nonce())).isFalse();
        assertThat(key.isProof(proof, SharedKey.EXPORTER, SharedKey.nonce(), second)).isFalse();
    }

    @Test
    @DisplayName("Service not exported: refused with the reason")
    void shouldRefuseServiceThatIsNotExported()
    {
        scene.withService().begin();
        scene.importer = new ImportSession(scene.context(scene.bridgeA, scene.keyA), scene.countersA, scene.toB,
            Scene.listener(scene.eventsA), "other");
        scene.steps(20);
        assertThat(scene.eventsA).containsExactly("ended: refused: it does not export that service");
    }

    @Test
    @DisplayName("A control frame that is longer than any of its kind ends the session")
    void shouldNotTakeLongControlFrame()
    {
        scene.withService().begin();
        scene.importer.doWork();
        final byte[] hello = scene.toB.frames.poll();
        scene.toB.cut();
        final byte[] body = Arrays.copyOf(
            Arrays.copyOfRange(hello, FrameDescriptor.HEADER_LENGTH, hello.length), Session.MAX_CONTROL_LENGTH + 1);
        Arrays.fill(body, hello.length - FrameDescriptor.HEADER_LENGTH, body.length, (byte)'x');
        toB(StepWire.frame(FrameDescriptor.HELLO, 0, 0, 0, body));
        assertViolationAtB();
    }

    // ---- the service

    @ParameterizedTest
    @ValueSource(ints = {Outcome.SERVICE_CLOSED | Outcome.RECEIVED, Outcome.ABORTED, 77})
    @DisplayName("A SERVICE with an outcome that no service ends with ends the session")
    void shouldNotBelieveEndOfService(final int outcome)
    {
        scene.connect();
        toA(StepWire.frame(FrameDescriptor.SERVICE, outcome, 0, 1, new byte[BodyDescriptor.SERVICE_LENGTH]));
        assertViolationAtA();
    }

    @Test
    @DisplayName("B1: the outcomes of messages in progress are sent before the end of the service")
    void shouldSendOutcomesBeforeEnd()
    {
        final ClientPort client = scene.connect();
        for (int i = 0; i < 3; i++)
        {
            client.put(scene.bytes, 0, 1);
        }
        scene.steps(3);
        scene.toA.deliver(scene.importer);
        scene.toA.capacity = 0;
        scene.service.close();
        for (int i = 0; i < 3; i++)
        {
            scene.nowNs += 2_000_000;
            scene.exporter.doWork();
        }
        scene.toA.capacity = Integer.MAX_VALUE;
        for (int i = 0; i < 3; i++)
        {
            scene.nowNs += 2_000_000;
            scene.exporter.doWork();
        }
        final List<Integer> types = types(scene.toA);
        assertThat(types).contains(FrameDescriptor.SERVICE);
        assertThat(types.subList(0, types.indexOf(FrameDescriptor.SERVICE)).stream()
            .filter((type) -> FrameDescriptor.OUTCOME == type)).hasSize(3);
    }

    @Test
    @DisplayName("B3: a client is connected only to the registration of its stand-in")
    void shouldNotConnectToNewerService()
    {
        scene.connect();
        final ServicePort newer = scene.serviceProcess.attachment.service(Scene.NAME, new PortOptions());
        final ClientPort client = scene.client();
        final long id = client.put(scene.bytes, 0, 1);
        scene.steps(4);
        assertThat(newer.get(new Message())).isEqualTo(Status.WOULD_BLOCK);
        scene.take(client, id, Outcome.UNREACHABLE);
    }

    @Test
    @DisplayName("Service down: messages put before the last outcome arrives end without RECEIVED")
    void shouldEndWhatIsPutAfterDown()
    {
        final ClientPort client = scene.connect();
        client.put(scene.bytes, 0, 1);
        scene.steps(3);
        scene.isStoppedB = true;
        toA(StepWire.frame(
            FrameDescriptor.SERVICE, Outcome.SERVICE_CLOSED, 0, 1, new byte[BodyDescriptor.SERVICE_LENGTH]));
        scene.step();
        final long late = client.put(scene.bytes, 0, 1);
        scene.steps(2);
        scene.take(client, late, Outcome.SERVICE_CLOSED);
        scene.isStoppedB = false;
    }

    @Test
    @DisplayName("B1: a message put while the stand-in closes ends with the remote service's outcome, SERVICE_DIED")
    void shouldReportDeathToWhatIsPutWhileStandInCloses()
    {
        final SlowCalls calls = new SlowCalls();
        scene.withService().begin();
        scene.importer = importer(calls);
        scene.steps(20);
        final ClientPort client = scene.client();
        calls.isDeferring = true;
        scene.serviceProcess.die();
        scene.steps(10);
        assertThat(calls.deferred).as("the close").hasSize(1);
        final long id = client.put(scene.bytes, 0, 1);
        calls.runDeferred();
        scene.take(client, id, Outcome.SERVICE_DIED);
        assertThat(client.get(scene.reply)).isEqualTo(Status.NOT_CONNECTED);
    }

    @Test
    @DisplayName("B7: a message put while a lost stand-in closes ends as UNREACHABLE")
    void shouldReportLossToWhatIsPutWhileStandInCloses()
    {
        final SlowCalls calls = new SlowCalls();
        scene.withService().begin();
        scene.importer = importer(calls);
        scene.steps(20);
        final ClientPort client = scene.client();
        calls.isDeferring = true;
        scene.importer.fail("closed");
        final long id = client.put(scene.bytes, 0, 1);
        calls.runDeferred();
        scene.take(client, id, Outcome.UNREACHABLE);
    }

    private ImportSession importer(final Calls calls)
    {
        return new ImportSession(
            new SessionContext(scene.bridgeA, scene.keyA, Scene.LOST_AFTER_NS, calls, () -> scene.nowNs),
            scene.countersA, scene.toB, Scene.listener(scene.eventsA), Scene.NAME);
    }

    @Test
    @DisplayName("B1: a client that B cannot connect for a cause that passes is connected once that has passed")
    void shouldConnectAgainAfterPassingCause()
    {
        final SlowCalls calls = new SlowCalls();
        scene.withService().begin();
        scene.exporter = exporter(calls);
        scene.steps(20);
        final ClientPort client = scene.client();
        calls.failure = new IOException("Too many open files");
        final long id = client.put(scene.bytes, 0, 1);
        scene.pass(500);
        assertThat(client.get(scene.reply)).isEqualTo(Status.WOULD_BLOCK);
        calls.failure = null;
        scene.pass(200);
        scene.receive();
        scene.request.reply();
        scene.steps(3);
        scene.take(client, id, Outcome.REPLIED);
    }

    @Test
    @DisplayName("B1: the service ends before a client could be connected: its requests end as the service")
    void shouldReportEndOfServiceToClientThatWaits()
    {
        final SlowCalls calls = new SlowCalls();
        scene.withService().begin();
        scene.exporter = exporter(calls);
        scene.steps(20);
        final ClientPort client = scene.client();
        calls.failure = new CapsException(Status.TIMED_OUT, "the tables are locked");
        final long id = client.put(scene.bytes, 0, 1);
        scene.pass(300);
        scene.serviceProcess.die();
        calls.failure = null;
        scene.pass(300);
        scene.take(client, id, Outcome.SERVICE_DIED);
    }

    @Test
    @DisplayName("R28: a new generation crosses ahead of a reply that is due before B looks for one again")
    void shouldSendGenerationBeforeReply()
    {
        final ClientPort client = scene.connect();
        final long id = scene.putAndReceive(client);
        scene.service.generation(78);
        scene.request.reply(scene.bytes, 0, 1);
        // The clock stands still since B's last look.
        scene.exporter.doWork();
        assertThat(types(scene.toA)).containsSubsequence(FrameDescriptor.SERVICE, FrameDescriptor.REPLY);
        scene.toA.deliver(scene.importer);
        scene.take(client, id, Outcome.REPLIED);
        assertThat(client.serviceGeneration()).isEqualTo(78);
    }

    // ---- slots

    @Test
    @DisplayName("Quota: a REQUEST in a slot whose last one has no outcome yet ends the session")
    void shouldNotTakeRequestInUsedSlot()
    {
        final ClientPort client = scene.connect();
        final long id = client.put(scene.bytes, 0, 1);
        scene.steps(3);
        toB(StepWire.frame(FrameDescriptor.REQUEST, 0, 1, id + NEXT, (byte)9));
        assertViolationAtB();
    }

    @Test
    @DisplayName("B7: a request that B cannot put, as the service has closed, ends without RECEIVED")
    void shouldReportRequestThatCannotBePut()
    {
        final ClientPort client = scene.connect();
        final long id = client.put(scene.bytes, 0, 1);
        scene.importer.doWork();
        scene.service.close();
        scene.steps(4);
        scene.take(client, id, Outcome.SERVICE_CLOSED);
    }

    @ParameterizedTest
    @ValueSource(longs = {NEXT, -NEXT})
    @DisplayName("R21: a DISPOSE for another message of the slot is dropped and counted, and disposes of nothing")
    void shouldNotDisposeOfOtherReply(final long distance)
    {
        final ClientPort client = scene.connect();
        final long id = scene.putAndReceive(client);
        scene.request.reply(scene.bytes, 0, 8);
        scene.steps(3);
        toB(StepWire.frame(FrameDescriptor.DISPOSE, 0, 1, id + distance));
        assertThat(scene.countersB.get(SessionCounter.DUPLICATES)).isEqualTo(1);
        assertThat(scene.service.get(scene.request)).isEqualTo(Status.WOULD_BLOCK);
        scene.take(client, id, Outcome.REPLIED);
    }

    @Test
    @DisplayName("R20: a DISPOSE that arrives before its reply was sent is dropped, and the reply is sent unchanged")
    void shouldNotDisposeOfUnsentReply()
    {
        final ClientPort client = scene.connect();
        final long id = scene.putAndReceive(client);
        scene.bytes.putLong(0, 77);
        scene.toA.capacity = 0;
        scene.request.reply(scene.bytes, 0, 8);
        scene.steps(2);
        toB(StepWire.frame(FrameDescriptor.DISPOSE, 0, 1, id));
        assertThat(scene.countersB.get(SessionCounter.DUPLICATES)).isEqualTo(1);
        scene.toA.capacity = Integer.MAX_VALUE;
        scene.steps(3);
        assertThat(client.get(scene.reply)).isEqualTo(MessageState.REPLY);
        assertThat(scene.reply.buffer().getLong(0)).isEqualTo(77);
        scene.reply.release();
    }

    @ParameterizedTest
    @ValueSource(longs = {NEXT, -NEXT})
    @DisplayName("Exactly one: an OUTCOME for another message of the slot is dropped and counted")
    void shouldNotEndOtherRequest(final long distance)
    {
        final ClientPort client = scene.connect();
        final long id = client.put(scene.bytes, 0, 1);
        scene.steps(3);
        toA(StepWire.frame(FrameDescriptor.OUTCOME, Outcome.UNREACHABLE, 1, id + distance));
        assertThat(scene.countersA.get(SessionCounter.DUPLICATES)).isEqualTo(1);
        assertThat(client.get(scene.reply)).isEqualTo(Status.WOULD_BLOCK);
    }

    @ParameterizedTest
    @ValueSource(ints = {Outcome.REPLIED, Outcome.ABORTED, 77})
    @DisplayName("An OUTCOME of a kind that no service ends a request with ends the session")
    void shouldNotBelieveOutcome(final int outcome)
    {
        final ClientPort client = scene.connect();
        final long id = client.put(scene.bytes, 0, 1);
        scene.steps(3);
        toA(StepWire.frame(FrameDescriptor.OUTCOME, outcome, 1, id));
        assertViolationAtA();
        scene.take(client, id, Outcome.UNREACHABLE | Outcome.RECEIVED);
    }

    // ---- fairness

    /** The first client has 16 requests to send, the second 8; each has sent one before. */
    private void fill(final int extraRounds)
    {
        final ClientPort first = scene.connect();
        final ClientPort second = scene.client();
        second.put(scene.bytes, 0, 1);
        scene.steps(4 + extraRounds);
        scene.receive();
        scene.request.reply();
        scene.steps(4);
        assertThat(second.get(scene.reply)).isEqualTo(MessageState.REPLY);
        scene.reply.release();
        for (int i = 0; i < SLOTS; i++)
        {
            assertThat(first.put(scene.bytes, 0, 1)).isPositive();
        }
        for (int i = 0; i < SEND_LIMIT; i++)
        {
            assertThat(second.put(scene.bytes, 0, 1)).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    @DisplayName("R19: a client with many requests lets the next one have its turn")
    void shouldSendInTurns(final int extraRounds)
    {
        fill(extraRounds);
        scene.importer.doWork();
        final List<Integer> sent = links();
        assertThat(sent.subList(0, SEND_LIMIT)).containsOnly(sent.get(0));
        assertThat(sent.subList(SEND_LIMIT, 2 * SEND_LIMIT)).containsOnly(3 - sent.get(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    @DisplayName("R19: after back pressure it is the turn of the client that waited")
    void shouldGoOnWithClientThatWaited(final int extraRounds)
    {
        fill(extraRounds);
        scene.toB.frames.clear();
        scene.toB.capacity = SEND_LIMIT;
        scene.importer.doWork();
        final List<Integer> sent = links();
        scene.importer.doWork();
        final List<Integer> next = links();
        scene.toB.capacity = Integer.MAX_VALUE;
        assertThat(sent).hasSize(SEND_LIMIT).containsOnly(sent.get(0));
        assertThat(next).hasSize(SEND_LIMIT).containsOnly(3 - sent.get(0));
    }
}
