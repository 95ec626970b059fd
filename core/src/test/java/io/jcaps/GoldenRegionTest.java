/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.LocalRegion;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.ErrorLogDescriptor;
import io.jcaps.layout.ErrorRecord;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkCounters;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.RegionHeader;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * A region as this version of the layout writes it, kept as text: a line is an offset and 32 bytes, lines of zeros are
 * left out. It has one of everything. If these tests fail, the layout has changed: raise its version, keep this file
 * among those that are refused, and write another one, by {@link GoldenRegionWriterTest} and
 * {@code -Dgolden.write=<file>}.
 */
class GoldenRegionTest
{
    private static final String RESOURCE = "region-layout-%d.txt";
    private static final String PLACE = "/golden";
    static final Geometry GEOMETRY = new Geometry(3, 5, 2, 2, 64);
    static final RegionHeader HEADER =
        new RegionHeader(GEOMETRY, 0x0123_4567_89AB_CDEFL, new UUID(0x1112_1314L, 0x2122_2324L), 1_700_000_000_000L);
    private static final long FIRST_ID = 1L << SlotDescriptor.SLOT_BITS + SlotDescriptor.COUNT_BITS;
    private static final long NEXT = 1L << SlotDescriptor.SLOT_BITS;
    /** Received, replied, disposed of; then aborted; then in a cell, and replied in one; then not received. */
    private static final long TAKEN_ID = FIRST_ID;
    private static final long LONG_ID = FIRST_ID + NEXT;
    private static final long ABORTED_ID = FIRST_ID + 2 * NEXT + 1;
    private static final long WAITING_ID = 2 * FIRST_ID;
    static final long WORD = 0x4142_4344_4546_4748L;
    static final ErrorRecord ERROR =
        new ErrorRecord(4, 12, 1, 1_700_000_000_002L, 1_700_000_000_002L, "java.lang.Exception: golden\n");

    private final UnsafeBuffer file =
        new UnsafeBuffer(BufferUtil.allocateDirectAligned((int)GEOMETRY.fileLength(), BitUtil.CACHE_LINE_LENGTH));

    @BeforeEach
    void read() throws IOException
    {
        read(RegionDescriptor.LAYOUT_VERSION);
    }

    private void read(final int version) throws IOException
    {
        file.setMemory(0, file.capacity(), (byte)0);
        try (InputStream stream = GoldenRegionTest.class.getResourceAsStream(String.format(RESOURCE, version)))
        {
            new String(stream.readAllBytes(), StandardCharsets.US_ASCII).lines().forEach((line) ->
                file.putBytes(HexFormat.fromHexDigits(line, 0, 8), HexFormat.of().parseHex(line, 9, line.length())));
        }
    }

    private UnsafeBuffer tables()
    {
        return new UnsafeBuffer(file, 0, GEOMETRY.tablesLength());
    }

    private UnsafeBuffer link(final int linkIndex)
    {
        return new UnsafeBuffer(file, (int)GEOMETRY.linkOffset(linkIndex), GEOMETRY.linkLength());
    }

    @Test
    @DisplayName("F15: a header of this layout version reads as it was written")
    void shouldReadHeader()
    {
        assertThat(RegionHeader.read(file, file.capacity(), PLACE)).isEqualTo(HEADER);
        assertThat(file.getLong(RegionDescriptor.NEXT_INCARNATION_OFFSET)).isEqualTo(9);
        assertThat(file.getInt(RegionDescriptor.REGISTRATIONS_OFFSET)).isEqualTo(1);
        assertThat(file.getLong(RegionDescriptor.NEXT_LEASE_OFFSET)).isEqualTo(3);
        assertThat(file.getStringWithoutLengthAscii(0, 8)).isEqualTo("JCAPS-R1");
    }

    @ParameterizedTest
    @ValueSource(ints = {RegionDescriptor.LAYOUT_VERSION - 1, RegionDescriptor.LAYOUT_VERSION + 1})
    @DisplayName("F15: the same region of another layout version is refused with both versions")
    void shouldRefuseOtherVersion(final int version)
    {
        file.putInt(RegionDescriptor.LAYOUT_VERSION_OFFSET, version);
        assertThatThrownBy(() -> RegionHeader.read(file, file.capacity(), PLACE)).isInstanceOf(RegionException.class)
            .hasMessageContaining("layout version " + version).hasMessageContaining("this library uses 2")
            .hasMessageContaining(PLACE);
    }

    @ParameterizedTest
    @ValueSource(ints = 1)
    @DisplayName("F15: a region that an earlier layout version wrote is refused")
    void shouldRefuseEarlierVersion(final int version) throws IOException
    {
        read(version);
        assertThatThrownBy(() -> RegionHeader.read(file, file.capacity(), PLACE)).isInstanceOf(RegionException.class)
            .hasMessageContaining("layout version " + version).hasMessageContaining("this library uses 2");
    }

