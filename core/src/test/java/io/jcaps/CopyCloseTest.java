/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.SteppingHost;
import io.jcaps.wait.Gate;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.reflect.Field;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A port is closed while another thread copies a payload into its link (F40).
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CopyCloseTest
{
    private static final int LENGTH = 64;
    /** In this time a close that does not wait would release the link; the test waits as long for one that waits. */
    private static final long PAUSE_MS = 200;

    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LENGTH]);
    private final Message request = new Message();

    /** Closes a port in the middle of a copy: the first store that a call makes outside the port's gate. */
    private static Thread closeInCopy(final SteppingHost host, final Port port, final TestRegion region)
    {
        final Thread closer = new Thread(port::close);
        host.beforeStore(() ->
        {
            if (!isHeld(port.gate))
            {
                host.beforeStore(null);
                closer.start();
                while (!port.isClosed())
                {
                    Thread.onSpinWait();
                }
                join(closer, PAUSE_MS);
                assertThat(closer.isAlive()).as("it waits for the copy").isTrue();
                assertThat(region.linksInUse()).isEqualTo(1);
            }
        });
        return closer;
    }

    private static boolean isHeld(final Gate gate)
    {
        try
        {
            final Field held = Gate.class.getDeclaredField("held");
            held.setAccessible(true);
            return 0 != held.getInt(gate);
        }
        catch (final ReflectiveOperationException ex)
        {
            throw new AssertionError(ex);
        }
    }

    private static void join(final Thread thread, final long ms)
    {
        try
        {
            thread.join(ms);
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    @DisplayName("F40, R24: a client that is closed in the middle of a put keeps its link until the copy is over")
    void shouldWaitForPut()
    {
        try (TestRegion region = new TestRegion(2, LENGTH))
        {
            final ServicePort service = region.service();
            final SteppingHost host = new SteppingHost(region.host());
            final ClientPort client = region.attach(host).client(TestRegion.NAME, new PortOptions());
            service.get(request);
            final Thread closer = closeInCopy(host, client, region);
            assertThat(client.put(bytes, 0, LENGTH)).isEqualTo(Status.CLOSED);
            join(closer, 0);
            service.get(request);
            assertThat(region.linksInUse()).isZero();
        }
    }

    @Test
    @DisplayName("F40, R23: a service that is closed in the middle of a reply keeps its link until the copy is over")
    void shouldWaitForReply()
    {
        try (TestRegion region = new TestRegion(2, LENGTH))
        {
            final SteppingHost host = new SteppingHost(region.host());
            final ServicePort service = region.attach(host).service(TestRegion.NAME, new PortOptions());
            final ClientPort client = region.client();
            final long id = client.put(bytes, 0, LENGTH);
            assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
            final Thread closer = closeInCopy(host, service, region);
            assertThat(service.reply(id, bytes, 0, LENGTH)).isEqualTo(Status.CLOSED);
            join(closer, 0);
            assertThat(client.get(request)).isEqualTo(MessageState.REPLY);
            assertThat(Outcome.text(request.outcome())).isEqualTo("SERVICE_CLOSED|RECEIVED");
            request.release();
        }
    }
}
