/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.AbortResult;
import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

/**
 * A process is killed, by a real signal, before its store number n into the region, for each operation and each n: its
 * thread stands still there, its others go on, when the kernel ends them all. Who is left must find everything in order
 * and go on.
 * <p>
 * {@code -Dkills=10000} for a long run, with {@code -Dcaps.test.deadline.seconds} to match;
 * {@code -Dcaps.test.seed} for another choice and order; {@code -Dkills.at=reply} for one operation alone,
 * {@code -Dkills.at=reply:7} for one store of it.
 */
@Tag("full")
class KillIT
{
    /** Name of the service that survives. */
    static final String SURVIVOR = "survivor";

    private static final String VICTIM = "victim";
    /** A service that no thread serves while its client lives. */
    private static final String DEAF = "deaf";
    private static final int KILLS = Integer.getInteger("kills", 300);
    private static final int JVMS_AHEAD = 2;
    private static final int KILLED = 128 + 9;
    /** About as many as there are when a process leaves. */
    private static final int LEAVE_STORES = 16;
    private static final int NEVER = Integer.MAX_VALUE;
    private static final int CELL_LENGTH = 5_000;
    private static final int MAX_LENGTH = 131_072;
    /** Writer of the letters that no victim has written. */
    private static final int NOBODY = 0;
    private static final long HANG_MINUTES = 15;
    private static final long HANG_NS = TimeUnit.MINUTES.toNanos(5);
    private static final PortOptions OPTIONS = new PortOptions().flags(PortFlags.USER);

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    private final long seed = Long.getLong("caps.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Map<String, Operation> operations = new LinkedHashMap<>();
    private final ArrayDeque<ChildJvm> ahead = new ArrayDeque<>();
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[MAX_LENGTH]);
    private final List<Victim> victims = new ArrayList<>();
    /** In the first round each operation is done to its end, and its stores are counted. */
    private int round;
    private int onlyStore = NEVER;
    private int killCount;
    private int writerCount = NOBODY;
    private int letterCount;

    private Attachment attachment;
    private Attachment bystanderAttachment;
    private Survivor survivor;
    private Survivor deaf;
    private ClientPort own;
    private Bystander bystander;
    private Remains remains;
    private Tables tables;

    /** What stands before the store, and what is done then. */
    @FunctionalInterface
    private interface Setting
    {
        String prepare(Victim victim);
    }

    private static final class Operation
    {
        private final String name;
        private final Setting setting;
        private final Map<Integer, String> places = new TreeMap<>();
        private int storeCount;
        private int runCount;
        private int endCount;

        Operation(final String name, final Setting setting)
        {
            this.name = name;
            this.setting = setting;
        }
    }

    private record Point(Operation operation, int store)
    {
    }

    /** A process that is going to be killed, and what the survivors have to do with it. */
    private final class Victim
    {
        private final int writer = ++writerCount;
        private final ChildJvm jvm = nextJvm();
        private final List<Claimant> claimants = new ArrayList<>();
        private final List<Long> received = new ArrayList<>();

        String ask(final Object... words)
        {
            return jvm.ask(words);
        }

        /** Attached, and a thread of its own is calling the survivor all the time. */
        Victim attached()
        {
            ask("open");
            ask("attach");
            ask("busy", writer);
            return this;
        }

        Victim withClient(final String service)
        {
            ask("client", service);
            return this;
        }

        Victim withService(final boolean isSingle)
        {
            ask("service", VICTIM, isSingle ? "single" : "shared");
            return this;
        }

        long number(final int todo, final int length)
        {
            return Letter.number(writer, letterCount++ & 0x1FF, todo, length);
        }

        String numbers(final int todo, final int... lengths)
        {
            final StringBuilder result = new StringBuilder();
            for (final int length : lengths)
            {
                result.append(' ').append(number(todo, length));
            }
            return result.toString();
        }

        /** Puts letters, and waits until the survivor has done with each as it says. */
        String putHandled(final int todo, final int... lengths)
        {
            final String numbers = numbers(todo, lengths);
            final String ids = ask("put" + numbers);
            for (final String number : numbers.trim().split(" "))
            {
                until(() -> survivor.hasHandled(Long.parseLong(number)), () -> "not handled: " + number);
            }
            return ids;
        }

        Claimant claimant()
        {
            final Claimant claimant = new Claimant(attachment.client(VICTIM, OPTIONS));
            claimants.add(claimant);
            return claimant;
        }

