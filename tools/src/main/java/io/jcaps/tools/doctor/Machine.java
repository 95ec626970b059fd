/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import io.jcaps.shm.Access;
import io.jcaps.tools.region.AccessOf;
import io.jcaps.tools.terminal.Units;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks of files that the operating system shows; below a root, so that a test can show others. One thread.
 */
final class Machine
{
    private static final String SIZE = "memory for regions";
    private static final String OPTIONS = "file system";
    private static final String PERMISSIONS = "permissions";
    private static final String REMOVE_IPC = "RemoveIPC";
    private static final String GOVERNOR = "CPU governor";
    private static final String HUGE_PAGES = "huge pages";
    private static final long FEW_BYTES = 64L << 20;
    private static final int FIRST_LOGIN_UID = 1_000;
    /** Where a region's tables and one small link fit: less is not enough to begin. */
    private static final long TOO_FEW_BYTES = 1L << 20;

    private final Path root;

    /**
     * @param root of the file system to look at.
     */
    Machine(final Path root)
    {
        this.root = root;
    }

    /** Whether the region's directory lies in memory. */
    Finding fileSystem(final Path directory)
    {
        final String mounts = read("proc/mounts");
        final Mount mount = null == mounts ? null : Mount.of(mounts, directory);
        if (null == mount)
        {
            return Finding.warn(OPTIONS, "which file system " + directory + " is on is not known",
                "a region on a disk is written to it now and then, and messages stop meanwhile",
                "use a directory under /dev/shm");
        }
        final String found = directory + " is on " + mount.point() + ", " + mount.type() + ", " +
            String.join(",", mount.options());
        if (mount.options().contains("ro"))
        {
            return Finding.fail(OPTIONS, found, "nothing can be written there, no region can be made",
                "mount it with rw, or use another directory: --region, CAPS_REGION");
        }
        return switch (mount.type())
        {
            case "tmpfs", "ramfs", "hugetlbfs" -> Finding.ok(OPTIONS, found);
            case "nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph" -> Finding.fail(OPTIONS, found,
                "a lock of another machine proves nothing here", "use a directory under /dev/shm");
            default -> Finding.warn(OPTIONS, found,
                "the region is written to a disk now and then, and messages stop meanwhile",
                "use a directory under /dev/shm, or another tmpfs");
        };
    }

    /** Whether there is memory for messages. */
    Finding space(final Path directory, final long tablesLength)
    {
        try
        {
            Path there = directory;
            while (null != there && !Files.exists(there))
            {
                there = there.getParent();
            }
            final FileStore store = Files.getFileStore(null == there ? directory : there);
            final long free = store.getUsableSpace();
            final String found = Units.bytes(free) + " of " + Units.bytes(store.getTotalSpace()) + " are free at " +
                directory;
            final String advice = "mount -o remount,size=... " + (null == there ? "" : there) + "; in a container " +
                "--shm-size, or an emptyDir of medium Memory";
            if (free < Math.max(TOO_FEW_BYTES, tablesLength))
            {
                return Finding.fail(SIZE, found, "a region's tables do not find room", advice);
            }
            return free >= FEW_BYTES ? Finding.ok(SIZE, found) : Finding.warn(SIZE, found,
                "connect, claim and put say NO_SPACE when it is used up", advice);
        }
        catch (final IOException ex)
        {
            return Finding.fail(SIZE, "not known of " + directory + ": " + ex, "no region can be made there",
                "use another directory: --region, CAPS_REGION");
        }
    }

