/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

import static org.assertj.core.api.Assertions.assertThat;

class MachineTest
{
    private static final Path DIRECTORY = Path.of("/dev/shm/jcaps-me");
    private static final int USER = 1_000;

    @TempDir
    Path root;

    private Machine machine;

    @BeforeEach
    void setUp()
    {
        machine = new Machine(root);
    }

    @Test
    @DisplayName("A tmpfs is fine, a disk slow, a read-only or a network file system of no use")
    void shouldJudgeTheFileSystem() throws IOException
    {
        mounts("tmpfs /dev/shm tmpfs rw,size=64M 0 0");
        assertThat(machine.fileSystem(DIRECTORY).result()).isEqualTo(Finding.Result.OK);
        mounts("overlay / overlay rw 0 0");
        assertThat(machine.fileSystem(DIRECTORY).result()).isEqualTo(Finding.Result.WARN);
        mounts("tmpfs /dev/shm tmpfs ro 0 0");
        assertThat(machine.fileSystem(DIRECTORY).result()).isEqualTo(Finding.Result.FAIL);
        mounts("server:/x /dev nfs4 rw 0 0");
        assertThat(machine.fileSystem(DIRECTORY).result()).isEqualTo(Finding.Result.FAIL);
    }

    @Test
    @DisplayName("The mount that counts is the innermost, and of two at one place the later")
    void shouldFindTheMountOfAPath()
    {
        final String mounts = "a / ext4 rw 0 0\nb /dev devtmpfs rw 0 0\nc /dev/shm tmpfs rw 0 0\n" +
            "d /dev/shm tmpfs rw,huge=advise 0 0\ne /dev/shmaller xfs rw 0 0\nf /with\\040blank xfs rw 0 0\nrubbish\n";
        assertThat(Mount.of(mounts, DIRECTORY).option("huge")).isEqualTo("advise");
        assertThat(Mount.of(mounts, Path.of("/home")).type()).isEqualTo("ext4");
        assertThat(Mount.of(mounts, Path.of("/with blank/x")).type()).isEqualTo("xfs");
        assertThat(Mount.of("", DIRECTORY)).isNull();
    }

    @Test
    @DisplayName("RemoveIPC is a warning for a user who logs in, unless it is off or logind does not run")
    void shouldWarnOfRemoveIpc() throws IOException
    {
        assertThat(machine.removeIpc(DIRECTORY, USER).found()).contains("does not run");
        Files.createDirectories(root.resolve("run/systemd/seats"));
        assertThat(machine.removeIpc(DIRECTORY, USER).result()).isEqualTo(Finding.Result.WARN);
        assertThat(machine.removeIpc(DIRECTORY, 0).result()).isEqualTo(Finding.Result.OK);
        assertThat(machine.removeIpc(Path.of("/run/mine"), USER).result()).isEqualTo(Finding.Result.OK);

        write("etc/systemd/logind.conf", "[Login]\n#RemoveIPC=yes\nRemoveIPC=no\n");
        assertThat(machine.removeIpc(DIRECTORY, USER).result()).isEqualTo(Finding.Result.OK);
        write("usr/lib/systemd/logind.conf.d/50-x.conf", "RemoveIPC = yes\n");
        assertThat(machine.removeIpc(DIRECTORY, USER).result()).isEqualTo(Finding.Result.WARN);
        // One of the same name in /etc stands for it.
        write("etc/systemd/logind.conf.d/50-x.conf", "");
        assertThat(machine.removeIpc(DIRECTORY, USER).result()).isEqualTo(Finding.Result.OK);
    }

    @Test
    @DisplayName("A governor that saves power is a warning, none is not")
    void shouldWarnOfAPowerSavingGovernor() throws IOException
    {
        assertThat(machine.governor().result()).isEqualTo(Finding.Result.OK);
        write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
        assertThat(machine.governor().result()).isEqualTo(Finding.Result.OK);
        write("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
        assertThat(machine.governor()).satisfies((finding) ->
        {
            assertThat(finding.result()).isEqualTo(Finding.Result.WARN);
            assertThat(finding.found()).contains("powersave");
            assertThat(finding.advice()).isNotNull();
        });
    }

    @Test
    @DisplayName("A directory that everybody can write to fails, one's own does not")
    void shouldJudgePermissions() throws IOException
    {
        final Path directory = Files.createDirectory(root.resolve("d"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        assertThat(machine.permissions(directory).result()).isEqualTo(Finding.Result.OK);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(machine.permissions(directory).result()).isEqualTo(Finding.Result.FAIL);
        assertThat(machine.permissions(root.resolve("none")).result()).isEqualTo(Finding.Result.OK);
        assertThat(machine.permissions(Files.createSymbolicLink(root.resolve("link"), directory)).result())
            .isEqualTo(Finding.Result.FAIL);
    }

    @Test
    @DisplayName("Too little memory for a region's tables fails, with what to do")
    void shouldFailWithoutMemory()
    {
        assertThat(machine.space(root.resolve("not/there/yet"), Long.MAX_VALUE)).satisfies((finding) ->
        {
            assertThat(finding.result()).isEqualTo(Finding.Result.FAIL);
            assertThat(finding.advice()).contains("size=");
        });
        assertThat(machine.space(root, 0).result()).isNotEqualTo(Finding.Result.FAIL);
    }

    private void mounts(final String text) throws IOException
    {
        write("proc/mounts", text + '\n');
    }

    private void write(final String name, final String text) throws IOException
    {
        Files.createDirectories(root.resolve(name).getParent());
        Files.writeString(root.resolve(name), text);
    }
}
