/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * When a link is free for another client: cases that the model {@code src/test/tla/Links.tla} has found.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ReuseTest
{
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 1, 4, 100));
    private final Attachment serviceProcess = region.attach();
    private final Attachment clientProcess = region.attach();
    private final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
    private final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());

    @AfterEach
    void close()
    {
        region.close();
    }

    private long linkFlags()
    {
        final long state = new LinkEntry(region.tables(), region.geometry).wrap(0).state();
        return state & ((1L << LinkEntryDescriptor.INCARNATION_SHIFT) - 1);
    }

    @Test
    @DisplayName("R25: a service does not accept a dead client's link again when another client takes it")
    void shouldNotMistakeDeadClientsLinkForNewcomers()
    {
        assertThat(service.clientCount()).isEqualTo(1);

        clientProcess.abandon();
        serviceProcess.watch().doWork();

        assertThat(linkFlags())
            .as("free, and closed: never accepted and refused after that")
            .isEqualTo(LinkEntryDescriptor.OPEN | LinkEntryDescriptor.CLIENT_CLOSED);
    }

    @Test
    @DisplayName("R25: a link whose client died stays the service's while a reply is copied into it, in view or not")
    void shouldKeepLinkWhileReplyIsCopied()
    {
        final long id = client.put(new UnsafeBuffer(new byte[1]), 0, 1);
        final Message request = new Message();
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        request.release();

        final long[] flagsDuringCopy = {-1};
        final UnsafeBuffer source = new UnsafeBuffer(new byte[50])
        {
            private int checkCount;

            @Override
            public void boundsCheck(final int index, final int length)
            {
                // The first check is made before the slot is claimed, the second one by the copy itself.
                if (2 == ++checkCount)
                {
                    clientProcess.abandon();
                    serviceProcess.watch().doWork();
                    flagsDuringCopy[0] = linkFlags();
                }
            }
        };

        assertThat(service.reply(id, source, 0, 50)).as("its client is gone").isEqualTo(Status.INVALID);
        assertThat(flagsDuringCopy[0] & LinkEntryDescriptor.SERVICE_HOLDS)
            .as("held while the copy was made")
            .isEqualTo(LinkEntryDescriptor.SERVICE_HOLDS);

        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(region.linksInUse()).as("released after the copy").isZero();
    }
}