    @Test
    @DisplayName("F36: the same region of a machine of the other byte order is refused with that reason")
    void shouldRefuseOtherByteOrder()
    {
        for (int i = 0; i < RegionDescriptor.HEADER_LENGTH; i += Long.BYTES)
        {
            file.putLong(i, Long.reverseBytes(file.getLong(i)));
        }
        assertThatThrownBy(() -> RegionHeader.read(file, file.capacity(), PLACE)).isInstanceOf(RegionException.class)
            .hasMessageContaining("another byte order").hasMessageContaining(PLACE);
    }

    @Test
    @DisplayName("F15: tables of this layout version read as they were written")
    void shouldReadTables()
    {
        final ProcessEntry process = new ProcessEntry(tables(), GEOMETRY);
        assertThat(process.wrap(0).incarnation()).isEqualTo(1);
        assertThat(process.pid()).isEqualTo(11);
        assertThat(process.euid()).isEqualTo(1000);
        assertThat(process.wrap(1).incarnation()).isEqualTo(4);
        assertThat(process.pid()).isEqualTo(12);
        assertThat(process.wrap(2).incarnation()).isEqualTo(6);

        final PortEntry port = new PortEntry(tables(), GEOMETRY);
        assertThat(port.wrap(0).incarnation()).isEqualTo(2);
        assertThat(port.kind()).isEqualTo(PortDescriptor.KIND_SERVICE);
        assertThat(port.isOpen()).isTrue();
        assertThat(port.name()).isEqualTo("golden.service");
        assertThat(port.uid()).isEqualTo(1000);
        assertThat(port.gid()).isEqualTo(-1);
        assertThat(port.flags()).isEqualTo(PortFlags.ANYCLIENT);
        assertThat(port.linkIndex()).isEqualTo(-1);
        assertThat(port.processIndex()).isZero();
        assertThat(port.processIncarnation()).isEqualTo(1);
        assertThat(tables().getLong(port.generationOffset())).isEqualTo(77);
        assertThat(tables().getInt(port.eventsOffset())).isEqualTo(2);
        assertThat(port.wrap(1).kind()).isEqualTo(PortDescriptor.KIND_WAIT_SET);
        assertThat(port.wrap(2).kind()).isEqualTo(PortDescriptor.KIND_CLIENT);
        assertThat(port.incarnation()).isEqualTo(5);
        assertThat(port.linkIndex()).isZero();
        assertThat(port.processIndex()).isEqualTo(1);
        assertThat(port.wrap(3).linkIndex()).isEqualTo(1);
        assertThat(port.wrap(4).kind()).isEqualTo(PortDescriptor.KIND_SERVICE);
        assertThat(port.isOpen()).isFalse();

        final LinkEntry link = new LinkEntry(tables(), GEOMETRY);
        assertThat(link.wrap(0).state()).isEqualTo(5L << LinkEntryDescriptor.INCARNATION_SHIFT |
            LinkEntryDescriptor.CLIENT_HOLDS | LinkEntryDescriptor.SERVICE_HOLDS | LinkEntryDescriptor.OPEN);
        assertThat(link.clientProcessIndex()).isEqualTo(1);
        assertThat(link.clientProcessIncarnation()).isEqualTo(4);
        assertThat(link.clientPortIndex()).isEqualTo(2);
        assertThat(link.servicePortIndex()).isZero();
        assertThat(link.servicePortIncarnation()).isEqualTo(2);
        assertThat(link.serviceProcessIndex()).isZero();
        assertThat(link.serviceProcessIncarnation()).isEqualTo(1);
        assertThat(link.wrap(1).state()).isEqualTo(7L << LinkEntryDescriptor.INCARNATION_SHIFT |
            LinkEntryDescriptor.CLIENT_HOLDS | LinkEntryDescriptor.OPEN);
    }

