/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.sys.CapsSys;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A service that is killed and started again, while its clients go on.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class RestartIT
{
    private static final String NAME = "restarted";
    private static final int RESTARTS = 10;
    private static final int SERVED = 40;

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @Test
    @DisplayName("F33, B1, B3, R5, R28: as many outcomes as requests, over ten deaths; each generation is seen")
    void shouldGoOnOverRestarts()
    {
        final int uid = region.ownUid();
        final List<ChildJvm> clients = List.of(
            region.closing(ChildJvm.start(region.path())), region.closing(ChildJvm.start(region.path())));
        clients.forEach((client) -> client.tell("load", NAME, uid));

        ChildJvm service = region.closing(ChildJvm.start(region.path()));
        for (int generation = 1; generation <= RESTARTS; generation++)
        {
            final long svc = service.number("service", NAME, uid, -1, CapsSys.CAPF_USER);
            assertThat(svc).isPositive();
            assertThat(service.number("setgen", svc, generation)).isZero();
            assertThat(service.ask("serve", svc, SERVED)).isEqualTo("serving");
            final ChildJvm next = region.closing(ChildJvm.start(region.path()));
            assertThat(service.answer()).isEqualTo("served");
            service.kill();
            service.awaitEnd();
            service = next;
        }
        // What the last life leaves is replied to by one that replies to all.
        final long svc = service.number("service", NAME, uid, -1, CapsSys.CAPF_USER);
        assertThat(service.ask("echo", svc)).isEqualTo("echoing");
        for (final ChildJvm client : clients)
        {
            client.tell("stop");
            check(client.answer());
        }
    }

    /** Puts, generations and outcomes. */
    private static void check(final String answer)
    {
        System.out.println("RestartIT: puts, generations, outcomes: " + answer);
        final Matcher matcher = Pattern.compile("(\\d+) \\[([^]]*)] \\{(.*)}").matcher(answer);
        assertThat(matcher.matches()).isTrue();
        final int puts = Integer.parseInt(matcher.group(1));
        int outcomes = 0;
        for (final String outcome : matcher.group(3).split(", "))
        {
            assertThat(outcome).matches("(REPLIED|SERVICE_DIED|SERVICE_DIED\\|RECEIVED)=\\d+");
            outcomes += Integer.parseInt(outcome.substring(outcome.indexOf('=') + 1));
        }
        assertThat(outcomes).isEqualTo(puts).isGreaterThanOrEqualTo(RESTARTS * SERVED);
        assertThat(List.of(matcher.group(2).split(",")))
            .containsAll(IntStream.rangeClosed(1, RESTARTS).mapToObj(Integer::toString).toList());
    }
}
