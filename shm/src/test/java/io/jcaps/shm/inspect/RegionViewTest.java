/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.AbortResult;
import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionFixture;
import io.jcaps.shm.ShmHost;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

class RegionViewTest
{
    private static final int LONG_LENGTH = 200;

    @RegisterExtension
    final RegionFixture fixture = new RegionFixture();

    private final Message request = new Message();
    private final Message reply = new Message();

    @Test
    @DisplayName("Who is in a region is shown: processes, services, clients, links")
    void shouldShowWhoIsThere()
    {
        final Attachment caps = attach();
        final ServicePort service = service(caps);
        service.generation(7);
        final ClientPort client = client(caps);
        final RegionSnapshot snapshot = look(0);

        assertThat(snapshot.processes()).singleElement().satisfies((process) ->
        {
            assertThat(process.life()).isEqualTo(Life.ALIVE);
            assertThat(process.pid()).isEqualTo((int)ProcessHandle.current().pid());
        });
        assertThat(snapshot.ports()).extracting(PortView::kind)
            .containsExactlyInAnyOrder(PortView.Kind.SERVICE, PortView.Kind.CLIENT);
        assertThat(snapshot.links()).singleElement().satisfies((link) ->
        {
            final PortView port = snapshot.port(link.servicePortIndex(), link.servicePortIncarnation());
            assertThat(port.name()).isEqualTo("orders");
            assertThat(port.generation()).isEqualTo(7);
            assertThat(port.incarnation()).isEqualTo(client.serviceIncarnation());
            assertThat(link.clientPortIncarnation()).isEqualTo(client.incarnation());
            assertThat(link.serviceLife()).isEqualTo(Life.ALIVE);
            assertThat(link.inFlight()).isZero();
        });
    }

    @Test
    @DisplayName("F41: entries that name a process without an entry are counted, until the next process frees them")
    void shouldCountOrphans()
    {
        final Attachment caps = attach();
        service(caps);
        client(caps);
        assertThat(look(0).orphanCount()).isZero();
        final ShmHost host = fixture.open();
        final Geometry geometry = host.header().geometry();
        new PortEntry(host.tables(), geometry).wrap(5).publish(
            1_000, PortDescriptor.KIND_WAIT_SET, 3, 999, -1, -1, -1, 0, "", 0, 0);
        new LinkEntry(host.tables(), geometry).wrap(2).take(1_001, 3, 999, 5, 1_001, 0, 1, 0, 1);
        assertThat(look(0).orphanCount()).isEqualTo(2);
        attach();
        assertThat(look(0).orphanCount()).isZero();
    }

    @Test
    @DisplayName("A message is shown as put, received, replied, and not after its reply was released")
    void shouldFollowAMessage()
    {
        final Attachment caps = attach();
        final ServicePort service = service(caps);
        final ClientPort client = client(caps);
        final long id = put(client, "question");

        assertMessage(id, MessageView.State.PUT, MessageView.Side.QUEUE, "question");
        assertThat(look(0).links().get(0).backlog()).isEqualTo(1);

        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertMessage(id, MessageView.State.RECEIVED, MessageView.Side.SERVICE, "question");
        assertThat(look(0).links().get(0).backlog()).isZero();

        final byte[] answer = "the answer".getBytes(StandardCharsets.US_ASCII);
        assertThat(request.reply(new UnsafeBuffer(answer), 0, answer.length)).isEqualTo(Status.OK);
        assertMessage(id, MessageView.State.REPLIED, MessageView.Side.CLIENT, "the answer");

        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertMessage(id, MessageView.State.REPLIED, MessageView.Side.CLIENT, "the answer");
        reply.release();
        assertThat(look(0).links().get(0).messages()).isEmpty();
    }

    @Test
    @DisplayName("As many bytes of a payload in a cell are shown as were requested")
    void shouldPeekIntoACell()
    {
        final Attachment caps = attach();
        service(caps);
        final ClientPort client = client(caps);
        put(client, "x".repeat(LONG_LENGTH));

        final MessageView message = look(10).links().get(0).messages().get(0);
        assertThat(message.length()).isEqualTo(LONG_LENGTH);
        assertThat(message.head()).hasSize(10).containsOnly('x');
    }

