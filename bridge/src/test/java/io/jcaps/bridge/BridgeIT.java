/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.testkit.JvmCommand;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Two regions on this machine, a process for each bridge and for the service, and faults in full flight. What the
 * client was told is compared with what the service wrote before it replied.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class BridgeIT
{
    private static final int WINDOW = 64;
    private static final int CLIENT_PUTS = 10;
    private static final long LOST_AFTER_MS = 2_000;
    /** Half of it is far longer than a stop that is meant to take a quarter of it, on a busy machine as well. */
    private static final long LONG_LOST_AFTER_MS = 8_000;

    private enum Role
    {
        SERVICE, EXPORTER, IMPORTER, CLIENT
    }

    /** What was put to a stand-in that was just closing never left this machine: closed, and not received. */
    private static final List<String> AFTER_LOSS =
        List.of("REPLIED", "UNREACHABLE", "UNREACHABLE|RECEIVED", "SERVICE_CLOSED");

    /** Moves CLOCK_REALTIME of a process by the seconds that a file says. */
    private static final String SHIM = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/time.h>
        #include <time.h>
        static volatile long *shift;
        __attribute__((constructor)) static void begin(void)
        {
            shift = mmap(0, 8, PROT_READ, MAP_SHARED, open(getenv("CLOCK_SHIFT"), O_RDONLY), 0);
        }
        int clock_gettime(clockid_t id, struct timespec *t)
        {
            static int (*next)(clockid_t, struct timespec *);
            next = next ? next : dlsym(RTLD_NEXT, "clock_gettime");
            int result = next(id, t);
            if (id == CLOCK_REALTIME && shift)
            {
                t->tv_sec += *shift;
            }
            return result;
        }
        int gettimeofday(struct timeval *t, void *zone)
        {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            t->tv_sec = now.tv_sec;
            t->tv_usec = now.tv_nsec / 1000;
            return 0;
        }
        """;

    private final long seed = Long.getLong("caps.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Map<Role, Process> processes = new EnumMap<>(Role.class);
    private final Map<Role, List<String>> lines = new ConcurrentHashMap<>();
    private final List<Thread> readers = new ArrayList<>();
    private final List<Thread> serviceReaders = new ArrayList<>();
    private final Set<Long> received = ConcurrentHashMap.newKeySet();
    private final Map<Long, Integer> outcomes = new HashMap<>();
    private final Map<Long, Long> numbers = new HashMap<>();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[131_072]);
    private final Message reply = new Message();
    private final int port = TwoHosts.freePort();
    private Path directory;
    private Attachment attachment;
    private ClientPort client;
    private long lostAfterMs = LOST_AFTER_MS;
    private long lastNumber;
    private long replied;

    @BeforeEach
    void begin() throws IOException
    {
        System.out.println("BridgeIT: caps.test.seed=" + seed);
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "caps-bridge-it",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        attachment = Caps.attach(new RegionConfig().path(directory.resolve("a")));
        for (final Role role : List.of(Role.SERVICE, Role.EXPORTER, Role.IMPORTER))
        {
            start(role);
        }
        client = connect();
    }

    @AfterEach
    void end() throws Exception
    {
        for (final Process process : processes.values())
        {
            process.destroyForcibly().waitFor();
        }
        for (final Thread reader : readers)
        {
            reader.join();
        }
        attachment.close();
        IoUtil.delete(directory.toFile(), true);
        for (final Process process : processes.values())
        {
            IoUtil.delete(Path.of("/dev/shm/caps-bridge-" + process.pid() + "-0").toFile(), true);
        }
    }

    private void start(final Role role, final String... environment) throws IOException
    {
        final String region = directory.resolve(Role.SERVICE == role || Role.EXPORTER == role ? "b" : "a").toString();
        final List<String> arguments = switch (role)
        {
            case SERVICE -> List.of(region);
            case CLIENT -> List.of(region, Integer.toString(CLIENT_PUTS));
            default -> List.of(
                region, Role.EXPORTER == role ? "export" : "import", "127.0.0.1:" + port, Long.toString(lostAfterMs));
        };
        final Class<?> main = switch (role)
        {
            case SERVICE -> ServicePeer.class;
            case CLIENT -> ClientPeer.class;
            default -> BridgePeer.class;
        };
        final ProcessBuilder builder = new ProcessBuilder(JvmCommand.of(
            List.of(), List.of(), System.getProperty("java.class.path"), main, arguments));
        for (int i = 0; i < environment.length; i += 2)
        {
            builder.environment().put(environment[i], environment[i + 1]);
        }
        final Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        processes.put(role, process);
        final List<String> own = new CopyOnWriteArrayList<>();
        lines.put(role, own);
        final Thread reader = new Thread(() -> read(process, role, own));
        reader.start();
        (Role.SERVICE == role ? serviceReaders : readers).add(reader);
    }

    private void read(final Process process, final Role role, final List<String> own)
    {
        try (BufferedReader output =
            new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)))
        {
            for (String line = output.readLine(); null != line; line = output.readLine())
            {
                if (Role.SERVICE == role)
                {
                    assertThat(received.add(Long.parseLong(line))).as("handed out at most once").isTrue();
                }
                else
                {
                    own.add(line);
                    System.out.println(role + ": " + line);
                }
            }
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    private void awaitLine(final Role role, final String text)
    {
        Awaitility.await().until(() -> lines.get(role).stream().anyMatch((line) -> line.contains(text)));
    }

    /** For as long as a fault is meant to last, takes what comes. */
    private void takeFor(final long durationMs)
    {
        final long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(durationMs);
        while (System.nanoTime() - endNs < 0)
        {
            assertThat(take()).as("the stand-in is there").isTrue();
        }
    }

    private void kill(final Role role) throws Exception
    {
        processes.get(role).destroyForcibly().waitFor();
    }

    private void signal(final Role role, final String signal) throws Exception
    {
        assertThat(new ProcessBuilder("kill", "-" + signal, Long.toString(processes.get(role).pid()))
            .start().waitFor()).isZero();
    }

    private ClientPort connect()
    {
        while (true)
        {
            try
            {
                return attachment.client(TwoHosts.NAME, new PortOptions().waitForService());
            }
            catch (final CapsException ex)
            {
                // The stand-in went between the look-up and the connect.
                assertThat(ex.status()).isEqualTo(Status.NOT_CONNECTED);
            }
        }
    }

    /** Puts what the window has room for. */
    private void fill()
    {
        while (numbers.size() < WINDOW)
        {
            final long number = lastNumber + 1;
            final int length = 0 == random.nextInt(16) ? 8 + random.nextInt(bytes.capacity() - 8) :
                8 + random.nextInt(500);
            bytes.putLong(0, number);
            bytes.putByte(length - 1, (byte)(8 == length ? bytes.getByte(7) : number));
            final long id = client.put(bytes, 0, length);
            if (id < 0)
            {
                assertThat(id).isIn((long)Status.NOT_CONNECTED, (long)Status.NO_BUFFERS);
                return;
            }
            lastNumber = number;
            numbers.put(id, number);
        }
    }

    /** Takes what is there; false once the service is gone and nothing more is due. */
    private boolean take()
    {
        final int state = client.await(reply, TimeUnit.MILLISECONDS.toNanos(50));
        if (MessageState.REPLY == state)
        {
            final Long number = numbers.remove(reply.id());
            assertThat(number).isNotNull();
            assertThat(outcomes.put(number, reply.outcome())).as("one outcome").isNull();
            if (Outcome.REPLIED == reply.outcome())
            {
                replied++;
                assertThat(reply.buffer().getLong(0)).isEqualTo(number);
                assertThat(reply.length() == 8 || reply.buffer().getByte(reply.length() - 1) == number.byteValue())
                    .isTrue();
            }
            reply.release();
        }
        else if (Status.NOT_CONNECTED == state)
        {
            assertThat(numbers).as("without an outcome").isEmpty();
            return false;
        }
        return true;
    }

    private void exchange(final int count)
    {
        final long goal = replied + count;
        while (replied < goal)
        {
            fill();
            if (!take())
            {
                client.close();
                client = connect();
            }
        }
    }

    private void awaitUnconnected()
    {
        while (take())
        {
            Thread.onSpinWait();
        }
    }

    private Set<String> check() throws Exception
    {
        while (!numbers.isEmpty())
        {
            take();
        }
        // All that the service has written has been read once it has ended.
        kill(Role.SERVICE);
        for (final Thread reader : serviceReaders)
        {
            reader.join();
        }
        assertThat(outcomes).hasSize((int)lastNumber);
        final Set<String> kinds = new HashSet<>();
        outcomes.forEach((number, outcome) ->
        {
            kinds.add(Outcome.text(outcome));
            if (!Outcome.wasReceived(outcome))
            {
                assertThat(received).as(Outcome.text(outcome)).doesNotContain(number);
            }
        });
        return kinds;
    }

    @Test
    @DisplayName("B7: mixed sizes between two regions and four processes, all REPLIED")
    void shouldCarryTraffic() throws Exception
    {
        exchange(5_000);
        assertThat(check()).containsExactly("REPLIED");
    }

    @Test
    @DisplayName("Bridge B killed with requests in flight: UNREACHABLE; after its restart the clients continue")
    void shouldSurviveDeathOfExporter() throws Exception
    {
        exchange(500);
        fill();
        kill(Role.EXPORTER);
        awaitUnconnected();
        start(Role.EXPORTER);
        exchange(500);
        assertThat(check()).contains("REPLIED").isSubsetOf(AFTER_LOSS);
    }

    @Test
    @Tag("full")
    @DisplayName("Bridge A killed with requests in flight: SERVICE_DIED; after its restart the clients continue")
    void shouldSurviveDeathOfImporter() throws Exception
    {
        exchange(500);
        fill();
        kill(Role.IMPORTER);
        awaitUnconnected();
        start(Role.IMPORTER);
        exchange(500);
        assertThat(check()).contains("REPLIED").isSubsetOf("REPLIED", "SERVICE_DIED", "SERVICE_DIED|RECEIVED");
    }

    @Test
    @DisplayName("Service killed at B with requests in flight: SERVICE_DIED with B's RECEIVED bit; then a restart")
    void shouldSurviveDeathOfService() throws Exception
    {
        exchange(500);
        fill();
        kill(Role.SERVICE);
        awaitUnconnected();
        start(Role.SERVICE);
        exchange(500);
        assertThat(check()).contains("REPLIED").isSubsetOf("REPLIED", "SERVICE_DIED", "SERVICE_DIED|RECEIVED");
    }

    @Test
    @Tag("full")
    @DisplayName("A bridge stopped for longer than lost-after: as for a network cut; resumed, the clients continue")
    void shouldSurviveStop() throws Exception
    {
        for (final Role role : List.of(Role.EXPORTER, Role.IMPORTER))
        {
            exchange(300);
            fill();
            signal(role, "STOP");
            if (Role.EXPORTER == role)
            {
                awaitUnconnected();
            }
            else
            {
                awaitLine(Role.EXPORTER, "lost: no beat was echoed in time");
            }
            signal(role, "CONT");
            exchange(300);
        }
        assertThat(check()).contains("REPLIED").isSubsetOf(AFTER_LOSS);
    }

    @Test
    @Tag("full")
    @DisplayName("The service stopped for longer than lost-after: no outcome but its replies")
    void shouldWaitForStoppedService() throws Exception
    {
        exchange(300);
        fill();
        signal(Role.SERVICE, "STOP");
        takeFor(3 * LOST_AFTER_MS);
        signal(Role.SERVICE, "CONT");
        exchange(300);
        assertThat(check()).containsExactly("REPLIED");
    }

    @Test
    @Tag("full")
    @DisplayName("Client killed at A: the service receives a DISPOSE for each request that it had received (R24)")
    void shouldDisposeForKilledClient() throws Exception
    {
        client.close();
        kill(Role.SERVICE);
        try (Attachment attachmentB = Caps.attach(new RegionConfig().path(directory.resolve("b")));
            ServicePort service = attachmentB.service(TwoHosts.NAME))
        {
            start(Role.CLIENT);
            final Message request = new Message();
            final Set<Long> held = new HashSet<>();
            while (held.size() < CLIENT_PUTS)
            {
                assertThat(service.await(request, Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
                held.add(request.id());
                request.release();
            }
            kill(Role.CLIENT);
            while (!held.isEmpty())
            {
                final int state = service.get(request);
                if (MessageState.DISPOSE == state)
                {
                    assertThat(held.remove(request.id())).isTrue();
                }
                else
                {
                    assertThat(state).isEqualTo(Status.WOULD_BLOCK);
                    Thread.onSpinWait();
                }
            }
        }
    }

    @Test
    @Tag("full")
    @DisplayName("Another client at A is stopped and takes no replies: this one is still served")
    void shouldServeOthersWhileClientIsStopped() throws Exception
    {
        exchange(100);
        start(Role.CLIENT);
        awaitLine(Role.CLIENT, "put");
        signal(Role.CLIENT, "STOP");
        exchange(1_000);
        signal(Role.CLIENT, "CONT");
        exchange(100);
        while (!numbers.isEmpty())
        {
            take();
        }
        assertThat(outcomes.values()).containsOnly(Outcome.REPLIED);
    }

    @Test
    @Tag("full")
    @DisplayName("A bridge stopped for less than half of lost-after: all REPLIED")
    void shouldBridgeShortStop() throws Exception
    {
        client.close();
        lostAfterMs = LONG_LOST_AFTER_MS;
        for (final Role role : List.of(Role.EXPORTER, Role.IMPORTER))
        {
            kill(role);
            start(role);
        }
        client = connect();
        for (final Role role : List.of(Role.EXPORTER, Role.IMPORTER))
        {
            exchange(300);
            fill();
            signal(role, "STOP");
            takeFor(LONG_LOST_AFTER_MS / 4);
            signal(role, "CONT");
            exchange(300);
        }
        assertThat(check()).containsExactly("REPLIED");
    }

    private static boolean hasCompiler()
    {
        return List.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).stream()
            .anyMatch((each) -> Files.isExecutable(Path.of(each, "cc")));
    }

    @Test
    @Tag("full")
    @DisplayName("Wall clock set by an hour, forward and back, on either host: no outcome but replies")
    void shouldIgnoreWallClock() throws Exception
    {
        final Path source = Files.writeString(directory.resolve("clock.c"), SHIM);
        final Path library = directory.resolve("clock.so");
        assumeTrue(hasCompiler() || "require".equals(System.getProperty("caps.c")), "skipped: no C compiler");
        assertThat(new ProcessBuilder("cc", "-shared", "-fPIC", "-o", library.toString(), source.toString(), "-ldl")
            .inheritIO().start().waitFor()).isZero();
        final ByteBuffer seconds = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
        client.close();
        for (final Role role : List.of(Role.EXPORTER, Role.IMPORTER))
        {
            Files.write(directory.resolve(role.name()), seconds.array());
            kill(role);
        }
        for (final Role role : List.of(Role.EXPORTER, Role.IMPORTER))
        {
            start(role, "LD_PRELOAD", library.toString(), "CLOCK_SHIFT", directory.resolve(role.name()).toString());
        }
        client = connect();
        for (final Role role : List.of(Role.EXPORTER, Role.IMPORTER))
        {
            for (final long shift : List.of(3_600L, -3_600L, 0L))
            {
                exchange(200);
                fill();
                seconds.putLong(0, shift);
                try (FileChannel file = FileChannel.open(directory.resolve(role.name()), StandardOpenOption.WRITE))
                {
                    file.write(seconds.duplicate().clear(), 0);
                }
                exchange(200);
            }
        }
        assertThat(check()).containsExactly("REPLIED");
    }
}
