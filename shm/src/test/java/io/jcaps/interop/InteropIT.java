/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.interop;

import io.jcaps.interop.Party.Kind;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.ErrorRecord;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionHeader;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.shm.inspect.PortView;
import io.jcaps.shm.inspect.RegionErrors;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.testkit.Extent;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The rules between two processes of which each uses either library: the first column is the service's, the second the
 * client's.
 */
@Timeout(value = 3, unit = TimeUnit.HOURS)
class InteropIT
{
    private static final int EAGAIN = 11;
    private static final int EINVAL = 22;
    private static final int ENOBUFS = 105;
    private static final int ENOTCONN = 107;
    private static final int ENOENT = 2;
    private static final int EACCES = 13;
    private static final int USER = 1;
    private static final int WORLD = 7;
    private static final String DISPOSE = "4";
    private static final int SERVANT = 54_321;
    private static final int STRANGER = 54_331;
    private static final int WAITSVC = 0x40;
    private static final int KILLS = Integer.getInteger("caps.interop.kills", Extent.of(5, 20));
    /** A JVM takes longer to start. */
    private static final int JAVA_KILLS = Integer.getInteger("caps.interop.java.kills", Extent.of(1, 3));
    private static final int ROUND_TRIPS = Extent.of(10_000, 100_000);
    private static final int EXCHANGES = Extent.of(500, 5_000);
    /** A side makes some 8 stores for a message, and stops after some 800: one in 50 is kept, of 16 in progress. */
    private static final int MAX_STORE = 6_000;
    private static final int MAX_CLIENT_STORE = 4_000;

    /** Runs a test with a service and a client of each library; in the default build only of one each. */
    @Target(ElementType.METHOD)
    @Retention(RetentionPolicy.RUNTIME)
    @ParameterizedTest(name = "service {0}, client {1}")
    @MethodSource("pairs")
    private @interface EachPair
    {
    }

