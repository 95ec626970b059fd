/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import io.jcaps.shm.Access;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.FileReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

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
    @DisplayName("A value of this kernel's is read whole, not by its first digit")
    void shouldReadValuesOfThisKernelWhole() throws IOException
    {
        final Path limit = Path.of("/proc/sys/net/core/rmem_max");
        assumeThat(limit).isReadable();
        try (BufferedReader reader = new BufferedReader(new FileReader(limit.toFile())))
        {
            assertThat(new Machine(Path.of("/")).socketBuffers().found())
                .contains("net.core.rmem_max=" + reader.readLine() + ",");
        }
    }

    @Test
    @DisplayName("A bridge is warned of: socket buffers below its window, a small MTU, a full or littered directory")
    void shouldJudgeWhatBridgeNeeds() throws IOException
    {
        write("proc/sys/net/core/rmem_max", "212992\n");
        write("proc/sys/net/core/wmem_max", "131072\n");
        assertThat(machine.socketBuffers().result()).isEqualTo(Finding.Result.OK);
        write("proc/sys/net/core/wmem_max", "65536\n");
        assertThat(machine.socketBuffers().result()).isEqualTo(Finding.Result.WARN);
        write("sys/class/net/lo/mtu", "65536\n");
        write("sys/class/net/eth0/mtu", "1500\n");
        assertThat(machine.mtu().result()).isEqualTo(Finding.Result.OK);
        write("sys/class/net/wg0/mtu", "1420\n");
        assertThat(machine.mtu().result()).isEqualTo(Finding.Result.WARN);
        assertThat(machine.mtu().found()).isEqualTo("wg0 1420");
        assertThat(machine.driverDirectory(root, 0).result()).isEqualTo(Finding.Result.OK);
        assertThat(machine.driverDirectory(root, 2).advice()).isEqualTo("caps reap");
        assertThat(machine.driverDirectory(root.resolve("not there"), 0).result()).isEqualTo(Finding.Result.WARN);
    }

    @Test
    @DisplayName("RemoveIPC is a warning for a user who logs in, unless it is off or logind does not run")
    void shouldWarnOfRemoveIpc() throws IOException
    {
        assertThat(machine.removeIpc(DIRECTORY, USER).found()).contains("does not run");
        Files.createDirectories(root.resolve("run/systemd/seats"));
        assertThat(machine.removeIpc(DIRECTORY, USER).result()).isEqualTo(Finding.Result.WARN);
        assertThat(machine.removeIpc(DIRECTORY, 0).result()).isEqualTo(Finding.Result.OK);
        // An id is 32 bits without a sign: this is no system user.
        assertThat(machine.removeIpc(DIRECTORY, (int)3_000_000_000L).result()).isEqualTo(Finding.Result.WARN);
        assertThat(machine.removeIpc(DIRECTORY, (int)3_000_000_000L).found()).contains("you are uid 3000000000");
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
    @DisplayName("A directory that all users can write to fails, one's own does not")
    void shouldJudgePermissions() throws IOException
    {
        final Path directory = Files.createDirectory(root.resolve("d"));
        assertThat(permissions(directory, "rwx------", Access.PRIVATE).result()).isEqualTo(Finding.Result.OK);
        assertThat(permissions(directory, "rwxrwxrwx", Access.PRIVATE)).satisfies((finding) ->
        {
            assertThat(finding.result()).isEqualTo(Finding.Result.FAIL);
            assertThat(finding.advice()).contains("chmod +t " + directory, "mkdir -m 0700 " + directory + "/jcaps");
        });
        assertThat(permissions(directory, "rwxrwx---", Access.PRIVATE)).satisfies((finding) ->
        {
            assertThat(finding.result()).isEqualTo(Finding.Result.FAIL);
            assertThat(finding.advice()).contains("--access group");
        });
        assertThat(permissions(directory, "rwxrwx---", Access.GROUP).result()).isEqualTo(Finding.Result.OK);
        assertThat(machine.permissions(root.resolve("none/region"), Access.PRIVATE).result())
            .isEqualTo(Finding.Result.OK);
    }

    @Test
    @DisplayName("An emptyDir of mode 2777 fails with the directory to make in it and to mount alone")
    void shouldAdviseADirectoryInAnEmptyDir() throws IOException
    {
        final Path directory = Files.createDirectory(root.resolve("d"));
        Files.setAttribute(directory, "unix:mode", 02777);
        assertThat(machine.permissions(directory.resolve("region"), Access.GROUP)).satisfies((finding) ->
        {
            assertThat(finding.result()).isEqualTo(Finding.Result.FAIL);
            assertThat(finding.found()).contains("mkdir -m 0700, or -m 2770 for a group");
            assertThat(finding.advice())
                .contains("mkdir -m 2770 " + directory + "/jcaps", "subPath: jcaps", "--access group");
        });
    }

    @Test
    @DisplayName("F23: a directory of one's own in one that all users can write to, without sticky bit, fails, too")
    void shouldFailBelowAWritableDirectory() throws IOException
    {
        final Path above = Files.createDirectory(root.resolve("d"));
        final Path directory = Files.createDirectory(above.resolve("own"));
        Files.setAttribute(directory, "unix:mode", 0700);
        Files.setAttribute(above, "unix:mode", 0777);
        assertThat(machine.permissions(directory.resolve("region"), Access.PRIVATE)).satisfies((finding) ->
        {
            assertThat(finding.result()).isEqualTo(Finding.Result.FAIL);
            assertThat(finding.found()).contains("a directory above can be changed", above + " has mode 0777");
            assertThat(finding.advice())
                .contains("a directory of your own", "mount " + directory + " alone", "subPath");
        });
        Files.setAttribute(above, "unix:mode", 01777);
        assertThat(machine.permissions(directory.resolve("region"), Access.PRIVATE).result())
            .isEqualTo(Finding.Result.OK);
    }

    @Test
    @DisplayName("A link to a directory, as systemd makes for DynamicUser, fails with its target")
    void shouldNameWhatALinkLeadsTo() throws IOException
    {
        final Path target = Files.createDirectories(root.resolve("private/service")).toRealPath();
        final Path link = Files.createSymbolicLink(root.resolve("service"), Path.of("private", "service"));
        assertThat(machine.permissions(link.resolve("region"), Access.PRIVATE)).satisfies((finding) ->
        {
            assertThat(finding.result()).isEqualTo(Finding.Result.FAIL);
            assertThat(finding.advice()).contains(target.toString());
        });
    }

    private Finding permissions(final Path directory, final String mode, final Access access) throws IOException
    {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(mode));
        return machine.permissions(directory.resolve("region"), access);
    }

    @Test
    @DisplayName("Too little memory for a region's tables fails, with the remedy")
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