        /** Puts so many letters to the victim, some of which are calls. */
        Claimant claimantOf(final int... lengths)
        {
            final Claimant claimant = claimant();
            put(claimant, lengths);
            return claimant;
        }

        void put(final Claimant claimant, final int... lengths)
        {
            for (final int length : lengths)
            {
                if (random.nextInt(3) == 0)
                {
                    claimant.call(executor, number(Letter.REPLY, length));
                }
                else
                {
                    claimant.put(number(Letter.REPLY, length));
                }
            }
        }

        /** Now and then a thread of the claimant's is asleep when the victim dies. */
        void letWait()
        {
            for (final Claimant claimant : claimants)
            {
                if (random.nextBoolean())
                {
                    claimant.await(executor);
                }
            }
        }

        void receive(final int count)
        {
            Stream.of(ask("receive", count).split(" ")).map(Long::valueOf).forEach(received::add);
        }

        void kill()
        {
            remains.look();
            jvm.kill();
            jvm.awaitEnd();
            killCount++;
            assertThat(jvm.exitCode()).as("how the victim ended").isEqualTo(KILLED);
            jvm.close();
        }
    }

    /** A pair of processes, as far as the region knows, whose link has nothing to do with the victims. */
    private static final class Bystander implements Runnable
    {
        private static final long PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(300);

        private final ClientPort port;
        private volatile long callCount;
        private volatile Throwable failure;

        Bystander(final ClientPort port)
        {
            this.port = port;
        }

        @Override
        public void run()
        {
            final UnsafeBuffer bytes = new UnsafeBuffer(new byte[CELL_LENGTH]);
            final Message reply = new Message();
            try
            {
                for (int i = 0;; i++)
                {
                    final long number =
                        Letter.number(NOBODY, i & 1, Letter.REPLY, 0 == (i & 3) ? CELL_LENGTH : Long.BYTES);
                    final int state =
                        port.call(bytes, 0, Letter.fill(bytes, number), reply, Long.MAX_VALUE);
                    if (Status.CLOSED == state)
                    {
                        return;
                    }
                    assertThat(state).isEqualTo(MessageState.REPLY);
                    assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
                    assertThat(Letter.isReply(reply.buffer(), reply.length(), number)).isTrue();
                    reply.release();
                    callCount = i;
                    LockSupport.parkNanos(PAUSE_NS);
                }
            }
            catch (final Throwable ex)
            {
                if (!port.isClosed())
                {
                    failure = ex;
                }
            }
        }
    }

    // ---- what is done to the region

    private void add(final String name, final Setting setting)
    {
        operations.put(name, new Operation(name, setting));
    }

