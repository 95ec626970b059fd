/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Outcome;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Processes that are stopped, and go on.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoppedProcessIT
{
    private static final long STOPPED_NS = TimeUnit.SECONDS.toNanos(3);

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @Test
    @DisplayName("B2: a service and a client that are stopped for 3 s are alive, and lose nothing; others go on")
    void shouldNotTakeStoppedForDead()
    {
        final CapsSys sys = region.openSys();
        final int uid = region.ownUid();
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[4_096]);
        final CapsMsgId msgid = new CapsMsgId();

        final ChildJvm stoppedService = region.closing(ChildJvm.start(region.path()));
        final ChildJvm otherService = region.closing(ChildJvm.start(region.path()));
        final ChildJvm stoppedClient = region.closing(ChildJvm.start(region.path()));
        for (final ChildJvm child : List.of(stoppedService, otherService))
        {
            final String name = child == stoppedService ? "stopped" : "other";
            final long svc = child.number("service", name, uid, -1, CapsSys.CAPF_USER);
            assertThat(child.ask("echo", svc)).isEqualTo("echoing");
        }
        final int own = sys.service("own", uid, -1, 0, CapsSys.CAPF_USER);
        final int toStopped = sys.client("stopped", uid, -1, 0, CapsSys.CAPF_USER);
        final int toOther = sys.client("other", uid, -1, 0, CapsSys.CAPF_USER);
        final long clientPort = stoppedClient.number("client", "own", uid, -1, CapsSys.CAPF_USER);
        final long inProgress = stoppedClient.number("put", clientPort, 10, 5);
        final long unanswered = stoppedClient.number("put", clientPort, 10, 6);

        stoppedService.signal("STOP");
        stoppedClient.signal("STOP");
        final List<Long> ids = new ArrayList<>();
        int exchanges = 0;
        final long beginNs = System.nanoTime();
        while (System.nanoTime() - beginNs < STOPPED_NS)
        {
            if (ids.size() < 128)
            {
                Pattern.fill(buffer, 64, ids.size());
                ids.add(sys.put(toStopped, buffer, 64));
                assertThat(ids.get(ids.size() - 1)).isPositive();
            }
            else
            {
                assertThat(sys.put(toStopped, buffer, 64)).isEqualTo(-1);
                assertThat(sys.errno()).isEqualTo(CapsSys.ENOBUFS);
            }
            assertThat(sys.get(toStopped, buffer, 4_096, msgid, null)).isEqualTo(-1);
            assertThat(sys.errno()).isEqualTo(CapsSys.EWOULDBLOCK);

            final long id = sys.put(toOther, buffer, 100);
            assertThat(sys.wait(toOther, buffer, 4_096, msgid, null)).isEqualTo(100);
            assertThat(msgid.id).isEqualTo(id);
            assertThat(msgid.outcome).isEqualTo(Outcome.REPLIED);
            exchanges++;
            if (1 == exchanges)
            {
                assertThat(sys.get(own, buffer, 4_096, msgid, null)).isEqualTo(10);
                assertThat(msgid.id).isEqualTo(inProgress);
                assertThat(sys.reply(own, buffer, 10, inProgress)).isZero();
            }
            else if (2 == exchanges)
            {
                assertThat(sys.get(own, buffer, 4_096, msgid, null)).isEqualTo(10);
                assertThat(msgid.id).isEqualTo(unanswered);
            }
            else
            {
                assertThat(sys.get(own, buffer, 4_096, msgid, null)).as("no disposal, no new request").isEqualTo(-1);
            }
        }
        System.out.println("StoppedProcessIT: " + exchanges + " exchanges with another service in 3 s");
        // Reaping finds nobody dead, and who attaches now is not kept from it.
        try (CapsSys newcomer = CapsSys.open(region.path()))
        {
            final int port = newcomer.client("stopped", uid, -1, 0, CapsSys.CAPF_USER);
            assertThat(port).isPositive();
            ids.add(newcomer.put(port, buffer, 64));
            stoppedService.signal("CONT");
            stoppedClient.signal("CONT");
            assertThat(newcomer.wait(port, buffer, 4_096, msgid, null)).isEqualTo(64);
            assertThat(msgid.id).isEqualTo(ids.remove(ids.size() - 1));
        }
        for (int i = 0; i < ids.size(); i++)
        {
            assertThat(sys.wait(toStopped, buffer, 4_096, msgid, null)).isEqualTo(64);
            assertThat(msgid.id).isEqualTo(ids.get(i));
            assertThat(msgid.outcome).isEqualTo(Outcome.REPLIED);
            assertThat(Pattern.isIn(buffer, 64, i)).isTrue();
        }
        assertThat(stoppedClient.ask("wait", clientPort))
            .startsWith(CapsSys.CAPMS_REPLY + " " + inProgress + " 10 REPLIED 5 ");
        assertThat(sys.reply(own, buffer, 0, unanswered)).isZero();
        assertThat(stoppedClient.ask("wait", clientPort))
            .startsWith(CapsSys.CAPMS_REPLY + " " + unanswered + " 0 REPLIED ");
        assertThat(stoppedClient.number("put", clientPort, 1, 1)).isPositive();
    }
}
