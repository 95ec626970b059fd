/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Pids come again. What a dead process left names one that lives, and that has nothing to do with it.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PidReuseTest
{
    private static final String NAME = "reused";
    private static final int LAST_INDEX = TestRegion.SMALL.processCount() - 1;

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @Test
    @DisplayName("F20: an entry with the pid and the start time of a living process is dead if its lock is free")
    void shouldNotTakeAnotherProcessForTheDeadOne() throws IOException
    {
        final int uid = region.ownUid();
        final UnsafeBuffer tables = map();
        final Geometry geometry = TestRegion.SMALL;
        final ProcessEntry process = new ProcessEntry(tables, geometry).wrap(LAST_INDEX);
        final PortEntry port = new PortEntry(tables, geometry).wrap(geometry.portCount() - 1);
        for (final long pid : new long[]{1, ProcessHandle.current().pid()})
        {
            // As the dead one left it: in use, with a service.
            final long incarnation = tables.getLong(RegionDescriptor.NEXT_INCARNATION_OFFSET);
            tables.putLong(RegionDescriptor.NEXT_INCARNATION_OFFSET, incarnation + 2);
            process.publish(incarnation, startTicks(pid), (int)pid, uid, uid, 0, new int[0]);
            port.publish(incarnation + 1, PortDescriptor.KIND_SERVICE, LAST_INDEX, incarnation, -1, uid, -1,
                PortFlags.USER, NAME, 0, 0);
            assertThat(region.tables().openPorts()).hasSize(1);
            assertThat(region.tables().processCount()).isEqualTo(1);

            try (Attachment attachment = region.attach())
            {
                assertThat(region.tables().openPorts()).isEmpty();
                assertThat(region.tables().processCount()).isEqualTo(1);
                assertThatExceptionOfType(CapsException.class)
                    .isThrownBy(() -> attachment.client(NAME, options()))
                    .satisfies((ex) -> assertThat(ex.status()).isEqualTo(Status.NOT_FOUND));
            }
        }
    }

    private static PortOptions options()
    {
        return new PortOptions().flags(PortFlags.USER);
    }

    private UnsafeBuffer map() throws IOException
    {
        try (FileChannel channel =
            FileChannel.open(region.path(), StandardOpenOption.READ, StandardOpenOption.WRITE))
        {
            return new UnsafeBuffer(
                channel.map(FileChannel.MapMode.READ_WRITE, 0, TestRegion.SMALL.tablesLength()));
        }
    }

    /** Field 22; the second one, in parentheses, may have blanks. */
    private static long startTicks(final long pid) throws IOException
    {
        final String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[19]);
    }
}
