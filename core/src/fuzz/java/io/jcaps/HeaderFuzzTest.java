/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.RegionHeader;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

import static io.jcaps.layout.RegionDescriptor.*;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Headers that no creator has written: read, or refused with the reason.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class HeaderFuzzTest
{
    private static final int FIELDS_LENGTH = CREATED_AT_MS_OFFSET + Long.BYTES;
    private static final String PLACE = "/fuzzed/region";
    private static final String[] REASONS = {
        "another byte order", "not a region", "layout version", "checksum", "processCount must", "portCount must",
        "linkCount must", "slotCount must", "messageLimit must", "halfLength is", "cellStride is", "ringCapacity is",
        "fileLength is", "truncated region", "a region's header alone is"};

    private final UnsafeBuffer memory =
        new UnsafeBuffer(BufferUtil.allocateDirectAligned(HEADER_LENGTH, BitUtil.CACHE_LINE_LENGTH));
    private final byte[] checked = new byte[CHECKED_LENGTH];

    @Test
    @DisplayName("F14, F15, F36: 20,000 mutated headers are read as they are or refused with a reason")
    void shouldRefuseMutatedHeaders()
    {
        fuzz(20_000);
    }

    @Test
    @Tag("full")
    @DisplayName("F14, F15, F36: 1,000,000 mutated headers are read as they are or refused with a reason")
    void shouldRefuseManyMutatedHeaders()
    {
        fuzz(1_000_000);
    }

    private void fuzz(final int iterationCount)
    {
        final FuzzRun run = new FuzzRun("headers", iterationCount);
        final Random random = run.random();
        final Mutator mutator = new Mutator(random);
        run.run((i) ->
        {
            final Geometry geometry = geometry(random);
            final RegionHeader good = new RegionHeader(
                geometry, random.nextLong(), new UUID(random.nextLong(), random.nextLong()), random.nextLong());
            memory.setMemory(0, HEADER_LENGTH, (byte)0);
            good.write(memory);
            for (int n = random.nextInt(4); n > 0; n--)
            {
                run.count("mutation " + mutate(random, mutator));
            }
            if (random.nextInt(4) != 0)
            {
                repairChecksum();
            }
            final long fileLength =
                random.nextInt(8) == 0 ? mutator.truncated(HEADER_LENGTH * 4) : geometry.fileLength();
            final UnsafeBuffer mapped = random.nextInt(64) == 0 ?
                new UnsafeBuffer(memory, 0, random.nextInt(HEADER_LENGTH)) : memory;
            try
            {
                check(run.call("read", () -> RegionHeader.read(mapped, fileLength, PLACE)), good, fileLength);
                run.count("read");
            }
            catch (final RegionException ex)
            {
                run.count("refused: " + reason(ex.getMessage()));
            }
        });
        run.checkMet("read");
        for (final String reason : REASONS)
        {
            run.checkMet("refused: " + reason);
        }
        for (final Mutator.Kind kind : Mutator.Kind.values())
        {
            run.checkMet("mutation " + kind);
        }
    }

    private static Geometry geometry(final Random random)
    {
        return random.nextBoolean() ? new Geometry(4, 8, 4, 4, 64) : new Geometry(
            1 + random.nextInt(256), 2 + random.nextInt(512), 1 + random.nextInt(256), 1 + random.nextInt(128),
            random.nextInt(Geometry.MAX_MESSAGE_LIMIT + 1));
    }

    private String mutate(final Random random, final Mutator mutator)
    {
        switch (random.nextInt(8))
        {
            case 0 ->
            {
                memory.putInt(LAYOUT_VERSION_OFFSET, (int)mutator.boundary());
                return "version";
            }
            case 1 ->
            {
                for (int i = 0; i < FIELDS_LENGTH; i += Long.BYTES)
                {
                    memory.putLong(i, Long.reverseBytes(memory.getLong(i)));
                }
                return "byte order of all";
            }
            case 2 ->
            {
                return mutator.mutate(memory, PROCESS_COUNT_OFFSET, CREATED_AT_MS_OFFSET - PROCESS_COUNT_OFFSET).name();
            }
            default ->
            {
                return mutator.mutate(memory, random.nextInt(8) == 0 ? 0 : REGION_ID_OFFSET,
                    CHECKED_LENGTH).name();
            }
        }
    }

    private void repairChecksum()
    {
        memory.getBytes(REGION_ID_OFFSET, checked);
        final CRC32 crc = new CRC32();
        crc.update(checked);
        memory.putInt(RegionDescriptor.CHECKSUM_OFFSET, (int)crc.getValue());
    }

    /** What was read is what stands there, and nothing that could lead out of the file. */
    private void check(final RegionHeader header, final RegionHeader good, final long fileLength)
    {
        final Geometry geometry = header.geometry();
        assertThat(geometry.fileLength()).isLessThanOrEqualTo(fileLength);
        assertThat(memory.getInt(PROCESS_COUNT_OFFSET)).isEqualTo(geometry.processCount());
        assertThat(memory.getInt(PORT_COUNT_OFFSET)).isEqualTo(geometry.portCount());
        assertThat(memory.getInt(LINK_COUNT_OFFSET)).isEqualTo(geometry.linkCount());
        assertThat(memory.getInt(SLOT_COUNT_OFFSET)).isEqualTo(geometry.slotCount());
        assertThat(memory.getInt(MESSAGE_LIMIT_OFFSET)).isEqualTo(geometry.messageLimit());
        assertThat(memory.getLong(MAGIC_OFFSET)).isEqualTo(MAGIC);
        assertThat(memory.getInt(LAYOUT_VERSION_OFFSET)).isEqualTo(LAYOUT_VERSION);
        assertThat(memory.getLong(REGION_ID_OFFSET)).isEqualTo(header.regionId());
        if (header.regionId() == good.regionId() && geometry.equals(good.geometry()))
        {
            assertThat(geometry.linkLength()).isEqualTo(good.geometry().linkLength());
        }
    }

    private static String reason(final String message)
    {
        assertThat(message).contains(PLACE);
        for (final String reason : REASONS)
        {
            if (message.contains(reason))
            {
                // Short files are "not a region", too.
                return message.contains("header alone") ? "a region's header alone is" : reason;
            }
        }
        throw new AssertionError("a reason that nobody knows: " + message);
    }
}
