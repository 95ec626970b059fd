/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Short forms of the API, and the text of its objects.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ConvenienceTest
{
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 3, 4, 100));
    private final Attachment serviceProcess = region.attach();
    private final Attachment clientProcess = region.attach();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100]);

    @AfterEach
    void close()
    {
        region.close();
    }

    @Test
    @DisplayName("R5: waiting for a service adds to the flags, in either order with others, and replaces none")
    void shouldAddTheWaitToTheFlags()
    {
        final PortOptions options = new PortOptions().waitForService(3, TimeUnit.MILLISECONDS);
        assertThat(options.flags()).isEqualTo(PortFlags.USER | PortFlags.WAITSVC);
        assertThat(options.connectTimeoutNs()).isEqualTo(3_000_000);

        options.flags(PortFlags.ANYCLIENT).waitForService();
        assertThat(options.flags()).isEqualTo(PortFlags.ANYCLIENT | PortFlags.WAITSVC);
        assertThat(options.connectTimeoutNs()).as("no limit").isEqualTo(Long.MAX_VALUE);

        assertThatThrownBy(() -> options.waitForService(-1, TimeUnit.SECONDS))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("-1");
    }

    @Test
    @DisplayName("R5, R6: a client that waits is still its user's, and ends with TIMED_OUT if no service comes")
    void shouldTimeOutIfNoServiceComes()
    {
        assertThatThrownBy(() ->
            clientProcess.client("none", new PortOptions().waitForService(1, TimeUnit.MILLISECONDS)))
            .isInstanceOfSatisfying(CapsException.class, (ex) -> assertThat(ex.status()).isEqualTo(Status.TIMED_OUT));
    }

    @Test
    @DisplayName("R20: an empty reply has no bytes, is REPLIED, and ends the view of its request")
    void shouldReplyWithNoBytes()
    {
        try (ServicePort service = serviceProcess.service("empty"); ClientPort client = clientProcess.client("empty"))
        {
            final Message request = new Message();
            final Message reply = new Message();
            assertThatThrownBy(request::reply).isInstanceOf(IllegalStateException.class);
            assertThat(client.put(bytes, 0, 7)).isPositive();
            assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
            assertThat(request.reply()).isEqualTo(Status.OK);
            assertThat(request.isView()).isFalse();
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
            assertThat(reply.length()).isZero();
            assertThat(reply.buffer().capacity()).isZero();
            reply.release();
        }
    }

    @Test
    @DisplayName("toString names the object and its state, and never shows a payload")
    void shouldPrintWhatItIs()
    {
        final Message request = new Message();
        final Claim claim = new Claim();
        assertThat(request).hasToString("Message{nothing}");
        assertThat(claim).hasToString("Claim{not filled}");
        try (ServicePort service = serviceProcess.service("prints"); ClientPort client = clientProcess.client("prints"))
        {
            assertThat(service).hasToString("ServicePort{prints}");
            assertThat(client.claim(7, claim)).isEqualTo(Status.OK);
            assertThat(claim).hasToString("Claim{request, length=7}");
            final long id = claim.put();
            assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
            assertThat(request).hasToString("Message{REQUEST, id=" + id + ", length=7}");
            assertThat(request.claimReply(5, claim)).isEqualTo(Status.OK);
            assertThat(claim).hasToString("Claim{reply to " + id + ", length=5}");
            claim.reply();
            final Message reply = new Message();
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(reply).hasToString("Message{REPLY, id=" + id + ", length=5, outcome=REPLIED}");
            reply.release();
            assertThat(reply).hasToString("Message{REPLY, id=" + id + ", length=5, outcome=REPLIED, released}");
            client.close();
            assertThat(client).hasToString("ClientPort{prints, closed}");
        }
        assertThat(new PortOptions().uid((int)3_000_000_000L))
            .hasToString("PortOptions{uid=3000000000, gid=any, flags=0x1, generation=0, connectTimeoutNs=" +
                Long.MAX_VALUE + "}");
    }

    @Test
    @DisplayName("Each message state and each status has a name")
    void shouldNameStates()
    {
        assertThat(MessageState.text(MessageState.REQUEST)).isEqualTo("REQUEST");
        assertThat(MessageState.text(MessageState.REPLY)).isEqualTo("REPLY");
        assertThat(MessageState.text(MessageState.DISPOSE)).isEqualTo("DISPOSE");
        assertThat(MessageState.text(Status.TIMED_OUT)).isEqualTo(Status.text(Status.TIMED_OUT));
        assertThat(MessageState.text(9)).isEqualTo("UNKNOWN(9)");
    }
}
