/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.host.LoadHost;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortEntry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Sleeps and wake-ups without threads: the test acts at the moment at which a thread would sleep. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class SleepEdgeTest
{
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 4, 2, 64), null);
    private final SleepHost host = new SleepHost(region.host());
    private final LoadHost loads = new LoadHost(host);
    private final ServicePort service =
        region.attach(loads).service(TestRegion.NAME, new PortOptions().spinCount(0));
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message request = new Message();
    private final Message reply = new Message();

    /** A host that acts once in place of a sleep; later sleeps end at once. */
    private static final class SleepHost extends ForwardingHost
    {
        private Runnable insteadOfSleep;
        private boolean wouldSleep;

        SleepHost(final Host host)
        {
            super(host);
        }

        @Override
        public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
        {
            wouldSleep = tables().getIntVolatile(wakeOffset) == expected;
            final Runnable action = insteadOfSleep;
            insteadOfSleep = null;
            if (null != action)
            {
                action.run();
            }
        }
    }

    @AfterEach
    void close()
    {
        region.close();
    }

    private PortEntry entry(final Port port)
    {
        return new PortEntry(region.tables(), region.geometry).wrap(port.entry.index());
    }

    private int wakeSequence(final Port port)
    {
        return region.tables().getInt(entry(port).wakeOffset());
    }

    /** Makes it look as if more threads slept on the port. */
    private void addSleepers(final Port port, final int count)
    {
        region.tables().getAndAddInt(entry(port).sleepersOffset(), count);
    }

    private void clientPuts(final ClientPort client)
    {
        assertThat(client.put(bytes, 0, 8)).isPositive();
    }

    @Test
    @DisplayName("R5: a service that has looked before notices a client that connects")
    void shouldNoticeNewClient()
    {
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        clientPuts(region.client());
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        request.reply();
    }

    @Test
    @DisplayName("R16: a thread that a message overtakes between its last look and its sleep does not sleep")
    void shouldNotSleepWhenOvertaken()
    {
        final ClientPort client = region.client();
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        // After the last load of the look that follows the announcement, which is in the request ring.
        loads.afterLoad((buffer, index) ->
        {
            if (buffer.capacity() == region.geometry.ringLength() &&
                0 != region.tables().getInt(entry(service).sleepersOffset()))
            {
                loads.afterLoad(null);
                clientPuts(client);
            }
        });
        host.wouldSleep = true;
        assertThat(service.await(request, Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
        assertThat(host.wouldSleep).isFalse();
        assertThat(wakeSequence(service)).isEqualTo(1);
        request.reply();
    }

    @Test
    @DisplayName("R16: a thread that has waited does not count as a sleeper, whatever ended its wait")
    void shouldRetractItself()
    {
        region.client();
        assertThat(service.await(request, 1)).isEqualTo(Status.TIMED_OUT);
        assertThat(region.tables().getInt(entry(service).sleepersOffset())).isZero();
        host.insteadOfSleep = () ->
        {
            throw new IllegalStateException("sleep failed");
        };
        assertThatThrownBy(() -> service.await(request, Long.MAX_VALUE)).isInstanceOf(IllegalStateException.class);
        assertThat(region.tables().getInt(entry(service).sleepersOffset())).isZero();
    }

    @Test
    @DisplayName("R16, F45: a thread that leaves its wait by an exception passes the wake-up on to another sleeper")
    void shouldPassWakeUpOnWhenItThrows()
    {
        final int before = wakeSequence(service);
        addSleepers(service, 1);
        host.insteadOfSleep = () ->
        {
            throw new IllegalStateException("sleep failed");
        };
        assertThatThrownBy(() -> service.await(request, Long.MAX_VALUE)).isInstanceOf(IllegalStateException.class);
        addSleepers(service, -1);
        assertThat(wakeSequence(service)).isEqualTo(before + 1);
    }

    @Test
    @DisplayName("R16, R21: a thread whose wait ends with a disposal passes on the wake-up for a message")
    void shouldPassWakeUpOnForDisposal()
    {
        final ClientPort client = region.client();
        clientPuts(client);
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        request.reply();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        final int before = wakeSequence(service);
        addSleepers(service, 1);
        host.insteadOfSleep = reply::release;
        assertThat(service.await(request, Long.MAX_VALUE)).isEqualTo(MessageState.DISPOSE);
        addSleepers(service, -1);
        assertThat(wakeSequence(service)).isEqualTo(before + 1);
    }

    @Test
    @DisplayName("R23, R26: a service that closes wakes the threads of its clients")
    void shouldWakeClientsWhenClosing()
    {
        final ClientPort client = region.client();
        final int before = wakeSequence(client);
        addSleepers(client, 1);
        service.close();
        addSleepers(client, -1);
        assertThat(wakeSequence(client)).isEqualTo(before + 1);
    }
}
