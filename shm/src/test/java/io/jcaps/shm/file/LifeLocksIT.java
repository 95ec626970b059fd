/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.host.Credentials;
import io.jcaps.shm.Access;
import io.jcaps.shm.PeerJvm;
import io.jcaps.shm.RegionFixture;
import io.jcaps.shm.ShmHost;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Locks and what they prove, across JVMs.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LifeLocksIT
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("B2: kill -9 frees a life lock and the tables' lock")
    void shouldSeeDeathOfKilledProcess() throws IOException
    {
        final ShmHost host = fixture.open();
        final PeerJvm peer = open(PeerJvm.start());
        assertThat(peer.ask("hold 3")).isEqualTo("true");
        assertThat(peer.ask("lock 0")).isEqualTo("true");
        assertThat(host.isAlive(3)).isTrue();
        assertThat(host.holdLife(3)).isFalse();
        assertThat(host.lockTables(1_000)).isFalse();
        assertThat(peer.ask("alive 4")).isEqualTo("false");

        peer.kill();
        assertThat(host.isAlive(3)).isFalse();
        assertThat(host.attest(3)).isNull();
        assertThat(host.lockTables(0)).isTrue();
        host.unlockTables();
        assertThat(host.holdLife(3)).isTrue();
    }

    @Test
    @DisplayName("B2, F8: a stopped process is alive")
    void shouldSeeStoppedProcessAsAlive() throws Exception
    {
        final ShmHost host = fixture.open();
        final PeerJvm peer = open(PeerJvm.start());
        assertThat(peer.ask("hold 3")).isEqualTo("true");
        peer.signal("STOP");
        final Path stat = Path.of("/proc", Long.toString(peer.pid()), "stat");
        while (Files.exists(stat) && !Files.readString(stat).contains(") T "))
        {
            LockSupport.parkNanos(1_000_000);
        }

        assertThat(host.isAlive(3)).isTrue();
        assertThat(host.holdLife(3)).isFalse();
        assertThat(host.attest(3).pid()).isEqualTo((int)peer.pid());
        peer.signal("CONT");
        assertThat(peer.ask("alive 3")).isEqualTo("true");
        assertThat(peer.ask("drop 3")).isEqualTo("dropped");
        assertThat(host.isAlive(3)).isFalse();
    }

    @Test
    @DisplayName("F35: closing one of two attachments of a JVM leaves the other's locks")
    void shouldKeepLocksOfOtherAttachment() throws IOException
    {
        final ShmHost first = fixture.open();
        final ShmHost second = fixture.open();
        final PeerJvm peer = open(PeerJvm.start());
        assertThat(first.holdLife(1)).isTrue();
        assertThat(second.holdLife(2)).isTrue();
        assertThat(second.lockTables(0)).isTrue();
        assertThat(peer.ask("alive 1")).isEqualTo("true");
        assertThat(peer.ask("alive 2")).isEqualTo("true");

        first.close();
        assertThat(peer.ask("alive 1")).isEqualTo("false");
        assertThat(peer.ask("alive 2")).isEqualTo("true");
        assertThat(peer.ask("lock 0")).isEqualTo("false");
        second.unlockTables();
        assertThat(peer.ask("lock 0")).isEqualTo("true");

        // A third one that comes and goes closes nothing either, nor does an interrupt.
        Thread.currentThread().interrupt();
        fixture.open().close();
        assertThat(second.isAlive(5)).isFalse();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(peer.ask("alive 2")).isEqualTo("true");
        second.close();
        assertThat(peer.ask("alive 2")).isEqualTo("false");
    }

    @Test
    @DisplayName("F47: a newcomer to a region that was created again does not make a death in the old one unseen")
    void shouldSeeDeathInRegionThatWasCreatedAgain() throws IOException
    {
        final ShmHost old = fixture.open();
        final PeerJvm peer = open(PeerJvm.start());
        assertThat(old.holdLife(0)).isTrue();
        assertThat(peer.ask("hold 1")).isEqualTo("true");
        assertThat(old.isAlive(1)).isTrue();

        Files.delete(fixture.path());
        final PeerJvm newcomer = open(PeerJvm.start());
        assertThat(newcomer.ask("alive 0")).isEqualTo("false");
        assertThat(newcomer.ask("alive 1")).isEqualTo("false");
        peer.kill();
        assertThat(newcomer.ask("hold 1")).isEqualTo("true");
        assertThat(old.isAlive(1)).isFalse();
        assertThat(old.attest(1)).isNull();

        // The same within one JVM, whose attachments to both regions share the lock file.
        final ShmHost here = fixture.open();
        assertThat(here.header().regionId()).isNotEqualTo(old.header().regionId());
        assertThat(here.isAlive(0)).isFalse();
        assertThat(here.isAlive(1)).isTrue();
        assertThat(here.holdLife(0)).isTrue();
        old.close();
        assertThat(newcomer.ask("alive 0")).isEqualTo("true");
    }

    @Test
    @DisplayName("R22: the operating system reports the holder of an entry, neighbouring entries included")
    void shouldAttestPeer() throws IOException
    {
        final ShmHost host = fixture.open();
        final PeerJvm peer = open(PeerJvm.start());
        for (final int index : new int[]{1, 2, 3, 5})
        {
            assertThat(peer.ask("hold " + index)).isEqualTo("true");
        }
        assertThat(peer.ask("lock 0")).isEqualTo("true");
        assertThat(host.holdLife(4)).isTrue();

        for (final int index : new int[]{1, 2, 3, 5})
        {
            final Credentials credentials = host.attest(index);
            assertThat(credentials.pid()).isEqualTo((int)peer.pid());
            assertThat(credentials.uid()).isEqualTo(host.self().uid());
            assertThat(credentials.euid()).isEqualTo(host.self().euid());
        }
        assertThat(peer.ask("attest 4")).isEqualTo(host.self().toString());
        assertThat(host.attest(0)).isNull();
        assertThat(host.attest(6)).isNull();
        // Byte 0 is the peer's too, and stands in one line with bytes 2 to 4 if the kernel joins them.
        assertThat(host.attest(7)).isNull();
    }

    @Test
    @DisplayName("R22, F22: a peer of another user is attested with that user's ids and none of the starter's groups")
    void shouldAttestPeerOfOtherUser() throws IOException
    {
        RegionFixture.assumeRoot();
        final Path classes = Files.createDirectory(fixture.directory().resolve("classes"));
        setMode(fixture.directory(), "rwxr-xr-x");
        setMode(classes, "rwxr-xr-x");
        final ShmHost host = fixture.open(fixture.config().access(Access.WORLD));
        assertThat(host.holdLife(0)).isTrue();
        final PeerJvm peer = fixture.closing(startAsOther(PeerJvm.publicClassPath(classes)));
        assertThat(peer.ask("open " + fixture.path() + " WORLD"))
            .isEqualTo(Long.toString(host.header().regionId()));
        assertThat(peer.ask("hold 1")).isEqualTo("true");

        final Credentials credentials = host.attest(1);
        assertThat(credentials.pid()).isEqualTo(Integer.parseInt(peer.ask("pid")));
        assertThat(credentials.uid()).isEqualTo(RegionFixture.OTHER_ID);
        assertThat(credentials.euid()).isEqualTo(RegionFixture.OTHER_ID);
        assertThat(credentials.gid()).isEqualTo(RegionFixture.OTHER_ID + 1);
        assertThat(credentials.egid()).isEqualTo(RegionFixture.OTHER_ID + 1);
        assertThat(credentials.groupCount()).isZero();
        assertThat(peer.ask("attest 0")).isEqualTo(host.self().toString());
        assertThat(peer.ask("attest 2")).isEqualTo("null");
    }

    @Test
    @DisplayName("F21: across pid namespaces life is still proved; credentials are had where they are visible")
    void shouldProveLifeAcrossPidNamespaces() throws Exception
    {
        RegionFixture.assumeRoot();
        final List<String> launcher = List.of("unshare", "--pid", "--fork", "--mount-proc", "--kill-child");
        final String output = RegionFixture.run("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "true");
        assumeTrue(null == output, "no pid namespace can be made here: " + output);
        final ShmHost host = fixture.open();
        assertThat(host.holdLife(0)).isTrue();
        final PeerJvm peer = open(
            PeerJvm.start(launcher, PeerJvm.JVM_OPTIONS, System.getProperty("java.class.path")));
        assertThat(peer.ask("pid")).isEqualTo("1");
        assertThat(peer.ask("hold 1")).isEqualTo("true");

        assertThat(peer.ask("alive 0")).isEqualTo("true");
        assertThat(peer.ask("attest 0")).isEqualTo("unknown");
        assertThat(host.isAlive(1)).isTrue();
        final Credentials credentials = host.attest(1);
        assertThat(credentials.euid()).isEqualTo(host.self().euid());
        assertThat(ProcessHandle.of(credentials.pid())).isPresent();

        ProcessHandle.of(credentials.pid()).get().destroyForcibly();
        peer.kill();
        while (host.isAlive(1))
        {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(host.attest(1)).isNull();
        assertThat(host.isAlive(0)).isTrue();
    }

    static PeerJvm startAsOther(final String classPath) throws IOException
    {
        final String[] command = {
            "setpriv", "--reuid=" + RegionFixture.OTHER_ID, "--regid=" + (RegionFixture.OTHER_ID + 1),
            "--clear-groups"};
        try
        {
            final String output = RegionFixture.run(command[0], command[1], command[2], command[3], "true");
            assumeTrue(null == output, "no process of another user can be started here: " + output);
        }
        catch (final InterruptedException ex)
        {
            throw new IOException(ex);
        }
        return PeerJvm.start(List.of(command), PeerJvm.JVM_OPTIONS, classPath);
    }

    private PeerJvm open(final PeerJvm peer) throws IOException
    {
        fixture.closing(peer);
        assertThat(peer.ask("open " + fixture.path() + " PRIVATE")).doesNotStartWith("!");
        return peer;
    }

    private static void setMode(final Path path, final String mode) throws IOException
    {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }
}
