/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.Outcome;
import io.jcaps.processes.TestRegion;
import org.agrona.concurrent.UnsafeBuffer;
import org.awaitility.Awaitility;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the tests of the ten calls share: a service in one process, a client in another, and shorter ways to say what
 * is done with them.
 */
final class SysPair
{
    static final String NAME = "test.service";
    static final int ANY = -1;
    static final int MAX_SIZE = 131_072;
    static final int MAX_IN_PROGRESS = 128;

    final CapsSys server;
    final CapsSys client;
    final int uid;
    final int svc;
    final int port;
    final CapsMsgId msgid = new CapsMsgId();
    final UnsafeBuffer buffer = new UnsafeBuffer(new byte[MAX_SIZE]);

    private int lastLength;

    SysPair(final TestRegion region)
    {
        server = region.openSys();
        client = region.openSys();
        uid = region.ownUid();
        svc = service(server);
        port = connect(client);
    }

    int service(final CapsSys sys)
    {
        final int id = sys.service(NAME, uid, ANY, 0, CapsSys.CAPF_USER);
        assertThat(id).as("service: errno %d", sys.errno()).isPositive();
        return id;
    }

    int connect(final CapsSys sys)
    {
        final int id = sys.client(NAME, uid, ANY, 0, CapsSys.CAPF_USER);
        assertThat(id).as("client: errno %d", sys.errno()).isPositive();
        return id;
    }

    static UnsafeBuffer bytes(final String text)
    {
        return new UnsafeBuffer(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** A long text that is another one for each number. */
    static UnsafeBuffer pattern(final int length, final int number)
    {
        final UnsafeBuffer result = new UnsafeBuffer(new byte[length]);
        for (int i = 0; i < length; i++)
        {
            result.putByte(i, (byte)(31 * number + i + (i >> 8)));
        }
        return result;
    }

    long put(final String text)
    {
        final long id = client.put(port, bytes(text), text.length());
        assertThat(id).as("put: errno %d", client.errno()).isPositive();
        return id;
    }

    void reply(final long id, final String text)
    {
        assertThat(server.reply(svc, bytes(text), text.length(), id)).as("reply: errno %d", server.errno()).isZero();
    }

    /** Receives a request: its id. */
    long receive(final String text)
    {
        final long id = take(server, svc, CapsSys.CAPMS_REQUEST);
        assertThat(text(lastLength)).isEqualTo(text);
        return id;
    }

    /** Takes whatever is there: must be of that state. */
    long take(final CapsSys sys, final int portid, final int state)
    {
        lastLength = sys.get(portid, buffer, MAX_SIZE, msgid, null);
        assertThat(lastLength).as("get: errno %d", sys.errno()).isNotNegative();
        assertThat(msgid.state).isEqualTo(state);
        return msgid.id;
    }

    void takeReply(final long id, final String text)
    {
        assertThat(take(client, port, CapsSys.CAPMS_REPLY)).isEqualTo(id);
        assertThat(msgid.outcome).isEqualTo(Outcome.REPLIED);
        assertThat(text(lastLength)).isEqualTo(text);
    }

    /** Takes an automatic reply. */
    void takeOutcome(final long id, final int outcome)
    {
        assertThat(take(client, port, CapsSys.CAPMS_REPLY)).isEqualTo(id);
        assertThat(lastLength).isZero();
        assertThat(Outcome.text(msgid.outcome)).isEqualTo(Outcome.text(outcome));
    }

    void takeDisposal(final long id)
    {
        assertThat(take(server, svc, CapsSys.CAPMS_DISPOSE)).isEqualTo(id);
        assertThat(lastLength).isZero();
    }

    String text(final int length)
    {
        return buffer.getStringWithoutLengthAscii(0, length);
    }

    void assertNothing(final CapsSys sys, final int portid)
    {
        assertThat(sys.get(portid, buffer, MAX_SIZE, msgid, null)).isEqualTo(-1);
        assertThat(sys.errno()).isEqualTo(CapsSys.EWOULDBLOCK);
    }

    void assertNothingAtService()
    {
        assertNothing(server, svc);
    }

    void assertNothingAtClient()
    {
        assertNothing(client, port);
    }

    /** Awaits a condition that comes soon. */
    static void until(final Callable<Boolean> condition)
    {
        Awaitility.await().atMost(Duration.ofMinutes(10)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1))
            .until(condition);
    }

    static void assertFails(final CapsSys sys, final int errno, final long result)
    {
        assertThat(result).isEqualTo(-1);
        assertThat(sys.errno()).isEqualTo(errno);
    }
}