    private void addOperations()
    {
        add("attach", (victim) ->
        {
            victim.ask("open");
            return "attach";
        });
        add("register", (victim) ->
        {
            victim.attached();
            return "service " + VICTIM + " shared";
        });
        add("connect", (victim) ->
        {
            victim.attached();
            return "client " + SURVIVOR;
        });
        add("put", (victim) ->
        {
            victim.attached().withClient(SURVIVOR);
            return "put" + victim.numbers(Letter.VIEW, 24) + victim.numbers(Letter.REPLY, 32);
        });
        add("put a cell", (victim) ->
        {
            victim.attached().withClient(SURVIVOR);
            return "put" + victim.numbers(Letter.VIEW, CELL_LENGTH) + victim.numbers(Letter.REPLY, MAX_LENGTH);
        });
        add("claim and put", (victim) ->
        {
            victim.attached().withClient(SURVIVOR);
            return "claimput" + victim.numbers(Letter.HOLD, 24) + victim.numbers(Letter.VIEW, CELL_LENGTH);
        });
        add("call", (victim) ->
        {
            victim.attached().withClient(SURVIVOR);
            return "call" + victim.numbers(Letter.REPLY, 24, CELL_LENGTH);
        });
        add("take and release", (victim) ->
        {
            victim.attached().withClient(SURVIVOR);
            victim.putHandled(Letter.REPLY, 24, CELL_LENGTH, 8);
            return "take 3";
        });
        add("abort at the service", (victim) ->
        {
            victim.attached().withClient(SURVIVOR);
            final String[] ids = victim.putHandled(Letter.HOLD, 24, CELL_LENGTH, 8).split(" ");
            return "abort " + ids[0] + " soft;abort " + ids[1] + " hard;abort " + ids[2] + " hard;takeaborted 2";
        });
        add("abort before the service", (victim) ->
        {
            victim.attached().withClient(DEAF);
            final String[] ids = victim.ask("put" + victim.numbers(Letter.HOLD, 24, CELL_LENGTH, 8, 16)).split(" ");
            return "abort " + ids[0] + " soft;abort " + ids[1] + " hard;abort " + ids[2] + " soft;takeaborted 3";
        });
        add("dispose of a late reply", (victim) ->
        {
            victim.attached().withClient(SURVIVOR);
            final long late = victim.number(Letter.HOLD, CELL_LENGTH);
            final String id = victim.ask("put", late);
            until(() -> survivor.hasHandled(late), () -> "not handled: " + late);
            victim.ask("abort", id, "hard");
            victim.ask("takeaborted", 1);
            survivor.replyLate(late);
            return "call" + victim.numbers(Letter.REPLY, 24);
        });
        add("close a client", (victim) ->
        {
            victim.attached().withClient(SURVIVOR);
            victim.putHandled(Letter.REPLY, 24, CELL_LENGTH);
            victim.putHandled(Letter.HOLD, 24, CELL_LENGTH);
            victim.putHandled(Letter.VIEW, CELL_LENGTH);
            victim.ask("take", 1);
            return "closeclient";
        });
        add("accept", (victim) ->
        {
            victim.attached().withService(true).claimantOf(24, CELL_LENGTH);
            return "receive 2";
        });
        add("get", (victim) ->
        {
            final Claimant claimant = victim.attached().withService(random.nextBoolean()).claimantOf(24);
            victim.receive(1);
            victim.put(claimant, 8, CELL_LENGTH, MAX_LENGTH);
            return "receive 3";
        });
        add("skip what was aborted", (victim) ->
        {
            final Claimant claimant = victim.attached().withService(true).claimantOf(24);
            victim.receive(1);
            claimant.put(victim.number(Letter.REPLY, 24));
            for (int i = 0; i < 2; i++)
            {
                final long id = claimant.put(victim.number(Letter.REPLY, CELL_LENGTH));
                assertThat(claimant.port().abort(id, 0 == i)).isEqualTo(AbortResult.BEFORE_SERVER);
                claimant.markAborted(id);
            }
            claimant.put(victim.number(Letter.REPLY, 8));
            return "receive 2";
        });
        add("reply", (victim) ->
        {
            victim.attached().withService(random.nextBoolean()).claimantOf(24, CELL_LENGTH, 8);
            victim.receive(3);
            return "reply 2";
        });
        add("claim and reply", (victim) ->
        {
            victim.attached().withService(random.nextBoolean()).claimantOf(24, CELL_LENGTH, 8);
            victim.receive(3);
            return "claimreply 2";
        });
        add("let go of a link", (victim) ->
        {
            victim.attached().withService(true);
            final Claimant claimant = new Claimant(attachment.client(VICTIM, OPTIONS));
            for (int i = 0; i < 3; i++)
            {
                claimant.put(victim.number(Letter.REPLY, CELL_LENGTH));
            }
            victim.ask("receive", 2);
            victim.ask("reply", 2);
            claimant.take(1);
            claimant.port().close();
            return "poll";
        });
        add("close a service", (victim) ->
        {
            final Claimant claimant = victim.attached().withService(random.nextBoolean()).claimantOf(24, CELL_LENGTH);
            victim.claimantOf(CELL_LENGTH);
            victim.receive(3);
            victim.put(claimant, 8, CELL_LENGTH);
            victim.ask("reply", 1);
            return "closeservice";
        });
        add("leave", (victim) ->
        {
            wholePeer(victim.attached());
            return "detach";
        });
        add("reap when attaching", (victim) ->
        {
            killWhileLeaving();
            victim.ask("open");
            return "attach";
        });
        add("reap when connecting", (victim) ->
        {
            victim.attached();
            killWhileLeaving();
            return "client " + SURVIVOR;
        });
        add("reap when registering", (victim) ->
        {
            victim.attached();
            killWhileLeaving();
            return "service " + VICTIM + " shared";
        });
    }

    /** Service and client at once, with messages in each state. */
    private void wholePeer(final Victim victim)
    {
        victim.withService(random.nextBoolean()).withClient(SURVIVOR);
        victim.putHandled(Letter.HOLD, 24);
        victim.putHandled(Letter.VIEW, CELL_LENGTH);
        victim.putHandled(Letter.REPLY, 24);
        victim.claimantOf(24, CELL_LENGTH, 8);
        victim.receive(3);
        victim.ask("reply", 1);
    }

