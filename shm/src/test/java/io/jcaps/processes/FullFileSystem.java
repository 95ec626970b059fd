/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What happens on a small tmpfs that fills up, one part after the other. A process of its own, as a store to a page
 * that has no memory ends a JVM. It prints {@code ok} when all went well.
 */
public final class FullFileSystem implements AutoCloseable
{
    private static final int PAGE_LENGTH = 4096;
    private static final int LONGEST = 131_072;
    private static final int PREFAULT_LENGTH = 4096;
    private static final int SMALL_LENGTH = 32;
    private static final int SLOT_COUNT = 128;
    private static final long TIMEOUT_NS = TimeUnit.MINUTES.toNanos(10);
    private static final String NAME = "full";

    private final Path directory;
    private final Path path;
    private final Path filler;
    private final RandomAccessFile fillerFile;
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LONGEST]);
    private final Message request = new Message();
    private final Message reply = new Message();
    private final Claim claim = new Claim();

    private FullFileSystem(final Path directory) throws IOException
    {
        this.directory = directory;
        path = directory.resolve("region");
        filler = directory.resolve("filler");
        fillerFile = new RandomAccessFile(filler.toFile(), "rw");
    }

    /**
     * @param args name of the part, the file system's directory, and what the part needs.
     * @throws IOException if the file system does what it should not.
     */
    public static void main(final String[] args) throws IOException
    {
        try (FullFileSystem full = new FullFileSystem(Path.of(args[1])))
        {
            switch (args[0])
            {
                case "attach" -> full.beforeAttach();
                case "connect" -> full.atConnect();
                case "claim" -> full.atClaim();
                case "reply" -> full.atReply();
                case "prefaulted" -> full.afterPrefault(Long.parseLong(args[2]), Long.parseLong(args[3]));
                default -> throw new IllegalArgumentException(args[0]);
            }
        }
        System.out.println("ok");
    }

    @Override
    public void close() throws IOException
    {
        fillerFile.close();
    }

    private void beforeAttach() throws IOException
    {
        fill();
        int pageCount = 0;
        Attachment attachment = null;
        while (null == attachment)
        {
            try
            {
                attachment = attach();
            }
            catch (final RegionException ex)
            {
                assertThat(ex).hasMessageContaining("cannot be made").hasMessageContaining(path.toString());
                assertThat(names()).containsExactly("filler");
                // One page more each time: creation ends at each place where it needs one.
                giveBackPage();
                pageCount++;
            }
        }
        assertThat(pageCount).isPositive();
        assertThat(names()).containsExactly("filler", "region", "region.lock");
        attachment.close();
        System.out.println("pages that a region needs: " + pageCount);
    }

    private void atConnect() throws IOException
    {
        try (Attachment attachment = attach(); Attachment other = attach();
            ServicePort service = attachment.service(NAME, options());
            ClientPort early = attachment.client(NAME, options()))
        {
            exchange(early, service, 100, 100);
            fill();
            final Tables tables = new Tables(path);
            final List<String> ports = tables.openPorts();
            final List<String> links = tables.usedLinks();
            int pageCount = 0;
            ClientPort late = null;
            while (null == late)
            {
                try
                {
                    late = other.client(NAME, options());
                }
                catch (final CapsException ex)
                {
                    assertThat(ex.status()).isEqualTo(Status.NO_SPACE);
                    assertThat(tables.openPorts()).isEqualTo(ports);
                    assertThat(tables.usedLinks()).isEqualTo(links);
                    exchange(early, service, 100, 100);
                    giveBackPage();
                    pageCount++;
                }
            }
            assertThat(pageCount).isPositive();
            exchange(late, service, SMALL_LENGTH, SMALL_LENGTH);
            exchange(early, service, 100, 100);
            assertThat(service.clientCount()).isEqualTo(2);
            late.close();
            System.out.println("pages that a link needs: " + pageCount);
        }
    }

    private void atClaim() throws IOException
    {
        try (Attachment attachment = attach(); Attachment other = attach();
            ServicePort service = attachment.service(NAME, options());
            ClientPort client = attachment.client(NAME, options());
            ClientPort neighbour = other.client(NAME, options()))
        {
            exchange(client, service, 100, 100);
            exchange(neighbour, service, 100, 100);
            fill();
            // Each slot in turn, with all before it in progress: nothing is lost and no slot is used up.
            final List<Long> ids = new ArrayList<>();
            for (int i = 0; i < SLOT_COUNT; i++)
            {
                assertThat(client.claim(LONGEST, claim)).isEqualTo(Status.NO_SPACE);
                assertThat(claim.isFilled()).isFalse();
                assertThat(client.put(bytes, 0, LONGEST)).isEqualTo(Status.NO_SPACE);
                assertThat(client.call(bytes, 0, LONGEST, reply, TIMEOUT_NS)).isEqualTo(Status.NO_SPACE);
                assertThat(client.inProgress()).isEqualTo(i);
                Pattern.fill(bytes, SMALL_LENGTH, i);
                final long id = client.put(bytes, 0, SMALL_LENGTH);
                assertThat(id).isPositive();
                ids.add(id);
                exchange(neighbour, service, ids, 100);
            }
            assertThat(client.put(bytes, 0, SMALL_LENGTH)).isEqualTo(Status.NO_BUFFERS);
            for (int i = 0; i < SLOT_COUNT; i++)
            {
                assertThat(client.await(reply, TIMEOUT_NS)).isEqualTo(MessageState.REPLY);
                assertThat(reply.id()).isEqualTo(ids.get(i));
                assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
                assertThat(Pattern.isIn(reply.buffer(), SMALL_LENGTH, i)).isTrue();
                reply.release();
            }
            giveBackAll();
            // Both ways 33 MB would not fit: as many as do.
            for (int i = 0; i < 20; i++)
            {
                exchange(client, service, LONGEST, LONGEST);
            }
        }
    }

    private void atReply() throws IOException
    {
        try (Attachment attachment = attach(); Attachment other = attach();
            ServicePort service = attachment.service(NAME, options());
            ClientPort client = other.client(NAME, options());
            ClientPort neighbour = other.client(NAME, options()))
        {
            exchange(neighbour, service, 100, 100);
            final long first = client.put(bytes, 0, 8);
            final long second = client.put(bytes, 0, 8);
            assertThat(service.await(request, TIMEOUT_NS)).isEqualTo(MessageState.REQUEST);
            assertThat(request.id()).isEqualTo(first);
            fill();
            final Message later = new Message();
            assertThat(request.reply(bytes, 0, LONGEST)).isEqualTo(Status.NO_SPACE);
            assertThat(request.isView()).isTrue();
            assertThat(request.claimReply(LONGEST, claim)).isEqualTo(Status.NO_SPACE);
            assertThat(service.reply(first, bytes, 0, LONGEST)).isEqualTo(Status.NO_SPACE);
            assertThat(service.claim(first, LONGEST, claim)).isEqualTo(Status.NO_SPACE);
            assertThat(claim.isFilled()).isFalse();
            assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
            assertThat(client.inProgress()).isEqualTo(2);

            // The next one and others are served in the meantime.
            assertThat(service.await(later, TIMEOUT_NS)).isEqualTo(MessageState.REQUEST);
            assertThat(later.id()).isEqualTo(second);
            assertThat(later.reply(bytes, 0, SMALL_LENGTH)).isEqualTo(Status.OK);
            assertThat(client.await(reply, TIMEOUT_NS)).isEqualTo(MessageState.REPLY);
            assertThat(reply.id()).isEqualTo(second);
            reply.release();
            exchange(neighbour, service, 100, 100);

            giveBackAll();
            Pattern.fill(bytes, LONGEST, 7);
            assertThat(service.reply(first, bytes, 0, LONGEST)).isEqualTo(Status.OK);
            assertThat(client.await(reply, TIMEOUT_NS)).isEqualTo(MessageState.REPLY);
            assertThat(reply.id()).isEqualTo(first);
            assertThat(Pattern.isIn(reply.buffer(), LONGEST, 7)).isTrue();
            reply.release();
            exchange(client, service, LONGEST, LONGEST);
        }
    }

    private void afterPrefault(final long callCount, final long seed) throws IOException
    {
        final Random random = new Random(seed);
        final PortOptions options = options().prefaultLength(PREFAULT_LENGTH);
        try (Attachment attachment = attach(); Attachment other = attach();
            ServicePort service = attachment.service(NAME, options);
            ClientPort client = other.client(NAME, options))
        {
            // The service's cells get their memory when it accepts.
            assertThat(service.clientCount()).isEqualTo(1);
            fill();
            final ArrayDeque<Integer> lengths = new ArrayDeque<>();
            final ArrayDeque<Integer> replyLengths = new ArrayDeque<>();
            long put = 0;
            long done = 0;
            while (done < callCount)
            {
                // A window that grows and shrinks, so that each slot is used.
                final int window = 1 + random.nextInt(SLOT_COUNT);
                while (lengths.size() < window)
                {
                    final int length = length(random);
                    check(client.claim(length, claim), Status.OK);
                    mark(claim.buffer(), length, put);
                    if (claim.put() <= 0)
                    {
                        throw new AssertionError("put " + put + " of " + length + " bytes");
                    }
                    lengths.add(length);
                    put++;
                }
                for (int i = lengths.size(); i > 0; i--)
                {
                    long state = service.get(request);
                    while (MessageState.DISPOSE == state)
                    {
                        state = service.get(request);
                    }
                    check(state, MessageState.REQUEST);
                    final int length = lengths.remove();
                    check(request.length(), length);
                    checkMark(request.buffer(), length, put - i);
                    final int replyLength = length(random);
                    check(request.claimReply(replyLength, claim), Status.OK);
                    mark(claim.buffer(), replyLength, put - i);
                    check(claim.reply(), Status.OK);
                    replyLengths.add(replyLength);
                }
                while (!replyLengths.isEmpty())
                {
                    check(client.get(reply), MessageState.REPLY);
                    check(reply.outcome(), Outcome.REPLIED);
                    final int length = replyLengths.remove();
                    check(reply.length(), length);
                    checkMark(reply.buffer(), length, done);
                    reply.release();
                    done++;
                }
            }
            assertThat(Files.getFileStore(directory).getUsableSpace()).isZero();
            assertThat(client.claim(LONGEST, claim)).isEqualTo(Status.NO_SPACE);
            System.out.println("calls on the full file system: " + done);
        }
    }

    private static int length(final Random random)
    {
        return 0 == random.nextInt(4) ? random.nextInt(PREFAULT_LENGTH + 1) : random.nextInt(100);
    }

    private static void mark(final MutableDirectBuffer buffer, final int length, final long number)
    {
        if (length > 0)
        {
            buffer.putByte(0, (byte)number);
            buffer.putByte(length - 1, (byte)number);
            buffer.putByte(length / 2, (byte)number);
        }
    }

    private static void checkMark(final DirectBuffer buffer, final int length, final long number)
    {
        if (length > 0)
        {
            check(buffer.getByte(0), (byte)number);
            check(buffer.getByte(length / 2), (byte)number);
            check(buffer.getByte(length - 1), (byte)number);
        }
    }

    private static void check(final long found, final long expected)
    {
        if (found != expected)
        {
            throw new AssertionError("found " + Status.text(found) + ", expected " + Status.text(expected));
        }
    }

    private Attachment attach()
    {
        return Caps.attach(new RegionConfig().path(path).geometry(TestRegion.SMALL));
    }

    private static PortOptions options()
    {
        return new PortOptions().flags(PortFlags.USER);
    }

    private void exchange(
        final ClientPort client, final ServicePort service, final int length, final int replyLength)
    {
        Pattern.fill(bytes, length, 3);
        final long id = client.put(bytes, 0, length);
        assertThat(id).as("put: %s", Status.text(id)).isPositive();
        receive(service);
        assertThat(request.id()).isEqualTo(id);
        assertThat(Pattern.isIn(request.buffer(), length, 3)).isTrue();
        Pattern.fill(bytes, replyLength, 4);
        assertThat(request.reply(bytes, 0, replyLength)).isEqualTo(Status.OK);
        take(client, id, replyLength);
    }

    /** With a neighbour that has a request, too: both are replied to. */
    private void exchange(
        final ClientPort client, final ServicePort service, final List<Long> others, final int length)
    {
        Pattern.fill(bytes, length, 4);
        final long id = client.put(bytes, 0, length);
        assertThat(id).as("put: %s", Status.text(id)).isPositive();
        for (int i = 0; i < 2; i++)
        {
            receive(service);
            assertThat(request.id()).isIn(id, others.get(others.size() - 1));
            final UnsafeBuffer copy = new UnsafeBuffer(new byte[request.length()]);
            request.buffer().getBytes(0, copy, 0, request.length());
            assertThat(request.reply(copy, 0, copy.capacity())).isEqualTo(Status.OK);
        }
        take(client, id, length);
    }

    private void receive(final ServicePort service)
    {
        int state = service.await(request, TIMEOUT_NS);
        while (MessageState.DISPOSE == state)
        {
            state = service.await(request, TIMEOUT_NS);
        }
        assertThat(state).isEqualTo(MessageState.REQUEST);
    }

    private void take(final ClientPort client, final long id, final int length)
    {
        assertThat(client.await(reply, TIMEOUT_NS)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
        assertThat(reply.length()).isEqualTo(length);
        assertThat(Pattern.isIn(reply.buffer(), length, 4)).isTrue();
        reply.release();
    }

    private List<String> names() throws IOException
    {
        try (Stream<Path> names = Files.list(directory))
        {
            return names.map((name) -> name.getFileName().toString()).sorted().toList();
        }
    }

    /** Writes until there is no page left. */
    private void fill() throws IOException
    {
        fillerFile.seek(fillerFile.length());
        final byte[] page = new byte[PAGE_LENGTH];
        assertThatThrownBy(() ->
        {
            while (true)
            {
                fillerFile.write(page);
            }
        }).isInstanceOf(IOException.class);
        assertThat(Files.getFileStore(directory).getUsableSpace()).isZero();
    }

    private void giveBackPage() throws IOException
    {
        fillerFile.setLength((fillerFile.length() - 1) / PAGE_LENGTH * PAGE_LENGTH);
        assertThat(Files.getFileStore(directory).getUsableSpace()).isPositive();
    }

    private void giveBackAll() throws IOException
    {
        fillerFile.setLength(0);
    }
}
