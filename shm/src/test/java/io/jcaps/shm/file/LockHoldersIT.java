/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.PeerJvm;
import io.jcaps.shm.RegionFixture;
import io.jcaps.shm.ShmHost;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.ForwardingProcessInfo;
import io.jcaps.shm.os.LockTable;
import io.jcaps.shm.os.ProcFs;
import io.jcaps.shm.os.ProcessInfo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Who holds a life lock: another process does, and the kernel's table of locks is as it is, or as a test makes it.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LockHoldersIT
{
    private static final int INDEX = 3;
    private static final LockTable TORN = new LockTable("1: POSIX  ADVISORY  WRITE 1 00:00:1 0 0\n", false);
    private static final LockTable TORN_AGAIN = new LockTable("1: POSIX  ADVISORY  WRITE 2 00:00:1 0 0\n", false);

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    private final ProcFs procFs = ProcFs.find();
    private final Tables tables = new Tables();

    /** The operating system, with the next tables of locks as the test has them; null is one that cannot be read. */
    private static final class Tables extends ForwardingProcessInfo
    {
        private final Deque<List<LockTable>> next = new ArrayDeque<>();

        Tables then(final LockTable... tables)
        {
            for (final LockTable table : tables)
            {
                next.add(null == table ? List.of() : List.of(table));
            }
            return this;
        }

        @Override
        public LockTable lockTable()
        {
            assertThat(next).as("tables left to read").isNotEmpty();
            final List<LockTable> table = next.remove();
            return table.isEmpty() ? null : table.get(0);
        }
    }

    @BeforeEach
    void before()
    {
        assumeTrue(null != ProcFs.find(), "there is no /proc here");
    }

    private PeerJvm holder(final Path path, final int... indices) throws IOException
    {
        final PeerJvm peer = fixture.closing(PeerJvm.start());
        assertThat(peer.ask("open " + path + " PRIVATE")).doesNotStartWith("!");
        for (final int index : indices)
        {
            assertThat(peer.ask("hold " + index)).isEqualTo("true");
        }
        return peer;
    }

    private static long position(final ShmHost host)
    {
        return ProcessDescriptor.lifePosition(host.header().regionId(), INDEX);
    }

    private LifeLocks locks() throws IOException
    {
        return fixture.closing(LifeLocks.open(fixture.lockPath()));
    }

    @Test
    @DisplayName("F42, R22: with native code the holder is found without the table of locks")
    void shouldAskForHolder() throws IOException
    {
        final ShmHost host = fixture.open();
        assumeTrue("futex".equals(host.sleepMode()), host::sleepMode);
        final PeerJvm peer = holder(fixture.path(), INDEX);
        // No table is left to read: a read fails the test.
        final LockHolders holders = new LockHolders(true, tables, locks());
        assertThat(holders.applyAsInt(position(host))).isEqualTo((int)peer.pid());
        assertThat(holders.applyAsInt(position(host) + 1)).isEqualTo(ProcessInfo.NO_HOLDER);
        assertThat(host.holdLife(INDEX + 1)).isTrue();
        assertThat(host.holdsLife(INDEX + 1)).as("asking drops no lock").isTrue();
        assertThat(holders.applyAsInt(position(host))).isEqualTo((int)peer.pid());
        assertThat(host.holdsLife(INDEX + 1)).isTrue();
        peer.kill();
        assertThat(holders.applyAsInt(position(host))).isEqualTo(ProcessInfo.NO_HOLDER);
    }

    @Test
    @DisplayName("F42: a missing line in the lock table proves nothing unless the table is whole or unchanged")
    void shouldNotTakeTornTableForAnswer() throws IOException
    {
        final ShmHost host = fixture.open();
        final PeerJvm peer = holder(fixture.path(), INDEX);
        final LifeLocks locks = locks();
        final LockTable table = procFs.lockTable();
        final LockHolders holders = new LockHolders(false, tables, locks);

        tables.then(TORN, TORN_AGAIN, TORN, table);
        assertThat(holders.applyAsInt(position(host))).isEqualTo((int)peer.pid());
        tables.then(TORN, TORN_AGAIN, TORN, TORN_AGAIN, TORN, TORN_AGAIN, TORN, TORN_AGAIN);
        assertThat(holders.applyAsInt(position(host))).isEqualTo(ProcessInfo.UNDETERMINED);
        tables.then(TORN, (LockTable)null);
        assertThat(holders.applyAsInt(position(host))).as("cannot be read").isEqualTo(ProcessInfo.UNDETERMINED);
        tables.then(TORN_AGAIN, TORN, TORN);
        assertThat(holders.applyAsInt(position(host))).as("unchanged").isEqualTo(ProcessInfo.HIDDEN);
        tables.then(new LockTable(TORN.lines(), true));
        assertThat(holders.applyAsInt(position(host))).as("whole").isEqualTo(ProcessInfo.HIDDEN);
        tables.then(LockTable.NONE);
        assertThat(holders.applyAsInt(position(host))).as("no table").isEqualTo(ProcessInfo.HIDDEN);
        peer.kill();
        tables.then(TORN);
        assertThat(holders.applyAsInt(position(host))).isEqualTo(ProcessInfo.NO_HOLDER);
        assertThat(tables.next).isEmpty();
    }

    @Test
    @DisplayName("F42: the kernel gives a long table in pieces; the holder is found in it")
    void shouldReadLongTable() throws IOException
    {
        final ShmHost host = fixture.open();
        final PeerJvm peer = holder(fixture.path(), INDEX);
        final Path other = Files.createFile(fixture.directory().resolve("other"));
        try (FileChannel channel = FileChannel.open(other, StandardOpenOption.READ, StandardOpenOption.WRITE))
        {
            FileLock last = null;
            for (int i = 0; i < 2_000; i++)
            {
                last = channel.lock(2L * i, 1, false);
            }
            assertThat(last.isValid()).isTrue();
            assertThat(procFs.lockTable().isWhole()).isFalse();
            assertThat(new LockHolders(false, procFs, locks()).applyAsInt(position(host)))
                .isEqualTo((int)peer.pid());
            assertThat(host.attest(INDEX).pid()).isEqualTo((int)peer.pid());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("F43: on overlayfs, which has another device number in the table than for stat, the peer is known")
    void shouldKnowPeerOnOverlay(final boolean isNative) throws Exception
    {
        final Path path = overlay().resolve("region");
        final ShmHost host = fixture.open(fixture.config().path(path).futex(isNative));
        assertThat(host.holdLife(0)).isTrue();
        final PeerJvm peer = holder(path, INDEX);
        assertThat(procFs.lockTable().holder(LockTable.name(FileStat.of(path.resolveSibling("region.lock"))),
            position(host))).as("by st_dev").isEqualTo(ProcessInfo.NO_HOLDER);
        assertThat(host.attest(INDEX).pid()).isEqualTo((int)peer.pid());
        assertThat(peer.ask("attest 0")).contains("pid=" + ProcessHandle.current().pid() + ",");
    }

    @Test
    @DisplayName("F43: on overlayfs a second CAPS library in the process is found out, and keeps its locks")
    void shouldNotOpenBesideAnotherLibraryOnOverlay() throws Exception
    {
        final Path lockPath = Files.createFile(overlay().resolve("region.lock"));
        try (FileChannel other = FileChannel.open(lockPath, StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileLock lock = other.lock(ProcessDescriptor.MIN_LIFE_POSITION, 1, false))
        {
            assertThatThrownBy(() -> LifeLocks.open(lockPath))
                .isInstanceOf(RegionException.class).hasMessageContaining("another CAPS library");
            assertThat(lock.isValid()).isTrue();
            assertThat(new OwnLocks(FileStat.of(lockPath)).mayHold(ProcessDescriptor.MIN_LIFE_POSITION)).isTrue();
        }
    }

    /** A directory on overlayfs whose layers are on two file systems. */
    private Path overlay() throws Exception
    {
        final Path place = fixture.mountTmpfs("size=4m");
        final Path lower = Files.createDirectory(place.resolve("lower"));
        final Path upper = Files.createDirectory(place.resolve("upper"));
        final Path merged = Files.createDirectory(place.resolve("merged"));
        mount(upper, "mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", upper.toString());
        final Path work = Files.createDirectory(upper.resolve("work"));
        final Path top = Files.createDirectory(upper.resolve("top"));
        Files.setPosixFilePermissions(top, Files.getPosixFilePermissions(place));
        mount(merged, "mount", "-t", "overlay", "-o",
            "lowerdir=" + lower + ",upperdir=" + top + ",workdir=" + work, "overlay", merged.toString());
        return merged;
    }

    private void mount(final Path mountPoint, final String... command) throws Exception
    {
        final String output = RegionFixture.run(command);
        assumeTrue(null == output, () -> "not possible here: " + String.join(" ", command) + ": " + output);
        fixture.closing(() -> assertThat(RegionFixture.run("umount", "-l", mountPoint.toString())).isNull());
    }
}
