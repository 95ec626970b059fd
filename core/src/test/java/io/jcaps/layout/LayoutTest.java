/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import io.jcaps.PortCounter;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Pins the layout by literal numbers, because processes of other versions find them in the region. A change of one of
 * them must also raise {@link RegionDescriptor#LAYOUT_VERSION}.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LayoutTest
{
    private static void assertFields(final int length, final int... offsetsAndSizes)
    {
        int end = 0;
        for (int i = 0; i < offsetsAndSizes.length; i += 2)
        {
            final int offset = offsetsAndSizes[i];
            final int size = offsetsAndSizes[i + 1];
            assertThat(offset).as("field " + i / 2 + " overlaps the one before it").isGreaterThanOrEqualTo(end);
            assertThat(offset % Math.min(size, 8)).as("alignment of field " + i / 2).isZero();
            end = offset + size;
        }
        assertThat(end).isLessThanOrEqualTo(length);
    }

    @Test
    @DisplayName("The region's header is where it is")
    void shouldPinRegionHeader()
    {
        assertThat(RegionDescriptor.MAGIC).isEqualTo(0x31522D535041434AL);
        assertThat(RegionDescriptor.LAYOUT_VERSION).isEqualTo(2);
        assertThat(RegionDescriptor.MAGIC_OFFSET).isEqualTo(0);
        assertThat(RegionDescriptor.LAYOUT_VERSION_OFFSET).isEqualTo(8);
        assertThat(RegionDescriptor.CHECKSUM_OFFSET).isEqualTo(12);
        assertThat(RegionDescriptor.REGION_ID_OFFSET).isEqualTo(16);
        assertThat(RegionDescriptor.BOOT_ID_OFFSET).isEqualTo(24);
        assertThat(RegionDescriptor.FILE_LENGTH_OFFSET).isEqualTo(40);
        assertThat(RegionDescriptor.PROCESS_COUNT_OFFSET).isEqualTo(48);
        assertThat(RegionDescriptor.PORT_COUNT_OFFSET).isEqualTo(52);
        assertThat(RegionDescriptor.LINK_COUNT_OFFSET).isEqualTo(56);
        assertThat(RegionDescriptor.SLOT_COUNT_OFFSET).isEqualTo(60);
        assertThat(RegionDescriptor.MESSAGE_LIMIT_OFFSET).isEqualTo(64);
        assertThat(RegionDescriptor.HALF_LENGTH_OFFSET).isEqualTo(68);
        assertThat(RegionDescriptor.CELL_STRIDE_OFFSET).isEqualTo(72);
        assertThat(RegionDescriptor.RING_CAPACITY_OFFSET).isEqualTo(76);
        assertThat(RegionDescriptor.CREATED_AT_MS_OFFSET).isEqualTo(80);
        assertThat(RegionDescriptor.LOCK_INODE_OFFSET).isEqualTo(88);
        assertThat(RegionDescriptor.CHECKED_LENGTH).isEqualTo(72);
        assertThat(RegionDescriptor.NEXT_INCARNATION_OFFSET).isEqualTo(128);
        assertThat(RegionDescriptor.REGISTRATIONS_OFFSET).isEqualTo(136);
        assertThat(RegionDescriptor.NEXT_LEASE_OFFSET).isEqualTo(256);
        assertThat(RegionDescriptor.HEADER_LENGTH).isEqualTo(4096);
        assertFields(4096, 0, 8, 8, 4, 12, 4, 16, 8, 24, 16, 40, 8, 48, 4, 52, 4, 56, 4, 60, 4, 64, 4, 68, 4, 72, 4,
            76, 4, 80, 8, 128, 8, 136, 4, 256, 8);
    }

    @Test
    @DisplayName("F47: the life lock of a process entry is at a byte that depends on the region's id")
    void shouldPinLifeLocks()
    {
        assertThat(ProcessDescriptor.TABLES_POSITION).isEqualTo(0);
        assertThat(ProcessDescriptor.MIN_LIFE_POSITION).isEqualTo(65_536);
        assertThat(ProcessDescriptor.lifePosition(0, 0)).isEqualTo(65_536);
        assertThat(ProcessDescriptor.lifePosition(0, 4_095)).isEqualTo(69_631);
        assertThat(ProcessDescriptor.lifePosition(1, 3)).isEqualTo(131_075);
        assertThat(ProcessDescriptor.lifePosition(0x0123_4567_89AB_CDEFL, 7)).isEqualTo(0x0567_89AB_CDF0_0007L);
        assertThat(ProcessDescriptor.lifePosition(-1, 4_095)).isEqualTo((1L << 62) + 4_095);
        assertThat(ProcessDescriptor.lifePosition(1L << 46, 0)).isEqualTo(65_536);
    }

    @Test
    @DisplayName("R22: an entry of the process table is where it is, with room for 16 groups")
    void shouldPinProcessEntry()
    {
        assertThat(ProcessDescriptor.MAX_GROUP_COUNT).isEqualTo(16);
        assertThat(ProcessDescriptor.INCARNATION_OFFSET).isEqualTo(0);
        assertThat(ProcessDescriptor.START_TICKS_OFFSET).isEqualTo(8);
        assertThat(ProcessDescriptor.PID_OFFSET).isEqualTo(16);
        assertThat(ProcessDescriptor.UID_OFFSET).isEqualTo(20);
        assertThat(ProcessDescriptor.EUID_OFFSET).isEqualTo(24);
        assertThat(ProcessDescriptor.GID_OFFSET).isEqualTo(28);
        assertThat(ProcessDescriptor.GROUP_COUNT_OFFSET).isEqualTo(32);
        assertThat(ProcessDescriptor.LIBRARY_OFFSET).isEqualTo(36);
        assertThat(ProcessDescriptor.GROUPS_OFFSET).isEqualTo(40);
        assertThat(ProcessDescriptor.ENTRY_LENGTH).isEqualTo(256);
        assertFields(256, 0, 8, 8, 8, 16, 4, 20, 4, 24, 4, 28, 4, 32, 4, 36, 4, 40, 64);
    }

    @Test
    @DisplayName("R2: an entry of the port table is where it is, with room for 63 characters of name")
    void shouldPinPortEntry()
    {
        assertThat(PortDescriptor.KIND_SERVICE).isEqualTo(1);
        assertThat(PortDescriptor.KIND_CLIENT).isEqualTo(2);
        assertThat(PortDescriptor.KIND_WAIT_SET).isEqualTo(3);
        assertThat(PortDescriptor.STATE_OPEN).isEqualTo(1);
        assertThat(PortDescriptor.STATE_CLOSED).isEqualTo(2);
        assertThat(PortDescriptor.MAX_NAME_LENGTH).isEqualTo(63);
        assertThat(PortDescriptor.INCARNATION_OFFSET).isEqualTo(0);
        assertThat(PortDescriptor.KIND_OFFSET).isEqualTo(8);
        assertThat(PortDescriptor.STATE_OFFSET).isEqualTo(12);
        assertThat(PortDescriptor.PROCESS_INCARNATION_OFFSET).isEqualTo(16);
        assertThat(PortDescriptor.PROCESS_INDEX_OFFSET).isEqualTo(24);
        assertThat(PortDescriptor.LINK_INDEX_OFFSET).isEqualTo(28);
        assertThat(PortDescriptor.UID_OFFSET).isEqualTo(32);
        assertThat(PortDescriptor.GID_OFFSET).isEqualTo(36);
        assertThat(PortDescriptor.FLAGS_OFFSET).isEqualTo(40);
        assertThat(PortDescriptor.NAME_LENGTH_OFFSET).isEqualTo(44);
        assertThat(PortDescriptor.NAME_OFFSET).isEqualTo(48);
        assertThat(PortDescriptor.OPENED_AT_MS_OFFSET).isEqualTo(112);
        assertThat(PortDescriptor.GENERATION_OFFSET).isEqualTo(128);
        assertThat(PortDescriptor.EVENTS_OFFSET).isEqualTo(256);
        assertThat(PortDescriptor.WAKE_OFFSET).isEqualTo(320);
        assertThat(PortDescriptor.SLEEPERS_OFFSET).isEqualTo(384);
        assertThat(PortDescriptor.WAIT_SET_OFFSET).isEqualTo(388);
        assertThat(PortDescriptor.COUNTERS_OFFSET).isEqualTo(448);
        assertThat(PortDescriptor.CLAIMED_OFFSET).isEqualTo(120);
        assertThat(PortDescriptor.HELD_OFFSET).isEqualTo(124);
        assertThat(PortDescriptor.GONE_OFFSET).isEqualTo(136);
        assertThat(PortDescriptor.GONE_SERVICE_OFFSET).isEqualTo(144);
        assertThat(PortDescriptor.GONE_CLIENT_OFFSET).isEqualTo(208);
        assertThat(PortDescriptor.GONE_CLIENT_RARE_OFFSET).isEqualTo(392);
        assertThat(PortDescriptor.COUNTER_COUNT).isGreaterThanOrEqualTo(PortCounter.values().length);
        assertThat(PortDescriptor.ENTRY_LENGTH).isEqualTo(512);
        assertFields(512, 0, 8, 8, 4, 12, 4, 16, 8, 24, 4, 28, 4, 32, 4, 36, 4, 40, 4, 44, 4, 48, 64, 112, 8, 120, 4,
            124, 4, 128, 8, 136, 8, 144, 64, 208, 48, 256, 4, 320, 4, 384, 4, 388, 4, 392, 48, 448, 64);
        // Both are read as one aligned long.
        assertThat(PortDescriptor.SLEEPERS_OFFSET % 8).isZero();
    }

    @Test
    @DisplayName("An entry of the link directory is where it is")
    void shouldPinLinkEntry()
    {
        assertThat(LinkEntryDescriptor.CLIENT_HOLDS).isEqualTo(1);
        assertThat(LinkEntryDescriptor.SERVICE_HOLDS).isEqualTo(2);
        assertThat(LinkEntryDescriptor.OPEN).isEqualTo(4);
        assertThat(LinkEntryDescriptor.CLIENT_CLOSED).isEqualTo(8);
        assertThat(LinkEntryDescriptor.SERVICE_CLOSED).isEqualTo(16);
        assertThat(LinkEntryDescriptor.REFUSED).isEqualTo(32);
        assertThat(LinkEntryDescriptor.CORRUPT).isEqualTo(64);
        assertThat(LinkEntryDescriptor.INCARNATION_SHIFT).isEqualTo(8);
        assertThat(LinkEntryDescriptor.STATE_OFFSET).isEqualTo(0);
        assertThat(LinkEntryDescriptor.CLIENT_PROCESS_INCARNATION_OFFSET).isEqualTo(8);
        assertThat(LinkEntryDescriptor.CLIENT_PORT_INCARNATION_OFFSET).isEqualTo(16);
        assertThat(LinkEntryDescriptor.SERVICE_PROCESS_INCARNATION_OFFSET).isEqualTo(24);
        assertThat(LinkEntryDescriptor.SERVICE_PORT_INCARNATION_OFFSET).isEqualTo(32);
        assertThat(LinkEntryDescriptor.CLIENT_PROCESS_INDEX_OFFSET).isEqualTo(40);
        assertThat(LinkEntryDescriptor.CLIENT_PORT_INDEX_OFFSET).isEqualTo(44);
        assertThat(LinkEntryDescriptor.SERVICE_PROCESS_INDEX_OFFSET).isEqualTo(48);
        assertThat(LinkEntryDescriptor.SERVICE_PORT_INDEX_OFFSET).isEqualTo(52);
        assertThat(LinkEntryDescriptor.ENTRY_LENGTH).isEqualTo(128);
        assertFields(128, 0, 8, 8, 8, 16, 8, 24, 8, 32, 8, 40, 4, 44, 4, 48, 4, 52, 4);
    }

    @Test
    @DisplayName("The body of a link is where it is")
    void shouldPinLink()
    {
        assertThat(LinkDescriptor.RECEIVED_OFFSET).isEqualTo(0);
        assertThat(LinkDescriptor.DISPOSALS_OFFSET).isEqualTo(128);
        assertThat(LinkDescriptor.CLIENT_COUNTERS_OFFSET).isEqualTo(136);
        assertThat(LinkDescriptor.SERVICE_COUNTERS_OFFSET).isEqualTo(256);
        assertThat(LinkDescriptor.REQUEST_RING_OFFSET).isEqualTo(512);
        assertThat(LinkDescriptor.RECORD_LENGTH).isEqualTo(16);
        assertThat(LinkDescriptor.RECORDS_PER_SLOT).isEqualTo(2);
        assertThat(LinkDescriptor.MIN_RECORD_COUNT).isEqualTo(32);
        assertThat(LinkDescriptor.DRAIN_INTERVAL).isEqualTo(8);
        assertThat(LinkDescriptor.REPLY_HALVES_SHIFT).isEqualTo(256);
        assertThat(LinkDescriptor.REQUEST_CELLS_SHIFT).isEqualTo(3_072);
        assertThat(LinkDescriptor.REPLY_CELLS_SHIFT).isEqualTo(3_584);
        assertThat(LinkDescriptor.CLIENT_CLOSED_OFFSET).isEqualTo(136);
        assertThat(LinkDescriptor.CLIENT_DIED_OFFSET).isEqualTo(144);
        assertThat(LinkDescriptor.CLIENT_ABORTED_OFFSET).isEqualTo(152);
        assertThat(LinkDescriptor.CLIENT_ABORTS_OFFSET).isEqualTo(160);
        assertThat(LinkDescriptor.CLIENT_UNREACHABLE_OFFSET).isEqualTo(168);
        assertThat(LinkDescriptor.CLIENT_REFUSED_OFFSET).isEqualTo(176);
        assertThat(LinkDescriptor.CLIENT_PUTS_OFFSET).isEqualTo(192);
        assertThat(LinkDescriptor.CLIENT_PUT_BYTES_OFFSET).isEqualTo(200);
        assertThat(LinkDescriptor.CLIENT_REPLIES_OFFSET).isEqualTo(208);
        assertThat(LinkDescriptor.CLIENT_REPLY_BYTES_OFFSET).isEqualTo(216);
        assertThat(LinkDescriptor.CLIENT_NO_BUFFERS_OFFSET).isEqualTo(224);
        assertThat(LinkDescriptor.CLIENT_WAKE_UPS_OFFSET).isEqualTo(232);
        assertThat(LinkDescriptor.SERVICE_GETS_OFFSET).isEqualTo(256);
        assertThat(LinkDescriptor.SERVICE_GET_BYTES_OFFSET).isEqualTo(264);
        assertThat(LinkDescriptor.SERVICE_REPLIES_OFFSET).isEqualTo(272);
        assertThat(LinkDescriptor.SERVICE_REPLY_BYTES_OFFSET).isEqualTo(280);
        assertThat(LinkDescriptor.SERVICE_DISPOSALS_OFFSET).isEqualTo(288);
        assertThat(LinkDescriptor.SERVICE_SKIPS_OFFSET).isEqualTo(296);
        assertThat(LinkDescriptor.SERVICE_WAKE_UPS_OFFSET).isEqualTo(304);
        assertThat(LinkDescriptor.SERVICE_ENDS_OFFSET).isEqualTo(312);
        assertFields(512, 0, 8, 128, 8, 136, 8, 144, 8, 152, 8, 160, 8, 192, 8, 200, 8, 208, 8, 216, 8, 224, 8, 232, 8,
            256, 8, 264, 8, 272, 8, 280, 8, 288, 8, 296, 8, 304, 8);
        assertThat(LinkDescriptor.recordTypeId(0)).isEqualTo(1);
        assertThat(LinkDescriptor.recordTypeId((1L << 30) - 1)).isEqualTo(1 << 30);
        assertThat(LinkDescriptor.recordTypeId(1L << 30)).isEqualTo(1);
        assertThat(LinkDescriptor.recordHeader(2)).isEqualTo(0x0000_0003_0000_0010L);
    }

    @Test
    @DisplayName("An error log is where it is, and so is each field of a record that Agrona writes")
    void shouldPinErrorLog()
    {
        assertThat(ErrorLogDescriptor.PROCESS_INCARNATION_OFFSET).isEqualTo(0);
        assertThat(ErrorLogDescriptor.PID_OFFSET).isEqualTo(8);
        assertThat(ErrorLogDescriptor.RECORDS_OFFSET).isEqualTo(64);
        assertThat(ErrorLogDescriptor.RECORD_LENGTH_OFFSET).isEqualTo(0);
        assertThat(ErrorLogDescriptor.COUNT_OFFSET).isEqualTo(4);
        assertThat(ErrorLogDescriptor.LAST_AT_MS_OFFSET).isEqualTo(8);
        assertThat(ErrorLogDescriptor.FIRST_AT_MS_OFFSET).isEqualTo(16);
        assertThat(ErrorLogDescriptor.TEXT_OFFSET).isEqualTo(24);
        assertThat(ErrorLogDescriptor.RECORD_ALIGNMENT).isEqualTo(8);
        assertThat(ErrorLogDescriptor.LOG_LENGTH).isEqualTo(32_768);
        assertThat(ErrorLogDescriptor.RECORDS_LENGTH).isEqualTo(32_704);
        assertFields(32_768, 0, 8, 8, 4, 64, 32_704);
    }

    @Test
    @DisplayName("R12, R14: both halves of a slot are where they are, and so are the parts of a message id")
    void shouldPinSlot()
    {
        assertThat(SlotDescriptor.ID_OFFSET).isEqualTo(0);
        assertThat(SlotDescriptor.LENGTH_OFFSET).isEqualTo(8);
        assertThat(SlotDescriptor.FLAGS_OFFSET).isEqualTo(12);
        assertThat(SlotDescriptor.DISPOSED_OFFSET).isEqualTo(16);
        assertThat(SlotDescriptor.ORDER_OFFSET).isEqualTo(16);
        assertThat(SlotDescriptor.INLINE_OFFSET).isEqualTo(32);
        assertThat(SlotDescriptor.HALF_LENGTH).isEqualTo(64);
        assertThat(SlotDescriptor.INLINE_CAPACITY).isEqualTo(32);
        assertThat(SlotDescriptor.FLAG_IN_CELL).isEqualTo(1);
        assertThat(SlotDescriptor.FLAG_SKIPPED).isEqualTo(2);
        assertThat(SlotDescriptor.OUTCOME_MASK).isEqualTo(0x1FF00);
        assertThat(SlotDescriptor.OUTCOME_SHIFT).isEqualTo(8);
        assertThat(SlotDescriptor.MAX_SLOT_COUNT).isEqualTo(128);
        assertThat(SlotDescriptor.SLOT_BITS).isEqualTo(7);
        assertThat(SlotDescriptor.COUNT_BITS).isEqualTo(25);
        assertThat(SlotDescriptor.COUNT_PER_LEASE).isEqualTo(33_554_432L);
        assertThat(SlotDescriptor.MAX_LEASE).isEqualTo(2_147_483_647L);
        assertFields(64, 0, 8, 8, 4, 12, 4, 16, 8, 32, 32);

        final long id = 0x1234_5678L << 32 | 0x1AB_CDEFL << 7 | 0x55;
        assertThat(SlotDescriptor.lease(id)).isEqualTo(0x1234_5678);
        assertThat(SlotDescriptor.sequence(id)).isEqualTo(0x1234_5678L << 25 | 0x1AB_CDEFL);
        assertThat(SlotDescriptor.slotIndex(id)).isEqualTo(0x55);
        assertThat(SlotDescriptor.lease(Long.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
        assertThat(SlotDescriptor.slotIndex(Long.MAX_VALUE)).isEqualTo(127);
    }

    @Test
    @DisplayName("R12, R14: the default geometry and its offsets")
    void shouldPinDefaultGeometry()
    {
        final Geometry geometry = Geometry.DEFAULT;
        assertThat(geometry).isEqualTo(new Geometry(256, 512, 256, 128, 131_072));
        assertThat(Geometry.MAX_MESSAGE_LIMIT).isEqualTo(131_072);
        assertThat(geometry.processOffset(0)).isEqualTo(4_096);
        assertThat(geometry.processOffset(255)).isEqualTo(69_376);
        assertThat(geometry.portOffset(0)).isEqualTo(69_632);
        assertThat(geometry.portOffset(511)).isEqualTo(331_264);
        assertThat(geometry.linkEntryOffset(0)).isEqualTo(331_776);
        assertThat(geometry.linkEntryOffset(255)).isEqualTo(364_416);
        assertThat(geometry.tablesLength()).isEqualTo(364_544);
        assertThat(geometry.ringCapacity()).isEqualTo(4_096);
        assertThat(geometry.ringLength()).isEqualTo(4_864);
        assertThat(geometry.replyRingOffset()).isEqualTo(5_376);
        assertThat(geometry.requestHalfOffset(0)).isEqualTo(10_240);
        assertThat(geometry.requestHalfOffset(127)).isEqualTo(18_368);
        assertThat(geometry.replyHalfOffset(0)).isEqualTo(18_688);
        assertThat(geometry.replyHalfOffset(127)).isEqualTo(26_816);
        assertThat(geometry.linkHeadLength()).isEqualTo(28_672);
        assertThat(geometry.cellStride()).isEqualTo(131_200);
        assertThat(geometry.requestCellOffset(0)).isEqualTo(31_744);
        assertThat(geometry.requestCellOffset(127)).isEqualTo(16_694_144);
        assertThat(geometry.replyCellOffset(0)).isEqualTo(16_829_952);
        assertThat(geometry.replyCellOffset(127)).isEqualTo(33_492_352);
        assertThat(geometry.linkLength()).isEqualTo(33_624_064);
        assertThat(geometry.linkOffset(0)).isEqualTo(364_544L);
        assertThat(geometry.linkOffset(255)).isEqualTo(364_544L + 255 * 33_624_064L);
        assertThat(geometry.errorLogOffset(0)).isEqualTo(8_608_124_928L);
        assertThat(geometry.errorLogOffset(255)).isEqualTo(8_608_124_928L + 255 * 32_768L);
        assertThat(geometry.fileLength()).isEqualTo(8_616_513_536L);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 2, 1, 1, 0",
        "1, 3, 1, 1, 1",
        "3, 5, 7, 2, 63",
        "8, 16, 8, 3, 64",
        "8, 16, 8, 16, 65",
        "5, 9, 3, 17, 4096",
        "256, 512, 256, 128, 131072",
        "4096, 65536, 16384, 128, 131072"})
    @DisplayName("Whatever the counts, the parts do not overlap, keep to their lines and pages, and rings hold enough")
    void shouldNotOverlap(
        final int processCount, final int portCount, final int linkCount, final int slotCount, final int messageLimit)
    {
        final Geometry geometry = new Geometry(processCount, portCount, linkCount, slotCount, messageLimit);
        assertThat(geometry.processOffset(0)).isEqualTo(RegionDescriptor.HEADER_LENGTH);
        assertThat(geometry.portOffset(0)).isEqualTo(geometry.processOffset(processCount - 1) + 256);
        assertThat(geometry.linkEntryOffset(0)).isEqualTo(geometry.portOffset(portCount - 1) + 512);
        assertThat(geometry.tablesLength()).isGreaterThanOrEqualTo(geometry.linkEntryOffset(linkCount - 1) + 128);
        assertThat(geometry.tablesLength() % 4_096).isZero();
        assertThat(geometry.linkLength() % 4_096).isZero();
        assertThat(geometry.linkHeadLength() % 4_096).isZero();
        assertThat(geometry.fileLength() % 4_096).isZero();
        assertThat(geometry.linkOffset(0)).isEqualTo(geometry.tablesLength());

        assertThat(Integer.bitCount(geometry.ringCapacity())).isEqualTo(1);
        assertThat(geometry.ringLength() % 64).isZero();
        final int spareRecords = geometry.ringCapacity() / 16 - 1 - slotCount;
        assertThat(spareRecords).isGreaterThanOrEqualTo(LinkDescriptor.DRAIN_INTERVAL);
        assertThat(geometry.replyRingOffset()).isEqualTo(512 + geometry.ringLength());
        assertThat(geometry.requestHalfOffset(0)).isEqualTo(geometry.replyRingOffset() + geometry.ringLength());
        assertThat(geometry.requestHalfOffset(0) % 64).isZero();
        assertThat(geometry.replyHalfOffset(0))
            .isGreaterThanOrEqualTo(geometry.requestHalfOffset(slotCount - 1) + 64);
        assertThat(geometry.replyHalfOffset(0) % 64).isZero();
        assertThat(geometry.linkHeadLength()).isGreaterThanOrEqualTo(geometry.replyHalfOffset(slotCount - 1) + 64);
        assertThat(geometry.requestCellOffset(0)).isGreaterThanOrEqualTo(geometry.linkHeadLength());
        assertThat(geometry.requestCellOffset(0) % 64).isZero();
        assertThat(geometry.replyCellOffset(0) % 64).isZero();
        assertThat(geometry.cellStride() % 64).isZero();
        assertThat(geometry.cellStride()).isGreaterThanOrEqualTo(messageLimit);
        assertThat(geometry.replyCellOffset(0))
            .isGreaterThanOrEqualTo(geometry.requestCellOffset(slotCount - 1) + geometry.cellStride());
        assertThat(geometry.linkLength())
            .isGreaterThanOrEqualTo(geometry.replyCellOffset(slotCount - 1) + geometry.cellStride());
        assertThat(geometry.linkOffset(linkCount - 1) + geometry.linkLength()).isEqualTo(geometry.errorLogOffset(0));
        assertThat(geometry.errorLogOffset(0) % 4_096).isZero();
        assertThat(geometry.errorLogOffset(processCount - 1) + 32_768).isEqualTo(geometry.fileLength());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 2, 1, 1, 0, processCount=0",
        "4097, 2, 1, 1, 0, processCount=4097",
        "1, 1, 1, 1, 0, portCount=1",
        "1, 65537, 1, 1, 0, portCount=65537",
        "1, 2, 0, 1, 0, linkCount=0",
        "1, 2, 16385, 1, 0, linkCount=16385",
        "1, 2, 1, 0, 0, slotCount=0",
        "1, 2, 1, 129, 0, slotCount=129",
        "1, 2, 1, 1, -1, messageLimit=-1",
        "1, 2, 1, 1, 131073, messageLimit=131073"})
    @DisplayName("R12, R14: a count or a limit out of its range is refused, and the message names it")
    void shouldRefuseGeometryOutOfRange(
        final int processCount,
        final int portCount,
        final int linkCount,
        final int slotCount,
        final int messageLimit,
        final String named)
    {
        assertThatThrownBy(() -> new Geometry(processCount, portCount, linkCount, slotCount, messageLimit))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(named);
    }

    @Test
    @DisplayName("An index out of a table is refused, and the message names it")
    void shouldRefuseIndexOutOfTable()
    {
        final Geometry geometry = new Geometry(2, 3, 4, 1, 0);
        final UnsafeBuffer tables = new UnsafeBuffer(new byte[geometry.tablesLength()]);
        final ProcessEntry process = new ProcessEntry(tables, geometry);
        final PortEntry port = new PortEntry(tables, geometry);
        final LinkEntry link = new LinkEntry(tables, geometry);
        for (final int each : new int[]{-1, Integer.MAX_VALUE, Integer.MIN_VALUE})
        {
            assertThatThrownBy(() -> process.wrap(each)).isInstanceOf(RegionException.class)
                .hasMessageContaining("processIndex=" + each);
            assertThatThrownBy(() -> port.wrap(each)).isInstanceOf(RegionException.class)
                .hasMessageContaining("portIndex=" + each);
            assertThatThrownBy(() -> link.wrap(each)).isInstanceOf(RegionException.class)
                .hasMessageContaining("linkIndex=" + each);
        }
        assertThatThrownBy(() -> process.wrap(2)).isInstanceOf(RegionException.class);
        assertThatThrownBy(() -> port.wrap(3)).isInstanceOf(RegionException.class);
        assertThatThrownBy(() -> link.wrap(4)).isInstanceOf(RegionException.class);
    }

    @Test
    @DisplayName("What is written into an entry is read from it, and a free one is free")
    void shouldReadBackEntries()
    {
        final Geometry geometry = new Geometry(2, 3, 4, 1, 0);
        final UnsafeBuffer tables = new UnsafeBuffer(new byte[geometry.tablesLength()]);
        final ProcessEntry process = new ProcessEntry(tables, geometry).wrap(1);
        assertThat(process.incarnation()).isZero();
        process.publish(7, 8, 9, 10, 11, 12, new int[20]);
        assertThat(process.incarnation()).isEqualTo(7);
        assertThat(process.startTicks()).isEqualTo(8);
        assertThat(process.pid()).isEqualTo(9);
        assertThat(process.euid()).isEqualTo(11);
        assertThat(tables.getInt(geometry.processOffset(1) + ProcessDescriptor.GROUP_COUNT_OFFSET)).isEqualTo(16);
        assertThat(process.free(6)).isFalse();
        assertThat(process.incarnation()).isEqualTo(7);
        assertThat(process.free(7)).isTrue();
        assertThat(process.incarnation()).isZero();

        final PortEntry port = new PortEntry(tables, geometry).wrap(2);
        final String name = "n".repeat(63);
        port.publish(5, PortDescriptor.KIND_CLIENT, 1, 7, 3, -1, 6, 0x1_0041, name, 77, 99);
        assertThat(port.incarnation()).isEqualTo(5);
        assertThat(port.kind()).isEqualTo(PortDescriptor.KIND_CLIENT);
        assertThat(port.processIndex()).isEqualTo(1);
        assertThat(port.processIncarnation()).isEqualTo(7);
        assertThat(port.linkIndex()).isEqualTo(3);
        assertThat(port.uid()).isEqualTo(-1);
        assertThat(port.gid()).isEqualTo(6);
        assertThat(port.flags()).isEqualTo(0x1_0041);
        assertThat(port.name()).isEqualTo(name);
        assertThat(port.openedAtMs()).isEqualTo(99);
        assertThat(tables.getLong(port.generationOffset())).isEqualTo(77);
        assertThat(port.isOpen()).isTrue();
        port.close();
        assertThat(port.isOpen()).isFalse();
        assertThat(port.incarnation()).isEqualTo(5);

        final LinkEntry link = new LinkEntry(tables, geometry).wrap(3);
        assertThat(LinkEntry.isFree(link.state())).isTrue();
        link.take(42, 1, 2, 3, 4, 5, 6, 7, 8);
        assertThat(LinkEntry.isFree(link.state())).isFalse();
        assertThat(LinkEntry.incarnation(link.state())).isEqualTo(42);
        assertThat(link.clientProcessIndex()).isEqualTo(1);
        assertThat(link.clientProcessIncarnation()).isEqualTo(2);
        assertThat(link.clientPortIndex()).isEqualTo(3);
        assertThat(link.servicePortIndex()).isEqualTo(5);
        assertThat(link.servicePortIncarnation()).isEqualTo(6);
        assertThat(link.serviceProcessIndex()).isEqualTo(7);
        assertThat(link.serviceProcessIncarnation()).isEqualTo(8);
        assertThat(link.change(41, LinkEntryDescriptor.OPEN, 0)).as("another use").isEqualTo(-1);
        assertThat(link.change(42, LinkEntryDescriptor.OPEN, LinkEntryDescriptor.CLIENT_HOLDS))
            .isEqualTo(42L << 8 | LinkEntryDescriptor.OPEN);
        assertThat(LinkEntry.isFree(link.state())).isTrue();
    }

    @Test
    @DisplayName("The values kept for the hot path equal those of the geometry, and limit what is accepted")
    void shouldKeepGeometryForSlots()
    {
        final Geometry geometry = new Geometry(1, 2, 1, 5, 100);
        final SlotTable slots = new SlotTable(geometry);
        for (int i = 0; i < 5; i++)
        {
            assertThat(slots.requestHalfOffset(i)).isEqualTo(geometry.requestHalfOffset(i));
            assertThat(slots.replyHalfOffset(i)).isEqualTo(geometry.replyHalfOffset(i));
            assertThat(slots.requestCellOffset(i)).isEqualTo(geometry.requestCellOffset(i));
            assertThat(slots.replyCellOffset(i)).isEqualTo(geometry.replyCellOffset(i));
            assertThat(slots.requestPayloadOffset(i, 0, 32)).isEqualTo(geometry.requestHalfOffset(i) + 32);
            assertThat(slots.requestPayloadOffset(i, 1, 100)).isEqualTo(geometry.requestCellOffset(i));
            assertThat(slots.replyPayloadOffset(i, 0, 0)).isEqualTo(geometry.replyHalfOffset(i) + 32);
            assertThat(slots.replyPayloadOffset(i, 1, 0)).isEqualTo(geometry.replyCellOffset(i));
        }
        for (final int length : new int[]{-1, 33, 101, Integer.MIN_VALUE, Integer.MAX_VALUE})
        {
            assertThat(slots.requestPayloadOffset(0, 0, length)).isEqualTo(SlotTable.NOWHERE);
            assertThat(slots.replyPayloadOffset(0, 0, length)).isEqualTo(SlotTable.NOWHERE);
            if (33 != length)
            {
                assertThat(slots.requestPayloadOffset(0, 1, length)).isEqualTo(SlotTable.NOWHERE);
                assertThat(slots.replyPayloadOffset(0, 1, length)).isEqualTo(SlotTable.NOWHERE);
            }
        }
        assertThat(SlotTable.flags(32)).isZero();
        assertThat(SlotTable.flags(33)).isEqualTo(SlotDescriptor.FLAG_IN_CELL);
        assertThat(new SlotTable(new Geometry(1, 2, 1, 5, 10)).replyPayloadOffset(0, 0, 11)).isEqualTo(-1);
    }

    @Test
    @DisplayName("Sleepers and wait set of a port are read as one long")
    void shouldSplitSleepers()
    {
        assertThat(PortEntry.sleeperCount(0x0000_0003_0000_0002L)).isEqualTo(2);
        assertThat(PortEntry.waitSetIndex(0x0000_0003_0000_0002L)).isEqualTo(2);
        assertThat(PortEntry.waitSetIndex(5)).isEqualTo(-1);
        assertThat(PortEntry.wakeOffset(1_000 + 384)).isEqualTo(1_000 + 320);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, 64, Integer.MAX_VALUE})
    @DisplayName("F25: the length of a port's name is input")
    void shouldNotTrustLengthOfName(final int length)
    {
        final Geometry geometry = new Geometry(1, 2, 1, 1, 64);
        final UnsafeBuffer tables = new UnsafeBuffer(new byte[geometry.tablesLength()]);
        final PortEntry entry = new PortEntry(tables, geometry).wrap(1);
        tables.putInt(geometry.portOffset(1) + PortDescriptor.NAME_LENGTH_OFFSET, length);
        assertThat(entry.name().length()).isEqualTo(length < 0 ? 0 : PortDescriptor.MAX_NAME_LENGTH);
        assertThat(entry.hasName("")).isFalse();
    }
}