    /** Another victim, whose entries no process has removed when this returns. */
    private void killWhileLeaving()
    {
        final Victim first = new Victim();
        victims.add(first);
        wholePeer(first.attached());
        first.letWait();
        // Half of them have left nothing yet, and all of it is to be reaped.
        final boolean isWhole = 1 == round || random.nextBoolean();
        arm(first, isWhole ? 0 : random.nextInt(LEAVE_STORES), "detach");
        first.kill();
    }

    private static String arm(final Victim victim, final int store, final String command)
    {
        return victim.ask("arm", store, command);
    }

    // ---- the run

    @Test
    @DisplayName("F1-F7, R23-R25, B1: a process is killed before each of its stores: nothing is lost, late or left")
    void shouldFindAllInOrderWhateverStoreProcessIsKilledBefore()
    {
        System.out.println("kills=" + KILLS + " -Dcaps.test.seed=" + seed);
        assertTimeoutPreemptively(
            Duration.ofMinutes(HANG_MINUTES).plusSeconds(2L * KILLS), this::run, () -> "seed=" + seed);
    }

    private void run() throws Exception
    {
        final long startNs = System.nanoTime();
        addOperations();
        // Whatever is opened once and for all is open by now.
        region.closing(this::closeAll);
        ahead.add(startJvm());
        final Own before = new Own(region.path());
        open();
        final List<String> ports = tables.openPorts();
        final List<String> links = tables.usedLinks();
        final int processCount = tables.processCount();
        final List<String> locks = locks(region.path());

        final ArrayDeque<Point> points = new ArrayDeque<>();
        keepOnly(System.getProperty("kills.at"));
        while (killCount < KILLS)
        {
            if (points.isEmpty())
            {
                points.addAll(0 == round++ ? ends() : allPoints());
            }
            final Point point = points.remove();
            String place = "?";
            try
            {
                place = kill(point);
                survive();
                until(() -> tables.openPorts().equals(ports) && tables.usedLinks().equals(links) &&
                    tables.processCount() == processCount,
                    () -> "left behind: " + tables.openPorts() + tables.usedLinks() + tables.processCount());
                until(() -> locks(region.path()).equals(locks), () -> "locks left: " + locks(region.path()));
            }
            catch (final Throwable ex)
            {
                throw new AssertionError(
                    "killed at " + point.operation.name + ":" + point.store + " = " + place + ", seed=" + seed, ex);
            }
        }
        checkWholeCapacity();
        close();
        closeAhead();
        executor.shutdown();
        assertThat(executor.awaitTermination(1, TimeUnit.HOURS)).isTrue();
        until(() -> new Own(region.path()).isNoMoreThan(before), () -> new Own(region.path()) + ", before: " + before);
        report(startNs);
    }

    private void open()
    {
        attachment = region.attach();
        bystanderAttachment = region.attach();
        survivor = new Survivor(attachment.service(SURVIVOR, OPTIONS));
        deaf = new Survivor(attachment.service(DEAF, OPTIONS));
        own = attachment.client(SURVIVOR, OPTIONS);
        bystander = new Bystander(bystanderAttachment.client(SURVIVOR, OPTIONS));
        executor.execute(survivor);
        executor.execute(bystander);
        tables = region.tables();
        remains = new Remains(region.path());
        callOwn();
        until(() -> bystander.callCount > 0, () -> "bystander");
    }

    /** Nothing refers to the region any more when this returns. */
    private void close()
    {
        bystanderAttachment.close();
        attachment.close();
        survivor.check();
        assertThat(bystander.failure).isNull();
        bystanderAttachment = null;
        attachment = null;
        survivor = null;
        deaf = null;
        own = null;
        bystander = null;
        victims.clear();
    }

    private void closeAll()
    {
        closeAhead();
        if (null != attachment)
        {
            bystanderAttachment.close();
            attachment.close();
        }
    }

    private String kill(final Point point)
    {
        final Operation operation = point.operation;
        victims.clear();
        final Victim victim = new Victim();
        victims.add(victim);
        final String command = operation.setting.prepare(victim);
        victim.letWait();
        final String answer = arm(victim, point.store, command);
        operation.runCount++;
        if (answer.startsWith("done "))
        {
            operation.storeCount = Math.max(operation.storeCount, Integer.parseInt(answer.substring(5)));
            operation.endCount++;
        }
        else
        {
            operation.storeCount = Math.max(operation.storeCount, point.store + 1);
            operation.places.put(point.store, answer.substring(3).replaceFirst("[0-9]+ ", ""));
        }
        victim.kill();
        return answer;
    }