    @Test
    @DisplayName("An aborted message is the client's if the service never saw it, else the service's until it replies")
    void shouldShowAborts()
    {
        final Attachment caps = attach();
        final ServicePort service = service(caps);
        final ClientPort client = client(caps);
        final long received = put(client, "received");
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        final long waiting = put(client, "waiting");
        assertThat(client.abort(received, false)).isEqualTo(AbortResult.AT_SERVER);
        assertThat(client.abort(waiting, false)).isEqualTo(AbortResult.BEFORE_SERVER);

        assertThat(look(0).links().get(0).messages())
            .extracting(MessageView::id, MessageView::state, MessageView::side)
            .containsExactly(
                tuple(received, MessageView.State.ABORTED, MessageView.Side.SERVICE),
                tuple(waiting, MessageView.State.ABORTED, MessageView.Side.CLIENT));
    }

    @Test
    @DisplayName("What a closed service did not reply is returned, until the client has counted it as taken")
    void shouldShowReturnedMessagesAsFarAsTheClientHasNotTakenThem() throws IOException
    {
        final Attachment caps = attach();
        final ServicePort service = service(caps);
        final ClientPort client = client(caps);
        final long received = put(client, "received");
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        final long waiting = put(client, "waiting");
        service.close();

        final List<MessageView> messages = look(0).links().get(0).messages();
        assertThat(messages).extracting(MessageView::id).containsExactly(received, waiting);
        assertThat(messages).extracting(MessageView::state).containsOnly(MessageView.State.RETURNED);
        assertThat(messages).extracting(MessageView::isReceived).containsExactly(true, false);

        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.kind(reply.outcome())).isEqualTo(Outcome.SERVICE_CLOSED);
        reply.release();
        assertThat(look(0).links().get(0).messages()).extracting(MessageView::id).containsExactly(waiting);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        reply.release();
        assertThat(look(0).links().get(0).messages()).isEmpty();
    }

    private static PortView port(final RegionSnapshot snapshot, final PortView.Kind kind)
    {
        return snapshot.ports().stream().filter((each) -> kind == each.kind()).findFirst().orElseThrow();
    }

    @Test
    @DisplayName("R13, R14: another process sees unspent claims, and a service's views, after a round of the watch")
    void shouldShowClaimsAndViews()
    {
        final Attachment caps = attach();
        final ServicePort service = service(caps);
        final ClientPort client = client(caps);
        final Claim first = new Claim();
        final Claim second = new Claim();
        assertThat(client.claim(1, first)).isEqualTo(Status.OK);
        assertThat(client.claim(1, second)).isEqualTo(Status.OK);
        put(client, "question");
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        await().atMost(10, TimeUnit.MINUTES).untilAsserted(() ->
        {
            final RegionSnapshot snapshot = look(0);
            assertThat(port(snapshot, PortView.Kind.CLIENT).claimed()).isEqualTo(2);
            assertThat(port(snapshot, PortView.Kind.SERVICE).held()).isEqualTo(1);
            assertThat(snapshot.links().get(0).inFlight()).as("apart from messages in flight").isEqualTo(1);
        });
        first.cancel();
        second.cancel();
        assertThat(request.reply()).isEqualTo(Status.OK);
        await().atMost(10, TimeUnit.MINUTES).untilAsserted(() ->
        {
            final RegionSnapshot snapshot = look(0);
            assertThat(port(snapshot, PortView.Kind.CLIENT).claimed()).isZero();
            assertThat(port(snapshot, PortView.Kind.SERVICE).held()).isZero();
        });
    }

    @Test
    @DisplayName("R24: the numbers of clients that have gone stay with their service")
    void shouldKeepTotalsOfClientsThatHaveGone()
    {
        final Attachment caps = attach();
        final ServicePort service = service(caps);
        for (int i = 1; i <= 3; i++)
        {
            final ClientPort client = client(caps);
            put(client, "question");
            while (MessageState.REQUEST != service.get(request))
            {
                // Disposals of the client before.
                assertThat(service.isClosed()).isFalse();
            }
            assertThat(request.reply()).isEqualTo(Status.OK);
            client.get(reply);
            reply.release();
            client.close();
            assertThat(service.clientCount()).isZero();
            final PortView view = port(look(0), PortView.Kind.SERVICE);
            assertThat(view.goneClients()).containsEntry(ClientCounter.PUTS, (long)i)
                .containsEntry(ClientCounter.PUT_BYTES, 8L * i).containsEntry(ClientCounter.ABORTED, 0L);
            assertThat(view.goneService()).containsEntry(ServiceCounter.REPLIES, (long)i);
            assertThat(look(0).links()).isEmpty();
        }
    }

    @Test
    @DisplayName("R25: a service that died while it added a client to its totals is looked at all the same")
    void shouldLookAtUnfinishedTotals()
    {
        final Attachment caps = attach();
        service(caps);
        final ShmHost host = fixture.open();
        final PortEntry entry = new PortEntry(host.tables(), host.header().geometry())
            .wrap(port(look(0), PortView.Kind.SERVICE).index());
        entry.beginGone();
        final long[] counts = new long[ClientCounter.values().length + ServiceCounter.values().length];
        counts[ClientCounter.values().length + ServiceCounter.GETS.ordinal()] = 5;
        entry.addGone(counts);
        assertThat(port(look(0), PortView.Kind.SERVICE).goneService()).containsEntry(ServiceCounter.GETS, 5L);
        entry.endGone();
        assertThat(port(look(0), PortView.Kind.SERVICE).goneService()).containsEntry(ServiceCounter.GETS, 5L);
    }

    @Test
    @DisplayName("Replies that a client has taken and not released are shown apart from messages in flight")
    void shouldShowHeldReplies()
    {
        final Attachment caps = attach();
        final ServicePort service = service(caps);
        final ClientPort client = client(caps);
        for (int i = 0; i < 3; i++)
        {
            put(client, "question");
            service.get(request);
            request.reply();
        }
        put(client, "another");
        assertThat(look(0).links().get(0).inFlight()).isEqualTo(4);
        assertThat(look(0).links().get(0).held()).isZero();

        final Message first = new Message();
        client.get(first);
        client.get(reply);
        assertThat(look(0).links().get(0).inFlight()).isEqualTo(4);
        assertThat(look(0).links().get(0).held()).isEqualTo(2);

        first.release();
        assertThat(look(0).links().get(0).inFlight()).isEqualTo(3);
        assertThat(look(0).links().get(0).held()).isEqualTo(1);
        reply.release();
        assertThat(look(0).links().get(0).held()).isZero();
    }

    @Test
    @DisplayName("A look in a program that is attached itself leaves the attachment its locks")
    void shouldKeepTheLocksOfAnAttachmentInTheSameProgram() throws IOException
    {
        final Attachment caps = attach();
        service(caps);
        look(0);
        assertThat(look(0).count(Life.ALIVE)).isEqualTo(1);
        // The kernel's word, as another process has it.
        final String inode = ":" + Files.getAttribute(fixture.lockPath(), "unix:ino") + " ";
        assertThat(Files.readString(Path.of("/proc/locks"))).contains(inode);
    }

    @Test
    @DisplayName("A look gives the file no memory: holes stay holes")
    void shouldLeaveHolesAsTheyAre() throws Exception
    {
        final Attachment caps = attach();
        service(caps);
        final ClientPort client = client(caps);
        put(client, "short");
        final String before = blocks();
        assertThat(look(100).links().get(0).messages()).hasSize(1);
        assertThat(blocks()).isEqualTo(before);
    }

    @Test
    @DisplayName("Without the lock file no process is reported as dead or alive")
    void shouldNotGuessWithoutTheLockFile() throws IOException
    {
        final Attachment caps = attach();
        service(caps);
        final Path copy = copy();
        try (RegionView view = RegionView.open(copy))
        {
            assertThat(view.lifeProblem()).contains("copy.lock is missing");
            assertThat(view.look(0).processes()).extracting(ProcessView::life).containsOnly(Life.UNKNOWN);
        }
    }

    @Test
    @DisplayName("A file that is cut short under the view is an error that says so")
    void shouldSayThatTheFileWasCutShort() throws IOException
    {
        attach();
        final Path copy = copy();
        try (RegionView view = RegionView.open(copy);
            RandomAccessFile file = new RandomAccessFile(copy.toFile(), "rw"))
        {
            file.setLength(RegionDescriptor.HEADER_LENGTH + 1);
            assertThatThrownBy(() -> view.look(0)).isInstanceOf(RegionException.class)
                .hasMessageContaining("truncated region: " + copy);
        }
    }

    @Test
    @DisplayName("A missing file, or one that is not a region, is refused with the remedy")
    void shouldRefuseWhatIsNoRegion() throws IOException
    {
        assertThatThrownBy(() -> RegionView.open(fixture.path())).isInstanceOf(RegionException.class)
            .hasMessageContaining("does not exist");
        assertThatThrownBy(() -> RegionView.open(fixture.directory())).isInstanceOf(RegionException.class)
            .hasMessageContaining("is a directory");
        Files.writeString(fixture.path(), "no region");
        assertThatThrownBy(() -> RegionView.open(fixture.path())).isInstanceOf(RegionException.class)
            .hasMessageContaining("not a region");
    }

    @Test
    @DisplayName("A name that a terminal would obey is shown as question marks")
    void shouldNotPassOnControlCharacters() throws IOException
    {
        final Attachment caps = attach();
        service(caps);
        final Path copy = copy();
        write(copy, RegionFixture.SMALL.portOffset(0) + PortDescriptor.NAME_OFFSET, 0x1b5b324a1b5b324aL);
        try (RegionView view = RegionView.open(copy))
        {
            assertThat(view.look(0).ports().get(0).name()).matches("[?\\w.]*").contains("?");
        }
    }

    @Test
    @DisplayName("Any numbers in tables and links are looked at without an error, an endless loop or a wild read")
    void shouldTakeAnyNumbers() throws IOException
    {
        final Attachment caps = attach();
        final ServicePort service = service(caps);
        final ClientPort client = client(caps);
        put(client, "x".repeat(LONG_LENGTH));
        put(client, "short");
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        final Geometry geometry = RegionFixture.SMALL;
        final long seed = ThreadLocalRandom.current().nextLong();
        final Random random = new Random(seed);
        final long[] special = {0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, Integer.MAX_VALUE, 0x8000_0000L};
        for (int round = 0; round < 50; round++)
        {
            final Path copy = copy();
            try (RegionView view = RegionView.open(copy))
            {
                for (int i = 0; i < 40; i++)
                {
                    final boolean isInTables = random.nextBoolean();
                    final int length = isInTables ?
                        geometry.tablesLength() - RegionDescriptor.HEADER_LENGTH : geometry.linkHeadLength();
                    final long base = isInTables ? RegionDescriptor.HEADER_LENGTH : geometry.linkOffset(0);
                    final long value = random.nextBoolean() ?
                        special[random.nextInt(special.length)] : random.nextLong();
                    write(copy, base + random.nextInt(length / Long.BYTES) * Long.BYTES, value);
                    final RegionSnapshot snapshot = view.look(64);
                    assertThat(snapshot.links().size()).as("seed " + seed)
                        .isLessThanOrEqualTo(geometry.linkCount());
                    snapshot.links().forEach((link) -> assertThat(link.messages().size()).as("seed " + seed)
                        .isLessThanOrEqualTo(geometry.slotCount()));
                }
            }
            Files.delete(copy);
        }
    }

    private Attachment attach()
    {
        return fixture.closing(Caps.attach(fixture.config()));
    }

    private ServicePort service(final Attachment caps)
    {
        return fixture.closing(caps.service("orders", new PortOptions()));
    }

    private ClientPort client(final Attachment caps)
    {
        return fixture.closing(caps.client("orders", new PortOptions().flags(PortFlags.USER)));
    }

    private static long put(final ClientPort client, final String text)
    {
        final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        final long id = client.put(new UnsafeBuffer(bytes), 0, bytes.length);
        assertThat(id).isPositive();
        return id;
    }

    private RegionSnapshot look(final int peekLength)
    {
        try (RegionView view = RegionView.open(fixture.path()))
        {
            assertThat(view.lifeProblem()).isNull();
            assertThat(view.isOfThisBoot()).isTrue();
            return view.look(peekLength);
        }
    }

    private void assertMessage(
        final long id, final MessageView.State state, final MessageView.Side side, final String text)
    {
        assertThat(look(LONG_LENGTH).links()).singleElement().satisfies(
            (link) -> assertThat(link.messages()).singleElement().satisfies((message) ->
            {
                assertThat(message.id()).isEqualTo(id);
                assertThat(message.state()).isEqualTo(state);
                assertThat(message.side()).isEqualTo(side);
                assertThat(message.length()).isEqualTo(text.length());
                assertThat(new String(message.head(), StandardCharsets.US_ASCII)).isEqualTo(text);
            }));
    }

    private Path copy() throws IOException
    {
        return Files.copy(fixture.path(), fixture.directory().resolve("copy"));
    }

    private static void write(final Path path, final long position, final long value) throws IOException
    {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw"))
        {
            file.seek(position);
            file.write(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
        }
    }

    private String blocks() throws IOException, InterruptedException
    {
        final Process process = new ProcessBuilder("stat", "-c", "%b", fixture.path().toString()).start();
        final String blocks = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim();
        assertThat(process.waitFor()).isZero();
        return blocks;
    }
}
