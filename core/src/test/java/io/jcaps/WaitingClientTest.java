/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.table.PortSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import static io.jcaps.TestRegion.NAME;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Other processes see that a client waits for a service, and its entry takes no room from them.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WaitingClientTest
{
    private static final PortSpec SPEC = new PortSpec("late", 7, -1, PortFlags.WORLD | PortFlags.WAITSVC, 5);

    private final TestRegion region = new TestRegion(new Geometry(4, 2, 4, 4, 64));
    private final Attachment process = region.attach();

    @AfterEach
    void after()
    {
        // Fails if an entry is left.
        region.close();
    }

    private WaitingClient waitingClient()
    {
        return new WaitingClient(process.openPorts.context.host, process.openPorts.context.registry);
    }

    private PortEntry entry(final int index)
    {
        return new PortEntry(region.tables(), region.geometry).wrap(index);
    }

    @Test
    @DisplayName("R5: the port table shows what a client waits for until the wait ends")
    void shouldShowWhatItWaitsFor()
    {
        final WaitingClient waiting = waitingClient();
        waiting.close();
        waiting.show(SPEC);
        waiting.show(SPEC);
        assertThat(region.portsInUse()).isEqualTo(1);
        assertThat(entry(0).kind()).isEqualTo(PortDescriptor.KIND_WAIT_SET);
        assertThat(entry(0).name()).isEqualTo("late");
        assertThat(entry(0).uid()).isEqualTo(7);
        assertThat(entry(0).flags()).isEqualTo(SPEC.flags());
        waiting.close();
        waiting.close();
        assertThat(region.portsInUse()).isZero();
    }

    @Test
    @DisplayName("R1, R5: a full table takes the entry of a waiting client, which then frees no entry of others")
    void shouldYieldEntry()
    {
        final WaitingClient waiting = waitingClient();
        waiting.show(SPEC);
        final ServicePort first = process.service("first", new PortOptions());
        final ServicePort second = process.service("second", new PortOptions());
        assertThat(region.portsInUse()).isEqualTo(2);
        // There is no room: nothing is shown, and nothing fails.
        final WaitingClient other = waitingClient();
        other.show(SPEC);
        other.close();
        waiting.close();
        assertThat(region.portsInUse()).isEqualTo(2);
        assertThat(entry(0).kind()).isEqualTo(PortDescriptor.KIND_SERVICE);
        assertThat(entry(1).kind()).isEqualTo(PortDescriptor.KIND_SERVICE);
        assertThatThrownBy(() -> process.service("third", new PortOptions())).hasMessageContaining("portCount=2");
        first.close();
        second.close();
    }

    @Test
    @DisplayName("R5: a wait set is no waiting client: its entry stays when the table is full")
    void shouldNotTakeEntryOfWaitSet()
    {
        final WaitSet waitSet = process.waitSet();
        final ServicePort service = process.service("first", new PortOptions());
        assertThatThrownBy(() -> process.service("second", new PortOptions())).hasMessageContaining("portCount=2");
        assertThat(entry(0).kind()).isEqualTo(PortDescriptor.KIND_WAIT_SET);
        waitSet.close();
        service.close();
    }

    @Test
    @DisplayName("R5: a connect that waits is shown, and connects in a table that has room for client and service only")
    void shouldConnect() throws Exception
    {
        final Attachment other = region.attach();
        final CompletableFuture<ClientPort> connected = CompletableFuture.supplyAsync(() -> other.client(
            NAME, new PortOptions().waitForService()));
        while (0 == region.portsInUse())
        {
            Thread.onSpinWait();
        }
        assertThat(entry(0).name()).isEqualTo(NAME);
        final ServicePort service = process.service(NAME, new PortOptions());
        final ClientPort client = connected.get();
        assertThat(client.isConnected()).isTrue();
        assertThat(region.portsInUse()).isEqualTo(2);
        client.close();
        service.close();
    }
}