    /** What is left of the victims is cleared away, and their survivors go on. */
    private void survive() throws Exception
    {
        final long callsBefore = bystander.callCount;
        // F6: name and entries can be used at once, though clients and views of the dead are still there.
        reuse();
        survivor.checkViews();
        for (final Victim victim : victims)
        {
            for (final Claimant claimant : victim.claimants)
            {
                claimant.check(remains, victim.received);
            }
        }
        survivor.checkViews();
        survivor.releaseViews();
        // F2: no thread calls the service now, and the entries of the dead one are freed.
        until(() -> !tables.usedLinks().isEmpty() && 2 == tables.usedLinks().size(),
            () -> "links left: " + tables.usedLinks());
        callOwn();
        deaf.drain();
        deaf.releaseViews();
        for (final Victim victim : victims)
        {
            // R21: they were delivered before the call that came after them, or are found when it was over.
            until(() -> survivor.undisposed(victim.writer).isEmpty(),
                () -> "not disposed of: " + survivor.undisposed(victim.writer));
            assertThat(deaf.undisposed(victim.writer)).as("not disposed of by the deaf one").isEmpty();
        }
        until(() -> bystander.callCount >= callsBefore + 3, () -> "bystander stands at " + callsBefore);
        assertThat(own.inProgress()).isZero();
    }

