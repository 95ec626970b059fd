/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import static io.jcaps.sys.CapsSys.CAPF_EXCL;
import static io.jcaps.sys.CapsSys.CAPF_USER;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Region and lock file are taken away from those who use them, or all who used them are.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class RegionLossIT
{
    private static final String NAME = "lost";

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    private int uid;
    private Path lockPath;
    private Object inode;
    private FaultPeer client;
    private ChildJvm service;

    @BeforeEach
    void before() throws IOException
    {
        inode = Files.getAttribute(region.path(), "unix:ino");
        uid = region.ownUid();
        lockPath = region.path().resolveSibling("region.lock");
        service = child();
        assertThat(service.ask("attach", region.path(), "PRIVATE")).isEqualTo("attached");
        client = here();
        openService();
        openClient();
    }

    private ChildJvm child()
    {
        return region.closing(ChildJvm.start(List.of(), System.getProperty("java.class.path"), FaultPeer.class,
            List.of(), "-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + System.getProperty("java.io.tmpdir") +
            "/hs_err_pid%p.log"));
    }

    private FaultPeer here()
    {
        final FaultPeer peer = new FaultPeer();
        assertThat(peer.apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
        region.closing(() -> assertThat(peer.apply("detach")).isEqualTo("detached"));
        return peer;
    }

    private void openService()
    {
        assertThat(service.ask("service", "s", NAME, CAPF_USER, uid, -1)).isEqualTo("OK");
    }

    private void openClient()
    {
        assertThat(client.apply("client c " + NAME + " " + CAPF_USER + " " + uid + " -1")).isEqualTo("OK");
    }

    private String put(final String text)
    {
        final String id = client.apply("put c " + text);
        assertThat(id).matches("[0-9]+");
        return id;
    }

    /** Takes the next request, past the disposals before it. */
    private void take(final String id, final String text)
    {
        String taken = service.ask("take", "s");
        while (taken.endsWith(" DISPOSE"))
        {
            taken = service.ask("take", "s");
        }
        assertThat(taken).startsWith(id + " REQUEST " + text + " ");
    }

    private void exchange(final String text)
    {
        final String id = put(text);
        take(id, text);
        assertThat(service.ask("reply", "s", id, text)).isEqualTo("OK");
        assertThat(client.apply("take c")).isEqualTo(id + " " + text);
    }

    /** What each removal has in common, from the moment it is done. */
    private void goOnAndComeBack(final String received, final String unseen, final String left)
        throws IOException
    {
        assertThat(client.apply("retire")).isEqualTo("retired");
        assertThat(service.ask("retire")).isEqualTo("retired");

        // What is in progress goes on, and so do the ports that are open.
        assertThat(service.ask("reply", "s", received, "one")).isEqualTo("OK");
        take(unseen, "second");
        assertThat(service.ask("reply", "s", unseen, "two")).isEqualTo("OK");
        assertThat(client.apply("take c")).isEqualTo(received + " one");
        assertThat(client.apply("take c")).isEqualTo(unseen + " two");
        assertThat(isUsed(service.pid())).isTrue();
        // Nothing new begins: no new process would find it.
        assertThat(client.apply("put c more")).isEqualTo("NOT_CONNECTED");
        assertThat(client.apply("client d " + NAME + " " + CAPF_USER + " " + uid + " -1")).isEqualTo("NOT_CONNECTED");
        assertThat(client.apply("service d " + NAME + " " + CAPF_USER + " " + uid + " -1")).isEqualTo("NOT_CONNECTED");
        assertThat(service.ask("service", "d", NAME, CAPF_USER, uid, -1)).isEqualTo("NOT_CONNECTED");

        // A newcomer is in another region, and does not take those in the old one for its own.
        final FaultPeer newcomer = here();
        assertThat(newcomer.apply("retired")).isEqualTo("false");
        assertThat(newcomer.apply("client c " + NAME + " " + CAPF_USER + " " + uid + " -1")).isEqualTo("NOT_FOUND");

        // The service restarts: its client gets the outcome in the old region, and then finds it in the new one.
        assertThat(service.ask("detach")).isEqualTo("detached");
        assertThat(client.apply("take c")).isEqualTo(left + " SERVICE_CLOSED");
        assertThat(client.apply("take c")).isEqualTo("NOT_CONNECTED");
        assertThat(service.ask("attach", region.path(), "PRIVATE")).isEqualTo("attached");
        openService();
        assertThat(client.apply("detach")).isEqualTo("detached");
        assertThat(client.apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
        openClient();
        exchange("again");
        assertThat(service.ask("retired")).isEqualTo("false");
        assertThat(client.apply("retired")).isEqualTo("false");

        // (A region that was created again has another one.)
        assertThat(Files.getAttribute(region.path(), "unix:ino")).isNotEqualTo(inode);
        // The last process has released the old region when no mapping of it is referenced any more.
        while (isUsed(ProcessHandle.current().pid()) || isUsed(service.pid()))
        {
            System.gc();
            assertThat(service.ask("gc")).isEqualTo("done");
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Whether a process has the region of before mapped or open. */
    private boolean isUsed(final long pid) throws IOException
    {
        final Path process = Path.of("/proc", Long.toString(pid));
        try (Stream<String> maps = Files.lines(process.resolve("maps"));
            Stream<Path> descriptors = Files.list(process.resolve("fd")))
        {
            // Address, permissions, offset, device, inode, name.
            return maps.map((line) -> line.split(" +"))
                .anyMatch((fields) -> fields.length > 5 && fields[4].equals(inode.toString()) &&
                    fields[5].startsWith(region.path().toString())) ||
                descriptors.anyMatch(
                    (descriptor) ->
                    {
                        try
                        {
                            return inode.equals(Files.getAttribute(descriptor, "unix:ino")) &&
                                Files.readSymbolicLink(descriptor).startsWith(region.path().getParent());
                        }
                        catch (final IOException ex)
                        {
                            // Closed by now, or a file without an inode.
                            return false;
                        }
                    });
        }
    }

    @Test
    @DisplayName("F18: the region's file is deleted under running processes: noticed, completed, attached again")
    void shouldComeBackFromDeletedRegion() throws IOException
    {
        final String received = put("first");
        take(received, "first");
        final String unseen = put("second");
        final String left = put("third");
        Files.delete(region.path());
        goOnAndComeBack(received, unseen, left);
    }

    @Test
    @DisplayName("F18: region and lock file are deleted under running processes: the next region is independent")
    void shouldComeBackFromDeletedFiles() throws IOException
    {
        final String received = put("first");
        take(received, "first");
        final String unseen = put("second");
        final String left = put("third");
        Files.delete(region.path());
        Files.delete(lockPath);
        goOnAndComeBack(received, unseen, left);
    }

    @Test
    @DisplayName("F18: another region is moved into the place of the one in use")
    void shouldComeBackFromReplacedRegion() throws IOException
    {
        final String received = put("first");
        take(received, "first");
        final String unseen = put("second");
        final Path other = region.path().resolveSibling("other");
        final FaultPeer maker = new FaultPeer();
        assertThat(maker.apply("attach " + other + " PRIVATE")).isEqualTo("attached");
        assertThat(maker.apply("detach")).isEqualTo("detached");
        final String left = put("third");
        // Without its lock file no process could attach.
        Files.move(other.resolveSibling("other.lock"), lockPath, StandardCopyOption.ATOMIC_MOVE);
        Files.move(other, region.path(), StandardCopyOption.ATOMIC_MOVE);
        goOnAndComeBack(received, unseen, left);
    }

    @Test
    @DisplayName("F18: another file replaces the lock file: no living process is treated as dead")
    void shouldNotTakeOthersForDeadWithAnotherLockFile() throws IOException
    {
        final String received = put("first");
        take(received, "first");
        Files.delete(lockPath);
        Files.createFile(lockPath);
        final FaultPeer newcomer = new FaultPeer();
        assertThat(newcomer.apply("attach " + region.path() + " PRIVATE")).startsWith("RegionException")
            .contains("the lock file is not this region's");
        assertThat(service.ask("reply", "s", received, "one")).isEqualTo("OK");
        assertThat(client.apply("take c")).isEqualTo(received + " one");
        exchange("more");
        // What the message asks for.
        Files.delete(region.path());
        Files.delete(lockPath);
        here();
    }

    @Test
    @DisplayName("F18: the lock file alone is deleted: attached processes continue, new ones get the remedy")
    void shouldTakeNoNewcomersWithoutLockFile() throws IOException
    {
        final String received = put("first");
        take(received, "first");
        Files.delete(lockPath);
        final FaultPeer newcomer = new FaultPeer();
        assertThat(newcomer.apply("attach " + region.path() + " PRIVATE"))
            .startsWith("RegionException").contains("without its lock file", "end all programs that use it");
        assertThat(Files.exists(lockPath)).isFalse();

        // Their locks hold without the name: each still knows that the other lives, and new ports can be opened.
        assertThat(service.ask("reply", "s", received, "one")).isEqualTo("OK");
        assertThat(client.apply("take c")).isEqualTo(received + " one");
        assertThat(service.ask("service", "t", "other", CAPF_USER, uid, -1)).isEqualTo("OK");
        assertThat(service.ask("echo", "t")).isEqualTo("echoing");
        assertThat(client.apply("client d other " + CAPF_USER + " " + uid + " -1")).isEqualTo("OK");
        assertThat(client.apply("call d hello")).isEqualTo("hello");
        // And a death is a death.
        final String last = put("last");
        take(last, "last");
        service.kill();
        assertThat(client.apply("take c")).isEqualTo(last + " SERVICE_DIED|RECEIVED");

        // The remedy in the message works.
        assertThat(client.apply("detach")).isEqualTo("detached");
        Files.delete(region.path());
        assertThat(newcomer.apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
        assertThat(newcomer.apply("detach")).isEqualTo("detached");
        assertThat(client.apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
    }

    @Test
    @DisplayName("F17: all processes of a region were killed: the next one finds it empty, and uses it")
    void shouldFindRegionEmptyAfterDeathOfAll()
    {
        final ChildJvm other = child();
        assertThat(other.ask("attach", region.path(), "PRIVATE")).isEqualTo("attached");
        assertThat(other.ask("client", "c", NAME, CAPF_USER, uid, -1)).isEqualTo("OK");
        final String id = other.ask("put", "c", "first");
        assertThat(service.ask("take", "s")).startsWith(id + " REQUEST first ");
        assertThat(other.ask("put", "c", "second")).matches("[0-9]+");
        assertThat(client.apply("detach")).isEqualTo("detached");
        final Tables tables = region.tables();
        other.kill();
        service.kill();
        other.awaitEnd();
        service.awaitEnd();
        assertThat(tables.processCount()).isEqualTo(2);
        // That of the one who died, and that of the one who left, unless the service has looked since.
        assertThat(tables.usedLinks()).hasSizeBetween(1, 2);

        assertThat(client.apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
        assertThat(tables.processCount()).isEqualTo(1);
        assertThat(tables.openPorts()).isEmpty();
        assertThat(tables.usedLinks()).isEmpty();
        service = child();
        assertThat(service.ask("attach", region.path(), "PRIVATE")).isEqualTo("attached");
        assertThat(service.ask("service", "s", NAME, CAPF_USER | CAPF_EXCL, uid, -1)).isEqualTo("OK");
        openClient();
        exchange("again");
    }

    @Test
    @DisplayName("F13: later processes refuse a truncated region")
    void shouldRefuseRegionThatWasCutShort() throws IOException
    {
        // Whoever has it mapped ends with it, or makes it longer again when it maps a link.
        assertThat(client.apply("detach")).isEqualTo("detached");
        service.kill();
        service.awaitEnd();
        try (RandomAccessFile file = new RandomAccessFile(region.path().toFile(), "rw"))
        {
            file.setLength(4096);
        }
        assertThat(client.apply("attach " + region.path() + " PRIVATE"))
            .startsWith("RegionException truncated region").contains("4096 bytes", "remove it");
        Files.delete(region.path());
        assertThat(client.apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
    }
}
