/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An entry that names an incarnation that no process entry has is freed by the next process that reaps (F41).
 */
class OrphansTest
{
    private static final long GONE = 1_000;

    @Test
    @DisplayName("F41: ports and links of a process that has left the region are freed at the next attach")
    void shouldFreeWhatNamesProcessThatLeft()
    {
        try (TestRegion region = new TestRegion(2, 64))
        {
            final PortEntry port = new PortEntry(region.tables(), region.geometry);
            // Owners: a free entry, another process's entry, and two that are no entry at all.
            final int[] owners = {3, 0, -1, 1_000_000};
            final int[] kinds = {PortDescriptor.KIND_SERVICE, PortDescriptor.KIND_CLIENT, PortDescriptor.KIND_WAIT_SET};
            int portIndex = 1;
            for (final int owner : owners)
            {
                for (final int kind : kinds)
                {
                    port.wrap(portIndex).publish(
                        GONE + portIndex++, kind, owner, GONE, -1, 0, 0, 0, TestRegion.NAME, 0, 0);
                }
            }
            final LinkEntry link = new LinkEntry(region.tables(), region.geometry);
            for (int i = 0; i < owners.length; i++)
            {
                link.wrap(i).take(GONE + i, owners[i], GONE, i, GONE, 1, GONE + 1, owners[i], GONE);
                link.change(GONE + i, LinkEntryDescriptor.SERVICE_HOLDS | LinkEntryDescriptor.OPEN, 0);
            }
            region.attach().close();
            assertThat(region.portsInUse()).isZero();
            assertThat(region.linksInUse()).isZero();
        }
    }

    @Test
    @DisplayName("F41: only the orphan's side of a link is released; the living side is notified and keeps its own")
    void shouldReleaseOnlyOrphansSide()
    {
        try (TestRegion region = new TestRegion(2, 64))
        {
            final ServicePort service = region.service();
            final Attachment gone = region.attach();
            gone.client(TestRegion.NAME, new PortOptions());
            final Message message = new Message();
            assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
            assertThat(region.linksInUse()).isEqualTo(1);

            // Its process leaves without closing anything: its entry is freed, so no lock shows that it is gone.
            final ProcessEntry process = new ProcessEntry(region.tables(), region.geometry).wrap(1);
            assertThat(process.free(process.incarnation())).isTrue();
            gone.abandon();
            final Attachment next = region.attach();
            assertThat(region.portsInUse()).isEqualTo(1);
            assertThat(region.linksInUse()).isEqualTo(1);
            assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
            assertThat(region.linksInUse()).isZero();
            next.close();
        }
    }
}
