/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.RegionHeader;
import io.jcaps.shm.Access;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.RegionFixture;
import io.jcaps.shm.ShmHost;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.PortableProcessInfo;
import io.jcaps.shm.os.ProcessInfo;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static io.jcaps.shm.RegionFixture.OTHER_ID;
import static io.jcaps.shm.RegionFixture.SMALL;
import static io.jcaps.shm.RegionFixture.assumeRoot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RegionOpenerTest
{
    private static final UUID OTHER_BOOT = new UUID(1, 2);

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("F6: a region is complete as soon as it is visible, and no private file remains")
    void shouldCreateRegion() throws IOException
    {
        final ShmHost host = fixture.open();

        assertThat(host.header().geometry()).isEqualTo(SMALL);
        assertThat(host.header().bootId()).isEqualTo(ProcessInfo.find().bootId());
        assertThat(host.place()).isEqualTo(fixture.path().toString());
        assertThat(host.tables().capacity()).isEqualTo(SMALL.tablesLength());
        assertThat(host.isCurrent()).isTrue();
        assertThat(host.isOwnProcess()).isTrue();
        assertThat(Files.size(fixture.path())).isEqualTo(SMALL.fileLength());
        assertThat(fixture.names()).containsExactly("region", "region.lock");
    }

    @Test
    void shouldAttachToRegionThatIsThere()
    {
        final ShmHost creator = fixture.open();
        creator.tables().putLong(SMALL.portOffset(3), 42);
        final ShmHost other =
            fixture.open(new RegionConfig().path(fixture.path()).geometry(Geometry.DEFAULT).createIfMissing(false));

        assertThat(other.header()).isEqualTo(creator.header());
        assertThat(other.tables().getLong(SMALL.portOffset(3))).isEqualTo(42);
    }

    @Test
    @DisplayName("F17: a region of this boot without processes is used again")
    void shouldUseRegionThatAllHaveLeft()
    {
        final ShmHost creator = fixture.open();
        creator.close();

        assertThat(fixture.open().header()).isEqualTo(creator.header());
    }

    @Test
    void shouldRefuseIfMissingAndNotToBeCreated() throws IOException
    {
        assertRefused(fixture.config().createIfMissing(false), "no region", fixture.path().toString());
        assertThat(fixture.names()).isEmpty();
        assertRefused(
            fixture.config().path(fixture.directory().resolve("none/region")).createIfMissing(false), "no region");
        assertThat(fixture.names()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Access.class)
    @DisplayName("F24: directories and files that are made have exactly the mode that the access says")
    void shouldMakeMissingDirectoriesWithMode(final Access access) throws IOException
    {
        final Path outer = fixture.directory().resolve("outer");
        final Path inner = outer.resolve("inner");
        fixture.open(fixture.config().path(inner.resolve("region")).access(access));

        final String directoryMode =
            Access.PRIVATE == access ? "rwx------" : Access.GROUP == access ? "rwxrwx---" : "rwxr-xr-x";
        final String fileMode =
            Access.PRIVATE == access ? "rw-------" : Access.GROUP == access ? "rw-rw----" : "rw-rw-rw-";
        assertThat(mode(outer)).isEqualTo(directoryMode);
        assertThat(mode(inner)).isEqualTo(directoryMode);
        assertThat(mode(inner.resolve("region"))).isEqualTo(fileMode);
        assertThat(mode(inner.resolve("region.lock"))).isEqualTo(fileMode);
        assertThat(mode(fixture.directory())).isEqualTo("rwx------");
    }

    @ParameterizedTest
    @EnumSource(Access.class)
    @DisplayName("F23: no directory is made where others could replace it before it gets its mode")
    void shouldNotMakeDirectoryAmongOthers(final Access access) throws IOException
    {
        final Path shared = Files.createDirectory(fixture.directory().resolve("shared"));
        setMode(shared, "rwxrwx---");
        final Path made = shared.resolve("made");
        assertRefused(fixture.config().path(made.resolve("region")).access(access),
            "a directory above can be changed by others", shared.toString(), "mkdir -m 2770");
        assertThat(made).doesNotExist();
        // Made by the user, who knows whom the group has.
        Files.createDirectory(made);
        setMode(made, "rwxrwx---");
        if (Access.GROUP == access)
        {
            fixture.open(fixture.config().path(made.resolve("region")).access(access));
        }
    }

    @Test
    @DisplayName("F24: the files of a shared region belong to the directory's group")
    void shouldGiveFilesToGroupOfDirectory() throws IOException
    {
        assumeRoot();
        setMode(fixture.directory(), "rwxrwx---");
        Files.setAttribute(fixture.directory(), "unix:gid", OTHER_ID);
        fixture.open(fixture.config().access(Access.GROUP));

        assertThat(FileStat.of(fixture.path()).gid()).isEqualTo(OTHER_ID);
        assertThat(FileStat.of(fixture.lockPath()).gid()).isEqualTo(OTHER_ID);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0777", "1777", "0702"})
    @DisplayName("F23: a directory that all users can write to is refused, sticky or not")
    void shouldRefuseDirectoryThatEverybodyCanWriteTo(final String mode) throws IOException
    {
        Files.setAttribute(fixture.directory(), "unix:mode", Integer.parseInt(mode, 8));
        for (final Access access : Access.values())
        {
            assertRefused(fixture.config().access(access), "writable by everybody", mode, "/dev/shm/jcaps-<user>/");
        }
        assertThat(fixture.names()).isEmpty();
    }

    @Test
    @DisplayName("F23: a directory that a group can write to is for group access only")
    void shouldRefuseDirectoryThatGroupCanWriteTo() throws IOException
    {
        setMode(fixture.directory(), "rwxrwx---");
        assertRefused(fixture.config(), "writable by its group", "0770", "GROUP");
        assertRefused(fixture.config().access(Access.WORLD), "writable by its group");
        assertThat(fixture.open(fixture.config().access(Access.GROUP)).isCurrent()).isTrue();
    }

    @Test
    @DisplayName("F23: a directory behind a link is refused")
    void shouldRefuseLinkToDirectory() throws IOException
    {
        final Path real = Files.createDirectory(fixture.directory().resolve("real"));
        final Path link = Files.createSymbolicLink(fixture.directory().resolve("link"), real);
        assertRefused(fixture.config().path(link.resolve("region")), "not a directory", "a symbolic link");
        assertThat(RegionFixture.names(real)).isEmpty();
    }

    @Test
    void shouldRefuseFileInPlaceOfDirectory() throws IOException
    {
        final Path file = Files.createFile(fixture.directory().resolve("file"));
        assertRefused(fixture.config().path(file.resolve("region")), "not a directory", "a regular file");
    }

    @Test
    @DisplayName("F23: another user's directory is refused, unless it is to be shared")
    void shouldRefuseDirectoryOfSomebodyElse() throws IOException
    {
        assumeRoot();
        setMode(fixture.directory(), "rwxr-xr-x");
        Files.setAttribute(fixture.directory(), "unix:uid", OTHER_ID);

        assertRefused(fixture.config(), "another user's directory", "uid " + OTHER_ID, "0755");
        assertThat(fixture.open(fixture.config().access(Access.WORLD)).isCurrent()).isTrue();
        // The region is root's, and so trusted; now one of the directory's owner.
        Files.setAttribute(fixture.path(), "unix:uid", OTHER_ID);
        Files.setAttribute(fixture.lockPath(), "unix:uid", OTHER_ID);
        assertThat(fixture.open(fixture.config().access(Access.WORLD)).isCurrent()).isTrue();
    }

    @Test
    @DisplayName("F23: another user's file is never adopted")
    void shouldRefuseFileOfSomebodyElse() throws IOException
    {
        assumeRoot();
        fixture.open().close();
        Files.setAttribute(fixture.path(), "unix:uid", OTHER_ID);
        assertRefused(fixture.config(), "another user's file", fixture.path().toString(), "uid " + OTHER_ID);

        Files.setAttribute(fixture.path(), "unix:uid", 0);
        Files.setAttribute(fixture.lockPath(), "unix:uid", OTHER_ID);
        assertRefused(fixture.config(), "another user's file", fixture.lockPath().toString(), "uid " + OTHER_ID);
    }

    @Test
    @DisplayName("F23: in a directory that a group can write to, files of its members are trusted")
    void shouldTrustMembersOfGroup() throws IOException
    {
        assumeRoot();
        setMode(fixture.directory(), "rwxrwx---");
        Files.setAttribute(fixture.directory(), "unix:gid", OTHER_ID);
        final RegionConfig config = fixture.config().access(Access.GROUP);
        fixture.open(config).close();
        Files.setAttribute(fixture.path(), "unix:uid", OTHER_ID);
        assertThat(fixture.open(config).isCurrent()).isTrue();

        Files.setAttribute(fixture.path(), "unix:gid", OTHER_ID + 1);
        assertRefused(config, "another user's file");
    }

    @Test
    @DisplayName("F23: a link in the region's place is not followed, dangling or not")
    void shouldRefuseLinkInPlaceOfRegion() throws IOException
    {
        final Path victim = fixture.directory().resolve("victim");
        Files.createSymbolicLink(fixture.path(), victim);
        assertRefused(fixture.config(), "not a region", "a symbolic link");
        assertThat(Files.exists(victim)).isFalse();

        fixture.open(fixture.config().path(victim));
        assertRefused(fixture.config(), "not a region", "a symbolic link");

        // The same beside a lock file.
        fixture.open(fixture.config().path(fixture.directory().resolve("other")));
        Files.copy(fixture.directory().resolve("victim.lock"), fixture.lockPath());
        assertRefused(fixture.config(), "not a region", "a symbolic link");
    }

    @Test
    @DisplayName("F23: a link in the lock file's place is not followed, dangling or not")
    void shouldRefuseLinkInPlaceOfLockFile() throws IOException
    {
        final Path victim = fixture.directory().resolve("victim");
        Files.createSymbolicLink(fixture.lockPath(), victim);
        assertRefused(fixture.config(), fixture.lockPath().toString(), "a symbolic link");
        assertThat(Files.exists(victim)).isFalse();

        Files.createFile(victim);
        assertRefused(fixture.config(), fixture.lockPath().toString(), "a symbolic link");
        assertThat(fixture.names()).containsExactly("region.lock", "victim");
    }

    @Test
    void shouldRefuseDirectoryInPlaceOfRegion() throws IOException
    {
        Files.createDirectory(fixture.path());
        assertRefused(fixture.config(), "not a region", "a directory");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("F14: a file that is no region is refused and left alone")
    void shouldRefuseGarbage(final boolean withLockFile) throws IOException
    {
        final byte[] garbage = new byte[100_000];
        Arrays.fill(garbage, (byte)0x5a);
        Files.write(fixture.path(), garbage);
        if (withLockFile)
        {
            Files.createFile(fixture.lockPath());
        }
        assertRefused(fixture.config(), "not a region", "0x5a5a5a5a5a5a5a5a");
        assertThat(Files.readAllBytes(fixture.path())).isEqualTo(garbage);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095})
    @DisplayName("F14: a file shorter than a header is refused")
    void shouldRefuseShortFile(final int length) throws IOException
    {
        Files.write(fixture.path(), new byte[length]);
        assertRefused(fixture.config(), "not a region", length + " bytes");
    }

    @Test
    @DisplayName("F14: a region that was cut short is refused")
    void shouldRefuseTruncatedRegion() throws IOException
    {
        fixture.open().close();
        try (RandomAccessFile file = new RandomAccessFile(fixture.path().toFile(), "rw"))
        {
            file.setLength(SMALL.fileLength() - 1);
        }
        assertRefused(fixture.config(), "truncated region", Long.toString(SMALL.fileLength()));
    }

    @ParameterizedTest
    @ValueSource(ints = {RegionDescriptor.LAYOUT_VERSION + 1, RegionDescriptor.LAYOUT_VERSION - 1, -1,
        Integer.MAX_VALUE})
    @DisplayName("F15, F17: a region of another layout version, older ones included, is refused and stays")
    void shouldRefuseOtherLayoutVersion(final int version) throws IOException
    {
        fixture.open().close();
        overwrite(RegionDescriptor.LAYOUT_VERSION_OFFSET,
            ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(version).array());
        final FileStat stat = FileStat.of(fixture.path());
        assertRefused(fixture.config(), "layout version " + version);
        assertThat(FileStat.of(fixture.path())).isEqualTo(stat);
        assertThat(fixture.names()).containsExactly("region", "region.lock");
    }

    @Test
    @DisplayName("F14: a region whose header was damaged is refused")
    void shouldRefuseDamagedHeader() throws IOException
    {
        fixture.open().close();
        overwrite(RegionDescriptor.PORT_COUNT_OFFSET, new byte[]{9});
        assertRefused(fixture.config(), "corrupt region", "checksum");
    }

    @Test
    @DisplayName("F6: a creator that died after the publication leaves no second name")
    void shouldRemoveSecondNameOfRegion() throws IOException
    {
        final ShmHost creator = fixture.open();
        Files.createLink(fixture.directory().resolve("region~0123456789abcdef.tmp"), fixture.path());
        Files.createLink(fixture.directory().resolve("mine"), fixture.path());

        assertThat(fixture.open().header()).isEqualTo(creator.header());
        assertThat(fixture.names()).containsExactly("mine", "region", "region.lock");
    }

    @Test
    @DisplayName("F6: the empty directory of a creator that died last of all is removed by the next one that attaches")
    void shouldRemoveEmptyPrivateDirectory() throws IOException
    {
        fixture.open().close();
        Files.createDirectory(fixture.directory().resolve("region~0123456789abcdef.tmp"));
        fixture.open();
        assertThat(fixture.names()).containsExactly("region", "region.lock");
    }

    @Test
    @DisplayName("F6: the next creator removes the files that a dead one left, and no other file")
    void shouldRemovePrivateFilesOfDeadCreators() throws IOException
    {
        final List<String> others = List.of("region.tmp", "region~0123456789abcde.tmp", "region~x~0123456789abcdef.tmp",
            "xregion~0123456789abcdef.tmp", "region~0123456789ABCDEF.tmp");
        for (final String name : others)
        {
            Files.createFile(fixture.directory().resolve(name));
        }
        Files.createFile(fixture.directory().resolve("region~0123456789abcdef.tmp"));
        fixture.open();

        assertThat(fixture.names()).containsAll(others).hasSize(others.size() + 2);
    }

    @Test
    @DisplayName("F17: a region of an earlier boot is replaced, its lock file is kept")
    void shouldReplaceRegionOfEarlierBoot() throws IOException
    {
        final FileStat lockFile;
        try (ShmHost host = fixture.open())
        {
            host.tables().putLong(SMALL.portOffset(0), 42);
            lockFile = FileStat.of(fixture.lockPath());
        }
        writeHeader(OTHER_BOOT);
        assertRefused(fixture.config().createIfMissing(false), "no region", OTHER_BOOT.toString());

        final ShmHost host = fixture.open();
        assertThat(host.header().bootId()).isEqualTo(ProcessInfo.find().bootId());
        assertThat(host.tables().getLong(SMALL.portOffset(0))).isZero();
        assertThat(FileStat.of(fixture.lockPath())).isEqualTo(lockFile);
        assertThat(fixture.names()).containsExactly("region", "region.lock");
    }

    @Test
    @DisplayName("F17: a region with attached processes is not replaced, whatever its boot")
    void shouldNotReplaceRegionThatSomebodyIsIn() throws IOException
    {
        final ShmHost host = fixture.open();
        assertThat(host.holdLife(7)).isTrue();
        writeHeader(OTHER_BOOT);

        assertRefused(fixture.config(), OTHER_BOOT.toString(), "a process uses it");
        assertThat(host.isCurrent()).isTrue();
    }

    @Test
    @DisplayName("F17: where the boot is not known a region is taken as it is")
    void shouldNotReplaceWhereBootIsNotKnown()
    {
        final RegionConfig config = fixture.config().conclude();
        final RegionOpener opener = new RegionOpener(config, new PortableProcessInfo());
        final RegionFile region = fixture.closing(opener.open());
        fixture.closing(opener.locks());
        assertThat(region.header().bootId()).isEqualTo(new UUID(0, 0));

        assertThat(fixture.open().header()).isEqualTo(region.header());
    }

    @Test
    @DisplayName("F18, B2: a region without its lock file admits no new process, which would treat the others as dead")
    void shouldRefuseRegionWithoutLockFile() throws IOException
    {
        final ShmHost host = fixture.open();
        Files.delete(fixture.lockPath());

        assertRefused(fixture.config(), "region without its lock file", fixture.lockPath().toString());
        assertThat(fixture.names()).containsExactly("region");
        assertThat(host.isCurrent()).isTrue();
        assertThat(host.holdLife(0)).isTrue();
    }

    @Test
    @DisplayName("F18, F47: a region that is removed in use is noticed; the next one has life locks of its own")
    void shouldNoticeThatRegionWasRemoved() throws IOException
    {
        final ShmHost old = fixture.open();
        assertThat(old.holdLife(2)).isTrue();
        Files.delete(fixture.path());
        assertThat(old.isCurrent()).isFalse();

        final ShmHost successor = fixture.open();
        assertThat(old.isCurrent()).isFalse();
        assertThat(successor.isCurrent()).isTrue();
        assertThat(successor.header().regionId()).isNotEqualTo(old.header().regionId());
        assertThat(successor.isAlive(2)).isFalse();
        assertThat(successor.holdLife(2)).isTrue();
        assertThat(successor.holdLife(3)).isTrue();
        assertThat(old.isAlive(3)).isFalse();
        old.close();
        assertThat(successor.isAlive(2)).isTrue();
    }

    @Test
    @DisplayName("F18: a region and its lock file removed together are followed by a separate region")
    void shouldCreateSeparateRegionIfBothFilesAreRemoved() throws IOException
    {
        final ShmHost old = fixture.open();
        assertThat(old.holdLife(2)).isTrue();
        Files.delete(fixture.path());
        Files.delete(fixture.lockPath());

        final ShmHost successor = fixture.open();
        assertThat(successor.isAlive(2)).isFalse();
        assertThat(successor.holdLife(2)).isTrue();
        successor.close();
        assertThat(old.isAlive(2)).isTrue();
    }

    @Test
    @DisplayName("F11: a tmpfs that is full at creation gives a clean error, and no file remains")
    void shouldFailCleanlyIfThereIsNoSpace() throws Exception
    {
        final Path mountPoint = fixture.mountTmpfs("size=128k");
        final RegionConfig config = fixture.config().path(mountPoint.resolve("region")).geometry(Geometry.DEFAULT);

        assertRefused(config, "cannot be made", Long.toString(Geometry.DEFAULT.tablesLength()),
            Long.toString(Geometry.DEFAULT.fileLength()));
        assertThat(RegionFixture.names(mountPoint)).isEmpty();
        assertThat(fixture.open(fixture.config().path(mountPoint.resolve("region"))).isCurrent()).isTrue();
    }

    @Test
    @DisplayName("F11: a tmpfs without inodes gives a clean error, and no file remains")
    void shouldFailCleanlyIfThereAreNoInodes() throws Exception
    {
        final Path mountPoint = fixture.mountTmpfs("size=1m,nr_inodes=2");
        final RegionConfig config = fixture.config().path(mountPoint.resolve("region"));
        assertRefused(config, "cannot be");
        assertThat(RegionFixture.names(mountPoint)).isEmpty();
    }

    @Test
    @DisplayName("F16: of creators that race, all end in one region")
    void shouldAgreeOnOneRegion() throws Exception
    {
        final int threadCount = 6;
        final ExecutorService executor = Executors.newFixedThreadPool(threadCount);
        try
        {
            for (int round = 0; round < 30; round++)
            {
                final Path path = fixture.directory().resolve("round" + round).resolve("region");
                final CyclicBarrier barrier = new CyclicBarrier(threadCount);
                final Callable<ShmHost> opener =
                    () ->
                    {
                        barrier.await();
                        return ShmHost.open(fixture.config().path(path));
                    };
                final List<Future<ShmHost>> futures = new ArrayList<>();
                for (int i = 0; i < threadCount; i++)
                {
                    futures.add(executor.submit(opener));
                }
                final Set<Long> regionIds = new HashSet<>();
                for (final Future<ShmHost> future : futures)
                {
                    final ShmHost host = future.get();
                    regionIds.add(host.header().regionId());
                    assertThat(host.isCurrent()).isTrue();
                    host.close();
                }
                assertThat(regionIds).hasSize(1);
                assertThat(RegionFixture.names(path.getParent())).hasSize(2);
            }
        }
        finally
        {
            executor.shutdown();
        }
    }

    @Test
    @DisplayName("F6: a creator that is held up is waited for, and then named")
    void shouldNameHolderOfTablesLock() throws IOException
    {
        final ShmHost holder = fixture.open();
        assertThat(holder.lockTables(0)).isTrue();
        Files.delete(fixture.path());

        assertRefused(fixture.config().attachTimeoutNs(1_000_000),
            "tables' lock", "1000000 ns", "process " + ProcessHandle.current().pid());
        assertThat(fixture.names()).containsExactly("region.lock");
    }

    @Test
    @DisplayName("F18: a process that waited for the lock of a removed file starts again")
    void shouldNotCreateUnderLockFileThatIsGone() throws Exception
    {
        final ShmHost holder = fixture.open();
        assertThat(holder.lockTables(0)).isTrue();
        Files.delete(fixture.path());
        final ExecutorService executor = Executors.newSingleThreadExecutor();
        try
        {
            final Future<ShmHost> future = executor.submit(() -> ShmHost.open(fixture.config()));
            final Object[] shared = (Object[])RegionFixture.openLockFiles().values().iterator().next();
            final Semaphore tables = (Semaphore)shared[2];
            while (!tables.hasQueuedThreads() && !future.isDone())
            {
                LockSupport.parkNanos(1_000_000);
            }
            Files.delete(fixture.lockPath());
            holder.unlockTables();

            final ShmHost successor = fixture.closing(future.get());
            assertThat(fixture.names()).containsExactly("region", "region.lock");
            assertThat(fixture.open().header()).isEqualTo(successor.header());
        }
        finally
        {
            executor.shutdown();
        }
    }

    @Test
    void shouldOpenOnInterruptedThread()
    {
        Thread.currentThread().interrupt();
        final ShmHost creator = fixture.open();
        final ShmHost other = fixture.open();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(other.header()).isEqualTo(creator.header());
    }

    @Test
    @DisplayName("F22: without permission the error says so")
    void shouldSayThatPermissionIsMissing() throws IOException
    {
        assumeTrue(0 != ProcessInfo.find().self().euid(), "root may do everything");
        setMode(fixture.directory(), "r-x------");
        try
        {
            assertRefused(fixture.config(), "permission denied");
        }
        finally
        {
            setMode(fixture.directory(), "rwx------");
        }
    }

    private void writeHeader(final UUID bootId) throws IOException
    {
        final byte[] header = new byte[RegionDescriptor.HEADER_LENGTH];
        new RegionHeader(SMALL, 7, bootId, 0).write(new UnsafeBuffer(header));
        overwrite(0, header);
    }

    private void overwrite(final long position, final byte[] bytes) throws IOException
    {
        try (var channel = Files.newByteChannel(fixture.path(), StandardOpenOption.WRITE))
        {
            channel.position(position).write(ByteBuffer.wrap(bytes));
        }
    }

    private static void assertRefused(final RegionConfig config, final String... messageParts)
    {
        assertThatThrownBy(() -> ShmHost.open(config))
            .isInstanceOf(RegionException.class).hasMessageContainingAll(messageParts);
    }

    private static String mode(final Path path) throws IOException
    {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static void setMode(final Path path, final String mode) throws IOException
    {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }
}