    /** Whether the directory protects the region from others. */
    Finding permissions(final Path directory)
    {
        try
        {
            if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS))
            {
                return Finding.ok(PERMISSIONS, directory + " is not there yet; it will be made with mode 0700");
            }
            final Set<PosixFilePermission> mode =
                Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
            final String found = directory + " has mode " + PosixFilePermissions.toString(mode) + ", owner " +
                Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS).getName();
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS))
            {
                return Finding.fail(PERMISSIONS, directory + " is no directory",
                    "links are not followed: no region is used there", "remove it, or use another directory");
            }
            if (mode.contains(PosixFilePermission.OTHERS_WRITE))
            {
                return Finding.fail(PERMISSIONS, found, "everybody can put his own files there: no region is used",
                    "use a directory of your own, as /dev/shm/jcaps-<user>/, or: chmod o-w " + directory);
            }
            if (!Files.isReadable(directory) || !Files.isExecutable(directory))
            {
                return Finding.fail(PERMISSIONS, found, "you may not use what lies there",
                    "have its owner let your group in, or use another directory");
            }
            return Finding.ok(PERMISSIONS, found + (Access.PRIVATE == AccessOf.directory(directory) ? "" :
                ": programs say so with RegionConfig.access(" + AccessOf.directory(directory) + ")"));
        }
        catch (final IOException | UnsupportedOperationException ex)
        {
            return Finding.fail(PERMISSIONS, "not known of " + directory + ": " + ex, "no region can be used there",
                "use a directory of your own, as /dev/shm/jcaps-<user>/");
        }
    }

    /** Whether systemd removes a user's files from /dev/shm when he logs out. */
    Finding removeIpc(final Path directory, final int uid)
    {
        if (!Files.exists(root.resolve("run/systemd/seats")) && !Files.exists(root.resolve("run/systemd/sessions")))
        {
            return Finding.ok(REMOVE_IPC, "systemd-logind does not run here");
        }
        final String value = removeIpcSetting();
        final boolean isOff = Set.of("no", "false", "off", "0").contains(value.toLowerCase(Locale.ROOT));
        final String found = "RemoveIPC=" + value;
        if (isOff || !directory.startsWith("/dev/shm"))
        {
            return Finding.ok(REMOVE_IPC, found + (isOff ? "" : ", which only concerns /dev/shm"));
        }
        if (uid < FIRST_LOGIN_UID)
        {
            return Finding.ok(REMOVE_IPC, found + ", which spares system users such as uid " + uid);
        }
        return Finding.warn(REMOVE_IPC, found + ", and you are uid " + uid,
            "when your last session ends, systemd removes your regions from /dev/shm under the programs that use them",
            "RemoveIPC=no in /etc/systemd/logind.conf, or loginctl enable-linger, or run programs as a system user");
    }

    /** The last setting counts; files of later directories replace those of the same name in earlier ones. */
    private String removeIpcSetting()
    {
        String value = "yes, the default";
        for (final String file : List.of("usr/lib/systemd/logind.conf", "etc/systemd/logind.conf"))
        {
            value = setting(root.resolve(file), value);
        }
        final Set<String> names = new TreeSet<>();
        final List<Path> directories = List.of(root.resolve("etc/systemd/logind.conf.d"),
            root.resolve("run/systemd/logind.conf.d"), root.resolve("usr/lib/systemd/logind.conf.d"));
        for (final Path directory : directories)
        {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.conf"))
            {
                files.forEach((file) -> names.add(file.getFileName().toString()));
            }
            catch (final IOException ignore)
            {
                // Not there.
                continue;
            }
        }
        for (final String name : names)
        {
            for (final Path directory : directories)
            {
                if (Files.exists(directory.resolve(name)))
                {
                    value = setting(directory.resolve(name), value);
                    break;
                }
            }
        }
        return value;
    }

    private static String setting(final Path file, final String otherwise)
    {
        final String text = readOrNull(file);
        String value = otherwise;
        if (null != text)
        {
            for (final String line : text.split("\n"))
            {
                if (line.strip().startsWith("RemoveIPC") && line.contains("="))
                {
                    value = line.substring(line.indexOf('=') + 1).strip();
                }
            }
        }
        return value;
    }

    /** Whether processors run at their speed when somebody wakes up. */
    Finding governor()
    {
        final Set<String> governors = new TreeSet<>();
        try (DirectoryStream<Path> cpus =
            Files.newDirectoryStream(root.resolve("sys/devices/system/cpu"), "cpu[0-9]*"))
        {
            for (final Path cpu : cpus)
            {
                final String governor = readOrNull(cpu.resolve("cpufreq/scaling_governor"));
                if (null != governor)
                {
                    governors.add(governor.strip());
                }
            }
        }
        catch (final IOException ignore)
        {
            governors.clear();
        }
        if (governors.isEmpty())
        {
            return Finding.ok(GOVERNOR, "none is shown, as in virtual machines: their host decides");
        }
        return Set.of("performance").equals(governors) ? Finding.ok(GOVERNOR, "performance") :
            Finding.warn(GOVERNOR, String.join(", ", governors),
                "a processor that was idle is slow for a while: latencies have long tails",
                "where latency counts: cpupower frequency-set -g performance");
    }

    /** Which pages a region can be mapped by. */
    Finding hugePages(final Path directory)
    {
        final String mounts = read("proc/mounts");
        final Mount mount = null == mounts ? null : Mount.of(mounts, directory);
        final String huge = null == mount ? null : mount.option("huge");
        final String enabled = read("sys/kernel/mm/transparent_hugepage/shmem_enabled");
        final List<String> found = new ArrayList<>();
        found.add(null == huge ? "the mount has no option huge, so none are given" : "the mount has huge=" + huge);
        if (null != enabled)
        {
            found.add("the kernel's shmem_enabled is " + enabled.strip());
        }
        // None is the default and costs little: nothing to warn of.
        return Finding.ok(HUGE_PAGES, String.join("; ", found));
    }

    private String read(final String name)
    {
        return readOrNull(root.resolve(name));
    }

    private static String readOrNull(final Path file)
    {
        try
        {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        }
        catch (final IOException ex)
        {
            return null;
        }
    }
}
