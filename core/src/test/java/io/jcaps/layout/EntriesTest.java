/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.HashSet;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

/** Each field of an entry is where its descriptor says, in the second entry, whose neighbours stay zero. */
class EntriesTest
{
    private static final int INDEX = 1;

    private final Geometry geometry = new Geometry(3, 3, 3, 2, 64);
    private final UnsafeBuffer tables = new UnsafeBuffer(new byte[geometry.tablesLength()]);

    private void assertZero(final int offset, final int length)
    {
        for (int i = 0; i < length; i++)
        {
            assertThat(tables.getByte(offset + i)).as("byte " + i).isZero();
        }
    }

    @Test
    @DisplayName("A process entry: identity, library and groups")
    void shouldPublishProcess()
    {
        final ProcessEntry entry = new ProcessEntry(tables, geometry).wrap(INDEX);
        entry.publish(11, 12, 13, 14, 15, 16, new int[]{17, 18});
        final int offset = geometry.processOffset(INDEX);
        assertThat(tables.getLong(offset + ProcessDescriptor.INCARNATION_OFFSET)).isEqualTo(11);
        assertThat(tables.getLong(offset + ProcessDescriptor.START_TICKS_OFFSET)).isEqualTo(12);
        assertThat(tables.getInt(offset + ProcessDescriptor.PID_OFFSET)).isEqualTo(13);
        assertThat(tables.getInt(offset + ProcessDescriptor.UID_OFFSET)).isEqualTo(14);
        assertThat(tables.getInt(offset + ProcessDescriptor.EUID_OFFSET)).isEqualTo(15);
        assertThat(tables.getInt(offset + ProcessDescriptor.GID_OFFSET)).isEqualTo(16);
        assertThat(tables.getInt(offset + ProcessDescriptor.GROUP_COUNT_OFFSET)).isEqualTo(2);
        assertThat(tables.getInt(offset + ProcessDescriptor.GROUPS_OFFSET)).isEqualTo(17);
        assertThat(tables.getInt(offset + ProcessDescriptor.GROUPS_OFFSET + 4)).isEqualTo(18);
        assertThat(entry.library()).isEqualTo(ProcessDescriptor.LIBRARY_JAVA);
        assertThat(entry.startTicks()).isEqualTo(12);
        assertThat(entry.pid()).isEqualTo(13);
        assertThat(entry.euid()).isEqualTo(15);
        assertZero(geometry.processOffset(0), offset - geometry.processOffset(0));
        assertThat(entry.free(10)).isFalse();
        assertThat(entry.incarnation()).isEqualTo(11);
        assertThat(entry.free(11)).isTrue();
        assertThat(entry.incarnation()).isZero();
    }

    @Test
    @DisplayName("A port: its owner, its name, its state, and the words that others write")
    void shouldPublishPort()
    {
        final PortEntry entry = new PortEntry(tables, geometry).wrap(INDEX);
        final int offset = geometry.portOffset(INDEX);
        tables.putInt(offset + PortDescriptor.SLEEPERS_OFFSET, 1);
        tables.putInt(offset + PortDescriptor.WAIT_SET_OFFSET, 1);
        tables.putLong(offset + PortDescriptor.COUNTERS_OFFSET, 1);
        tables.putLong(offset + PortDescriptor.CLAIMED_OFFSET, -1);
        tables.setMemory(offset + PortDescriptor.GONE_OFFSET, 120, (byte)1);
        tables.setMemory(offset + PortDescriptor.GONE_CLIENT_RARE_OFFSET, 48, (byte)1);
        entry.publish(21, PortDescriptor.KIND_SERVICE, 2, 22, 1, 23, 24, 25, "name", 26, 27);
        assertThat(tables.getLong(offset + PortDescriptor.INCARNATION_OFFSET)).isEqualTo(21);
        assertThat(tables.getInt(offset + PortDescriptor.KIND_OFFSET)).isEqualTo(PortDescriptor.KIND_SERVICE);
        assertThat(tables.getInt(offset + PortDescriptor.STATE_OFFSET)).isEqualTo(PortDescriptor.STATE_OPEN);
        assertThat(tables.getInt(offset + PortDescriptor.PROCESS_INDEX_OFFSET)).isEqualTo(2);
        assertThat(tables.getLong(offset + PortDescriptor.PROCESS_INCARNATION_OFFSET)).isEqualTo(22);
        assertThat(tables.getInt(offset + PortDescriptor.LINK_INDEX_OFFSET)).isEqualTo(1);
        assertThat(tables.getInt(offset + PortDescriptor.UID_OFFSET)).isEqualTo(23);
        assertThat(tables.getInt(offset + PortDescriptor.GID_OFFSET)).isEqualTo(24);
        assertThat(tables.getInt(offset + PortDescriptor.FLAGS_OFFSET)).isEqualTo(25);
        assertThat(tables.getLong(offset + PortDescriptor.GENERATION_OFFSET)).isEqualTo(26);
        assertThat(tables.getLong(offset + PortDescriptor.OPENED_AT_MS_OFFSET)).isEqualTo(27);
        assertThat(tables.getInt(offset + PortDescriptor.SLEEPERS_OFFSET)).isZero();
        assertThat(tables.getInt(offset + PortDescriptor.WAIT_SET_OFFSET)).isZero();
        assertThat(tables.getLong(offset + PortDescriptor.COUNTERS_OFFSET)).isZero();
        assertThat(entry.claimed()).isZero();
        assertThat(entry.held()).isZero();
        assertZero(offset + PortDescriptor.GONE_OFFSET, 120);
        assertZero(offset + PortDescriptor.GONE_CLIENT_RARE_OFFSET, 48);
        entry.showOpen(5, 6);
        assertThat(entry.claimed()).isEqualTo(5);
        assertThat(entry.held()).isEqualTo(6);
        assertThat(entry.name()).isEqualTo("name");
        assertThat(entry.hasName("name")).isTrue();
        assertThat(entry.hasName("nam")).isFalse();
        assertThat(entry.hasName("names")).isFalse();
        assertThat(entry.hasName("nume")).isFalse();
        assertThat(entry.generationOffset()).isEqualTo(offset + PortDescriptor.GENERATION_OFFSET);
        assertThat(entry.eventsOffset()).isEqualTo(offset + PortDescriptor.EVENTS_OFFSET);
        assertThat(entry.wakeOffset()).isEqualTo(offset + PortDescriptor.WAKE_OFFSET);
        assertThat(entry.sleepersOffset()).isEqualTo(offset + PortDescriptor.SLEEPERS_OFFSET);
        assertThat(entry.waitSetOffset()).isEqualTo(offset + PortDescriptor.WAIT_SET_OFFSET);
        assertThat(entry.counterOffset(2)).isEqualTo(offset + PortDescriptor.COUNTERS_OFFSET + 16);
        assertZero(geometry.portOffset(0), offset - geometry.portOffset(0));
        assertThat(entry.free(20)).isFalse();
        assertThat(entry.incarnation()).isEqualTo(21);
        assertThat(entry.isOpen()).isTrue();
        entry.close();
        assertThat(entry.isOpen()).isFalse();
        assertThat(entry.free(21)).isTrue();
        assertThat(entry.incarnation()).isZero();
    }

