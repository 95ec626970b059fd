/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import io.jcaps.testkit.JvmCommand;
import io.jcaps.tools.CapsCommand;
import io.jcaps.tools.CapsRun;
import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.terminal.ExitCodes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What {@code caps doctor} finds on file systems of all kinds, each mounted in a mount namespace of its own, and
 * whether that is true. Needs root for the mounts.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DoctorIT
{
    /** Of the layers of an overlay: on two file systems, as with a container's image and its changes. */
    private static final String OVERLAY = "mount -t tmpfs tmpfs \"$1\" && mkdir -p \"$1/a\" \"$1/b\" \"$1/m\" && " +
        "mount -t tmpfs tmpfs \"$1/a\" && mkdir \"$1/b/u\" \"$1/b/w\" && mount -t overlay overlay " +
        "-o \"lowerdir=$1/a,upperdir=$1/b/u,workdir=$1/b/w\" \"$1/m\" && mkdir -m 700 \"$1/m/d\" && set -- \"$1/m/d\"";
    private static final String IMAGE = "mount -t tmpfs -o size=600m tmpfs \"$1\" && truncate -s 200M \"$1/i\" " +
        "\"$1/j\" && mkdir \"$1/a\" \"$1/b\" \"$1/m\" && ";
    /** In a loop device: its device number in /proc/locks is not that of stat. */
    private static final String BTRFS = IMAGE + "mkfs.btrfs -q \"$1/i\" >/dev/null 2>&1 && mount -o loop \"$1/i\" " +
        "\"$1/m\" && mkdir -m 700 \"$1/m/d\" && set -- \"$1/m/d\"";
    private static final String DISK_OVERLAY = IMAGE + "mkfs.ext4 -q \"$1/i\" && mkfs.ext4 -q \"$1/j\" && " +
        "mount -o loop \"$1/i\" \"$1/a\" && mount -o loop \"$1/j\" \"$1/b\" && mkdir \"$1/b/u\" \"$1/b/w\" && " +
        "mount -t overlay overlay -o \"lowerdir=$1/a,upperdir=$1/b/u,workdir=$1/b/w\" \"$1/m\" && " +
        "mkdir -m 700 \"$1/m/d\" && set -- \"$1/m/d\"";
    private static final String NO_LOCKS =
        "mount -t tmpfs -o mode=700 tmpfs \"$1\" && mount --bind /dev/null /proc/locks";
    private static final String EXCHANGE =
        "; $caps serve x --echo --region \"$1/region\" >/dev/null & i=0; " +
        "until $caps ping x -q -c 1 --region \"$1/region\" >/dev/null 2>&1 || test $i = 50; " +
        "do i=$((i+1)); sleep 0.1; done; " +
        "$caps call x --text hello --region \"$1/region\"; echo \" exchange=$?\"; " +
        "$caps doctor --region \"$1/region\"; echo \"doctor=$?\"";

    private Path directory;

    @BeforeEach
    void setUp() throws IOException
    {
        directory = WorkDirectory.make(null, "jcaps-doctor-it-");
    }

    @AfterEach
    void tearDown()
    {
        assertThat(WorkDirectory.remove(directory)).isTrue();
    }

    @Test
    @DisplayName("In memory every trial works, no file remains, and missing directories are not created")
    void shouldTryARegionInMemory() throws IOException, InterruptedException
    {
        final CapsRun run = new CapsRun("doctor", "--region", directory.resolve("not/yet/region").toString());
        assertThat(run.exitCode()).isZero();
        assertThat(run.output()).contains("ok    trial region", "two processes exchanged", "sleep and wake", "at best",
            "ok    claims and views");
        try (Stream<Path> left = Files.list(directory))
        {
            assertThat(left).isEmpty();
        }
    }

    @Test
    @DisplayName("F50: an Agrona that is too old is named, with its place and what to do; what needs it is not tried")
    void shouldNameAnOldAgrona() throws IOException, InterruptedException
    {
        final Path source = directory.resolve("AtomicBuffer.java");
        Files.writeString(source, "package org.agrona.concurrent; public interface AtomicBuffer {}");
        assertThat(ToolProvider.getSystemJavaCompiler().run(
            null, null, null, "-proc:none", "-d", directory.toString(), source.toString())).isZero();
        final CapsRun run = doctorOf(
            directory + File.pathSeparator, List.of("--add-exports", "java.base/jdk.internal.misc=ALL-UNNAMED"));
        assertThat(run.exitCode()).isEqualTo(ExitCodes.FAILED);
        assertThat(run.output()).contains("fail  Agrona  ", "too old", directory.toString(), "Agrona 2.6.0 or later",
            "no program with this class path can attach", "ok    permissions")
            .doesNotContain("Exception", "Error", "without that flag");
    }

    @Test
    @DisplayName("Without the flag that buffers need, it fails and names the flag, and throws nothing")
    void shouldNameAMissingFlag() throws IOException, InterruptedException
    {
        final CapsRun run = doctorOf("", List.of());
        assertThat(run.exitCode()).isEqualTo(ExitCodes.FAILED);
        assertThat(run.output()).contains("fail  JVM flags", "start java with --add-exports", "ok    permissions")
            .doesNotContain("IllegalAccessError");
    }

    /** With a class path instead of the jar, whose manifest sets the flags. */
    private CapsRun doctorOf(final String classPath, final List<String> flags) throws IOException, InterruptedException
    {
        final List<String> command = new ArrayList<>(List.of(JvmCommand.java()));
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath + Path.of("target", "caps.jar"), CapsCommand.class.getName(),
            "doctor", "--region", directory.resolve("region").toString()));
        return new CapsRun(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    @Test
    @Tag("full")
    @DisplayName("hugetlbfs: it fails, and the advice is a tmpfs with huge=advise")
    void shouldFailOnHugetlbfs() throws IOException, InterruptedException
    {
        final String output = in("mount -t hugetlbfs none \"$1\" && chmod 700 \"$1\"", "");
        assertThat(output).contains("fail  trial region", "mount a tmpfs with huge=advise", "doctor=1");
    }

    @Test
    @Tag("full")
    @DisplayName("A service's /proc that shows only processes: no failure, as regions work, and the memory is known")
    void shouldNotFailWithoutTheTableOfMounts() throws IOException, InterruptedException
    {
        final String output = in("mount -t tmpfs -o mode=700,size=100m tmpfs \"$1\" && " +
            "mount -t proc -o subset=pid proc /proc", "");
        assertThat(output).contains("warn  file system", "/proc/mounts does not show it", "ProcSubset=all",
            "ok    memory for regions   100M of 100M", "ok    trial region", "doctor=0");
    }

    @Test
    @DisplayName("F50: a wrong native library that -Djna.boot.library.path names: the advice is about that property")
    void shouldAdviseOnTheCauseOfMissingJna()
    {
        assertThat(DoctorCommand.futexAdvice("JNA cannot be used: it was looked for in jna.boot.library.path=/a first"))
            .contains("without -Djna.boot.library.path");
        assertThat(DoctorCommand.futexAdvice("JNA on the class path is too old: version 4.1.0"))
            .contains("mvn dependency:tree");
        assertThat(DoctorCommand.futexAdvice("switched off")).contains("without -Djcaps.futex=false");
        assertThat(DoctorCommand.futexAdvice("JNA has no directory to load its library from"))
            .contains("noexec", "-Djna.tmpdir");
    }

    @Test
    @Tag("full")
    @DisplayName("ramfs: it works, without a limit")
    void shouldWorkOnRamfs() throws IOException, InterruptedException
    {
        final String output = in("mount -t ramfs none \"$1\" && chmod 700 \"$1\"", "");
        assertThat(output).contains("ok    trial region", "warn  memory for regions", "no size", "doctor=0");
    }

    @Test
    @Tag("full")
    @DisplayName("A directory that is mounted read-only: no region can be created, existing ones can be inspected")
    void shouldFailOnAReadOnlyMount() throws IOException, InterruptedException
    {
        final String output = in("mount -t tmpfs -o ro,mode=700 tmpfs \"$1\"", "");
        assertThat(output).contains("fail  file system", "can be looked at", "mount it with rw", "doctor=1")
            .doesNotContain("trial region");
    }

    @Test
    @Tag("full")
    @DisplayName("An overlay: other containers do not see it, with the remedy")
    void shouldWarnOfAnOverlay() throws IOException, InterruptedException
    {
        final String output = in(OVERLAY, "");
        assertThat(output).contains("ok    trial region", "warn  file system", "other containers do not see it",
            "mount a tmpfs into each container", "doctor=0");
    }

    @ParameterizedTest(name = "{0}")
    @Tag("full")
    @CsvSource({"tmpfs", "overlay", "btrfs", "overlay on disks", "without /proc/locks"})
    @DisplayName("Credentials are reported as known where a client of the same user is let in, and only there")
    void shouldReportCredentialsAsTheyAre(final String kind) throws IOException, InterruptedException
    {
        final String output = in(switch (kind)
        {
            case "tmpfs" -> "mount -t tmpfs -o mode=700 tmpfs \"$1\"";
            case "overlay" -> OVERLAY;
            case "btrfs" -> BTRFS;
            case "overlay on disks" -> DISK_OVERLAY;
            default -> NO_LOCKS;
        }, EXCHANGE);
        if (output.contains("hello exchange=0"))
        {
            // Whoever is let in is known, so nobody is hidden, whatever the kernel's table of locks lists.
            assertThat(output).contains("ok    credentials", "ok    peers", "processes alive").doesNotContain("hidden");
        }
        else
        {
            assertThat(output).contains("warn  credentials", "only WORLD does", "open both sides with WORLD");
        }
        if (!"without /proc/locks".equals(kind))
        {
            // Also where the kernel's table of locks names another device than stat.
            assertThat(output).contains("hello exchange=0");
        }
    }

    @Test
    @Tag("full")
    @DisplayName("Processes in other pid namespaces, as the other containers of a pod: hidden, with the remedy")
    void shouldReportHiddenPeers() throws IOException, InterruptedException
    {
        final String output = in("mount -t tmpfs -o mode=700 tmpfs \"$1\"",
            "; unshare --pid --fork --kill-child --mount-proc " +
            "$caps serve x --echo --region \"$1/region\" >/dev/null & i=0; " +
            "until $caps stat --region \"$1/region\" 2>/dev/null | grep -q 1.alive || test $i = 50; " +
            "do i=$((i+1)); sleep 0.1; done; unshare --pid --fork --mount-proc $caps doctor --region \"$1/region\"; " +
            ":");
        assertThat(output).contains("warn  peers", "1 of 1 processes", "hidden", "shareProcessNamespace");
    }

    @Test
    @Tag("full")
    @DisplayName("In a group's region, another member's process in another pid namespace is hidden, not absent")
    void shouldReportHiddenPeersOfAGroup() throws IOException, InterruptedException
    {
        final String apart = "unshare --pid --fork --kill-child --mount-proc setpriv --regid=4712 --clear-groups ";
        final String other = apart + "--reuid=4713 $caps ";
        final String output = in("chown 4711:4712 \"$1\" && chmod 2770 \"$1\"",
            "; " + apart + "--reuid=4711 $caps serve x --echo --access group --region \"$1/region\" >/dev/null & " +
            "i=0; until " + other + "stat --access group --region \"$1/region\" 2>/dev/null | grep -q 1.alive || " +
            "test $i = 50; do i=$((i+1)); sleep 0.1; done; " +
            other + "doctor --access group --region \"$1/region\"; echo WITHOUT; " +
            other + "doctor --all-users --region \"$1/region\"; chown 0:0 \"$1\"; chmod 0700 \"$1\"");
        final String[] outputs = output.split("WITHOUT");
        assertThat(outputs[0]).contains("warn  peers", "1 of 1 processes", "hidden", "shareProcessNamespace");
        assertThat(outputs[1]).contains("warn  peers", "is of uid 4711 and not opened",
            "it is not known of 1 of the processes");
    }

    @Test
    @DisplayName("F23: in another member's directory of the group no trial is made, and that is no failure")
    void shouldNotFailInAnotherMembersDirectory() throws IOException, InterruptedException
    {
        final String output = in("chown 4713:4712 \"$1\" && chmod 2770 \"$1\"",
            "; setpriv --reuid=4711 --regid=4711 --groups=4712 $caps doctor --access group " +
            "--region \"$1/region\"; echo \"doctor=$?\"; chown 0:0 \"$1\"; chmod 0700 \"$1\"");
        assertThat(output).contains("ok    permissions", "warn  trial region", "belongs to uid 4713",
            "run caps doctor as that user", "doctor=0");
    }

    @Test
    @DisplayName("F23: in a directory of a group's, where members can replace it, the trial's own stays private")
    void shouldKeepTheTrialPrivate() throws IOException, InterruptedException
    {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwx---"));
        final Process doctor = CapsRun.start(
            "doctor", "--access", "group", "--region", directory.resolve("region").toString());
        final Set<String> modes = new HashSet<>();
        while (doctor.isAlive())
        {
            try (Stream<Path> made = Files.list(directory))
            {
                for (final Path each : made.toList())
                {
                    modes.add(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)));
                }
            }
            catch (final NoSuchFileException | UncheckedIOException ex)
            {
                // Removed just then.
                continue;
            }
        }
        assertThat(new CapsRun(doctor).output()).contains("ok    trial region", "two processes exchanged");
        assertThat(modes).containsExactly("rwx------");
    }

    @ParameterizedTest(name = "mode {0}")
    @Tag("full")
    @CsvSource({"0770", "2770"})
    @DisplayName("A directory that a group shares, with the setgid bit or without: a member's trial works")
    void shouldTryInADirectoryOfAGroup(final String mode) throws IOException, InterruptedException
    {
        final String output = in("chown 0:4712 \"$1\" && chmod " + mode + " \"$1\"",
            "; setpriv --reuid=4711 --regid=4711 --groups=4712 $caps doctor --access group " +
            "--region \"$1/region\"; echo \"doctor=$?\"; chmod 0700 \"$1\"");
        assertThat(output).contains("ok    permissions", "ok    trial region", "two processes exchanged", "doctor=0");
    }

    @Test
    @DisplayName("A directory in which the user may not create files: a failure, unless the region exists")
    void shouldSayThatNothingCanBeMade() throws IOException, InterruptedException
    {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        final String doctor = "setpriv --reuid=4711 --regid=4711 --clear-groups $caps doctor --access world " +
            "--region \"$1/region\"; echo \"doctor=$?\"";
        assertThat(in("true", "; " + doctor))
            .contains("fail  trial region", "nothing can be made in " + directory + ": permission denied", "doctor=1");
        assertThat(in("touch \"$1/region\"", "; " + doctor)).contains("ok    trial region", "was not tried");
    }

    /**
     * Runs the doctor, or else what is given, in a mount namespace of its own.
     *
     * @param mount  script that mounts something at {@code $1}, or makes another directory {@code $1}.
     * @param script that goes on; if empty, the doctor.
     * @return what was printed.
     */
    private String in(final String mount, final String script) throws IOException, InterruptedException
    {
        final String caps = "caps='" + String.join(" ", CapsRun.command()) + "'";
        final String all = caps + "; { " + mount + "; } || { echo impossible; exit; }" +
            (script.isEmpty() ? "; $caps doctor --region \"$1/region\"; echo \"doctor=$?\"" : script);
        // In a pid namespace: what the script has started is gone when the script is.
        final Process process = new ProcessBuilder(new ArrayList<>(List.of(
            "unshare", "-m", "--propagation", "private", "--pid", "--fork", "--mount-proc", "sh", "-c",
            all, "sh", directory.toString())))
            .redirectErrorStream(true).start();
        process.getOutputStream().close();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
        assumeTrue(!output.startsWith("unshare: ") && !output.contains("impossible\n"),
            "this test needs root, to mount file systems: " + output);
        return output;
    }
}
