/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.LoadHost;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/** Actions of one side between two looks of the other: moments that no store marks. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RaceTest
{
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 4, 2, 64), new TestFutex());
    private final LoadHost serviceHost = new LoadHost(region.host());
    private final LoadHost clientHost = new LoadHost(region.host());
    private final Attachment serviceProcess = region.attach(serviceHost);
    private final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
    private final Attachment clientProcess = region.attach(clientHost);
    private final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());
    private final SlotTable slots = new SlotTable(region.geometry);
    private final LinkEntry link = new LinkEntry(region.tables(), region.geometry).wrap(0);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message request = new Message();
    private final Message reply = new Message();

    @AfterEach
    void close()
    {
        serviceHost.beforeLoad(null);
        clientHost.beforeLoad(null);
        clientHost.afterLoad(null);
        region.close();
    }

    private int requestIdOffset(final long id)
    {
        return slots.requestHalfOffset(SlotDescriptor.slotIndex(id)) + SlotDescriptor.ID_OFFSET;
    }

    /** Acts before the service's second look at a request, when RECEIVED is stored. */
    private void beforeSecondLook(final long id, final Runnable action)
    {
        serviceHost.beforeLoad((buffer, index) ->
        {
            if (requestIdOffset(id) == index && buffer.getLong(LinkDescriptor.RECEIVED_OFFSET) == id)
            {
                serviceHost.beforeLoad(null);
                action.run();
            }
        });
    }

    @Test
    @DisplayName("R29: an abort between RECEIVED and the service's second look is ABORTED, and wakes the client")
    void shouldReturnWhatWasAbortedWhileReceived()
    {
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        final long id = client.put(bytes, 0, 8);
        final PortEntry entry = new PortEntry(region.tables(), region.geometry).wrap(client.entry.index());
        final int[] wake = new int[1];
        beforeSecondLook(id, () ->
        {
            assertThat(client.abort(id, false)).isEqualTo(AbortResult.AT_SERVER);
            // A thread of the client goes to sleep.
            region.tables().putInt(entry.sleepersOffset(), 1);
            wake[0] = region.tables().getInt(entry.wakeOffset());
        });
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        region.tables().putInt(entry.sleepersOffset(), 0);
        assertThat(region.tables().getInt(entry.wakeOffset())).isEqualTo(wake[0] + 1);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("ABORTED");
        reply.release();
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("R29: a hard abort between RECEIVED and the service's second look releases the slot")
    void shouldReleaseSlotOfHardAbortWhileReceived()
    {
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        final long id = client.put(bytes, 0, 8);
        beforeSecondLook(id, () -> assertThat(client.abort(id, true)).isEqualTo(AbortResult.AT_SERVER));
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("ABORTED|RECEIVED");
        reply.release();
        assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(client.inProgress()).isZero();
    }

    @ParameterizedTest(name = "in the order of the puts: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("R19, R23: replies sent after the client read the ring come in order, before the end")
    void shouldDeliverRepliesBeforeEnd(final boolean isInOrder)
    {
        final long[] ids = {client.put(bytes, 0, 8), client.put(bytes, 0, 8)};
        final long first = ids[isInOrder ? 0 : 1];
        final long second = ids[isInOrder ? 1 : 0];
        clientHost.beforeLoad((buffer, index) ->
        {
            if (link.stateOffset() == index && buffer.capacity() == region.tables().capacity())
            {
                clientHost.beforeLoad(null);
                for (int i = 0; i < ids.length; i++)
                {
                    assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
                    request.release();
                }
                assertThat(service.reply(first, bytes, 0, 8)).isEqualTo(Status.OK);
                assertThat(service.reply(second, bytes, 0, 8)).isEqualTo(Status.OK);
                service.close();
            }
        });
        assertReplied(first);
        assertReplied(second);
        assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);
    }

    private void assertReplied(final long id)
    {
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("REPLIED");
        reply.release();
    }

    @Test
    @DisplayName("F25, B1: a client that gives its link up while the service receives reports the truth")
    void shouldReportTruthAboutMessageThatIsBeingReceived()
    {
        final long first = client.put(bytes, 0, 8);
        final long second = client.put(bytes, 0, 8);
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        request.reply(bytes, 0, 8);
        final int half = slots.replyHalfOffset(SlotDescriptor.slotIndex(first));
        region.host().link(0).putInt(half + SlotDescriptor.LENGTH_OFFSET, -1);
        final int[] outcome = new int[1];
        // The service has seen the second request, and has not stored RECEIVED.
        serviceHost.afterLoad((buffer, index) ->
        {
            if (requestIdOffset(second) == index)
            {
                serviceHost.afterLoad(null);
                assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
                assertThat(reply.id()).isEqualTo(first);
                reply.release();
                assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
                assertThat(reply.id()).isEqualTo(second);
                outcome[0] = reply.outcome();
                reply.release();
            }
        });
        final int state = service.get(request);
        assertThat(Outcome.text(outcome[0])).isEqualTo("SERVICE_CLOSED");
        assertThat(state).as("promised as not received").isNotEqualTo(MessageState.REQUEST);
    }

    @Test
    @DisplayName("B1: of two threads that find the service gone, by its flag and by its death, the first decides")
    void shouldKeepFirstEnd()
    {
        client.put(bytes, 0, 8);
        serviceProcess.abandon();
        // The watch has read the link's state, in which the service was still there.
        clientHost.afterLoad((buffer, index) ->
        {
            if (link.stateOffset() == index && buffer.capacity() == region.tables().capacity())
            {
                clientHost.afterLoad(null);
                link.change(LinkEntry.incarnation(link.state()), LinkEntryDescriptor.SERVICE_CLOSED, 0);
                assertThat(client.isConnected()).isFalse();
            }
        });
        clientProcess.watch().doWork();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_CLOSED");
        reply.release();
    }

    @Test
    @DisplayName("R24: the link of a client that died is not mistaken for a newcomer's")
    void shouldNotAcceptTheDead()
    {
        final Attachment otherProcess = region.attach();
        client.put(bytes, 0, 8);
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        request.reply(bytes, 0, 8);
        clientProcess.abandon();
        serviceProcess.watch().doWork();
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(service.counter(PortCounter.DEATHS)).isEqualTo(1);
        // Another client's event makes the service look through all links.
        final ClientPort other = otherProcess.client(TestRegion.NAME, new PortOptions());
        other.put(bytes, 0, 8);
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        request.reply(bytes, 0, 8);
        assertThat(service.counter(PortCounter.ACCEPTED)).isEqualTo(2);
        assertThat(service.counter(PortCounter.REFUSED)).isZero();
        assertThat(service.counter(PortCounter.FORGED)).isZero();
    }

    @Test
    @DisplayName("F42, R24: a client that dies before it is accepted holds its link only until the next look")
    void shouldReleaseLinkOfDeadNewcomer()
    {
        client.put(bytes, 0, 8);
        clientProcess.abandon();
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(region.linksInUse()).isZero();
        assertThat(service.counter(PortCounter.ACCEPTED)).isZero();
    }

    @Test
    @DisplayName("R20, R29: if messages that were taken back fill the ring, a put is refused, none is overwritten")
    void shouldRefusePutsWhenRingIsFull()
    {
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        final int recordCount = region.geometry.ringCapacity() / LinkDescriptor.RECORD_LENGTH;
        int putCount = 0;
        long id = client.put(bytes, 0, 8);
        while (id > 0 && putCount <= recordCount)
        {
            putCount++;
            assertThat(client.abort(id, true)).isEqualTo(AbortResult.BEFORE_SERVER);
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            reply.release();
            id = client.put(bytes, 0, 8);
        }
        assertThat(id).isEqualTo(Status.NO_BUFFERS);
        assertThat(putCount).isLessThan(recordCount);
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        final long last = client.put(bytes, 0, 8);
        assertThat(last).as("there is room again").isPositive();
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.id()).isEqualTo(last);
        request.reply();
    }
}
