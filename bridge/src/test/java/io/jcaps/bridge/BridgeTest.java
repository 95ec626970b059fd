/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import com.sun.management.ThreadMXBean;
import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.protocol.HeaderFlyweight;
import io.aeron.protocol.SetupFlyweight;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.bridge.session.FrameDescriptor;
import io.jcaps.bridge.session.SessionCounter;
import io.jcaps.testkit.Extent;
import org.agrona.concurrent.UnsafeBuffer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Two bridges in one JVM, over Aeron and the loopback interface.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class BridgeTest
{
    private TwoHosts hosts = new TwoHosts();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[131_072]);
    private final Message reply = new Message();

    @AfterEach
    void close() throws Exception
    {
        hosts.close();
    }

    private void exchange(final ClientPort client, final int rounds)
    {
        final Random random = new Random(rounds);
        for (int i = 0; i < rounds; i++)
        {
            final int length = 0 == i % 4 ? random.nextInt(bytes.capacity() + 1) : random.nextInt(2_000);
            for (int j = 0; j + 8 <= length; j += 512)
            {
                bytes.putLong(j, (long)i << 32 | j);
            }
            assertThat(client.call(bytes, 0, length, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            assertThat(Outcome.text(reply.outcome())).isEqualTo("REPLIED");
            assertThat(reply.length()).isEqualTo(length);
            for (int j = 0; j + 8 <= length; j += 512)
            {
                assertThat(reply.buffer().getLong(j)).isEqualTo((long)i << 32 | j);
            }
            reply.release();
        }
    }

    @Test
    @DisplayName("B7: messages of all sizes cross between two regions, and come back unchanged")
    void shouldCarryMessages() throws Exception
    {
        hosts.echo();
        final byte[] key = new byte[16];
        hosts.add(hosts.export(new BridgeConfig().key(key)));
        final Bridge importer = hosts.add(hosts.importFrom(new BridgeConfig().key(key), hosts.endpoint));
        final ClientPort client = hosts.client();
        assertThat(client.isServiceImported()).isTrue();
        exchange(client, Extent.of(300, 2_000));
        assertThat(importer.linkCount()).isEqualTo(1);
        client.close();
        Awaitility.await().until(() -> 0 == importer.linkCount());
    }

    @Test
    @DisplayName(
        "Bridge B killed, or closed, with requests in flight: UNREACHABLE; after a restart the clients continue")
    void shouldGoOnAfterRestart() throws Exception
    {
        final ServicePort service = hosts.services.service(TwoHosts.NAME, new PortOptions());
        final Bridge first = hosts.export(new BridgeConfig());
        hosts.add(hosts.importFrom(new BridgeConfig(), hosts.endpoint));
        final ClientPort client = hosts.client();
        final long id = client.put(bytes, 0, 100);
        final Message request = new Message();
        assertThat(service.await(request, Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
        first.close();
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("UNREACHABLE|RECEIVED");
        reply.release();
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(Status.NOT_CONNECTED);
        service.close();
        hosts.echo();
        hosts.add(hosts.export(new BridgeConfig()));
        exchange(hosts.connectedClient(), 50);
    }

    @Test
    @DisplayName("Service closes, restarts: SERVICE_CLOSED; the stand-in is registered again, with the new generation")
    void shouldFollowService() throws Exception
    {
        final ServicePort service = hosts.services.service(TwoHosts.NAME, new PortOptions());
        hosts.add(hosts.export(new BridgeConfig()));
        hosts.add(hosts.importFrom(new BridgeConfig(), hosts.endpoint));
        final ClientPort client = hosts.client();
        client.put(bytes, 0, 10);
        service.await(new Message(), Long.MAX_VALUE);
        service.close();
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_CLOSED|RECEIVED");
        reply.release();
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(Status.NOT_CONNECTED);
        hosts.services.service(TwoHosts.NAME, new PortOptions().generation(5));
        assertThat(hosts.connectedClient().serviceGeneration()).isEqualTo(5);
    }

    private BridgeEvent awaitEnd(final boolean isImport)
    {
        Awaitility.await().until(() -> hosts.events.stream().anyMatch((event) ->
            BridgeEvent.Kind.ENDED == event.kind() && isImport == event.isImport()));
        return hosts.events.stream().filter((event) ->
            BridgeEvent.Kind.ENDED == event.kind() && isImport == event.isImport()).findFirst().orElseThrow();
    }

    @Test
    @DisplayName("Wrong key: refused with the reason; no stand-in")
    void shouldRefuseWrongKey() throws Exception
    {
        hosts.echo();
        final Bridge exporter = hosts.add(hosts.export(new BridgeConfig().key(new byte[16])));
        final Bridge importer = hosts.add(hosts.importFrom(new BridgeConfig(), hosts.endpoint));
        assertThat(awaitEnd(true).detail()).isEqualTo("refused: its key is not the same");
        // At once, as caps bridge does: the exporter learns it even if the BYE was not sent any more.
        importer.close();
        assertThat(awaitEnd(false).detail()).endsWith("before it was admitted: its key may be another one");
        assertThat(exporter.total(SessionCounter.REFUSED)).isPositive();
    }

    @Test
    @DisplayName("Address not on the allow list; service not exported: refused with the reason")
    void shouldRefuse() throws Exception
    {
        hosts.echo();
        final Bridge exporter = hosts.add(hosts.export(new BridgeConfig().allow(Network.parse("10.0.0.0/8"))));
        final Bridge importer = hosts.add(hosts.importFrom(new BridgeConfig(), hosts.endpoint));
        assertThat(awaitEnd(true).detail()).isEqualTo("refused: it does not allow this address");
        // It tries again and again: each attempt is counted at both ends, and reported once a minute.
        Awaitility.await().until(() ->
            exporter.total(SessionCounter.REFUSED) > 3 && importer.total(SessionCounter.REFUSED) > 3);
        assertThat(hosts.events.stream().filter((event) -> !event.isImport())).hasSizeBetween(1, 2)
            .allMatch((event) -> event.detail().equals("refused: NOT_ALLOWED") &&
                event.service().equals(TwoHosts.NAME) && event.peer().startsWith("127.0.0.1:"));
    }

    @Test
    @DisplayName("Mutated frames of Aeron, from a host that is none: a bridge's log is not filled, and messages cross")
    void shouldLimitReportsOfForgedDatagrams() throws Exception
    {
        hosts.echo();
        hosts.add(hosts.export(new BridgeConfig()));
        hosts.add(hosts.importFrom(new BridgeConfig(), hosts.endpoint));
        final ClientPort client = hosts.client();
        final UnsafeBuffer datagram = new UnsafeBuffer(new byte[SetupFlyweight.HEADER_LENGTH]);
        final SetupFlyweight setup = new SetupFlyweight(datagram);
        final InetSocketAddress address = new InetSocketAddress("127.0.0.1", hosts.endpoint.port());
        try (DatagramSocket forger = new DatagramSocket())
        {
            for (int i = 1; i <= 10 * ReportLimit.MAX_REPORTS; i++)
            {
                setup.streamId(Streams.STREAM_ID).sessionId(i).termLength(Streams.TERM_LENGTH).mtuLength(-i)
                    .headerType(HeaderFlyweight.HDR_TYPE_SETUP).frameLength(SetupFlyweight.HEADER_LENGTH);
                forger.send(new DatagramPacket(datagram.byteArray(), SetupFlyweight.HEADER_LENGTH, address));
                // By the same socket as the datagrams: those that came before it have been taken.
                exchange(client, 1);
            }
        }
        assertThat(hosts.events.stream().filter((event) -> BridgeEvent.Kind.TROUBLE == event.kind()))
            .hasSizeBetween(1, 2 * ReportLimit.MAX_REPORTS).allMatch((event) -> event.detail().contains("mtuLength"));
    }

    @Test
    @DisplayName("Several hosts: why each of them refuses is reported, and not again with each attempt")
    void shouldReportEachEndpointOnce() throws Exception
    {
        final Endpoint other = new Endpoint("127.0.0.1", TwoHosts.freePort());
        for (final Endpoint each : List.of(hosts.endpoint, other))
        {
            hosts.add(Bridge.launch(hosts.bridgeB, new BridgeConfig().exportService(TwoHosts.NAME).bind(each)
                .allow(Network.parse("10.0.0.0/8")), (event) -> {}));
        }
        final Bridge importer = hosts.add(Bridge.launch(hosts.bridgeA,
            new BridgeConfig().importService(TwoHosts.NAME, hosts.endpoint, other), hosts.events::add));
        Awaitility.await().until(() -> importer.total(SessionCounter.REFUSED) > 5);
        assertThat(hosts.events).extracting(BridgeEvent::peer).containsExactly(
            hosts.endpoint.toString(), other.toString());
        assertThat(hosts.events).allMatch((event) ->
            event.detail().equals("refused: it does not allow this address"));
    }

    @Test
    @Tag("full")
    @DisplayName("Several hosts: the next endpoint is tried when one does not answer")
    void shouldTryNextEndpoint() throws Exception
    {
        hosts.echo();
        hosts.add(hosts.export(new BridgeConfig()));
        final Endpoint silent = new Endpoint("127.0.0.1", TwoHosts.freePort());
        hosts.add(Bridge.launch(hosts.bridgeA, new BridgeConfig().lostAfter(Duration.ofMillis(500))
            .importService(TwoHosts.NAME, silent, hosts.endpoint), hosts.events::add));
        exchange(hosts.client(), 10);
        assertThat(awaitEnd(true).detail()).isEqualTo("no answer");
    }

    @Test
    @DisplayName("Port in use, name that does not resolve, nothing to do: a clear error, and nothing remains")
    void shouldBeginWholeOrNotAtAll() throws Exception
    {
        final long before = driverDirectories();
        try (DatagramSocket socket = new DatagramSocket(null))
        {
            socket.bind(new InetSocketAddress("127.0.0.1", hosts.endpoint.port() + 1));
            assertThatThrownBy(() -> hosts.export(new BridgeConfig())).isInstanceOf(BridgeException.class)
                .hasMessageContaining("cannot bind 127.0.0.1:" + socket.getLocalPort());
        }
        assertThatThrownBy(() -> hosts.importFrom(new BridgeConfig(), new Endpoint("no-such-host.invalid", 4000)))
            .isInstanceOf(BridgeException.class).hasMessageContaining("no-such-host.invalid:4000");
        assertThatThrownBy(() -> Bridge.launch(hosts.bridgeA, new BridgeConfig(), hosts.events::add))
            .isInstanceOf(IllegalArgumentException.class);
        assertThat(driverDirectories()).isEqualTo(before);
    }

    private static boolean hasIpv6Loopback()
    {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress("::1", 0)))
        {
            return socket.isBound();
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    @Test
    @Tag("full")
    @DisplayName("B7: the same over IPv6, between addresses in brackets")
    void shouldWorkOverIpv6() throws Exception
    {
        assumeTrue(hasIpv6Loopback(), "skipped: this machine has no ::1");
        hosts.close();
        hosts = new TwoHosts("[::1]");
        hosts.echo();
        hosts.add(hosts.export(new BridgeConfig()));
        hosts.add(hosts.importFrom(new BridgeConfig(), hosts.endpoint));
        exchange(hosts.client(), 200);
    }

    private static MediaDriver driver(final Path directory)
    {
        return MediaDriver.launch(new MediaDriver.Context().aeronDirectoryName(directory.toString())
            .threadingMode(ThreadingMode.SHARED).dirDeleteOnStart(true).dirDeleteOnShutdown(true));
    }

    @Test
    @DisplayName(
        "External media driver gone: sessions end, each request has its outcome; a new driver: clients continue")
    void shouldUseExternalDriver(@TempDir final Path directory) throws Exception
    {
        final Path driverDirectory = directory.resolve("driver");
        assertThatThrownBy(() -> hosts.export(new BridgeConfig().driverDirectory(driverDirectory)))
            .isInstanceOf(BridgeException.class).hasMessageContaining("no media driver runs in " + driverDirectory);
        final ServicePort service = hosts.services.service(TwoHosts.NAME, new PortOptions());
        final ClientPort client;
        try (MediaDriver first = driver(driverDirectory))
        {
            hosts.add(hosts.export(new BridgeConfig().driverDirectory(driverDirectory)));
            hosts.add(hosts.importFrom(new BridgeConfig().driverDirectory(driverDirectory), hosts.endpoint));
            client = hosts.client();
            client.put(bytes, 0, 10);
            assertThat(service.await(new Message(), Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
            assertThat(first.context().aeronDirectoryName()).isEqualTo(driverDirectory.toString());
        }
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("UNREACHABLE|RECEIVED");
        reply.release();
        service.close();
        hosts.echo();
        hosts.add(driver(driverDirectory));
        exchange(hosts.connectedClient(), 50);
    }

    @Test
    @Tag("full")
    @DisplayName("Bridge B killed, another in its place: a stream that it joins in the middle is none of its sessions")
    void shouldIgnoreStreamThatItJoinsInTheMiddle(@TempDir final Path directory) throws Exception
    {
        final Path driverDirectory = directory.resolve("driver");
        hosts.add(driver(driverDirectory));
        final Aeron aeron = hosts.add(Aeron.connect(
            new Aeron.Context().aeronDirectoryName(driverDirectory.toString())));
        final UnsafeBuffer dispose = new UnsafeBuffer(new byte[FrameDescriptor.HEADER_LENGTH]);
        dispose.putByte(FrameDescriptor.TYPE_OFFSET, (byte)FrameDescriptor.DISPOSE);
        dispose.putByte(FrameDescriptor.VERSION_OFFSET, (byte)FrameDescriptor.CURRENT_VERSION);
        final Subscription replies = aeron.addSubscription(Streams.repliesFrom(hosts.endpoint), Streams.STREAM_ID);
        final ExclusivePublication requests = aeron.addExclusivePublication(
            Streams.requestsTo(hosts.endpoint, replies.registrationId()), Streams.STREAM_ID);
        try (Subscription dead = aeron.addSubscription(Streams.requests(hosts.endpoint), Streams.STREAM_ID))
        {
            Awaitility.await().until(() -> requests.offer(dispose) > 0);
            Awaitility.await().until(() -> dead.poll((buffer, offset, length, header) -> {}, 1) > 0);
        }
        Awaitility.await().until(() -> !requests.isConnected());

        hosts.echo();
        // The driver keeps the port for a moment.
        final Bridge exporter = Awaitility.await().ignoreExceptionsInstanceOf(BridgeException.class).until(() ->
            hosts.add(hosts.export(new BridgeConfig().driverDirectory(driverDirectory))), Objects::nonNull);
        Awaitility.await().until(() -> requests.offer(dispose) > 0);
        hosts.add(hosts.importFrom(new BridgeConfig().driverDirectory(driverDirectory), hosts.endpoint));
        exchange(hosts.client(), 50);
        assertThat(hosts.events).noneMatch((event) -> event.toString().contains("broke the protocol"));
        assertThat(exporter.total(SessionCounter.REFUSED)).isEqualTo(1);
        assertThat(hosts.events.stream().filter((event) -> event.detail().startsWith("not answered"))).singleElement()
            .satisfies((event) -> assertThat(event.detail()).endsWith("its stream began before this bridge"));
    }

    @Test
    @DisplayName("B7: a close by an interrupted thread gives each request its outcome; the interrupt is kept")
    void shouldCloseOnInterruptedThread() throws Exception
    {
        final ServicePort service = hosts.services.service(TwoHosts.NAME, new PortOptions());
        hosts.add(hosts.export(new BridgeConfig()));
        final Bridge importer = hosts.add(hosts.importFrom(new BridgeConfig(), hosts.endpoint));
        final ClientPort client = hosts.client();
        client.put(bytes, 0, 10);
        assertThat(service.await(new Message(), Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
        Thread.currentThread().interrupt();
        importer.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("UNREACHABLE|RECEIVED");
        reply.release();
    }

    @Test
    @DisplayName("caps stat: a bridge writes its peers, links, round-trip time, counters; its directory goes with it")
    void shouldWriteStatus() throws Exception
    {
        hosts.echo();
        hosts.add(hosts.export(new BridgeConfig()));
        final Bridge importer = hosts.add(hosts.importFrom(new BridgeConfig(), hosts.endpoint));
        exchange(hosts.client(), 20);
        Awaitility.await().until(() -> status().stream().anyMatch((line) ->
            line.startsWith("true\t" + TwoHosts.NAME + '\t' + hosts.endpoint + "\ttrue\t1\t") &&
            line.contains("\t20\t20\t0\t0\t0\t0\t") && !line.contains("\ttrue\t1\t0\t")));
        Awaitility.await().until(() -> status().stream().anyMatch((line) ->
            line.startsWith("false\t" + TwoHosts.NAME + "\t127.0.0.1:") && line.contains("\t20\t20\t")));
        final long before = driverDirectories();
        importer.close();
        assertThat(driverDirectories()).isEqualTo(before - 1);
    }

    private static List<String> status() throws IOException
    {
        final List<String> lines = new ArrayList<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(
            BridgeDirectory.parent(), "caps-bridge-" + ProcessHandle.current().pid() + "-*"))
        {
            for (final Path directory : directories)
            {
                final Path status = directory.resolve(BridgeDirectory.STATUS);
                lines.addAll(Files.exists(status) ? Files.readAllLines(status) : List.of());
            }
        }
        return lines;
    }

    @Test
    @DisplayName("B7, B8: nothing is allocated per message on a bridge's threads, Aeron's among them")
    void shouldAllocateNothingPerMessage() throws Exception
    {
        final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
        final Set<Long> others = new HashSet<>(Arrays.stream(threads.getAllThreadIds()).boxed().toList());
        hosts.add(hosts.export(new BridgeConfig()));
        hosts.add(hosts.importFrom(new BridgeConfig(), hosts.endpoint));
        final long[] own = Arrays.stream(threads.getAllThreadIds()).filter((id) -> !others.contains(id)).toArray();
        hosts.echo();
        final ClientPort client = hosts.client();
        double least = Double.MAX_VALUE;
        // Two statuses are written each second, and what the JVM does once is not there in each attempt.
        for (int attempt = 0; attempt < 30 && least >= 1; attempt++)
        {
            final long before = allocated(threads, own);
            pump(client, 5_000);
            least = Math.min(least, (allocated(threads, own) - before) / 5_000.0);
        }
        assertThat(own).hasSizeGreaterThanOrEqualTo(4);
        assertThat(least).as("bytes for each message on all threads of both bridges").isLessThan(1);
    }

    private void pump(final ClientPort client, final int count)
    {
        int put = 0;
        for (int got = 0; got < count;)
        {
            if (put < count && client.put(bytes, 0, 0 == put % 16 ? 5_000 : 32) > 0)
            {
                put++;
            }
            else if (MessageState.REPLY == client.get(reply))
            {
                reply.release();
                got++;
            }
            else
            {
                Thread.yield();
            }
        }
    }

    private static long allocated(final ThreadMXBean threads, final long[] ids)
    {
        return Arrays.stream(threads.getThreadAllocatedBytes(ids)).filter((count) -> count > 0).sum();
    }

    private static long driverDirectories() throws Exception
    {
        try (Stream<Path> files = Files.list(Path.of("/dev/shm")))
        {
            return files.filter((file) ->
                file.getFileName().toString().startsWith("caps-bridge-" + ProcessHandle.current().pid())).count();
        }
    }
}