    private final long seed = Long.getLong("caps.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Deque<Party> parties = new ArrayDeque<>();
    private Path directory;
    private Path region;
    private int uid;

    @BeforeEach
    void makeDirectory() throws IOException
    {
        System.out.println("seed " + seed);
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "interop",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        region = directory.resolve("region");
        uid = (Integer)Files.getAttribute(directory, "unix:uid");
    }

    @AfterEach
    void removeDirectory() throws IOException
    {
        while (!parties.isEmpty())
        {
            parties.pop().close();
        }
        try (Stream<Path> files = Files.list(directory))
        {
            for (final Path file : files.toList())
            {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    static Stream<Arguments> pairs()
    {
        return Stream.of(Kind.values())
            .flatMap((service) -> Stream.of(Kind.values()).map((client) -> Arguments.of(service, client)))
            .filter((pair) -> Extent.isFull() || pair.get()[0] != pair.get()[1]);
    }

    private static int kills(final Kind victim)
    {
        return Kind.C == victim ? KILLS : JAVA_KILLS;
    }

    private Party start(final Kind kind) throws Exception
    {
        final Party party = Party.start(kind, region);
        parties.push(party);
        return party;
    }

    /** Port of a service t of this user, for all clients. */
    private long service(final Party party) throws IOException
    {
        return party.number("service", "t", uid, -1, WORLD);
    }

    /** Port of a client of {@link #service}. */
    private long client(final Party party) throws IOException
    {
        return party.number("client", "t", uid, -1, WORLD);
    }

    @ParameterizedTest(name = "services {0}")
    @Tag("full")
    @EnumSource(Kind.class)
    @DisplayName("R5: a Java client that waits for a service is shown, and its entry is used when the table is full")
    void shouldTakeEntryOfWaitingClient(final Kind kind) throws Exception
    {
        final Party server = start(kind);
        final long first = server.number("service", "first", uid, -1, WORLD);
        final long second = server.number("service", "second", uid, -1, WORLD);
        final Party waiting = start(Kind.JAVA);
        waiting.tell("client", "late", uid, -1, WORLD | WAITSVC);
        final int portCount;
        try (RegionView view = RegionView.open(region))
        {
            portCount = view.header().geometry().portCount();
            while (view.look(0).ports().stream().noneMatch((port) -> PortView.Kind.WAITING == port.kind()))
            {
                Thread.onSpinWait();
            }
        }
        for (int i = 2; i < portCount; i++)
        {
            assertThat(server.number("service", "s" + i, uid, -1, WORLD)).isPositive();
        }
        assertThat(server.number("service", "more", uid, -1, WORLD)).isEqualTo(-ENOBUFS);
        assertThat(server.number("close", first)).isZero();
        assertThat(server.number("close", second)).isZero();
        assertThat(server.number("service", "late", uid, -1, WORLD)).isPositive();
        assertThat(Long.parseLong(waiting.answer())).isPositive();
    }

    @EachPair
    @DisplayName("R12, R16, R19: thousands of round trips in order, short and in cells, are as they were sent")
    void shouldExchange(final Kind service, final Kind client) throws Exception
    {
        final Party server = start(service);
        final long port = service(server);
        server.ask("echo", port);
        final Party user = start(client);
        exchange(user, Extent.of(20_000, 370_000), 24);
        exchange(user, Extent.of(2_000, 29_400), 3_000);
        exchange(user, 300, 131_072);
        exchange(user, 300, 0);
    }

    private void exchange(final Party user, final int count, final int length) throws Exception
    {
        assertThat(user.number("exchange", "t", uid, count, length)).isEqualTo(count);
    }

    @EachPair
    @Tag("full")
    @DisplayName("F44, R22: processes that become other users after they attached are known as they are now")
    void shouldKnowWhoChangedItsUser(final Kind service, final Kind client) throws Exception
    {
        assumeTrue(0 == uid, "only root can become another user");
        final Party server = start(service);
        final Party user = start(client);
        // Registered as root, and as the user that it becomes.
        final long early = server.number("service", "early", 0, -1, WORLD);
        assertThat(early).isPositive();
        assertThat(server.number("become", SERVANT, SERVANT, SERVANT)).isZero();
        final long svc = server.number("service", "t", SERVANT, -1, WORLD);
        assertThat(svc).isPositive();
        become(user, STRANGER);

        exchangeOne(server, svc, user, user.number("client", "t", SERVANT, -1, WORLD), STRANGER);
        // Not root's any more, whatever its port says: it is found under the user of its process.
        assertThat(user.number("client", "early", 0, -1, WORLD)).isEqualTo(-EACCES);
        exchangeOne(server, early, user, user.number("client", "early", SERVANT, -1, WORLD), STRANGER);
        assertThat(user.number("client", "t", SERVANT, -1, USER)).isEqualTo(-EACCES);

        final Party same = start(client);
        become(same, SERVANT);
        exchangeOne(server, svc, same, same.number("client", "t", SERVANT, -1, USER), SERVANT);
    }

    @EachPair
    @Tag("full")
    @DisplayName("R22, R6: a process with ids of two users, as after exec of a set-uid program, is of no user")
    void shouldKnowNobodyByIdsThatDisagree(final Kind service, final Kind client) throws Exception
    {
        assumeTrue(0 == uid, "only root can become another user");
        final Party server = start(service);
        final Party user = start(client);
        final long forRoot = server.number("service", "root", 0, -1, USER);
        final long forAll = server.number("service", "all", 0, -1, WORLD);
        assertThat(user.number("client", "nobody", 0, -1, WORLD)).isEqualTo(-ENOENT);
        assertThat(user.number("become", STRANGER, 0, 0)).isZero();

        // Its own check finds root, that of the service does not.
        final long refused = user.number("client", "root", 0, -1, USER);
        assertThat(refused).isPositive();
        final long id = user.number("put", refused, 8, 1);
        if (-EACCES != id)
        {
            assertThat(user.words("wait", refused)).startsWith("2", Long.toString(id), "0", "REFUSED");
        }
        assertThat(server.number("get", forRoot)).isEqualTo(-EAGAIN);
        final long port = user.number("client", "all", 0, -1, WORLD);
        assertThat(user.number("put", port, 8, 1)).isPositive();
        assertThat(server.words("wait", forAll)).endsWith(Long.toString(user.pid()), "-1", "-1", "-1");

        // A service that is of no user is not the one that a client looks for.
        assertThat(user.number("service", "two", 0, -1, WORLD)).isPositive();
        assertThat(server.number("client", "two", 0, -1, WORLD)).isEqualTo(-EACCES);
    }

    /** After its first call, with which the C library attaches. */
    private static void become(final Party party, final int uid) throws IOException
    {
        assertThat(party.number("client", "nobody", 0, -1, WORLD)).isEqualTo(-ENOENT);
        assertThat(party.number("become", uid, uid, uid)).isZero();
    }

    private static void exchangeOne(
        final Party server, final long svc, final Party user, final long port, final int uid) throws IOException
    {
        assertThat(port).isPositive();
        final long id = user.number("put", port, 8, 1);
        assertThat(id).isPositive();
        final String who = Integer.toString(uid);
        List<String> request = server.words("wait", svc);
        while (DISPOSE.equals(request.get(0)))
        {
            // The disposal of another client's message.
            request = server.words("wait", svc);
        }
        assertThat(request).containsExactly(
            "0", Long.toString(id), "8", "REPLIED", "1", Long.toString(user.pid()), who, who, who);
        assertThat(server.number("reply", svc, id, 8, 1)).isZero();
        final String servant = Integer.toString(SERVANT);
        assertThat(user.words("wait", port)).containsExactly(
            "2", Long.toString(id), "8", "REPLIED", "1", Long.toString(server.pid()), servant, servant, servant);
    }

    @EachPair
    @DisplayName("R17, R18, R20, R21, R22: requests, replies in any order, disposals, credentials")
    void shouldReceiveAndDispose(final Kind service, final Kind client) throws Exception
    {
        final Party server = start(service);
        final Party user = start(client);
        final long svc = service(server);
        final long port = client(user);
        assertThat(server.number("get", svc)).isEqualTo(-EAGAIN);

        final long first = user.number("put", port, 100, 1);
        final long second = user.number("put", port, 5_000, 2);
        assertThat(second).isGreaterThan(first).isPositive();
        final List<String> request = server.words("wait", svc);
        assertThat(request).startsWith("0", Long.toString(first), "100", "REPLIED", "1", Long.toString(user.pid()),
            Integer.toString(uid), Integer.toString(uid));
        // R17: too long for the caller: reported, not copied, and still first in line.
        assertThat(server.words("get", svc, 10)).startsWith("0", Long.toString(second), "5000");
        assertThat(server.words("get", svc)).startsWith("0", Long.toString(second), "5000", "REPLIED", "2");

        // R20: in any order, and only once.
        assertThat(server.number("reply", svc, second, 40_000, 4)).isZero();
        assertThat(server.number("reply", svc, second, 1, 4)).isEqualTo(-EINVAL);
        assertThat(server.number("reply", svc, first, 3, 3)).isZero();
        assertThat(user.words("wait", port)).startsWith("2", Long.toString(second), "40000", "REPLIED", "4",
            Long.toString(server.pid()));
        assertThat(user.words("wait", port)).startsWith("2", Long.toString(first), "3", "REPLIED", "3");
        assertThat(user.number("get", port)).isEqualTo(-EAGAIN);

        // R21: once for each reply.
        assertThat(List.of(server.words("get", svc).get(1), server.words("get", svc).get(1)))
            .containsExactlyInAnyOrder(Long.toString(first), Long.toString(second));
        assertThat(server.number("get", svc)).isEqualTo(-EAGAIN);
    }

    @EachPair
    @DisplayName("R14, R29: 128 messages in progress; aborted before the server, at the server, and hard")
    void shouldLimitAndAbort(final Kind service, final Kind client) throws Exception
    {
        final Party server = start(service);
        final Party user = start(client);
        final long svc = service(server);
        final long port = client(user);
        final long[] ids = new long[128];
        for (int i = 0; i < ids.length; i++)
        {
            ids[i] = user.number("put", port, 8, i);
            assertThat(ids[i]).isPositive();
        }
        assertThat(user.number("put", port, 8, 0)).isEqualTo(-ENOBUFS);

        assertThat(server.words("get", svc)).startsWith("0", Long.toString(ids[0]));
        assertThat(user.number("abort", port, ids[1], 0)).isEqualTo(2);
        assertThat(user.number("abort", port, ids[0], 0)).isEqualTo(3);
        assertThat(user.words("wait", port)).startsWith("2", Long.toString(ids[1]), "0", "ABORTED");
        assertThat(user.number("abort", port, ids[0], 1)).isEqualTo(3);
        assertThat(user.words("wait", port)).startsWith("2", Long.toString(ids[0]), "0", "ABORTED|RECEIVED");
        // The aborted one is passed over; the one that was aborted at the server can still be replied to.
        assertThat(server.words("get", svc)).startsWith("0", Long.toString(ids[2]));
        assertThat(server.number("reply", svc, ids[0], 1, 0)).isZero();
        assertThat(server.number("reply", svc, ids[2], 8, 9)).isZero();
        assertThat(user.words("wait", port)).startsWith("2", Long.toString(ids[2]), "8", "REPLIED", "9");
        assertThat(user.number("abort", port, ids[2], 0)).isEqualTo(-EINVAL);
    }

    @EachPair
    @DisplayName("R15, R23, R28, B1: a closed service: its replies, then the outcomes of the rest, then ENOTCONN")
    void shouldTellOfTheServicesEnd(final Kind service, final Kind client) throws Exception
    {
        final Party server = start(service);
        final Party user = start(client);
        final long svc = service(server);
        final long port = client(user);
        server.ask("setgen", svc, 77);
        final long replied = user.number("put", port, 8, 1);
        final long received = user.number("put", port, 8, 2);
        final long unseen = user.number("put", port, 8, 3);
        server.ask("wait", svc);
        server.ask("wait", svc);
        assertThat(server.number("reply", svc, replied, 8, 5)).isZero();
        assertThat(server.number("close", svc)).isZero();
        assertThat(user.number("put", port, 8, 1)).isEqualTo(-ENOTCONN);
        assertThat(user.words("wait", port)).startsWith("2", Long.toString(replied), "8", "REPLIED", "5");
        assertThat(user.words("wait", port))
            .startsWith("2", Long.toString(received), "0", "SERVICE_CLOSED|RECEIVED");
        assertThat(user.words("wait", port)).startsWith("2", Long.toString(unseen), "0", "SERVICE_CLOSED");
        assertThat(user.number("wait", port)).isEqualTo(-ENOTCONN);
        assertThat(user.number("getgen", port)).isEqualTo(77);
        assertThat(user.number("close", port)).isZero();
        assertThat(user.number("close", port)).isEqualTo(-EINVAL);
    }

    @EachPair
    @DisplayName("R24, R25: a client that closes, and one that is killed: disposals for all that was received")
    void shouldTellOfTheClientsEnd(final Kind service, final Kind client) throws Exception
    {
        final Party server = start(service);
        final long svc = service(server);
        for (final boolean isKilled : new boolean[]{false, true})
        {
            final Party user = start(client);
            final long port = client(user);
            final long replied = user.number("put", port, 8, 1);
            final long held = user.number("put", port, 8, 2);
            user.number("put", port, 8, 3);
            server.ask("wait", svc);
            server.ask("wait", svc);
            assertThat(server.number("reply", svc, replied, 8, 5)).isZero();
            if (isKilled)
            {
                user.kill();
            }
            else
            {
                assertThat(user.number("close", port)).isZero();
            }
            // The third request vanishes, or is received and disposed of: it was put before the end.
            List<String> end = server.words("get", svc);
            while (!"4".equals(end.get(0)))
            {
                end = server.words("get", svc);
            }
            final List<String> next = server.words("get", svc);
            assertThat(List.of(end.get(1), next.get(1)))
                .containsExactlyInAnyOrder(Long.toString(replied), Long.toString(held));
            assertThat(server.number("reply", svc, held, 8, 5)).isEqualTo(-EINVAL);
            while (!server.ask("get", svc).equals(Integer.toString(-EAGAIN)))
            {
                Thread.onSpinWait();
            }
        }
    }

    @EachPair
    @DisplayName("B1, B2: services killed before any of their stores: each put has one outcome, and it is true")
    void shouldGiveEachPutAnOutcome(final Kind service, final Kind client) throws Exception
    {
        final Path ends = directory.resolve("ends");
        final Journal journal = new Journal();
        final Party user = start(client);
        user.ask("journal", ends);
        user.tell("load", "t", uid);
        for (int i = 0; i < kills(service); i++)
        {
            final Path actions = directory.resolve("actions");
            try (Party server = Party.startStepped(service, region))
            {
                server.ask("journal", actions);
                final long svc = service(server);
                // It may be dead before it answers. One in 50 is kept: with 16 in progress, all of them are after some
                // 800.
                server.tell("die", 1 + random.nextInt(MAX_STORE));
                server.tell("serve", svc, 50, 0);
                server.awaitEnd();
            }
            journal.addActions(actions);
            Files.delete(actions);
        }
        final Party last = start(service);
        final long svc = service(last);
        final Path actions = directory.resolve("actions");
        last.ask("journal", actions);
        last.ask("serve", svc, 1_000_000_000, 0);
        user.tell("stop");
        final String[] counts = user.answer().split(" ");
        last.close();
        journal.addActions(actions);
        journal.addEnds(ends);
        System.out.println("service " + service + ", client " + client + ": " + kills(service) + " killed, puts " +
            counts[0] + ", replied " + counts[1] + ", automatic " + counts[2] + ", lost " + counts[3] + ", " +
            journal.delays());
        assertThat(counts[3]).as("lost").isEqualTo("0");
        assertThat(journal.endCount()).as("ends").isEqualTo(Long.parseLong(counts[0]));
        journal.verify();
        assertThat(Long.parseLong(counts[1])).isPositive();
    }

    @EachPair
    @DisplayName("R21, R24, R25: clients killed before any of their stores: one disposal for each request received")
    void shouldDisposeOfWhatTheDeadLeave(final Kind service, final Kind client) throws Exception
    {
        final Party server = start(service);
        final long svc = service(server);
        server.ask("tally", svc, 50);
        for (int i = 0; i < kills(client); i++)
        {
            try (Party user = Party.startStepped(client, region))
            {
                user.tell("die", 1 + random.nextInt(MAX_CLIENT_STORE));
                user.tell("load", "t", uid);
                user.awaitEnd();
            }
        }
        List<String> tally = server.words("tallied");
        while (!"0".equals(tally.get(2)))
        {
            Thread.sleep(1);
            tally = server.words("tallied");
        }
        System.out.println("service " + service + ", client " + client + ": " + kills(client) + " killed, requests " +
            tally.get(0) + ", disposals " + tally.get(1));
        assertThat(tally.get(1)).isEqualTo(tally.get(0));
        assertThat(tally.get(3)).as("disposals of nothing").isEqualTo("0");
        // R25: the entries of the dead are free again.
        final Party another = start(client);
        assertThat(client(another)).isPositive();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"JAVA", "C"})
    @DisplayName("A service that gives up a corrupt link counts it and records it in the error log, which tools read")
    void shouldRecordErrors(final Kind kind) throws Exception
    {
        final Party server = start(kind);
        final Party user = start(Kind.JAVA);
        final long svc = service(server);
        assertThat(RegionErrors.read(region)).isEmpty();
        for (int i = 1; i <= 3; i++)
        {
            final long port = client(user);
            final long id = user.number("put", port, 8, i);
            corruptLength(id);
            assertThat(server.number("get", svc)).isEqualTo(-EAGAIN);
            assertThat(user.words("wait", port)).startsWith("2", Long.toString(id), "0");
            assertThat(user.number("close", port)).isZero();
            // Releases the link, which the next client then takes: the same text, counted again.
            assertThat(server.number("get", svc)).isEqualTo(-EAGAIN);
            final List<ErrorRecord> errors = RegionErrors.read(region);
            assertThat(errors.stream().mapToInt(ErrorRecord::count).sum()).isEqualTo(i);
            assertThat(errors).allSatisfy((error) ->
            {
                assertThat(error.pid()).isEqualTo((int)server.pid());
                assertThat(error.text()).contains("corrupt link").contains("port=t, link=0");
                assertThat(error.firstAtMs()).isPositive();
                assertThat(error.lastAtMs()).isGreaterThanOrEqualTo(error.firstAtMs());
            });
        }
    }

    /** Overwrites the length of the request that was put first to the first link. */
    private void corruptLength(final long id) throws IOException
    {
        try (FileChannel channel = FileChannel.open(region, StandardOpenOption.READ, StandardOpenOption.WRITE))
        {
            final ByteBuffer header = ByteBuffer.allocate(RegionDescriptor.HEADER_LENGTH);
            channel.read(header, 0);
            final Geometry geometry = RegionHeader.read(
                new UnsafeBuffer(header.array()), channel.size(), region.toString()).geometry();
            final long half = geometry.linkOffset(0) +
                geometry.requestHalfOffset((int)(id & (SlotDescriptor.MAX_SLOT_COUNT - 1)));
            final ByteBuffer length = ByteBuffer.allocate(Integer.BYTES).putInt(0, -1);
            channel.write(length, half + SlotDescriptor.LENGTH_OFFSET);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"JAVA", "C"})
    @DisplayName("R5: a client of either library waits for a service of the other")
    void shouldWaitForAService(final Kind client) throws Exception
    {
        final Party user = start(client);
        user.tell("client", "late", uid, -1, WORLD | WAITSVC);
        final Party server = start(Kind.C == client ? Kind.JAVA : Kind.C);
        assertThat(server.number("service", "late", uid, -1, WORLD)).isPositive();
        assertThat(Long.parseLong(user.answer())).isPositive();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"JAVA", "C"})
    @DisplayName("Tools see which library each process uses")
    void shouldTellTheLibrary(final Kind kind) throws Exception
    {
        final Party party = start(kind);
        assertThat(service(party)).isPositive();
        try (RegionView view = RegionView.open(region))
        {
            assertThat(view.look(0).processes()).singleElement().satisfies((process) ->
            {
                assertThat(process.pid()).isEqualTo((int)party.pid());
                assertThat(process.isC()).isEqualTo(Kind.C == kind);
            });
        }
    }

    private PortView port(final PortView.Kind kind)
    {
        try (RegionView view = RegionView.open(region))
        {
            return view.look(0).ports().stream().filter((each) -> kind == each.kind()).findFirst().orElseThrow();
        }
    }

    @ParameterizedTest(name = "service {0}, client {1}")
    @MethodSource("pairs")
    @DisplayName("R14, R24: tools see unspent claims of either side, and what a client that has gone had counted")
    void shouldShowClaimsAndTotals(final Kind service, final Kind client) throws Exception
    {
        final Party server = start(service);
        final long port = server.number("service", "t", uid, -1, WORLD);
        final Party user = start(client);
        final long connection = user.number("client", "t", uid, -1, WORLD);
        final long id = user.number("put", connection, 100, 1);
        assertThat(server.ask("wait", port)).contains(Long.toString(id));
        assertThat(server.number("alloc", port, id, 50)).isEqualTo(1);
        for (int i = 0; i < 3; i++)
        {
            assertThat(user.number("alloc", connection, 0, 100)).isEqualTo(1);
        }
        await().atMost(10, TimeUnit.MINUTES).untilAsserted(() ->
        {
            assertThat(port(PortView.Kind.CLIENT).claimed()).isEqualTo(3);
            assertThat(port(PortView.Kind.SERVICE).claimed()).isEqualTo(1);
        });
        assertThat(port(PortView.Kind.SERVICE).goneClients()).containsEntry(ClientCounter.PUTS, 0L);
        user.kill();
        // The watch drops the client; the allocation for the reply keeps the link, so a second client's is another one.
        final Party next = start(client);
        final long second = next.number("client", "t", uid, -1, WORLD);
        final long nextId = next.number("put", second, 10, 1);
        // After the disposal of the first client's request.
        while (!server.words("wait", port).contains(Long.toString(nextId)))
        {
            assertThat(nextId).isPositive();
        }
        assertThat(next.number("close", second)).isZero();
        await().atMost(10, TimeUnit.MINUTES).untilAsserted(() ->
        {
            assertThat(port(PortView.Kind.SERVICE).goneClients()).containsEntry(ClientCounter.PUTS, 1L)
                .containsEntry(ClientCounter.PUT_BYTES, 10L);
            assertThat(port(PortView.Kind.SERVICE).claimed()).isEqualTo(1);
        });
    }

    @Test
    @DisplayName("R27: a child that a C client of a Java service forks cannot use its port; the parent continues")
    void shouldNotServeAChild() throws Exception
    {
        final Party server = start(Kind.JAVA);
        server.ask("echo", service(server));
        final Party user = start(Kind.C);
        final long port = client(user);
        for (int i = 0; i < 100; i++)
        {
            assertThat(user.number("put", port, 8, i)).isPositive();
            assertThat(user.number("fork", port)).isEqualTo(-ENOTCONN);
            assertThat(user.words("wait", port).subList(2, 5))
                .containsExactly("8", "REPLIED", Integer.toString(i));
        }
    }

    @EachPair
    @DisplayName("The pair in the original's style: each round trip, while the server is killed and started again")
    void shouldRunTheOriginalsPair(final Kind server, final Kind client) throws Exception
    {
        final int gid = (Integer)Files.getAttribute(directory, "unix:gid");
        final Process user = program(client, "pair_client", "client", gid, ROUND_TRIPS);
        for (int i = 0; i < 3 && user.isAlive(); i++)
        {
            final Process killed = program(server, "pair_server", "server", gid, 0);
            // It prints this once it has registered.
            assertThat(killed.inputReader().readLine()).startsWith("cid = ");
            user.waitFor(20, TimeUnit.MILLISECONDS);
            killed.destroyForcibly().waitFor();
        }
        final Process last = program(server, "pair_server", "server", gid, 0);
        try
        {
            assertThat(user.inputReader().readLine()).isEqualTo(Integer.toString(ROUND_TRIPS));
            assertThat(user.waitFor()).isZero();
        }
        finally
        {
            last.destroyForcibly().waitFor();
            user.destroyForcibly().waitFor();
        }
    }

    @EachPair
    @Tag("full")
    @DisplayName("The installer's exchange: forms and their answers, each as a request with its reply")
    void shouldRunTheInstallersExchange(final Kind backend, final Kind frontend) throws Exception
    {
        final int gid = (Integer)Files.getAttribute(directory, "unix:gid");
        final Process one = program(backend, "exchange", "backend", gid, EXCHANGES);
        final Process other = program(frontend, "exchange", "frontend", gid, EXCHANGES);
        try
        {
            assertThat(other.waitFor()).isZero();
            assertThat(one.waitFor()).isZero();
        }
        finally
        {
            one.destroyForcibly().waitFor();
            other.destroyForcibly().waitFor();
        }
    }

    @Test
    @DisplayName("R27: the installer's exchange between a parent and the child that it forks")
    void shouldExchangeWithAChild() throws Exception
    {
        final Process process = start(List.of(Library.program("exchange").toString(), Integer.toString(EXCHANGES)));
        try
        {
            assertThat(process.waitFor()).isZero();
        }
        finally
        {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    /** A program of c/test, or its port to Java. */
    private Process program(final Kind kind, final String name, final String role, final int gid, final int count)
        throws Exception
    {
        final List<String> command = new ArrayList<>();
        // Skipped along with the others where there is no C side.
        final Path program = Library.program(name);
        if (Kind.C == kind)
        {
            command.addAll(List.of(program.toString(), Integer.toString(count)));
            if ("exchange".equals(name))
            {
                command.add(role);
            }
        }
        else
        {
            command.addAll(Party.java(Pair.class));
            command.addAll(List.of(role, region.toString(), Integer.toString(uid), Integer.toString(gid),
                Integer.toString(count)));
        }
        return start(command);
    }

    private Process start(final List<String> command) throws IOException
    {
        final ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CAPS_REGION", region.toString());
        return builder.start();
    }
}
