/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.Geometry;
import io.jcaps.processes.HaltedParty.Point;
import io.jcaps.shm.Access;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Processes that are stopped in the middle of a put or a reply, or asleep, and go on.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class StoppedProcessIT
{
    private static final long STOPPED_SECONDS = Long.getLong("stop.seconds", 30);
    private static final long SHORTLY_STOPPED_SECONDS = 2;
    private static final int TRIES = 20;
    private static final int ROUNDS = 24;
    private static final int INTERVALS = 20;
    private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final double MIN_RATIO = 0.95;
    private static final String COMMON = "common";
    private static final int SLOTS = 128;
    private static final Point[] CLIENTS = {Point.CLAIM, Point.PUT};
    private static final Point[] SERVICES = {Point.REPLY_CLAIM, Point.REPLY};

    @RegisterExtension
    private final TestRegion region =
        new TestRegion(new Geometry(16, 32, 16, SLOTS, Geometry.MAX_MESSAGE_LIMIT), Access.PRIVATE);

    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[HaltedParty.SIZE]);
    private final Message request = new Message();
    private final Message reply = new Message();
    private final Map<Integer, Long> requestsOfParties = new HashMap<>();
    private final Set<Long> disposed = new HashSet<>();
    private final List<ChildJvm> children = new ArrayList<>();
    private int uid;
    private ServicePort common;
    private ClientPort ofCommon;
    private ClientPort ofSleeping;
    private ClientPort[] ofHalted;
    private long[] toHalted;

    @BeforeEach
    void begin()
    {
        final Attachment serving = region.closing(region.attach());
        final Attachment asking = region.closing(region.attach());
        uid = serving.credentials().euid();
        final PortOptions options = new PortOptions().flags(PortFlags.USER);
        common = serving.service(COMMON, options);
        ofCommon = asking.client(COMMON, options);

        // Clients of the common service, and services, each of which halts in the middle of its message.
        final ChildJvm clients = start();
        for (int i = 0; i < CLIENTS.length; i++)
        {
            clients.ask("party", "begin", CLIENTS[i], COMMON, uid, i);
            clients.ask("party", "halt", CLIENTS[i]);
        }
        final ChildJvm services = start();
        ofHalted = new ClientPort[SERVICES.length];
        toHalted = new long[SERVICES.length];
        for (int i = 0; i < SERVICES.length; i++)
        {
            services.ask("party", "begin", SERVICES[i], SERVICES[i], uid, i);
            ofHalted[i] = asking.client(SERVICES[i].name(), options);
            Pattern.fill(bytes, HaltedParty.SIZE, i);
            toHalted[i] = ofHalted[i].put(bytes, 0, HaltedParty.SIZE);
            services.ask("party", "halt", SERVICES[i]);
        }
        // And one that sleeps until a request comes.
        final ChildJvm sleeping = start();
        final long port = sleeping.number("service", "sleeping", uid, -1, PortFlags.USER);
        assertThat(sleeping.ask("echo", port)).isEqualTo("echoing");
        ofSleeping = asking.client("sleeping", options);
    }

    private ChildJvm start()
    {
        final ChildJvm child = region.closing(ChildJvm.start(region.path()));
        children.add(child);
        return child;
    }

    @Test
    @DisplayName("B2, F8: a process stopped for 2 s in a put, in a reply or asleep is alive, and loses nothing")
    void shouldNotTakeStoppedForDead()
    {
        stopAndGoOn(SHORTLY_STOPPED_SECONDS);
    }

    @Test
    @DisplayName("B2, F8: the same for 30 s, or -Dstop.seconds=")
    void shouldNotTakeLongStoppedForDead()
    {
        stopAndGoOn(STOPPED_SECONDS);
    }

    private void stopAndGoOn(final long stoppedSeconds)
    {
        exchangeFor(TimeUnit.SECONDS.toNanos(2));
        signal("STOP");
        final List<Long> waiting = fillSleeping();
        exchangeFor(TimeUnit.SECONDS.toNanos(stoppedSeconds));
        assertAllAlive();
        signal("CONT");
        assertAnswered(waiting);
        assertAllAlive();
        assertAllGoOn();
    }

    @Test
    @DisplayName("B2: stopped processes do not slow down a link between two others")
    void shouldKeepThroughputWhileOthersAreStopped()
    {
        final List<Long> waiting = fillSleeping();
        // What stopped processes cost would show each time; what else the machine does would not.
        double ratio = ratio();
        for (int i = 1; i < TRIES && ratio < MIN_RATIO; i++)
        {
            ratio = ratio();
        }
        assertThat(ratio).isGreaterThanOrEqualTo(MIN_RATIO);
        assertAnswered(waiting);
        assertAllAlive();
        assertAllGoOn();
    }

    /** Throughput of a link while the other processes are stopped, of that while they run, in turns. */
    private double ratio()
    {
        final int[] whileRunning = new int[ROUNDS * INTERVALS];
        final int[] whileStopped = new int[ROUNDS * INTERVALS];
        for (int round = 0; round < ROUNDS; round++)
        {
            measure(whileRunning, round);
            signal("STOP");
            measure(whileStopped, round);
            signal("CONT");
        }
        final int running = undisturbed(whileRunning);
        final int stopped = undisturbed(whileStopped);
        final double ratio = stopped / (double)running;
        System.out.printf("StoppedProcessIT: exchanges in 2 ms: %d while others run, %d while they are stopped: %.3f%n",
            running, stopped, ratio);
        return ratio;
    }

    private void measure(final int[] counts, final int round)
    {
        for (int i = 0; i < INTERVALS; i++)
        {
            counts[round * INTERVALS + i] = exchangeFor(INTERVAL_NS);
        }
    }

    /** Of one interval in twenty: in the others the machine may have done something else as well. */
    private static int undisturbed(final int[] counts)
    {
        Arrays.sort(counts);
        return counts[counts.length * 19 / 20];
    }

    private void signal(final String name)
    {
        children.forEach((child) -> child.signal(name));
    }

    /** Sees to the link of the common service that is measured, and to what its other clients bring. */
    private int exchangeFor(final long durationNs)
    {
        final long beginNs = System.nanoTime();
        int count = 0;
        do
        {
            final long id = ofCommon.put(bytes, 0, 32);
            while (ofCommon.get(reply) < 0)
            {
                serve();
            }
            assertThat(reply.id() == id && Outcome.REPLIED == reply.outcome()).isTrue();
            reply.release();
            count++;
        }
        while (System.nanoTime() - beginNs < durationNs);
        return count;
    }

    private boolean serve()
    {
        final int state = common.get(request);
        if (MessageState.DISPOSE == state && requestsOfParties.containsValue(request.id()))
        {
            assertThat(disposed.add(request.id())).as("one disposal").isTrue();
        }
        else if (MessageState.REQUEST == state && HaltedParty.SIZE == request.length())
        {
            int number = 0;
            while (!Pattern.isIn(request.buffer(), HaltedParty.SIZE, number))
            {
                number++;
                assertThat(number).as("whole payload").isLessThan(CLIENTS.length);
            }
            assertThat(requestsOfParties.put(number, request.id())).as("received once").isNull();
            final UnsafeBuffer answer = new UnsafeBuffer(new byte[HaltedParty.SIZE]);
            Pattern.fill(answer, HaltedParty.SIZE, number + HaltedParty.REPLY_NUMBER);
            assertThat(request.reply(answer, 0, HaltedParty.SIZE)).isEqualTo(Status.OK);
        }
        else if (MessageState.REQUEST == state)
        {
            request.reply(bytes, 0, 32);
        }
        return state >= 0;
    }

    /** Puts as many messages as may be in progress to the service that is stopped asleep. */
    private List<Long> fillSleeping()
    {
        final List<Long> ids = new ArrayList<>();
        for (int i = 0; i < SLOTS; i++)
        {
            Pattern.fill(bytes, 64, i);
            ids.add(ofSleeping.put(bytes, 0, 64));
        }
        assertThat(ids).allMatch((id) -> id > 0);
        assertThat(ofSleeping.put(bytes, 0, 64)).isEqualTo(Status.NO_BUFFERS);
        assertThat(ofSleeping.get(reply)).isEqualTo(Status.WOULD_BLOCK);
        return ids;
    }

    private void assertAnswered(final List<Long> ids)
    {
        for (int i = 0; i < ids.size(); i++)
        {
            assertThat(ofSleeping.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            assertThat(reply.id()).isEqualTo(ids.get(i));
            assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
            assertThat(Pattern.isIn(reply.buffer(), 64, i)).isTrue();
            reply.release();
        }
        assertThat(ofSleeping.get(reply)).isEqualTo(Status.WOULD_BLOCK);
    }

    private void assertAllAlive()
    {
        // Who attaches now removes the dead: it finds none, and is not kept from its work by anybody stopped.
        try (Attachment newcomer = region.attach();
            ClientPort port = newcomer.client("sleeping", new PortOptions().flags(PortFlags.USER)))
        {
            assertThat(port.isConnected()).isTrue();
        }
        assertThat(common.clientCount()).isEqualTo(1 + CLIENTS.length);
        assertThat(ofSleeping.isConnected()).isTrue();
        for (int i = 0; i < SERVICES.length; i++)
        {
            assertThat(ofHalted[i].isConnected()).isTrue();
            assertThat(ofHalted[i].inProgress()).isEqualTo(1);
        }
        assertThat(disposed).isEmpty();
    }

    private void assertAllGoOn()
    {
        for (int i = 0; i < CLIENTS.length; i++)
        {
            final ChildJvm clients = children.get(0);
            clients.tell("party", "go", CLIENTS[i]);
            while (!requestsOfParties.containsKey(i) || !disposed.contains(requestsOfParties.get(i)))
            {
                if (!serve())
                {
                    Thread.yield();
                }
            }
            assertThat(clients.answer()).isEqualTo("one outcome");
        }
        for (int i = 0; i < SERVICES.length; i++)
        {
            final ChildJvm services = children.get(1);
            services.tell("party", "go", SERVICES[i]);
            assertThat(ofHalted[i].await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            assertThat(reply.id()).isEqualTo(toHalted[i]);
            assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
            assertThat(reply.length()).isEqualTo(HaltedParty.SIZE);
            assertThat(Pattern.isIn(reply.buffer(), HaltedParty.SIZE, i + HaltedParty.REPLY_NUMBER)).isTrue();
            reply.release();
            assertThat(services.answer()).isEqualTo("one disposal");
            assertThat(ofHalted[i].get(reply)).isEqualTo(Status.NOT_CONNECTED);
        }
        while (serve())
        {
            assertThat(disposed).hasSize(CLIENTS.length);
        }
        assertThat(requestsOfParties).hasSize(CLIENTS.length);
        assertThat(disposed).hasSize(CLIENTS.length);
    }
}