    @Test
    @DisplayName("F15: links of this layout version read as they were written")
    void shouldReadLinks()
    {
        final UnsafeBuffer link = link(0);
        assertThat(link.getLong(LinkDescriptor.RECEIVED_OFFSET)).isEqualTo(LONG_ID);
        assertThat(link.getLong(LinkDescriptor.DISPOSALS_OFFSET)).isEqualTo(1);
        assertThat(LinkCounters.get(link, ClientCounter.PUTS)).isEqualTo(3);
        assertThat(LinkCounters.get(link, ClientCounter.PUT_BYTES)).isEqualTo(75);
        assertThat(LinkCounters.get(link, ClientCounter.REPLIES)).isEqualTo(1);
        assertThat(LinkCounters.get(link, ClientCounter.ABORTS)).isEqualTo(1);
        assertThat(LinkCounters.get(link, ServiceCounter.GETS)).isEqualTo(2);
        assertThat(LinkCounters.get(link, ServiceCounter.REPLY_BYTES)).isEqualTo(72);
        assertThat(LinkCounters.get(link, ServiceCounter.DISPOSALS)).isEqualTo(1);
        checkRing(link, LinkDescriptor.REQUEST_RING_OFFSET, TAKEN_ID, LONG_ID, ABORTED_ID);
        checkRing(link, GEOMETRY.replyRingOffset(), TAKEN_ID, LONG_ID);
        final int requestHalf = GEOMETRY.requestHalfOffset(0);
        assertThat(link.getLong(requestHalf + SlotDescriptor.ID_OFFSET)).isEqualTo(LONG_ID);
        assertThat(link.getInt(requestHalf + SlotDescriptor.LENGTH_OFFSET)).isEqualTo(64);
        assertThat(link.getInt(requestHalf + SlotDescriptor.FLAGS_OFFSET)).isEqualTo(SlotDescriptor.FLAG_IN_CELL);
        assertThat(link.getLong(requestHalf + SlotDescriptor.DISPOSED_OFFSET)).isEqualTo(TAKEN_ID);
        assertThat(link.getLong(requestHalf + SlotDescriptor.INLINE_OFFSET)).isEqualTo(WORD);
        assertThat(link.getLong(GEOMETRY.requestCellOffset(0) + 56)).isEqualTo(WORD);
        final int replyHalf = GEOMETRY.replyHalfOffset(0);
        assertThat(link.getLong(replyHalf + SlotDescriptor.ID_OFFSET)).isEqualTo(LONG_ID);
        assertThat(link.getInt(replyHalf + SlotDescriptor.LENGTH_OFFSET)).isEqualTo(40);
        assertThat(link.getInt(replyHalf + SlotDescriptor.FLAGS_OFFSET)).isEqualTo(SlotDescriptor.FLAG_IN_CELL);
        assertThat(link.getLong(replyHalf + SlotDescriptor.ORDER_OFFSET)).isEqualTo(1);
        assertThat(link.getLong(GEOMETRY.replyCellOffset(0) + 32)).isEqualTo(WORD);
        assertThat(link.getLong(GEOMETRY.requestHalfOffset(1) + SlotDescriptor.ID_OFFSET)).isEqualTo(-ABORTED_ID);
        checkRing(link(1), LinkDescriptor.REQUEST_RING_OFFSET, WAITING_ID);
        assertThat(link(1).getLong(GEOMETRY.requestHalfOffset(0) + SlotDescriptor.ID_OFFSET)).isEqualTo(WAITING_ID);
    }

    @Test
    @DisplayName("F15: an error log of this layout version reads as it was written, and the others are empty")
    void shouldReadErrorLogs()
    {
        for (int i = 0; i < GEOMETRY.processCount(); i++)
        {
            final List<ErrorRecord> records = ErrorRecord.read(new UnsafeBuffer(
                file, (int)GEOMETRY.errorLogOffset(i), ErrorLogDescriptor.LOG_LENGTH));
            assertThat(records).isEqualTo(1 == i ? List.of(ERROR) : List.of());
        }
    }

    private static void checkRing(final UnsafeBuffer link, final int offset, final long... ids)
    {
        for (int i = 0; i <= ids.length; i++)
        {
            final int recordOffset = offset + i * LinkDescriptor.RECORD_LENGTH;
            if (i < ids.length)
            {
                assertThat(link.getLong(recordOffset)).isEqualTo(LinkDescriptor.recordHeader(i));
                assertThat(link.getLong(recordOffset + RecordDescriptor.HEADER_LENGTH)).isEqualTo(ids[i]);
            }
            else
            {
                assertThat(link.getLong(recordOffset)).isNotEqualTo(LinkDescriptor.recordHeader(i));
            }
        }
    }

    @Test
    @DisplayName("F15, F17: a region of this layout version without users can be attached to and used")
    void shouldUseRegion()
    {
        final LocalRegion region = new LocalRegion(GEOMETRY);
        region.host().tables().putBytes(0, file, 0, GEOMETRY.tablesLength());
        for (int i = 0; i < GEOMETRY.linkCount(); i++)
        {
            region.host().link(i).putBytes(0, link(i), 0, GEOMETRY.linkLength());
        }
        try (Attachment process = Attachment.attach(region.host(), 0, Throwable::printStackTrace);
            ServicePort service = process.service("golden.service", new PortOptions());
            ClientPort client = process.client("golden.service", new PortOptions()))
        {
            assertThat(service.incarnation()).isEqualTo(10);
            final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
            final Message message = new Message();
            final long id = client.put(bytes, 0, 64);
            assertThat(id).isEqualTo(3 * FIRST_ID);
            assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
            assertThat(message.reply(bytes, 0, 33)).isEqualTo(Status.OK);
            assertThat(client.get(message)).isEqualTo(MessageState.REPLY);
            message.release();
            assertThat(service.get(message)).isEqualTo(MessageState.DISPOSE);
        }
        final LinkEntry link = new LinkEntry(region.host().tables(), GEOMETRY);
        assertThat(LinkEntry.isFree(link.wrap(0).state()) && LinkEntry.isFree(link.wrap(1).state())).isTrue();
        for (int i = 0; i < GEOMETRY.portCount(); i++)
        {
            assertThat(new PortEntry(region.host().tables(), GEOMETRY).wrap(i).incarnation()).isZero();
        }
    }
}
