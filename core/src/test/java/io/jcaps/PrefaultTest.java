/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.TestHost.Part;
import io.jcaps.layout.Geometry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * A link gets memory when it is opened, or a defined result if there is no memory.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PrefaultTest
{
    private static final int SLOTS = 4;
    private static final int LIMIT = 20_000;
    private static final int LENGTH = 10_000;

    private final TestRegion region = new TestRegion(SLOTS, LIMIT);
    private final Geometry geometry = region.geometry;
    private final TestHost serviceHost = region.host();
    private final TestHost clientHost = region.host();
    private final Attachment serviceProcess = region.attach(serviceHost);
    private final Attachment clientProcess = region.attach(clientHost);
    private final Message request = new Message();
    private final Message reply = new Message();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LIMIT]);

    @AfterEach
    void close()
    {
        region.close();
    }

    @Test
    @DisplayName("F12: without a prefault length neither side allocates or touches cells before the first message")
    void shouldAllocateNoCellsUnlessAsked()
    {
        assertThat(new PortOptions().prefaultLength()).isZero();
        final ServicePort service = service(0);
        client(0);
        assertThat(service.clientCount()).isOne();

        assertThat(clientHost.backed).containsExactly(new Part(0, 0, geometry.linkHeadLength()));
        assertThat(clientHost.touched).isEmpty();
        assertThat(serviceHost.backed).isEmpty();
        assertThat(serviceHost.touched).isEmpty();
    }

    @Test
    @DisplayName("F12: memory that a client got when it was opened stays usable when no other memory is left")
    void shouldPutWithoutLookingForMemory()
    {
        service(0);
        final ClientPort client = client(LENGTH);
        clientHost.hasNoSpace = true;
        for (int i = 0; i < SLOTS; i++)
        {
            assertThat(client.put(bytes, 0, LENGTH)).isPositive();
        }
        assertThat(client.put(bytes, 0, LENGTH)).isEqualTo(Status.NO_BUFFERS);
    }

    @Test
    @DisplayName("F12: a payload longer than the prefault length allocates only the rest of its cell")
    void shouldAllocateMemoryBeyondPrefaultLength()
    {
        service(0);
        final ClientPort client = client(LENGTH);
        clientHost.hasNoSpace = true;
        assertThat(client.put(bytes, 0, LENGTH + 1)).isEqualTo(Status.NO_SPACE);
        clientHost.hasNoSpace = false;
        clientHost.backed.clear();
        assertThat(client.put(bytes, 0, LIMIT)).isPositive();
        assertThat(clientHost.backed)
            .containsExactly(new Part(0, geometry.requestCellOffset(0) + LENGTH, LIMIT - LENGTH));
    }

    @Test
    @DisplayName("F12: memory that a service got when it accepted stays usable when no other memory is left")
    void shouldReplyWithoutLookingForMemory()
    {
        final ServicePort service = service(LENGTH);
        final ClientPort client = client(0);
        assertThat(service.clientCount()).isOne();
        serviceHost.hasNoSpace = true;
        for (int i = 0; i < SLOTS; i++)
        {
            assertThat(client.put(bytes, 0, 8)).isPositive();
        }
        for (int i = 0; i < SLOTS; i++)
        {
            assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
            assertThat(request.reply(bytes, 0, LENGTH + 1)).isEqualTo(Status.NO_SPACE);
            assertThat(request.reply(bytes, 0, LENGTH)).isEqualTo(Status.OK);
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(reply.length()).isEqualTo(LENGTH);
            reply.release();
        }
    }

    @Test
    @DisplayName("F12: each side allocates its own cells, and touches rings, halves and the cells of both sides")
    void shouldTouchRingsAndHalvesAndCellsOfBothSides()
    {
        final ServicePort service = service(LENGTH);
        client(LENGTH);
        assertThat(service.clientCount()).isOne();

        final Part[] parts = parts(LENGTH, geometry::requestCellOffset, geometry::replyCellOffset);
        assertThat(clientHost.touched).containsExactlyInAnyOrder(parts);
        assertThat(serviceHost.touched).containsExactlyInAnyOrder(parts);
        assertThat(clientHost.backed).contains(parts(LENGTH, geometry::requestCellOffset));
        assertThat(serviceHost.backed).containsExactly(cells(LENGTH, geometry::replyCellOffset));
    }

    @Test
    @DisplayName("F12: a prefault length of up to 32 bytes allocates no cell, because the payload is in its half")
    void shouldNotPrepareCellsForPayloadsThatNeedNone()
    {
        final ServicePort service = service(32);
        client(1);
        assertThat(service.clientCount()).isOne();

        final Part head = new Part(0, 0, geometry.linkHeadLength());
        assertThat(clientHost.backed).containsExactly(head);
        assertThat(clientHost.touched).containsExactly(head);
        assertThat(serviceHost.backed).isEmpty();
        assertThat(serviceHost.touched).containsExactly(head);
    }

    @Test
    @DisplayName("R7: a generic client is prepared like any other")
    void shouldPrepareGenericClient()
    {
        service(0);
        clientProcess.genericClient(TestRegion.NAME, new PortOptions().prefaultLength(LENGTH));
        assertThat(clientHost.backed).contains(cells(LENGTH, geometry::requestCellOffset));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    @DisplayName("F12: a client without memory for each slot is not opened, and leaves neither port nor link")
    void shouldLeaveNothingIfClientFindsNoMemory(final int failingSlot)
    {
        final ServicePort service = service(0);
        final int ports = region.portsInUse();
        // The link's head comes first.
        final int[] leftCount = {failingSlot};
        clientHost.beforeBack = () -> clientHost.hasNoSpace = 0 == leftCount[0]--;
        assertThatThrownBy(() -> client(LENGTH)).isInstanceOfSatisfying(
            CapsException.class, (ex) -> assertThat(ex.status()).isEqualTo(Status.NO_SPACE))
            .hasMessageContaining("payloads of 10000 bytes in each of 4 slots");

        assertThat(region.portsInUse()).isEqualTo(ports);
        assertThat(region.linksInUse()).isZero();
        assertThat(service.clientCount()).isZero();
        clientHost.beforeBack = null;
        clientHost.hasNoSpace = false;
        assertRoundTrip(service, client(LENGTH), LENGTH);
    }

    @Test
    @DisplayName("F12: a service releases a client that it accepted before the client was given up")
    void shouldReleaseClientThatWasGivenUp()
    {
        final ServicePort service = service(0);
        clientHost.beforeBack = () ->
        {
            if (!clientHost.backed.isEmpty())
            {
                // The service looks at its links, as after another client's event, while this client looks for memory.
                assertThat(service.clientCount()).isOne();
                clientHost.hasNoSpace = true;
            }
        };
        assertThatThrownBy(() -> client(LENGTH)).isInstanceOf(CapsException.class);

        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("F12: a service without memory for the cells still accepts its client")
    void shouldAcceptClientWithoutMemory()
    {
        final ServicePort service = service(LENGTH);
        final ClientPort client = client(0);
        serviceHost.hasNoSpace = true;
        assertThat(client.put(bytes, 0, LENGTH)).isPositive();
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.reply(bytes, 0, LENGTH)).isEqualTo(Status.NO_SPACE);
        serviceHost.hasNoSpace = false;
        assertThat(request.reply(bytes, 0, LENGTH)).isEqualTo(Status.OK);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
    }

    @Test
    @DisplayName("F12: a service that had memory for some cells at the accept allocates the others when it replies")
    void shouldContinueWhereServiceRanOutOfMemory()
    {
        final ServicePort service = service(LENGTH);
        final ClientPort client = client(0);
        final int[] leftCount = {2};
        serviceHost.beforeBack = () -> serviceHost.hasNoSpace = leftCount[0]-- <= 0;
        assertThat(service.clientCount()).isOne();
        assertThat(serviceHost.backed).hasSize(2);
        serviceHost.beforeBack = null;
        serviceHost.hasNoSpace = false;
        for (int i = 0; i < SLOTS; i++)
        {
            assertThat(client.put(bytes, 0, 8)).isPositive();
        }
        for (int i = 0; i < SLOTS; i++)
        {
            assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
            assertThat(request.reply(bytes, 0, LENGTH)).isEqualTo(Status.OK);
        }
        assertThat(serviceHost.backed).containsExactlyInAnyOrder(cells(LENGTH, geometry::replyCellOffset));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Geometry.MAX_MESSAGE_LIMIT + 1, Integer.MIN_VALUE, Integer.MAX_VALUE})
    @DisplayName("R12: a prefault length that no region allows is refused with its value")
    void shouldRefuseLengthThatNoRegionAllows(final int length)
    {
        assertThatIllegalArgumentException().isThrownBy(() -> new PortOptions().prefaultLength(length))
            .withMessage("prefaultLength must be from 0 to 131072: prefaultLength=" + length);
    }

    @Test
    @DisplayName("R12: a port with a prefault length above the region's limit is not opened, and leaves nothing")
    void shouldRefuseLengthThatRegionDoesNotAllow()
    {
        assertThatThrownBy(() -> service(LIMIT + 1)).isInstanceOfSatisfying(
            CapsException.class, (ex) -> assertThat(ex.status()).isEqualTo(Status.INVALID))
            .hasMessageContaining("20000: prefaultLength=20001");
        final ServicePort service = service(LIMIT);
        final int ports = region.portsInUse();
        assertThatThrownBy(() -> client(LIMIT + 1)).isInstanceOfSatisfying(
            CapsException.class, (ex) -> assertThat(ex.status()).isEqualTo(Status.INVALID))
            .hasMessageContaining("20000: prefaultLength=20001");
        assertThat(region.portsInUse()).isEqualTo(ports);
        assertThat(region.linksInUse()).isZero();
        assertRoundTrip(service, client(LIMIT), LIMIT);
    }

    private ServicePort service(final int prefaultLength)
    {
        return serviceProcess.service(TestRegion.NAME, new PortOptions().prefaultLength(prefaultLength));
    }

    private ClientPort client(final int prefaultLength)
    {
        return clientProcess.client(TestRegion.NAME, new PortOptions().prefaultLength(prefaultLength));
    }

    private void assertRoundTrip(final ServicePort service, final ClientPort client, final int length)
    {
        bytes.putInt(length - Integer.BYTES, 4711);
        assertThat(client.put(bytes, 0, length)).isPositive();
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.buffer().getInt(length - Integer.BYTES)).isEqualTo(4711);
        assertThat(request.reply(bytes, 0, length)).isEqualTo(Status.OK);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.buffer().getInt(length - Integer.BYTES)).isEqualTo(4711);
        reply.release();
    }

    /** The head of link 0, and cells. */
    private Part[] parts(final int length, final IntUnaryOperator... cellOffsets)
    {
        final List<Part> result = new ArrayList<>();
        result.add(new Part(0, 0, geometry.linkHeadLength()));
        result.addAll(List.of(cells(length, cellOffsets)));
        return result.toArray(Part[]::new);
    }

    private static Part[] cells(final int length, final IntUnaryOperator... cellOffsets)
    {
        final List<Part> result = new ArrayList<>();
        for (final IntUnaryOperator cellOffset : cellOffsets)
        {
            for (int slot = 0; slot < SLOTS; slot++)
            {
                result.add(new Part(0, cellOffset.applyAsInt(slot), length));
            }
        }
        return result.toArray(Part[]::new);
    }
}
