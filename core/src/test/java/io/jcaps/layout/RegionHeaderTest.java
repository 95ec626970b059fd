/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RegionHeaderTest
{
    private static final String PLACE = "/dev/shm/somewhere";

    private final Geometry geometry = new Geometry(3, 5, 2, 4, 100);
    private final RegionHeader header = new RegionHeader(geometry, -77L, new UUID(1, -2), 1_234_567_890_123L);
    private final UnsafeBuffer tables = new UnsafeBuffer(new byte[geometry.tablesLength()]);

    @BeforeEach
    void write()
    {
        header.write(tables);
    }

    private RegionHeader read()
    {
        return RegionHeader.read(tables, geometry.fileLength(), PLACE);
    }

    private void assertRefused(final String... parts)
    {
        assertThatThrownBy(this::read).isInstanceOf(RegionException.class)
            .hasMessageContainingAll(parts).hasMessageContaining(PLACE);
    }

    private void correctChecksum()
    {
        final CRC32 crc = new CRC32();
        crc.update(tables.byteArray(), 16, 72);
        tables.putInt(12, (int)crc.getValue());
    }

    @Test
    @DisplayName("What was written is read back")
    void shouldRoundTrip()
    {
        assertThat(read()).isEqualTo(header);
        assertThat(tables.getLong(RegionDescriptor.NEXT_INCARNATION_OFFSET)).isEqualTo(1);
        assertThat(tables.getLong(RegionDescriptor.NEXT_LEASE_OFFSET)).isEqualTo(1);
        assertThat(tables.getStringWithoutLengthAscii(0, 8)).isEqualTo("JCAPS-R1");
    }

    @Test
    @DisplayName("A longer file than needed is accepted")
    void shouldAcceptLongerFile()
    {
        assertThat(RegionHeader.read(tables, geometry.fileLength() + 1, PLACE)).isEqualTo(header);
    }

    @Test
    @DisplayName("A file that is too short for a header is refused with its length")
    void shouldRefuseShortFile()
    {
        assertThatThrownBy(() -> RegionHeader.read(tables, 4_095, PLACE)).isInstanceOf(RegionException.class)
            .hasMessageContainingAll("not a region", PLACE, "4095", "4096");
        final UnsafeBuffer shortBuffer = new UnsafeBuffer(new byte[4_095]);
        assertThatThrownBy(() -> RegionHeader.read(shortBuffer, 5_000, PLACE)).isInstanceOf(RegionException.class)
            .hasMessageContainingAll("not a region", PLACE);
    }

    @Test
    @DisplayName("Garbage is refused with a message that shows its beginning")
    void shouldRefuseGarbage()
    {
        tables.putLong(0, 0x0123_4567_89AB_CDEFL);
        assertRefused("not a region", "0x0123456789abcdef");
        tables.setMemory(0, 4_096, (byte)0);
        assertRefused("not a region", "0x0000000000000000");
    }

    @Test
    @DisplayName("F36: a region of the other byte order is refused as such")
    void shouldRefuseOtherByteOrder()
    {
        tables.putLong(0, Long.reverseBytes(RegionDescriptor.MAGIC));
        assertRefused("byte order");
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "3", "-1"})
    @DisplayName("A region of another layout version, or one that its creator did not finish, is refused as such")
    void shouldRefuseOtherLayoutVersion(final int version)
    {
        tables.putInt(8, version);
        assertRefused("layout version " + version, "this library uses 2");
    }

    @Test
    @DisplayName("Any bit flipped in the checked part makes the checksum wrong")
    void shouldRefuseWrongChecksum()
    {
        for (int bit = 16 * 8; bit < 88 * 8; bit++)
        {
            tables.putByte(bit / 8, (byte)(tables.getByte(bit / 8) ^ 1 << bit % 8));
            assertRefused("corrupt region", "checksum");
            tables.putByte(bit / 8, (byte)(tables.getByte(bit / 8) ^ 1 << bit % 8));
        }
        assertThat(read()).isEqualTo(header);
        tables.putInt(12, ~tables.getInt(12));
        assertRefused("corrupt region", "checksum");
    }

    @ParameterizedTest
    @CsvSource({
        "48, 0, processCount=0",
        "48, 4097, processCount=4097",
        "52, 1, portCount=1",
        "56, -3, linkCount=-3",
        "60, 129, slotCount=129",
        "64, 131073, messageLimit=131073",
        "64, -2147483648, messageLimit=-2147483648"})
    @DisplayName("A count out of its range is refused though the checksum is right")
    void shouldRefuseBadCount(final int offset, final int value, final String named)
    {
        tables.putInt(offset, value);
        correctChecksum();
        assertRefused("corrupt region", named);
    }

    @ParameterizedTest
    @CsvSource({
        "68, 128, halfLength is 128",
        "72, 512, cellStride is 512",
        "76, 1024, ringCapacity is 1024",
        "60, 100, ringCapacity",
        "56, 1, fileLength",
        "64, 101, fileLength"})
    @DisplayName("A length that this library would not have written for these counts is refused")
    void shouldRefuseOtherGeometry(final int offset, final int value, final String named)
    {
        tables.putInt(offset, value);
        correctChecksum();
        if (64 == offset)
        {
            // A limit within the same cell changes nothing else.
            assertThat(read().geometry().messageLimit()).isEqualTo(101);
        }
        else
        {
            assertRefused("another geometry", named);
        }
    }

    @Test
    @DisplayName("A header with a wrong file length is refused")
    void shouldRefuseOtherFileLength()
    {
        tables.putLong(40, geometry.fileLength() - 4_096);
        correctChecksum();
        assertRefused("another geometry", "fileLength");
    }

    @Test
    @DisplayName("A truncated file is refused with both lengths")
    void shouldRefuseTruncatedFile()
    {
        assertThatThrownBy(() -> RegionHeader.read(tables, geometry.fileLength() - 1, PLACE))
            .isInstanceOf(RegionException.class).hasMessageContainingAll("truncated", PLACE,
            Long.toString(geometry.fileLength() - 1), Long.toString(geometry.fileLength()));
    }

    @Test
    @DisplayName("Random bytes do not pass the check")
    void shouldNotTrustRandomBytes()
    {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++)
        {
            header.write(tables);
            for (int j = 1 + random.nextInt(4); j > 0; j--)
            {
                tables.putByte(random.nextInt(88), (byte)random.nextInt());
            }
            try
            {
                assertThat(read()).as("seed=" + seed).isEqualTo(header);
            }
            catch (final RegionException ex)
            {
                assertThat(ex).as("seed=" + seed).hasMessageContaining(PLACE);
            }
        }
    }
}