    @Test
    @DisplayName("A link: both sides, and its state, which changes only for its own incarnation")
    void shouldTakeLink()
    {
        final LinkEntry entry = new LinkEntry(tables, geometry).wrap(INDEX);
        entry.take(31, 1, 32, 2, 33, 1, 34, 2, 35);
        final int offset = geometry.linkEntryOffset(INDEX);
        assertThat(tables.getLong(offset + LinkEntryDescriptor.CLIENT_PROCESS_INCARNATION_OFFSET)).isEqualTo(32);
        assertThat(tables.getLong(offset + LinkEntryDescriptor.CLIENT_PORT_INCARNATION_OFFSET)).isEqualTo(33);
        assertThat(tables.getLong(offset + LinkEntryDescriptor.SERVICE_PORT_INCARNATION_OFFSET)).isEqualTo(34);
        assertThat(tables.getLong(offset + LinkEntryDescriptor.SERVICE_PROCESS_INCARNATION_OFFSET)).isEqualTo(35);
        assertThat(tables.getInt(offset + LinkEntryDescriptor.CLIENT_PROCESS_INDEX_OFFSET)).isEqualTo(1);
        assertThat(tables.getInt(offset + LinkEntryDescriptor.CLIENT_PORT_INDEX_OFFSET)).isEqualTo(2);
        assertThat(tables.getInt(offset + LinkEntryDescriptor.SERVICE_PORT_INDEX_OFFSET)).isEqualTo(1);
        assertThat(tables.getInt(offset + LinkEntryDescriptor.SERVICE_PROCESS_INDEX_OFFSET)).isEqualTo(2);
        final long taken = 31L << LinkEntryDescriptor.INCARNATION_SHIFT | LinkEntryDescriptor.CLIENT_HOLDS;
        assertThat(entry.state()).isEqualTo(taken);
        assertThat(entry.change(31, LinkEntryDescriptor.OPEN, 0)).isEqualTo(taken | LinkEntryDescriptor.OPEN);
        assertThat(entry.change(31, LinkEntryDescriptor.OPEN, 0)).as("again").isEqualTo(
            taken | LinkEntryDescriptor.OPEN);
        assertThat(entry.state()).isEqualTo(taken | LinkEntryDescriptor.OPEN);
        assertThat(entry.change(30, 0, LinkEntryDescriptor.OPEN)).isEqualTo(-1);
        assertThat(entry.state()).isEqualTo(taken | LinkEntryDescriptor.OPEN);
        assertZero(geometry.linkEntryOffset(0), offset - geometry.linkEntryOffset(0));
    }

    @Test
    @DisplayName("The header names the lock file by its inode")
    void shouldKeepInodeOfLockFile()
    {
        RegionHeader.lockInode(tables, 0x1234_5678_9ABCL);
        assertThat(RegionHeader.lockInode(tables)).isEqualTo(0x1234_5678_9ABCL);
    }

    @Test
    @DisplayName("Each counter has an id, a label and a description of its own")
    void shouldDescribeCounters()
    {
        final Set<Object> seen = new HashSet<>();
        for (final Counter[] counters : new Counter[][]{ClientCounter.values(), ServiceCounter.values()})
        {
            for (final Counter counter : counters)
            {
                assertThat(counter.id()).isPositive();
                assertThat(counter.label()).isNotEmpty();
                assertThat(counter.description()).isNotEmpty();
                assertThat(seen.add(counter.id())).as(counter.label()).isTrue();
                assertThat(seen.add(counter.getClass().getName() + counter.label())).isTrue();
            }
        }
    }
}
