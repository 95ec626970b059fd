/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Outcome;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import io.jcaps.testkit.Extent;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A service's process is killed.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServiceDeathIT
{
    private static final String NAME = "doomed";
    private static final int KILLS = Extent.of(6, 20);

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[4_096]);
    private final CapsMsgId msgid = new CapsMsgId();
    private CapsSys sys;
    private int uid;

    @BeforeEach
    void before()
    {
        sys = region.openSys();
        uid = region.ownUid();
    }

    @Test
    @DisplayName("R25, B1: each message has one outcome of the right kind; the time from kill to outcome is printed")
    void shouldTellOfDeath()
    {
        final long[] awakeNs = new long[KILLS / 2];
        final long[] asleepNs = new long[KILLS / 2];
        ChildJvm next = region.closing(ChildJvm.start(region.path()));
        for (int i = 0; i < KILLS; i++)
        {
            final ChildJvm service = next;
            final long svc = service.number("service", NAME, uid, -1, CapsSys.CAPF_USER);
            assertThat(svc).isPositive();
            assertThat(service.number("setgen", svc, i)).isZero();
            if (i + 1 < KILLS)
            {
                // Starts while this one is tested.
                next = region.closing(ChildJvm.start(region.path()));
            }
            (i % 2 == 0 ? awakeNs : asleepNs)[i / 2] = killOne(service, svc, i, i % 2 == 1);
        }
        print("client polls", awakeNs);
        print("client asleep", asleepNs);
    }

    /** Kills a service with messages in each state; nanoseconds until the first outcome that tells of the death. */
    private long killOne(final ChildJvm service, final long svc, final int generation, final boolean isAsleep)
    {
        final int port = sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER | CapsSys.CAPF_WAITSVC);
        assertThat(port).isPositive();
        final long received = put(port, 1);
        final long replied = put(port, 2);
        assertThat(service.ask("wait", svc)).startsWith(CapsSys.CAPMS_REQUEST + " " + received + " 100 ");
        assertThat(service.ask("wait", svc)).startsWith(CapsSys.CAPMS_REQUEST + " " + replied + " 100 ");
        final long unseen = put(port, 3);
        assertThat(service.number("reply", svc, replied, 50, 9)).isZero();

        final Map<Long, String> outcomes = new HashMap<>();
        final long killedNs;
        final long toldNs;
        if (isAsleep)
        {
            assertThat(sys.wait(port, buffer, 4_096, msgid, null)).isEqualTo(50);
            outcomes.put(msgid.id, Outcome.text(msgid.outcome));
            final CompletableFuture<Long> told = CompletableFuture.supplyAsync(
                () ->
                {
                    assertThat(sys.wait(port, buffer, 4_096, msgid, null)).isZero();
                    return System.nanoTime();
                });
            final Tables tables = region.tables();
            while (0 == tables.clientSleeperCount())
            {
                LockSupport.parkNanos(100_000);
            }
            killedNs = System.nanoTime();
            service.kill();
            toldNs = told.join();
            outcomes.put(msgid.id, Outcome.text(msgid.outcome));
        }
        else
        {
            killedNs = System.nanoTime();
            service.kill();
            assertThat(poll(port)).isEqualTo(50);
            outcomes.put(msgid.id, Outcome.text(msgid.outcome));
            assertThat(poll(port)).isZero();
            toldNs = System.nanoTime();
            outcomes.put(msgid.id, Outcome.text(msgid.outcome));
        }
        for (int length = poll(port); length >= 0; length = poll(port))
        {
            assertThat(outcomes.put(msgid.id, Outcome.text(msgid.outcome))).isNull();
        }
        assertThat(sys.errno()).isEqualTo(CapsSys.ENOTCONN);
        assertThat(outcomes).containsOnly(Map.entry(replied, "REPLIED"),
            Map.entry(received, "SERVICE_DIED|RECEIVED"), Map.entry(unseen, "SERVICE_DIED"));
        assertThat(sys.put(port, buffer, 1)).isEqualTo(-1);
        assertThat(sys.errno()).isEqualTo(CapsSys.ENOTCONN);
        assertThat(sys.wait(port, buffer, 4_096, msgid, null)).isEqualTo(-1);
        assertThat(sys.errno()).isEqualTo(CapsSys.ENOTCONN);
        assertThat(sys.getgen(port)).isEqualTo(generation);
        assertThat(sys.close(port)).isZero();
        return toldNs - killedNs;
    }

    private long put(final int port, final int number)
    {
        Pattern.fill(buffer, 100, number);
        final long id = sys.put(port, buffer, 100);
        assertThat(id).isPositive();
        return id;
    }

    private int poll(final int port)
    {
        while (true)
        {
            final int result = sys.get(port, buffer, 4_096, msgid, null);
            if (result >= 0 || CapsSys.EWOULDBLOCK != sys.errno())
            {
                return result;
            }
            LockSupport.parkNanos(50_000);
        }
    }

    private static void print(final String what, final long[] timesNs)
    {
        Arrays.sort(timesNs);
        System.out.printf("ServiceDeathIT: kill to outcome, %s, %d kills: min %.1f ms, median %.1f ms, max %.1f ms%n",
            what, timesNs.length, timesNs[0] / 1e6, timesNs[timesNs.length / 2] / 1e6,
            timesNs[timesNs.length - 1] / 1e6);
    }

    @Test
    @DisplayName("R25, B1: 128 messages, killed in the middle of it: one outcome each, replies as they were sent")
    void shouldGiveEachOfManyOneOutcome()
    {
        final ChildJvm service = region.closing(ChildJvm.start(region.path()));
        final long svc = service.number("service", NAME, uid, -1, CapsSys.CAPF_USER);
        final int port = sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER);
        final List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 128; i++)
        {
            ids.add(put(port, i));
        }
        for (int i = 0; i < 70; i++)
        {
            assertThat(service.ask("get", svc))
                .startsWith(CapsSys.CAPMS_REQUEST + " " + ids.get(i) + " 100 REPLIED " + i + " ");
        }
        for (int i = 0; i < 30; i++)
        {
            assertThat(service.number("reply", svc, ids.get(69 - i), 4_000, i)).isZero();
        }
        service.kill();
        for (int i = 0; i < 30; i++)
        {
            assertThat(poll(port)).isEqualTo(4_000);
            assertThat(msgid.id).isEqualTo(ids.get(69 - i));
            assertThat(Outcome.text(msgid.outcome)).isEqualTo("REPLIED");
            assertThat(Pattern.isIn(buffer, 4_000, i)).isTrue();
        }
        for (int i = 0; i < 98; i++)
        {
            final int index = i < 40 ? i : i + 30;
            assertThat(poll(port)).isZero();
            assertThat(msgid.id).isEqualTo(ids.get(index));
            assertThat(Outcome.text(msgid.outcome)).isEqualTo(i < 40 ? "SERVICE_DIED|RECEIVED" : "SERVICE_DIED");
        }
        assertThat(poll(port)).isEqualTo(-1);
        assertThat(sys.errno()).isEqualTo(CapsSys.ENOTCONN);
    }

    @Test
    @DisplayName("R4: when the newest service is killed, the one before it is found again")
    void shouldFindTheOlderOneAgain()
    {
        final int older = sys.service(NAME, uid, -1, 0, CapsSys.CAPF_USER);
        sys.setgen(older, 1);
        final ChildJvm newer = region.closing(ChildJvm.start(region.path()));
        final long svc = newer.number("service", NAME, uid, -1, CapsSys.CAPF_USER);
        newer.number("setgen", svc, 2);
        final int first = sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER);
        assertThat(sys.getgen(first)).isEqualTo(2);
        newer.kill();
        newer.awaitEnd();
        final int second = sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER);
        assertThat(sys.getgen(second)).isEqualTo(1);
        assertThat(sys.getgen(first)).isEqualTo(2);
        // EXCL: the dead one is not in the way, the living one is.
        sys.close(older);
        assertThat(sys.service(NAME, uid, -1, 0, CapsSys.CAPF_USER | CapsSys.CAPF_EXCL)).isPositive();
    }
}
