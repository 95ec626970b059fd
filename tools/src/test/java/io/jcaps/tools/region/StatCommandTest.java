/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Status;
import io.jcaps.tools.CapsCommand;
import io.jcaps.tools.CapsRun;
import io.jcaps.tools.OrdersRegion;
import io.jcaps.tools.terminal.ExitCodes;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What caps stat shows of the clients and services of a region whose processes live.
 */
class StatCommandTest
{
    private static final int SLOT_COUNT = OrdersRegion.SLOT_COUNT;

    @RegisterExtension
    private final OrdersRegion region = new OrdersRegion();

    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[10]);
    private final Message message = new Message();

    private String stat(final String... options)
    {
        final StringWriter out = new StringWriter();
        final CommandLine command = CapsCommand.commandLine();
        command.setOut(new PrintWriter(out, true));
        final String[] args = new String[3 + options.length];
        args[0] = "stat";
        args[1] = "--region";
        args[2] = region.path().toString();
        System.arraycopy(options, 0, args, 3, options.length);
        assertThat(command.execute(args)).isEqualTo(ExitCodes.OK);
        return out.toString();
    }

    /** Cells of the first row below a heading. */
    private static String[] row(final String text, final String heading)
    {
        return text.lines().dropWhile((line) -> !line.startsWith(heading)).skip(1).findFirst().orElseThrow()
            .split(" +");
    }

    private static String cell(final String text, final String heading, final String column)
    {
        final String[] columns = text.lines().filter((line) -> line.startsWith(heading)).findFirst().orElseThrow()
            .replace("CLIENT OF", "CLIENT").split(" +");
        return row(text, heading)[List.of(columns).indexOf(column)];
    }

    private void exchange(final ClientPort client)
    {
        region.receive(client, 7, message);
        assertThat(message.reply(bytes, 0, 3)).isEqualTo(Status.OK);
        final Message reply = new Message();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        reply.release();
    }

    @Test
    @DisplayName("R14: unspent claims show apart from messages in flight, and in words once the client gets NO_BUFFERS")
    void shouldShowUnspentClaims()
    {
        final ClientPort client = region.client();
        assertThat(client.put(bytes, 0, 1)).isPositive();
        final Claim[] claims = new Claim[SLOT_COUNT - 1];
        for (int i = 0; i < claims.length; i++)
        {
            claims[i] = new Claim();
        }
        assertThat(client.claim(1, claims[0])).isEqualTo(Status.OK);
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> "1".equals(cell(stat(), "CLIENT OF", "CLMD")));
        assertThat(cell(stat(), "CLIENT OF", "FLY")).isEqualTo("1");
        assertThat(stat()).doesNotContain("NO_BUFFERS");
        for (int i = 1; i < claims.length; i++)
        {
            assertThat(client.claim(1, claims[i])).isEqualTo(Status.OK);
        }
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES).until(() -> stat().contains(
            "client of orders, pid " + ProcessHandle.current().pid() + ", gets NO_BUFFERS: of 4 slots its program " +
            "keeps\n  3 unspent claims (put or cancel), 0 unreleased replies (release)\n"));
        assertThat(stat().lines().skip(1)).allMatch((line) -> line.length() < 80);
        assertThat(cell(stat(), "CLIENT OF", "NOBF")).isEqualTo("1");
        assertThat(stat("--json")).contains("\"claimed\": 3");
        for (final Claim claim : claims)
        {
            claim.cancel();
        }
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES).until(() -> !stat().contains("NO_BUFFERS"));
        assertThat(cell(stat(), "CLIENT OF", "CLMD")).isEqualTo("0");
    }

    @Test
    @DisplayName("R14: a client whose messages wait for a slow service is not said to leak")
    void shouldNotBlameAClientThatWaits()
    {
        final ClientPort client = region.client();
        for (int i = 0; i < SLOT_COUNT; i++)
        {
            assertThat(client.put(bytes, 0, 1)).isPositive();
        }
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
        assertThat(stat()).doesNotContain("NO_BUFFERS");
        assertThat(cell(stat(), "CLIENT OF", "FLY")).isEqualTo("4");
    }

    @Test
    @DisplayName("R17, R20: requests that a service has in view, and its claims for replies, are columns of its row")
    void shouldShowWhatAServiceHolds()
    {
        final ClientPort client = region.client();
        assertThat(client.put(bytes, 0, 1)).isPositive();
        assertThat(region.service().get(message)).isEqualTo(MessageState.REQUEST);
        final Claim claim = new Claim();
        assertThat(region.service().claim(message.id(), 1, claim)).isEqualTo(Status.OK);
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> "1".equals(cell(stat(), "SERVICE", "HELD")) && "1".equals(cell(stat(), "SERVICE", "CLMD")));
        claim.cancel();
        assertThat(message.reply()).isEqualTo(Status.OK);
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> "0".equals(cell(stat(), "SERVICE", "HELD")) && "0".equals(cell(stat(), "SERVICE", "CLMD")));
    }

    @Test
    @DisplayName("R24: a service's numbers contain those of clients that have gone, and never fall")
    void shouldSumClientsThatHaveGone()
    {
        for (int i = 1; i <= 3; i++)
        {
            final ClientPort client = region.client();
            exchange(client);
            assertThat(cell(stat(), "TRAFFIC", "PUTS")).isEqualTo(Integer.toString(i));
            client.close();
            assertThat(cell(stat(), "TRAFFIC", "PUTS")).isEqualTo(Integer.toString(i));
            assertThat(region.service().clientCount()).isZero();
            final String text = stat();
            assertThat(cell(text, "TRAFFIC", "PUTS")).isEqualTo(Integer.toString(i));
            assertThat(cell(text, "TRAFFIC", "RPLY")).isEqualTo(Integer.toString(i));
            assertThat(text).contains(1 == i ? "1 client has gone, 0 by death: 1 put, 1 reply, 10 bytes" :
                i + " clients have gone, 0 by death: " + i + " puts, " + i + " replies, " + 10 * i + " bytes");
            assertThat(text.lines())
                .allMatch((line) -> line.length() < 80 || line.startsWith(region.path().toString()));
        }
        assertThat(stat("--json")).containsPattern("\"gone\": \\{\\s*\"puts\": 3,\\s*\"gets\": 3,\\s*\"replies\": 3,");
    }
}
