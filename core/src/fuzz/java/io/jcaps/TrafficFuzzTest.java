/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.GuardedHost;
import io.jcaps.host.LocalRegion;
import io.jcaps.link.LinkSet;
import io.jcaps.link.ServiceLink;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One service, three honest clients, and two links whose bytes are changed under way, on both sides of them. What the
 * honest ones are owed they get, all calls return what they declare, and in the end nothing is left of the two.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class TrafficFuzzTest
{
    private static final int HONEST_COUNT = 3;
    private static final int VICTIM_COUNT = 2;
    private static final int MESSAGE_LIMIT = 64;
    private static final int STEP_COUNT = 6;
    private static final int SETTLE_INTERVAL = 256;
    private static final int SETTLE_LIMIT = 100_000;
    private static final int REOPEN_INTERVAL = 64;
    private static final int SERVICE_PID = 1;
    private static final int VICTIM_PID = 100;
    private static final Geometry GEOMETRY = new Geometry(8, 12, 6, 4, MESSAGE_LIMIT);
    private static final Set<String> VICTIM_STATUSES =
        Set.of("OK", "WOULD_BLOCK", "NO_BUFFERS", "NOT_CONNECTED", "ACCESS_DENIED", "INVALID", "TIMED_OUT", "CLOSED");

    private final LocalRegion region = new LocalRegion(GEOMETRY);
    private final AtomicBuffer tables = region.host().tables();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[MESSAGE_LIMIT]);
    private final UnsafeBuffer sink = new UnsafeBuffer(new byte[MESSAGE_LIMIT]);
    private final List<HonestClient> honest = new ArrayList<>();
    private final List<Attachment> honestProcesses = new ArrayList<>();
    private final Victim[] victims = new Victim[VICTIM_COUNT];
    private final Message[] requests = {new Message(), new Message(), new Message()};
    private final List<Long> victimIds = new ArrayList<>();
    private final Claim serviceClaim = new Claim();
    private final long[] honestIds = new long[HONEST_COUNT * 2];
    private FuzzRun run;
    private Random random;
    private Attachment serviceProcess;
    private ServicePort service;
    /** Held while a victim's bytes are changed, and while it comes or goes. */
    private final Object mutation = new Object();

    private final class Victim
    {
        final Attachment process;
        final ClientPort port;
        final VictimBytes bytes;
        final int linkIndex;
        final int processIndex;
        final Message message = new Message();
        final Claim claim = new Claim();
        final List<Long> ids = new ArrayList<>();

        Victim(final Random byteRandom)
        {
            process = attach(VICTIM_PID);
            port = process.client(TestRegion.NAME, new PortOptions().spinCount(4));
            final PortEntry entry = new PortEntry(tables, GEOMETRY).wrap(port.portIndex);
            linkIndex = entry.linkIndex();
            processIndex = entry.processIndex();
            bytes = new VictimBytes(byteRandom, GEOMETRY, tables, region.host().link(linkIndex), linkIndex,
                port.portIndex, processIndex, honestIds);
        }
    }

    @Test
    @DisplayName("F25, F29: 30,000 changes of a link's bytes between its calls affect no other link")
    void shouldBearMutatedLinks()
    {
        fuzz("traffic", 30_000);
    }

    @Test
    @Tag("full")
    @DisplayName("F25, F29: 1,000,000 changes of a link's bytes between its calls affect no other link")
    void shouldBearManyMutatedLinks()
    {
        fuzz("traffic", 1_000_000);
    }

    @Test
    @DisplayName("F25: changes of a link's bytes during its calls affect no other link")
    void shouldBearLinksThatAreMutatedMeanwhile() throws InterruptedException
    {
        fuzzMeanwhile(10_000);
    }

    @Test
    @Tag("full")
    @DisplayName("F25: a million changes of a link's bytes during its calls affect no other link")
    void shouldBearManyLinksThatAreMutatedMeanwhile() throws InterruptedException
    {
        fuzzMeanwhile(60_000);
    }

    private void fuzzMeanwhile(final int iterationCount) throws InterruptedException
    {
        final boolean[] isOver = new boolean[1];
        final long[] mutationCount = new long[1];
        final Random mutatorRandom = new Random();
        final Thread thread = new Thread(() ->
        {
            boolean goesOn = true;
            for (int i = 0; goesOn; i++)
            {
                synchronized (mutation)
                {
                    final Victim victim = victims[i % VICTIM_COUNT];
                    if (null != victim)
                    {
                        victim.bytes.mutate();
                        mutationCount[0]++;
                    }
                    goesOn = !isOver[0];
                }
                for (int pause = mutatorRandom.nextInt(64); pause > 0; pause--)
                {
                    Thread.onSpinWait();
                }
            }
        }, "mutator");
        thread.setDaemon(true);
        thread.start();
        try
        {
            fuzz("traffic, changed meanwhile", iterationCount);
        }
        finally
        {
            synchronized (mutation)
            {
                isOver[0] = true;
            }
            thread.join();
        }
        System.out.printf("    %,d changes meanwhile%n", mutationCount[0]);
        assertThat(mutationCount[0]).isPositive();
    }

    private void fuzz(final String name, final int iterationCount)
    {
        // Without them an access out of bounds would go unnoticed.
        assertThat(DirectBuffer.SHOULD_BOUNDS_CHECK).isTrue();
        final boolean isMeanwhile = name.contains("meanwhile");
        run = new FuzzRun(name, iterationCount);
        random = run.random();
        serviceProcess = attach(SERVICE_PID);
        service = serviceProcess.service(TestRegion.NAME, new PortOptions());
        for (int i = 0; i < HONEST_COUNT; i++)
        {
            final int pid = 10 + i;
            final Attachment process = attach(pid);
            honestProcesses.add(process);
            honest.add(new HonestClient(
                run, process.client(TestRegion.NAME, new PortOptions()), pid, MESSAGE_LIMIT, bytes));
        }
        // A service knows whose ids are whose from each client's first message on.
        honest.forEach(HonestClient::put);
        settle();
        run.run((i) -> iterate(i, isMeanwhile));
        settle();
        closeVictims();
        honestProcesses.forEach(Attachment::close);
        assertThat(service.clientCount()).isZero();
        checkHeap(0);
        serviceProcess.close();
        run.checkMet("honest put", "honest request received", "honest reply taken", "honest disposal",
            "victim opened", "victim put: OK", "victim put: NOT_CONNECTED", "victim put: NO_BUFFERS",
            "victim get: REPLIED", "victim get: SERVICE_CLOSED", "victim get: SERVICE_CLOSED|RECEIVED",
            "victim abort: INVALID", "victim's request", "victim's disposal", "reply to victim: OK",
            "reply to victim: INVALID");
        if (!isMeanwhile)
        {
            for (final VictimBytes.Area area : VictimBytes.Area.values())
            {
                run.checkMet("changed: " + area);
            }
        }
    }

    private Attachment attach(final int pid)
    {
        return Attachment.attach(GuardedHost.guard(
            region.host(new Credentials(pid, 1000, 1000, 1000, 1000, new int[]{1000}))), 0,
            (ex) -> run.count("error of the watch: " + ex));
    }

    private void iterate(final int iteration, final boolean isMeanwhile)
    {
        if (iteration % SETTLE_INTERVAL == 0)
        {
            settle();
            if (random.nextInt(4) == 0)
            {
                closeVictims();
            }
        }
        final int index = random.nextInt(VICTIM_COUNT);
        if (null == victims[index])
        {
            open(index);
            return;
        }
        final Victim victim = victims[index];
        if (random.nextInt(REOPEN_INTERVAL) == 0 || !victim.port.isConnected() && random.nextInt(4) == 0)
        {
            closeVictims();
            return;
        }
        if (!isMeanwhile)
        {
            run.count("changed: " + victim.bytes.mutate());
        }
        for (int i = 0; i < STEP_COUNT; i++)
        {
            switch (random.nextInt(16))
            {
                case 0, 1 -> honest.get(random.nextInt(HONEST_COUNT)).put();
                case 2, 3, 4, 5 -> serve();
                case 6, 7 -> honest.get(random.nextInt(HONEST_COUNT)).get();
                case 8 -> replyToHonest();
                case 9 -> replyToVictim();
                case 10 -> look();
                default -> use(victims[random.nextInt(VICTIM_COUNT)]);
            }
        }
    }

    // ---- the victims

    private void open(final int index)
    {
        synchronized (mutation)
        {
            try
            {
                victims[index] = run.call("open", () -> new Victim(random));
                run.count("victim opened");
            }
            catch (final CapsException | RegionException ex)
            {
                run.count("victim not opened: " + ex.getMessage().replaceAll("[-0-9]+", "N"));
            }
        }
    }

    /** All of them, so that their entries can be cleared: none refers to another's. */
    private void closeVictims()
    {
        synchronized (mutation)
        {
            for (int i = 0; i < VICTIM_COUNT; i++)
            {
                final Victim victim = victims[i];
                if (null != victim)
                {
                    run.callInt("close", () ->
                    {
                        victim.process.close();
                        // A process stays in the region while a claim is not spent.
                        victim.claim.cancel();
                        victim.process.close();
                        return 0;
                    });
                    run.count("victim closed");
                }
            }
            for (final Message request : requests)
            {
                request.release();
            }
            // A link whose state was changed does not tell of the close: the watch does.
            serviceProcess.watch().doWork();
            assertThat(run.callInt("client count", service::clientCount)).as("clients left").isEqualTo(
                (int)honest.stream().filter((client) -> !client.port.isClosed()).count());
            // A dropped link is released with the next poll.
            service.clientCount();
            for (int i = 0; i < VICTIM_COUNT; i++)
            {
                if (null != victims[i])
                {
                    victims[i].bytes.clearEntries(
                        victims[i].processIndex, victims[i].port.portIndex, victims[i].linkIndex);
                    victims[i] = null;
                }
            }
            checkHeap(HONEST_COUNT);
        }
    }

    private void use(final Victim victim)
    {
        if (null == victim)
        {
            return;
        }
        final ClientPort port = victim.port;
        switch (random.nextInt(12))
        {
            case 0, 1, 2, 3 ->
            {
                final int length = random.nextInt(MESSAGE_LIMIT + 1);
                sent(victim, run.callLong("victim's put", () -> port.put(bytes, 0, length)));
            }
            case 4 ->
            {
                if (!victim.claim.isFilled())
                {
                    final int length = random.nextInt(MESSAGE_LIMIT + 1);
                    final int status = run.callInt("victim's claim", () -> port.claim(length, victim.claim));
                    countStatus("victim claim: ", status);
                }
                else if (random.nextBoolean())
                {
                    sent(victim, run.callLong("victim's put of a claim", victim.claim::put));
                }
                else
                {
                    victim.claim.cancel();
                }
            }
            case 5, 6, 7, 8 -> get(victim);
            case 9 ->
            {
                final long id = victim.ids.isEmpty() || random.nextInt(4) == 0 ?
                    random.nextLong() : victim.ids.get(random.nextInt(victim.ids.size()));
                final boolean isHard = random.nextBoolean();
                final int result = run.callInt("victim's abort", () -> port.abort(id, isHard));
                if (result > 0)
                {
                    assertThat(result).isLessThanOrEqualTo(AbortResult.AT_SERVER);
                    run.count("victim abort: " + result);
                }
                else
                {
                    countStatus("victim abort: ", result);
                }
            }
            case 10 ->
            {
                victim.message.release();
                final int result =
                    run.callInt("victim's call", () -> port.call(bytes, 0, 33, victim.message, 0));
                if (MessageState.REPLY == result)
                {
                    run.count("victim call: " + Outcome.text(victim.message.outcome()));
                    read(victim.message);
                }
                else
                {
                    countStatus("victim call: ", result);
                }
            }
            default ->
            {
                run.callInt("victim's watch", () -> victim.process.watch().doWork());
                run.call("victim's isReady", port::isReady);
                assertThat(port.inProgress()).isBetween(0, GEOMETRY.slotCount());
            }
        }
    }

    private void sent(final Victim victim, final long id)
    {
        if (id > 0)
        {
            run.count("victim put: OK");
            victim.ids.add(id);
            if (victim.ids.size() > 2 * GEOMETRY.slotCount())
            {
                victim.ids.remove(0);
            }
        }
        else
        {
            countStatus("victim put: ", (int)id);
        }
    }

    private void get(final Victim victim)
    {
        victim.message.release();
        final int limit = random.nextInt(4) == 0 ? random.nextInt(MESSAGE_LIMIT) : MESSAGE_LIMIT;
        final int result = run.callInt("victim's get", () -> victim.port.get(victim.message, limit));
        if (MessageState.REPLY == result)
        {
            run.count("victim get: " + Outcome.text(victim.message.outcome()));
            if (victim.message.isView())
            {
                read(victim.message);
            }
        }
        else
        {
            countStatus("victim get: ", result);
        }
    }

    private void read(final Message message)
    {
        assertThat(message.length()).isBetween(0, MESSAGE_LIMIT);
        if (Outcome.REPLIED != message.outcome())
        {
            assertThat(message.length()).isZero();
            return;
        }
        assertThat(message.buffer().capacity()).isEqualTo(message.length());
        message.buffer().getBytes(0, sink, 0, message.length());
    }

    private void countStatus(final String prefix, final int status)
    {
        final String text = Status.text(status);
        assertThat(VICTIM_STATUSES).as(prefix).contains(text);
        run.count(prefix + text);
    }

    // ---- the service

    private void serve()
    {
        final Message request = requests[random.nextInt(requests.length)];
        final int limit = random.nextInt(4) == 0 ? random.nextInt(MESSAGE_LIMIT) : MESSAGE_LIMIT;
        int result = run.callInt("get", () -> service.get(request, limit));
        if (MessageState.REQUEST == result && !request.isView())
        {
            // It stays first in line, unless its link has ended.
            final long id = request.id();
            final int pid = request.credentials().pid();
            assertThat(request.length()).isGreaterThan(limit);
            result = run.callInt("get again", () -> service.get(request));
            if (pid < VICTIM_PID)
            {
                assertThat(result).isEqualTo(MessageState.REQUEST);
                assertThat(request.id()).isEqualTo(id);
            }
        }
        switch (result)
        {
            case MessageState.REQUEST -> receive(request);
            case MessageState.DISPOSE ->
            {
                final HonestClient client = clientOf(request);
                if (null == client)
                {
                    run.count("victim's disposal");
                    victimIds.remove(request.id());
                }
                else
                {
                    client.onDispose(request.id());
                }
            }
            default -> assertThat(Status.text(result)).isEqualTo("WOULD_BLOCK");
        }
    }

    private HonestClient clientOf(final Message message)
    {
        final int pid = message.credentials().pid();
        return pid >= VICTIM_PID ? null : honest.get(pid - 10);
    }

    private void receive(final Message request)
    {
        final HonestClient client = clientOf(request);
        if (null == client)
        {
            run.count("victim's request");
            read(request);
            final int lease = SlotDescriptor.lease(request.id());
            assertThat(honest.stream().anyMatch((honestClient) -> honestClient.hasLease(lease)))
                .as("a victim's request with an honest client's lease: " + request.id()).isFalse();
            if (random.nextInt(3) == 0)
            {
                victimIds.add(request.id());
                if (victimIds.size() > 16)
                {
                    victimIds.remove(0);
                }
            }
            else
            {
                final int length = random.nextInt(MESSAGE_LIMIT + 1);
                final int status = run.callInt("reply to a victim", () -> request.reply(bytes, 0, length));
                countStatus("reply to victim: ", status);
            }
        }
        else
        {
            client.onRequest(request);
            honestIds[random.nextInt(honestIds.length)] = request.id();
            if (random.nextBoolean())
            {
                client.reply(service, request.id(), request, serviceClaim);
            }
        }
    }

    private void replyToHonest()
    {
        final HonestClient client = honest.get(random.nextInt(HONEST_COUNT));
        final Long id = client.anyHeld();
        if (null != id)
        {
            client.reply(service, id, null, serviceClaim);
        }
    }

    /** By its id alone. */
    private void replyToVictim()
    {
        if (!victimIds.isEmpty())
        {
            final long id = victimIds.remove(random.nextInt(victimIds.size()));
            final int length = random.nextInt(MESSAGE_LIMIT + 1);
            countStatus("reply to victim: ",
                run.callInt("reply to a victim's id", () -> service.reply(id, bytes, 0, length)));
        }
    }

    private void look()
    {
        switch (random.nextInt(3))
        {
            case 0 -> run.callInt("watch", () -> serviceProcess.watch().doWork());
            case 1 -> run.call("isReady", service::isReady);
            default ->
            {
                assertThat(run.callInt("client count", service::clientCount)).isBetween(
                    HONEST_COUNT, HONEST_COUNT + VICTIM_COUNT);
                for (final ServiceLink link : ((LinkSet)field(service, "links")).links())
                {
                    assertThat(link.leases().size()).as("leases of a link").isLessThanOrEqualTo(
                        GEOMETRY.slotCount() + 1);
                }
            }
        }
    }

    /** Each honest client gets all that it is owed, though the others still are what they are. */
    private void settle()
    {
        int left = SETTLE_LIMIT;
        while (!honest.stream().allMatch(HonestClient::isSettled))
        {
            if (0 == left--)
            {
                throw new AssertionError("never settled: " + honest);
            }
            serve();
            for (final HonestClient client : honest)
            {
                final Long id = client.anyHeld();
                if (null != id)
                {
                    client.reply(service, id, null, serviceClaim);
                }
                client.get();
                client.releaseAll();
            }
        }
        for (final HonestClient client : honest)
        {
            assertThat(client.port.inProgress()).isZero();
        }
        run.count("settled");
    }

    /** Nothing of the clients that have gone is left in the heap. */
    private void checkHeap(final int clientCount)
    {
        final LinkSet set = (LinkSet)field(service, "links");
        // Those whose disposals are not delivered yet, and no others.
        assertThat((List<?>)field(field(set, "dropped"), "links")).as("dropped links").allSatisfy(
            (link) -> assertThat(((ServiceLink)link).disposalCount()).isPositive());
        final Map<?, ?> leases = (Map<?, ?>)field(field(set, "leases"), "linkByLease");
        assertThat(leases.size()).as("leases").isLessThanOrEqualTo(clientCount);
        final ServiceLink[] links = set.links();
        assertThat(links).hasSize(clientCount);
        for (final ServiceLink link : links)
        {
            assertThat(link.leases().size()).as("leases of a link").isLessThanOrEqualTo(1);
        }
    }

    private static Object field(final Object object, final String name)
    {
        try
        {
            final Field field = object.getClass().getDeclaredField(name);
            field.setAccessible(true);
            return field.get(object);
        }
        catch (final ReflectiveOperationException ex)
        {
            throw new AssertionError(ex);
        }
    }
}
