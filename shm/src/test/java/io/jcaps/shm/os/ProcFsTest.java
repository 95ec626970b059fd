/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.host.Credentials;
import io.jcaps.layout.RegionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class ProcFsTest
{
    private static final LockTable LOCKS = new LockTable(
        """
        1: POSIX  ADVISORY  WRITE 100 00:1a:77 0 0
        1: -> POSIX  ADVISORY  WRITE 101 00:1a:77 0 0
        2: POSIX  ADVISORY  WRITE 102 00:1a:77 2 4
        3: POSIX  ADVISORY  READ 103 00:1a:77 5 5
        4: FLOCK  ADVISORY  WRITE 104 00:1a:77 0 EOF
        5: OFDLCK ADVISORY  WRITE -1 00:1a:77 6 6
        6: POSIX  ADVISORY  WRITE 105 00:1a:777 7 7
        7: POSIX  ADVISORY  WRITE 106 100:1a:77 7 7
        8: POSIX  ADVISORY  WRITE 107 00:1a:77 100 EOF
        9: POSIX  ADVISORY  WRITE 0 00:1a:77 9 9
        10: DELEG  ACTIVE    READ 108
        """, true);

    @Test
    @DisplayName("R22: a lock's holder is found, also where the kernel joined neighbouring bytes")
    void shouldFindHolderOfByte()
    {
        assertThat(LOCKS.holder("00:1a:77", 0)).isEqualTo(100);
        assertThat(LOCKS.holder("00:1a:77", 2)).isEqualTo(102);
        assertThat(LOCKS.holder("00:1a:77", 3)).isEqualTo(102);
        assertThat(LOCKS.holder("00:1a:77", 4)).isEqualTo(102);
        assertThat(LOCKS.holder("00:1a:77", 12_345)).isEqualTo(107);
    }

    @Test
    @DisplayName("F39: a pidfd names its process also after the main thread has ended, when /proc/self has no fdinfo")
    void shouldFollowAfterMainThreadHasEnded(@TempDir final Path root) throws IOException
    {
        Files.createDirectories(root.resolve("self/fdinfo"));
        Files.createDirectories(root.resolve("thread-self/fdinfo"));
        Files.writeString(root.resolve("thread-self/fdinfo/7"), "pos:\t0\nPid:\t42\nNSpid:\t42\n");
        assertThat(new ProcFs(root).followedPid(7)).isEqualTo(42);
        assertThat(new ProcFs(root).followedPid(8)).isEqualTo(ProcessInfo.NO_HOLDER);
    }

    @Test
    void shouldFindNoHolderAmongOtherLocks()
    {
        for (final int position : new int[]{1, 5, 6, 7, 9, 99})
        {
            assertThat(LOCKS.holder("00:1a:77", position)).isEqualTo(ProcessInfo.NO_HOLDER);
        }
        assertThat(LockTable.NONE.holder("00:1a:77", 0)).isEqualTo(ProcessInfo.NO_HOLDER);
    }

    @Test
    @DisplayName("R22: a life lock's holder is found by inode and position where the table names another device")
    void shouldFindHolderOfLife()
    {
        final FileStat file = new FileStat(0100600, 0, 0, 0x29, 77, 1);
        assertThat(LOCKS.holder(LockTable.name(file), 2)).isEqualTo(ProcessInfo.NO_HOLDER);
        assertThat(LockTable.holder(LOCKS.lifeLocks(file), 2)).isEqualTo(102);
        assertThat(LockTable.holder(LOCKS.lifeLocks(file), 7)).isEqualTo(106);
        // No life lock reaches to the end of the file, and one of another inode is none of this file.
        assertThat(LockTable.holder(LOCKS.lifeLocks(file), 12_345)).isEqualTo(ProcessInfo.NO_HOLDER);
        final FileStat other = new FileStat(0100600, 0, 0, 0x29, 7, 1);
        assertThat(LockTable.holder(LOCKS.lifeLocks(other), 2)).isEqualTo(ProcessInfo.NO_HOLDER);
    }

    @Test
    @DisplayName("R22: real and effective ids and all groups, whatever the process calls itself")
    void shouldReadCredentials()
    {
        final Credentials credentials = ProcFs.parseStatus(
            "Name:\tUid:\\n0 0 0 0\nUmask:\t0022\nPid:\t4711\nPPid:\t1\n" +
            "Uid:\t1000\t4294967294\t1002\t1003\nGid:\t50\t51\t52\t53\nGroups:\t4 20 60001 \n");

        assertThat(credentials.pid()).isEqualTo(4711);
        assertThat(credentials.uid()).isEqualTo(1000);
        assertThat(credentials.euid()).isEqualTo(-2);
        assertThat(credentials.gid()).isEqualTo(50);
        assertThat(credentials.egid()).isEqualTo(51);
        assertThat(credentials.groupCount()).isEqualTo(3);
        assertThat(credentials.isMember(60_001)).isTrue();
        assertThat(ProcFs.parseStatus("Pid:\t1\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t \n").groupCount())
            .isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "1 1 1 1, 2 2 2 2, true", "1 0 0 0, 2 2 2 2, false", "0 1 0 1, 2 2 2 2, false", "1 1 0 1, 2 2 2 2, false",
        "1 1 1 0, 2 2 2 2, false", "1 1 1 1, 2 3 2 2, false", "1 1 1 1, 2 2 3 2, false", "1 1 1 1, 2 2 2 3, false"})
    @DisplayName("R22: a process with ids of two users, or of two groups, is of none")
    void shouldKnowNobodyByIdsThatDisagree(final String uids, final String gids, final boolean isKnown)
    {
        final String status = "Name:\tx\nPid:\t7\nNSpid:\t7\t3\nUid:\t" + uids.replace(' ', '\t') + "\nGid:\t" +
            gids.replace(' ', '\t') + "\nGroups:\t2 5\n";
        final Credentials credentials = ProcFs.parseAttested(status);
        assertThat(credentials.pid()).isEqualTo(7);
        assertThat(credentials.ownPid()).isEqualTo(3);
        assertThat(credentials.uid()).isEqualTo(isKnown ? 1 : Credentials.NOBODY);
        assertThat(credentials.euid()).isEqualTo(isKnown ? 1 : Credentials.NOBODY);
        assertThat(credentials.gid()).isEqualTo(isKnown ? 2 : Credentials.NOBODY);
        assertThat(credentials.egid()).isEqualTo(isKnown ? 2 : Credentials.NOBODY);
        assertThat(credentials.isMember(5)).isEqualTo(isKnown);
        assertThat(credentials.isMember(Credentials.NOBODY)).isFalse();
    }

    @Test
    void shouldRefuseStatusWithoutCredentials()
    {
        assertThatThrownBy(() -> ProcFs.parseStatus("Name:\tx\nPid:\t7\n"))
            .isInstanceOf(RegionException.class).hasMessageContaining("/proc/7/status");
    }

    @Test
    @DisplayName("F20: the start time is found after a name with blanks and parentheses")
    void shouldReadStartTicks()
    {
        assertThat(ProcFs.parseStartTicks(
            "7 (a) S 9 (b) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 987654321 20 21\n")).isEqualTo(987_654_321L);
    }

    @Test
    void shouldSayWhatThisProcessIs() throws IOException
    {
        final ProcFs procFs = ProcFs.find();
        assumeTrue(null != procFs, "there is no /proc here");

        assertThat(procFs.self().pid()).isEqualTo((int)ProcessHandle.current().pid());
        assertThat(procFs.ownPid()).isEqualTo((int)ProcessHandle.current().pid());
        assertThat(procFs.self().euid()).isEqualTo(new PortableProcessInfo().self().euid());
        assertThat(procFs.credentials(procFs.ownPid())).hasToString(procFs.self().toString());
        assertThat(procFs.startTicks()).isPositive();
        assertThat(procFs.bootId()).hasToString(Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).trim());
        assertThat(procFs.credentials(Integer.MAX_VALUE)).isNull();
    }

    @Test
    @DisplayName("R27: the own pid is asked for at each call")
    void shouldNoticeThatProcessIsAnother(@TempDir final Path root) throws IOException
    {
        final ProcFs procFs = new ProcFs(root);
        final Path self = root.resolve("self");
        Files.createSymbolicLink(self, Path.of("100"));
        assertThat(procFs.ownPid()).isEqualTo(100);

        Files.delete(self);
        Files.createSymbolicLink(self, Path.of("101"));
        assertThat(procFs.ownPid()).isEqualTo(101);

        Files.delete(self);
        assertThatThrownBy(procFs::ownPid).isInstanceOf(RegionException.class).hasMessageContaining("own pid");
    }

    @Test
    void shouldSayWhyThereAreNoCredentials(@TempDir final Path root)
    {
        final ProcFs procFs = new ProcFs(root);

        assertThatThrownBy(procFs::self).isInstanceOf(RegionException.class).hasMessageContaining("self/status");
        assertThat(procFs.bootId()).isNull();
        assertThat(procFs.lockTable()).isSameAs(LockTable.NONE);
    }

    @Test
    void shouldWriteDeviceNumberAsKernelDoes()
    {
        assertThat(new FileStat(0, 0, 0, 0x1a, 1, 1).deviceText()).isEqualTo("00:1a");
        assertThat(new FileStat(0, 0, 0, 0xfe01, 1, 1).deviceText()).isEqualTo("fe:01");
        assertThat(new FileStat(0, 0, 0, 0x1_2000_6783_459aL, 1, 1).deviceText()).isEqualTo("12345:6789a");
    }

    @Test
    void shouldSayLittleWithoutProcFs()
    {
        final PortableProcessInfo portable = new PortableProcessInfo();

        assertThat(portable.self().isMember(portable.self().gid())).isFalse();
        assertThat(portable.ownPid()).isEqualTo((int)ProcessHandle.current().pid());
        assertThat(portable.startTicks()).isZero();
        assertThat(portable.bootId()).isNull();
        assertThat(portable.credentials(1)).isNull();
        assertThat(portable.lockTable()).isSameAs(LockTable.NONE);
    }
}