    private void reuse()
    {
        try (ServicePort service = bystanderAttachment.service(
            VICTIM, new PortOptions().flags(PortFlags.USER | PortFlags.EXCL));
            ClientPort client = attachment.client(VICTIM, OPTIONS))
        {
            final Message message = new Message();
            final long number = Letter.number(NOBODY, 1, Letter.REPLY, CELL_LENGTH);
            final long id = client.put(bytes, 0, Letter.fill(bytes, number));
            assertThat(service.await(message, Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
            assertThat(message.id()).isEqualTo(id);
            assertThat(Letter.read(message.buffer(), message.length())).isEqualTo(number);
            assertThat(message.reply(bytes, 0, Letter.fillReply(bytes, number))).isEqualTo(Status.OK);
            assertThat(client.await(message, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            assertThat(Letter.isReply(message.buffer(), message.length(), number)).isTrue();
            message.release();
        }
    }

    private void callOwn()
    {
        final Message reply = new Message();
        final long number = Letter.number(NOBODY, 0, Letter.REPLY, 24);
        assertThat(own.call(bytes, 0, Letter.fill(bytes, number), reply, Long.MAX_VALUE))
            .isEqualTo(MessageState.REPLY);
        assertThat(Letter.isReply(reply.buffer(), reply.length(), number)).isTrue();
        reply.release();
    }

    /** Every link, and every slot of a link, can be had again. */
    private void checkWholeCapacity()
    {
        final List<ClientPort> clients = new ArrayList<>();
        for (int i = tables.usedLinks().size(); i < TestRegion.SMALL.linkCount(); i++)
        {
            clients.add(attachment.client(DEAF, OPTIONS));
        }
        for (final ClientPort client : clients)
        {
            for (int i = 0; i < TestRegion.SMALL.slotCount(); i++)
            {
                assertThat(client.put(bytes, 0, Long.BYTES)).isPositive();
            }
            assertThat(client.put(bytes, 0, Long.BYTES)).isEqualTo(Status.NO_BUFFERS);
        }
        clients.forEach(ClientPort::close);
    }

    // ---- points

    /** Each operation to its end: so many stores it has. */
    private List<Point> ends()
    {
        return operations.values().stream().map((operation) -> new Point(operation, NEVER)).toList();
    }

    /** Each store of each operation, in an order that is spread over the operations however far one gets. */
    private List<Point> allPoints()
    {
        final Map<Point, Double> ranks = new LinkedHashMap<>();
        for (final Operation operation : operations.values())
        {
            final List<Integer> stores = new ArrayList<>();
            for (int i = 0; i < operation.storeCount; i++)
            {
                if (NEVER == onlyStore || i == onlyStore)
                {
                    stores.add(i);
                }
            }
            Collections.shuffle(stores, random);
            for (int i = 0; i < stores.size(); i++)
            {
                ranks.put(new Point(operation, stores.get(i)), (i + random.nextDouble() / 2) / stores.size());
            }
        }
        return ranks.keySet().stream().sorted(Comparator.comparing(ranks::get)).toList();
    }

    private void keepOnly(final String point)
    {
        if (null != point)
        {
            final String[] words = point.split(":");
            assertThat(operations).as("operations").containsKey(words[0]);
            operations.keySet().removeIf((name) -> !name.equals(words[0]));
            onlyStore = words.length > 1 ? Integer.parseInt(words[1]) : NEVER;
        }
    }

    private void report(final long startNs)
    {
        final StringBuilder result = new StringBuilder();
        int pointCount = 0;
        int coveredCount = 0;
        for (final Operation operation : operations.values())
        {
            result.append(String.format("  %-26s %3d of %3d points, %3d runs, %2d to the end%n",
                operation.name, operation.places.size(), operation.storeCount, operation.runCount,
                operation.endCount));
            pointCount += operation.storeCount;
            coveredCount += operation.places.size();
        }
        System.out.printf("%s%d operations, %d of %d points, %d kills, %d s, -Dcaps.test.seed=%d%n",
            result, operations.size(), coveredCount, pointCount, killCount,
            TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNs), seed);
    }

    // ---- processes and what they hold

    private ChildJvm startJvm()
    {
        return ChildJvm.start(List.of(), System.getProperty("java.class.path"), StepPeer.class,
            List.of(region.path().toString()));
    }

    /** The next ones start while this one works. */
    private ChildJvm nextJvm()
    {
        while (ahead.size() <= JVMS_AHEAD)
        {
            ahead.add(startJvm());
        }
        return ahead.remove();
    }

    private void closeAhead()
    {
        while (!ahead.isEmpty())
        {
            ahead.remove().close();
        }
    }

    private void until(final BooleanSupplier condition, final Supplier<String> otherwise)
    {
        final long startNs = System.nanoTime();
        while (!condition.getAsBoolean())
        {
            if (null != survivor)
            {
                survivor.check();
            }
            if (null != bystander && null != bystander.failure)
            {
                throw new AssertionError("at the bystander", bystander.failure);
            }
            if (System.nanoTime() - startNs > HANG_NS)
            {
                throw new AssertionError("hangs: " + otherwise.get());
            }
            LockSupport.parkNanos(200_000);
        }
    }

    /** Locks on the files beside the region, by the word of the kernel. */
    private static List<String> locks(final Path region)
    {
        try (Stream<Path> files = Files.list(region.getParent()))
        {
            final List<String> inodes = new ArrayList<>();
            for (final Path file : files.toList())
            {
                inodes.add(":" + Files.getAttribute(file, "unix:ino") + " ");
            }
            return Files.readAllLines(Path.of("/proc/locks")).stream()
                .filter((line) -> inodes.stream().anyMatch(line::contains))
                .map((line) -> line.substring(line.indexOf(':') + 1)).sorted().toList();
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    /** What this process holds of the operating system's, as far as the region and its victims can have part in it. */
    private record Own(List<String> files, long mappingCount, List<String> threads)
    {
        Own(final Path region)
        {
            this(openFiles(), mappingCount(region), Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
                .filter((name) -> !name.startsWith("process reaper") && !name.startsWith("pool-")).sorted().toList());
        }

        /** What was mapped before may have been unmapped by the collector since. */
        boolean isNoMoreThan(final Own before)
        {
            return isWithin(files, before.files) && isWithin(threads, before.threads) &&
                mappingCount <= before.mappingCount;
        }

        /** Whether each is among the others, as often. A thread of another test may have ended in between. */
        private static boolean isWithin(final List<String> some, final List<String> others)
        {
            final List<String> left = new ArrayList<>(others);
            return some.stream().allMatch(left::remove);
        }

        private static List<String> openFiles()
        {
            final List<String> result = new ArrayList<>();
            try (Stream<Path> files = Files.list(Path.of("/proc/self/fd")))
            {
                for (final Path file : files.toList())
                {
                    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS))
                    {
                        final String target = Files.readSymbolicLink(file).toString();
                        if (!target.endsWith(".jar") && !target.startsWith("pipe:") && !target.startsWith("/proc/"))
                        {
                            result.add(target);
                        }
                    }
                }
            }
            catch (final IOException ex)
            {
                throw new UncheckedIOException(ex);
            }
            Collections.sort(result);
            return result;
        }

        /** Mappings that can be written to; unreferenced ones disappear with a garbage collection. */
        private static long mappingCount(final Path region)
        {
            System.gc();
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps")))
            {
                return lines.filter((line) -> line.contains(region.toString()) && line.contains(" rw")).count();
            }
            catch (final IOException ex)
            {
                throw new UncheckedIOException(ex);
            }
        }
    }
}
