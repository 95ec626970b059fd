/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.Outcome;
import io.jcaps.processes.Tables;
import io.jcaps.processes.TestRegion;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static io.jcaps.sys.CapsSys.*;
import static io.jcaps.sys.SysPair.MAX_IN_PROGRESS;
import static io.jcaps.sys.SysPair.MAX_SIZE;
import static io.jcaps.sys.SysPair.assertFails;
import static io.jcaps.sys.SysPair.bytes;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Closing, taking back, and being told what became of each message. Death is tested with processes: in the package
 * {@code io.jcaps.processes}.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CapsSysEndsTest
{
    @RegisterExtension
    private final TestRegion region = new TestRegion();

    private SysPair pair;
    private CapsSys server;
    private CapsSys client;
    private int svc;
    private int port;

    @BeforeEach
    void before()
    {
        pair = new SysPair(region);
        server = pair.server;
        client = pair.client;
        svc = pair.svc;
        port = pair.port;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("R23, B1: a closed service's messages are replied automatically, and those that it had replied stay")
    void shouldReplyAutomatically(final boolean isWholeProcess)
    {
        final long replied = pair.put("replied");
        final long received = pair.put("received");
        final long second = pair.put("second");
        assertThat(pair.receive("replied")).isEqualTo(replied);
        assertThat(pair.receive("received")).isEqualTo(received);
        final long third = pair.put("third");
        pair.reply(replied, "reply");
        if (isWholeProcess)
        {
            server.close();
        }
        else
        {
            assertThat(server.close(svc)).isZero();
        }

        assertFails(client, ENOTCONN, client.put(port, bytes("x"), 1));
        assertThat(client.alloc(port, 0, 1)).isNull();
        assertThat(client.errno()).isEqualTo(ENOTCONN);
        assertFails(client, ENOENT, client.client(SysPair.NAME, pair.uid, SysPair.ANY, 0, CAPF_USER));
        pair.takeReply(replied, "reply");
        pair.takeOutcome(received, Outcome.SERVICE_CLOSED | Outcome.RECEIVED);
        pair.takeOutcome(second, Outcome.SERVICE_CLOSED);
        pair.takeOutcome(third, Outcome.SERVICE_CLOSED);
        assertFails(client, ENOTCONN, client.get(port, pair.buffer, MAX_SIZE, pair.msgid, null));
        assertFails(client, ENOTCONN, client.wait(port, pair.buffer, MAX_SIZE, pair.msgid, null));
        assertFails(client, ENOTCONN, client.put(port, bytes("x"), 1));
        assertThat(client.close(port)).isZero();
    }

    @Test
    @DisplayName("R23: wait, too, first returns the remaining outcomes, then ENOTCONN")
    void shouldHandOutWhatIsDueByWait()
    {
        final long first = pair.put("first");
        final long second = pair.put("second");
        pair.receive("first");
        pair.reply(first, "reply");
        server.close(svc);
        assertThat(client.wait(port, pair.buffer, MAX_SIZE, pair.msgid, null)).isEqualTo(5);
        assertThat(pair.msgid.id).isEqualTo(first);
        assertThat(client.wait(port, pair.buffer, MAX_SIZE, pair.msgid, null)).isZero();
        assertThat(pair.msgid.id).isEqualTo(second);
        assertThat(pair.msgid.outcome).isEqualTo(Outcome.SERVICE_CLOSED);
        assertFails(client, ENOTCONN, client.wait(port, pair.buffer, MAX_SIZE, pair.msgid, null));
    }

    @Test
    @DisplayName("R17, R23: a request that was only reported as too long counts as received")
    void shouldCountTooLongRequestAsReceived()
    {
        final long id = pair.put("0123456789");
        assertThat(server.get(svc, pair.buffer, 2, pair.msgid, null)).isEqualTo(10);
        server.close(svc);
        pair.takeOutcome(id, Outcome.SERVICE_CLOSED | Outcome.RECEIVED);
    }

    @Test
    @DisplayName("B1: exactly one outcome for each of 128 messages, whatever became of them")
    void shouldGiveEachMessageOneOutcome()
    {
        final Set<Long> ids = new HashSet<>();
        for (int i = 0; i < MAX_IN_PROGRESS; i++)
        {
            ids.add(pair.put("m" + i));
        }
        for (int i = 0; i < 60; i++)
        {
            final long id = pair.receive("m" + i);
            if (i % 3 == 0)
            {
                pair.reply(id, "r");
            }
        }
        server.close(svc);
        int replied = 0;
        int received = 0;
        int unseen = 0;
        while (client.get(port, pair.buffer, MAX_SIZE, pair.msgid, null) >= 0)
        {
            assertThat(ids.remove(pair.msgid.id)).isTrue();
            switch (pair.msgid.outcome)
            {
                case Outcome.REPLIED -> replied++;
                case Outcome.SERVICE_CLOSED | Outcome.RECEIVED -> received++;
                case Outcome.SERVICE_CLOSED -> unseen++;
                default -> throw new AssertionError(Outcome.text(pair.msgid.outcome));
            }
        }
        assertThat(client.errno()).isEqualTo(ENOTCONN);
        assertThat(ids).isEmpty();
        assertThat(List.of(replied, received, unseen)).containsExactly(20, 40, 68);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("R24: a client closes: requests not received vanish, the rest return as DISPOSE")
    void shouldDisposeOfWhatClosedClientLeft(final boolean isWholeProcess)
    {
        final long replied = pair.put("replied");
        final long received = pair.put("received");
        assertThat(pair.receive("replied")).isEqualTo(replied);
        assertThat(pair.receive("received")).isEqualTo(received);
        pair.reply(replied, "reply");
        pair.put("unseen");
        pair.put("unseen too");
        if (isWholeProcess)
        {
            client.close();
        }
        else
        {
            assertThat(client.close(port)).isZero();
        }

        final Set<Long> disposed = new HashSet<>();
        while (server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, null) >= 0)
        {
            assertThat(pair.msgid.state).isEqualTo(CAPMS_DISPOSE);
            assertThat(disposed.add(pair.msgid.id)).isTrue();
        }
        assertThat(server.errno()).isEqualTo(EWOULDBLOCK);
        assertThat(disposed).containsExactlyInAnyOrder(replied, received);
        assertFails(server, EINVAL, server.reply(svc, bytes("x"), 1, received));
        assertFails(server, EINVAL, server.reply(svc, bytes("x"), 1, replied));
    }

    @Test
    @DisplayName("R24: a reply that races with the client's close ends in one DISPOSE")
    void shouldDisposeOfReplyBehindClose()
    {
        final long id = pair.put("x");
        pair.receive("x");
        client.close(port);
        // The service may have noticed by now or not: by the rule both answers are right, and then comes one disposal.
        final int result = server.reply(svc, bytes("y"), 1, id);
        if (result < 0)
        {
            assertThat(server.errno()).isEqualTo(EINVAL);
        }
        pair.takeDisposal(id);
        pair.assertNothingAtService();
    }

    @Test
    @DisplayName("R24: a reply that was not taken returns as DISPOSE once, a taken one not again")
    void shouldDisposeOfRepliesOnce()
    {
        final List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 10; i++)
        {
            ids.add(pair.put("m"));
            pair.receive("m");
        }
        for (final long id : ids)
        {
            pair.reply(id, "r");
        }
        for (int i = 0; i < 5; i++)
        {
            pair.takeReply(ids.get(i), "r");
        }
        pair.takeDisposal(ids.get(0));
        client.close(port);
        final Set<Long> disposed = new HashSet<>();
        for (int i = 1; i < 10; i++)
        {
            assertThat(disposed.add(pair.take(server, svc, CAPMS_DISPOSE))).isTrue();
        }
        assertThat(disposed).containsExactlyInAnyOrderElementsOf(ids.subList(1, 10));
        pair.assertNothingAtService();
    }

    @Test
    @DisplayName("R24: another client is not touched by a close")
    void shouldNotTouchOtherClients()
    {
        final int other = pair.connect(client);
        final long id = client.put(other, bytes("other"), 5);
        pair.put("x");
        client.close(port);
        assertThat(pair.receive("other")).isEqualTo(id);
        assertThat(server.reply(svc, bytes("r"), 1, id)).isZero();
        assertThat(pair.take(client, other, CAPMS_REPLY)).isEqualTo(id);
    }

    @Test
    @DisplayName("R23, R24: ports and links are free again after both sides closed")
    void shouldLeaveNothingBehind()
    {
        final Tables tables = region.tables();
        for (int i = 0; i < 50; i++)
        {
            final int service = server.service("s", pair.uid, SysPair.ANY, 0, CAPF_USER);
            final int connected = client.client("s", pair.uid, SysPair.ANY, 0, CAPF_USER);
            final long id = client.put(connected, bytes("x"), 1);
            assertThat(pair.take(server, service, CAPMS_REQUEST)).isEqualTo(id);
            if (i % 2 == 0)
            {
                assertThat(client.close(connected)).isZero();
                assertThat(server.close(service)).isZero();
            }
            else
            {
                assertThat(server.close(service)).isZero();
                assertThat(client.close(connected)).isZero();
            }
        }
        assertThat(tables.openPorts()).hasSize(2);
        assertThat(tables.usedLinks()).hasSize(1);
    }

    @Test
    @DisplayName("R29: abort before the service saw it: BEFORESERVER, and it never sees it")
    void shouldAbortBeforeServer()
    {
        final long first = pair.put("first");
        final long second = pair.put("second");
        final long third = pair.put("third");
        assertThat(client.abort(port, second, 0)).isEqualTo(CAPS_ABORT_BEFORESERVER);
        // It must still be waited for, and was returned.
        assertThat(client.abort(port, second, 0)).isEqualTo(CAPS_ABORT_RETURNED);
        pair.takeOutcome(second, Outcome.ABORTED);
        assertFails(client, EINVAL, client.abort(port, second, 0));
        assertThat(pair.receive("first")).isEqualTo(first);
        assertThat(pair.receive("third")).isEqualTo(third);
        pair.assertNothingAtService();
        assertFails(server, EINVAL, server.reply(svc, null, 0, second));
        pair.reply(third, "3");
        pair.reply(first, "1");
        pair.takeReply(third, "3");
        pair.takeReply(first, "1");
        pair.assertNothingAtClient();
    }

    @Test
    @DisplayName("R29: soft abort at the service: ATSERVER, and the service's reply still comes")
    void shouldAbortSoftlyAtServer()
    {
        final long id = pair.put("x");
        pair.receive("x");
        assertThat(client.abort(port, id, 0)).isEqualTo(CAPS_ABORT_ATSERVER);
        assertThat(client.abort(port, id, 0)).isEqualTo(CAPS_ABORT_ATSERVER);
        pair.assertNothingAtClient();
        pair.reply(id, "y");
        assertThat(client.abort(port, id, 0)).isEqualTo(CAPS_ABORT_RETURNED);
        pair.takeReply(id, "y");
        pair.takeDisposal(id);
        pair.assertNothingAtService();
    }

    @Test
    @DisplayName("R29: hard abort at the service: ATSERVER, the message is back at once; a late reply is disposed of")
    void shouldAbortHardAtServer()
    {
        final long id = pair.put("x");
        pair.receive("x");
        assertThat(client.abort(port, id, CAPF_ABORT_HARD)).isEqualTo(CAPS_ABORT_ATSERVER);
        pair.takeOutcome(id, Outcome.ABORTED | Outcome.RECEIVED);
        pair.assertNothingAtClient();
        pair.reply(id, "late");
        pair.assertNothingAtClient();
        pair.takeDisposal(id);
        pair.assertNothingAtService();
        assertFails(client, EINVAL, client.abort(port, id, CAPF_ABORT_HARD));
    }

    @Test
    @DisplayName("R29: abort after the reply has arrived: RETURNED, and the reply is taken as usual")
    void shouldAbortTooLate()
    {
        final long id = pair.put("x");
        pair.receive("x");
        pair.reply(id, "y");
        assertThat(client.abort(port, id, CAPF_ABORT_HARD)).isEqualTo(CAPS_ABORT_RETURNED);
        pair.takeReply(id, "y");
        assertFails(client, EINVAL, client.abort(port, id, 0));
    }

    @Test
    @DisplayName("R29: an unknown id is EINVAL")
    void shouldRefuseAbort()
    {
        final int other = pair.connect(client);
        final long id = pair.put("x");
        assertFails(client, EINVAL, client.abort(other, id, 0));
        assertFails(client, EINVAL, client.abort(port, id + 1, 0));
        assertFails(client, EINVAL, client.abort(port, id + 128, 0));
        assertFails(client, EINVAL, client.abort(port, 0, 0));
        assertFails(client, EINVAL, client.abort(port, -id, 0));
        assertFails(client, EINVAL, client.abort(port, Long.MIN_VALUE, 0));
        pair.receive("x");
    }

    @Test
    @DisplayName("R14, R29: aborted messages give their room back")
    void shouldGiveRoomBack()
    {
        for (int i = 0; i < 5 * MAX_IN_PROGRESS; i++)
        {
            final long id = client.put(port, bytes("x"), 1);
            if (id < 0)
            {
                // Aborted messages that the service has not passed yet fill the ring: it passes them now.
                assertThat(client.errno()).isEqualTo(ENOBUFS);
                pair.assertNothingAtService();
                continue;
            }
            assertThat(client.abort(port, id, 0)).isEqualTo(CAPS_ABORT_BEFORESERVER);
            pair.takeOutcome(id, Outcome.ABORTED);
        }
        pair.assertNothingAtService();
        for (int i = 0; i < MAX_IN_PROGRESS; i++)
        {
            pair.put("m");
        }
        assertFails(client, ENOBUFS, client.put(port, bytes("x"), 1));
    }

    @Test
    @DisplayName("R23, R29: outcomes of aborts do not change when the service closes")
    void shouldKeepOutcomeOfAbort()
    {
        final long unseen = pair.put("unseen");
        assertThat(client.abort(port, unseen, 0)).isEqualTo(CAPS_ABORT_BEFORESERVER);
        final long soft = pair.put("soft");
        final long hard = pair.put("hard");
        assertThat(pair.receive("soft")).isEqualTo(soft);
        assertThat(pair.receive("hard")).isEqualTo(hard);
        assertThat(client.abort(port, soft, 0)).isEqualTo(CAPS_ABORT_ATSERVER);
        assertThat(client.abort(port, hard, CAPF_ABORT_HARD)).isEqualTo(CAPS_ABORT_ATSERVER);
        server.close(svc);
        final List<String> outcomes = new ArrayList<>();
        while (client.get(port, pair.buffer, MAX_SIZE, pair.msgid, null) >= 0)
        {
            outcomes.add((pair.msgid.id == unseen ? "unseen " : pair.msgid.id == soft ? "soft " : "hard ") +
                Outcome.text(pair.msgid.outcome));
        }
        assertThat(client.errno()).isEqualTo(ENOTCONN);
        assertThat(outcomes).containsExactlyInAnyOrder(
            "unseen ABORTED", "soft SERVICE_CLOSED|RECEIVED", "hard ABORTED|RECEIVED");
    }

    @Test
    @DisplayName("B3: a restart is visible: a late reply of an earlier life is refused")
    void shouldRefuseReplyOfEarlierLife()
    {
        final long early = pair.put("early");
        pair.receive("early");
        server.close(svc);
        final int restarted = pair.service(server);
        final int reconnected = pair.connect(client);
        final long id = client.put(reconnected, bytes("now"), 3);
        assertThat(pair.take(server, restarted, CAPMS_REQUEST)).isEqualTo(id).isNotEqualTo(early);
        assertFails(server, EINVAL, server.reply(restarted, null, 0, early));
        assertFails(server, EINVAL, server.reply(svc, null, 0, early));
        pair.takeOutcome(early, Outcome.SERVICE_CLOSED | Outcome.RECEIVED);
        assertThat(server.reply(restarted, bytes("r"), 1, id)).isZero();
        assertThat(pair.take(client, reconnected, CAPMS_REPLY)).isEqualTo(id);
    }

    @Test
    @DisplayName("R28, B3: a client that continues after restarts sees each new generation")
    void shouldGoOnAfterRestarts()
    {
        int current = svc;
        int connected = port;
        for (int generation = 1; generation <= 20; generation++)
        {
            assertThat(server.setgen(current, generation)).isZero();
            assertThat(client.getgen(connected)).isEqualTo(generation);
            final long id = client.put(connected, bytes("x"), 1);
            if (generation % 2 == 0)
            {
                assertThat(pair.take(server, current, CAPMS_REQUEST)).isEqualTo(id);
            }
            server.close(current);
            assertThat(pair.take(client, connected, CAPMS_REPLY)).isEqualTo(id);
            assertThat(pair.msgid.outcome)
                .isEqualTo(Outcome.SERVICE_CLOSED | (generation % 2 == 0 ? Outcome.RECEIVED : 0));
            assertThat(client.getgen(connected)).isEqualTo(generation);
            client.close(connected);
            current = pair.service(server);
            connected = pair.connect(client);
        }
    }
}
