/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.Access;
import io.jcaps.shm.Caps;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * As much at once as can be, and as little memory as can be.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class VolumeIT
{
    private static final String NAME = "volume";
    private static final int CLIENTS = 8;
    private static final int IN_PROGRESS = 128;
    private static final int SIZE = 131_072;
    private static final int MESSAGES = 1_000_000;

    @RegisterExtension
    private final TestRegion region =
        new TestRegion(new Geometry(16, 32, CLIENTS, IN_PROGRESS, SIZE), Access.PRIVATE);

    @Test
    @DisplayName("R12, R14, B6: 8 clients with 128 messages of 131,072 bytes each in progress at once, both ways")
    void shouldHoldAllAtOnce()
    {
        holdAllAtOnce(region.path(), region.attach(), new PortOptions().flags(PortFlags.USER));
    }

    @Test
    @DisplayName("F37: the same with pages of 2 MiB at the service, all mapped before the first message")
    void shouldHoldAllAtOnceInHugePages() throws IOException, InterruptedException
    {
        final Path mountPoint = Files.createDirectory(region.path().resolveSibling("mount"));
        final Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "mode=700,huge=advise,size=1g", "tmpfs",
            mountPoint.toString()).redirectErrorStream(true).start();
        final String output = new String(mount.getInputStream().readAllBytes());
        assumeTrue(0 == mount.waitFor(), "a tmpfs cannot be mounted here: " + output);
        region.closing(
            () -> assertThat(new ProcessBuilder("umount", "-l", mountPoint.toString()).start().waitFor()).isZero());
        final Path path = mountPoint.resolve("region");
        holdAllAtOnce(path, Caps.attach(region.config().path(path).hugePages(true)),
            new PortOptions().flags(PortFlags.USER).prefaultLength(SIZE));
    }

    private void holdAllAtOnce(final Path path, final Attachment attachment, final PortOptions options)
    {
        final ServicePort service = region.closing(attachment).service(NAME, options);
        final ChildJvm child = region.closing(ChildJvm.start(path));
        child.tell("volume", NAME, CLIENTS);
        final List<Message> requests = new ArrayList<>();
        while (requests.size() < CLIENTS * IN_PROGRESS)
        {
            final Message message = new Message();
            assertThat(service.await(message, Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
            assertThat(message.length()).isEqualTo(SIZE);
            requests.add(message);
        }
        // All of them are here, and none was replied to: each is looked at where it lies.
        final Map<Long, Message> numbered = new HashMap<>();
        for (final Message request : requests)
        {
            final long number = request.buffer().getLong(0);
            assertThat(numbered.put(number, request)).isNull();
            assertThat(request.buffer().getLong(SIZE - 8)).isNotZero();
            assertThat(isRequest(request, number)).as("request " + number).isTrue();
        }
        Collections.shuffle(requests, new Random(4711));
        final Claim claim = new Claim();
        for (final Message request : requests)
        {
            final long number = request.buffer().getLong(0);
            assertThat(request.claimReply(SIZE, claim)).isEqualTo(Status.OK);
            Pattern.fill(claim.buffer(), SIZE, 1_000_000 + number);
            assertThat(claim.reply()).isEqualTo(Status.OK);
            request.release();
        }
        assertThat(Long.parseLong(child.answer())).isEqualTo(CLIENTS * IN_PROGRESS);
    }

    /** The pattern, but for the number that stands in its first eight bytes. */
    private static boolean isRequest(final Message request, final long number)
    {
        for (int i = Long.BYTES; i < SIZE; i += Long.BYTES)
        {
            if (request.buffer().getLong(i) != Pattern.word(number, i))
            {
                return false;
            }
        }
        return true;
    }

    @Test
    @DisplayName("a million messages of 1 KiB, one in progress: the region keeps to the few pages it needs")
    void shouldStaySparse() throws IOException, InterruptedException
    {
        try (Attachment server = region.attach(); Attachment other = region.attach();
            ServicePort service = server.service(NAME, new PortOptions().flags(PortFlags.USER));
            ClientPort client = other.client(NAME, new PortOptions().flags(PortFlags.USER)))
        {
            final Claim claim = new Claim();
            final Message request = new Message();
            final Message reply = new Message();
            int disposals = 0;
            for (int i = 0; i < MESSAGES; i++)
            {
                check(client.claim(1_024, claim), Status.OK);
                claim.buffer().putInt(1_020, i);
                claim.put();
                int state = service.get(request);
                if (MessageState.DISPOSE == state)
                {
                    disposals++;
                    state = service.get(request);
                }
                check(state, MessageState.REQUEST);
                check(request.buffer().getInt(1_020), i);
                check(request.claimReply(1_024, claim), Status.OK);
                claim.buffer().putInt(1_020, -i);
                check(claim.reply(), Status.OK);
                check(client.get(reply), MessageState.REPLY);
                check(reply.buffer().getInt(1_020), -i);
                reply.release();
            }
            while (MessageState.DISPOSE == service.get(request))
            {
                disposals++;
            }
            assertThat(disposals).isEqualTo(MESSAGES);
            final Process stat = new ProcessBuilder("stat", "-c", "%b", region.path().toString()).start();
            final long bytes = 512 * Long.parseLong(new String(stat.getInputStream().readAllBytes()).trim());
            assertThat(stat.waitFor()).isZero();
            System.out.println(
                "VolumeIT: after a million messages of 1 KiB the region has " + bytes + " bytes of memory");
            assertThat(bytes).isLessThan(2 << 20);
        }
    }

    private static void check(final int result, final int expected)
    {
        if (result != expected)
        {
            throw new AssertionError("result " + result + ", expected " + expected);
        }
    }
}
