/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.Geometry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Links that get their memory when they are opened, in a file.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PrefaultTest
{
    private static final String NAME = "service";
    private static final int SLOTS = 32;
    private static final int LENGTH = 65_536;
    private static final Geometry GEOMETRY = new Geometry(4, 4, 2, SLOTS, Geometry.MAX_MESSAGE_LIMIT);
    private static final long CELLS_LENGTH = (long)SLOTS * LENGTH;

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LENGTH]);
    private final Message request = new Message();
    private final Message reply = new Message();

    @Test
    void shouldMapWhatIsTouched() throws IOException
    {
        final ShmHost host = fixture.open(fixture.config().geometry(GEOMETRY));
        final long before = rss(fixture.path());
        assertThat(host.back(0, 100, LENGTH)).isTrue();
        host.link(0);
        assertThat(rss(fixture.path())).isEqualTo(before);
        host.touch(0, 100, LENGTH);
        assertThat(rss(fixture.path()) - before).isBetween((long)LENGTH, 2L * LENGTH);
    }

    @Test
    @DisplayName("F12: a touch of pages without memory allocates none, and does not fault if none is left")
    void shouldPassOverWhatHasNoMemory() throws Exception
    {
        final Path mountPoint = fixture.mountTmpfs("size=1m");
        final Path path = mountPoint.resolve("region");
        final ShmHost host = fixture.open(fixture.config().path(path).geometry(GEOMETRY));
        assertThat(host.back(0, 0, 4096)).isTrue();
        final long blocks = blocks(path);
        host.touch(0, 8192, LENGTH);
        host.touch(0, 0, LENGTH);
        assertThat(blocks(path)).isEqualTo(blocks);

        int backed = 4096;
        while (host.back(0, backed, 4096))
        {
            backed += 4096;
        }
        host.touch(0, backed, 4096);
        host.touch(1, 0, GEOMETRY.linkLength());
        host.touch(0, 0, backed);
        assertThat(rss(path)).isGreaterThanOrEqualTo(backed);
    }

    @Test
    void shouldRefuseToTouchBeyondLink()
    {
        final ShmHost host = fixture.open(fixture.config().geometry(GEOMETRY));
        final int[][] wrong = {{-1, 0, 1}, {GEOMETRY.linkCount(), 0, 1}, {0, -1, 1}, {0, 0, -1},
            {0, 1, GEOMETRY.linkLength()}, {0, Integer.MAX_VALUE, Integer.MAX_VALUE}};
        for (final int[] each : wrong)
        {
            assertThatThrownBy(() -> host.touch(each[0], each[1], each[2]))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("offset=" + each[1]);
        }
    }

    @Test
    void shouldHaveMemoryAndPagesBeforeFirstMessage() throws IOException
    {
        try (Attachment server = attach(fixture.path()); Attachment other = attach(fixture.path()))
        {
            final ServicePort service = server.service(NAME, new PortOptions().prefaultLength(LENGTH));
            final long before = rss(fixture.path());
            final ClientPort client = other.client(NAME, new PortOptions().prefaultLength(LENGTH));
            assertThat(rss(fixture.path()) - before).as("client").isGreaterThanOrEqualTo(CELLS_LENGTH);
            assertThat(service.clientCount()).isOne();
            // The service has its own cells, and those of the client, which had memory by then.
            final long ready = rss(fixture.path());
            assertThat(ready - before).as("both").isGreaterThanOrEqualTo(3 * CELLS_LENGTH);

            final long blocks = blocks(fixture.path());
            roundTrips(client, service);
            assertThat(blocks(fixture.path())).as("memory for messages").isEqualTo(blocks);
        }
    }

    @Test
    void shouldFindPagesWithMessagesUnlessAsked() throws IOException
    {
        try (Attachment server = attach(fixture.path()); Attachment other = attach(fixture.path()))
        {
            final ServicePort service = server.service(NAME, new PortOptions());
            final long before = rss(fixture.path());
            final ClientPort client = other.client(NAME, new PortOptions());
            assertThat(service.clientCount()).isOne();
            assertThat(rss(fixture.path()) - before).isLessThan(CELLS_LENGTH);
            final long blocks = blocks(fixture.path());
            roundTrips(client, service);
            assertThat(blocks(fixture.path())).isGreaterThan(blocks);
        }
    }

    @Test
    @DisplayName("F11, F12: on a tmpfs without room for a client's messages it is not opened, others are")
    void shouldNotOpenClientOnFullTmpfs() throws Exception
    {
        final Path mountPoint = fixture.mountTmpfs("size=3m");
        final Path filler = mountPoint.resolve("filler");
        Files.write(filler, new byte[2 << 20]);
        final Path path = mountPoint.resolve("region");
        try (Attachment server = attach(path); Attachment other = attach(path))
        {
            final ServicePort service = server.service(NAME, new PortOptions().prefaultLength(LENGTH));
            assertThatThrownBy(() -> other.client(NAME, new PortOptions().prefaultLength(LENGTH)))
                .isInstanceOfSatisfying(
                    CapsException.class, (ex) -> assertThat(ex.status()).isEqualTo(Status.NO_SPACE))
                .hasMessageContaining("65536 bytes in each of 32 slots");
            assertThat(service.clientCount()).isZero();

            // A client that asks for less is opened; the service, which asks for more, still accepts it.
            final ClientPort small = other.client(NAME, new PortOptions());
            assertThat(service.clientCount()).isOne();
            assertThat(small.put(bytes, 0, 8)).isPositive();
            assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
            assertThat(request.reply(bytes, 0, 8)).isEqualTo(Status.OK);
            assertThat(small.get(reply)).isEqualTo(MessageState.REPLY);
            reply.release();
        }
    }

    private void roundTrips(final ClientPort client, final ServicePort service)
    {
        for (int i = 0; i < SLOTS; i++)
        {
            assertThat(client.put(bytes, 0, LENGTH)).isPositive();
        }
        for (int i = 0; i < SLOTS; i++)
        {
            assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
            assertThat(request.reply(bytes, 0, LENGTH)).isEqualTo(Status.OK);
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            reply.release();
        }
    }

    private Attachment attach(final Path path)
    {
        return Caps.attach(fixture.config().path(path).geometry(GEOMETRY));
    }

    private static long rss(final Path path) throws IOException
    {
        final long bytes = Smaps.bytes(path, "Rss");
        assumeTrue(bytes >= 0, "this system does not say how much of a mapping there is");
        return bytes;
    }

    private static long blocks(final Path path) throws IOException
    {
        final Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
        return Long.parseLong(new String(stat.getInputStream().readAllBytes()).trim());
    }
}
