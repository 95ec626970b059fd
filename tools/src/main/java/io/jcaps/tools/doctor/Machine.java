/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import io.jcaps.host.Credentials;
import io.jcaps.shm.Access;
import io.jcaps.shm.inspect.Diagnostics;
import io.jcaps.tools.terminal.Units;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
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
 * Checks of files of the operating system, below a root directory that a test can replace. One thread.
 */
final class Machine
{
    private static final int READ_LENGTH = 65_536;
    private static final String SIZE = "memory for regions";
    private static final String OPTIONS = "file system";
    private static final String PERMISSIONS = "permissions";
    private static final String REMOVE_IPC = "RemoveIPC";
    private static final String GOVERNOR = "CPU governor";
    private static final String HUGE_PAGES = "huge pages";
    private static final String SOCKET_BUFFERS = "bridge: socket buffers";
    private static final String MTU = "bridge: MTU";
    private static final String DRIVER = "bridge: driver directory";
    /** Aeron's receive window and socket buffers, unless they are set. */
    private static final long WINDOW = 128L << 10;
    /** Length in bytes of Aeron's datagram with the headers of UDP and IPv6. */
    private static final int MIN_MTU = 1_408 + 48;
    /** Bytes of a bridge's session in the driver's directory: six terms. */
    private static final long SESSION_BYTES = 12L << 20;
    private static final long FEW_BYTES = 64L << 20;
    private static final int FIRST_LOGIN_UID = 1_000;
    /** Bytes that a region's tables and one small link need. */
    private static final long TOO_FEW_BYTES = 1L << 20;

    private final Path root;

    /**
     * @param root of the file system to look at.
     */
    Machine(final Path root)
    {
        this.root = root;
    }

    /** Whether the region's directory is in memory. */
    Finding fileSystem(final Path directory)
    {
        final Mount mount = mount(directory);
        if (null == mount)
        {
            return Finding.warn(OPTIONS, "which file system " + directory + " is on is not known: /proc/mounts does " +
                "not show it",
                "if it is a disk, the kernel writes a region back now and then, and messages stop during that",
                "use a directory under /dev/shm, or mount /proc without subset=pid (systemd: ProcSubset=all)");
        }
        final String found = directory + " is on " + mount.point() + ", " + mount.type() + ", " +
            String.join(",", mount.options());
        if (mount.options().contains("ro"))
        {
            return Finding.fail(OPTIONS, found, "no region can be made there; one that is there can be looked at",
                "mount it with rw, or use another directory: --region, CAPS_REGION");
        }
        return switch (mount.type())
        {
            // The trial decides whether a region works there.
            case "tmpfs", "ramfs", "hugetlbfs" -> Finding.ok(OPTIONS, found);
            case "overlay" -> Finding.warn(OPTIONS, found,
                "as a container's own file system: other containers do not see it, and a region there may be written " +
                    "to a disk, while messages stop",
                "mount a tmpfs into each container that uses the region, such as a directory of the host's /dev/shm");
            case "nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph" -> Finding.fail(OPTIONS, found,
                "a lock of another machine proves nothing here", "use a directory under /dev/shm");
            default -> Finding.warn(OPTIONS, found,
                "the kernel writes the region to a disk now and then, and messages stop during that",
                "use a directory under /dev/shm, or another tmpfs");
        };
    }

    /** The mount of a directory, also of one behind a symbolic link; null if it is not known. */
    Mount mount(final Path directory)
    {
        final String mounts = read("proc/mounts");
        Path there = directory;
        while (null != there.getParent() && !Files.exists(there))
        {
            there = there.getParent();
        }
        try
        {
            there = there.toRealPath().resolve(there.relativize(directory));
        }
        catch (final IOException ex)
        {
            there = directory;
        }
        return null == mounts ? null : Mount.of(mounts, there);
    }

    /** Whether there is memory for messages. */
    Finding space(final Path directory, final long tablesLength)
    {
        Path there = directory;
        while (null != there.getParent() && !Files.exists(there))
        {
            there = there.getParent();
        }
        // Not by FileStore, which needs /proc/mounts: a service may see a /proc of processes only.
        final long free = there.toFile().getUsableSpace();
        final long total = there.toFile().getTotalSpace();
        if (0 == total)
        {
            return Finding.warn(SIZE, "the file system of " + directory + " reports no size",
                "how much is left is not known; on a ramfs, regions can take all memory of the machine",
                "use a tmpfs, which has a limit: mount -t tmpfs -o size=...");
        }
        final String found = Units.bytes(free) + " of " + Units.bytes(total) + " are free at " + directory;
        final String advice =
            "mount -o remount,size=... " + there + "; in a container --shm-size, or an emptyDir of medium Memory";
        if (free < Math.max(TOO_FEW_BYTES, tablesLength))
        {
            return Finding.fail(SIZE, found, "a region's tables do not find room", advice);
        }
        return free >= FEW_BYTES ? Finding.ok(SIZE, found) : Finding.warn(SIZE, found,
            "connect, claim and put return NO_SPACE when it is used up", advice);
    }

    /** Whether the library uses the directory, which has to protect the region from others. */
    Finding permissions(final Path region, final Access access)
    {
        final Path directory = region.getParent();
        try
        {
            if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS))
            {
                return Finding.ok(PERMISSIONS, directory + " is not there yet; it will be made with mode " +
                    (Access.PRIVATE == access ? "0700" : Access.GROUP == access ? "0770" : "0755"));
            }
            final Set<PosixFilePermission> mode =
                Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
            final String found = directory + " has mode " + PosixFilePermissions.toString(mode) + ", owner " +
                Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS).getName();
            final String problem = Diagnostics.directoryProblem(region, access);
            if (null != problem)
            {
                return Finding.fail(PERMISSIONS, problem, "no region is used there", advice(directory, mode, problem));
            }
            if (!Files.isReadable(directory) || !Files.isExecutable(directory))
            {
                return Finding.fail(PERMISSIONS, found, "you may not use what lies there",
                    "have its owner let your group in, or use another directory");
            }
            return Finding.ok(PERMISSIONS, found + sharing(mode));
        }
        catch (final IOException | UnsupportedOperationException ex)
        {
            return Finding.fail(PERMISSIONS, "not known of " + directory + ": " + ex, "no region can be used there",
                "use a directory of your own, as /dev/shm/jcaps-<user>/");
        }
    }

    private static String advice(
        final Path directory, final Set<PosixFilePermission> mode, final String problem) throws IOException
    {
        if (problem.startsWith("a directory above "))
        {
            return "mount " + directory + " alone at another place, in a pod by subPath; " +
                "or use a directory of your own, " +
                "below ones that only you and root can change";
        }
        if (Files.isSymbolicLink(directory))
        {
            return "links are not followed; name what it leads to: " +
                (Files.exists(directory) ? directory.toRealPath() : Files.readSymbolicLink(directory)) +
                " (systemd makes such links for RuntimeDirectory= with DynamicUser=)";
        }
        if (!mode.contains(PosixFilePermission.OTHERS_WRITE))
        {
            return mode.contains(PosixFilePermission.GROUP_WRITE) ? "if its group shares the region: --access group, " +
                "and RegionConfig.access(GROUP) in programs; else chmod g-w " + directory :
                "use a directory of your own, as /dev/shm/jcaps-<user>/";
        }
        final int bits = (Integer)Files.getAttribute(directory, "unix:mode");
        final boolean isSticky = 0 != (01000 & bits);
        if (0 != (02000 & bits))
        {
            // An emptyDir of a pod with fsGroup has mode 2777, and no sticky bit.
            return "mkdir -m 2770 " + directory + "/jcaps, for a region that its group shares" + (isSticky ?
                ": --region " + directory + "/jcaps/region --access group" :
                ", and mount that directory alone, in a pod with subPath: jcaps; then --region with the path there, " +
                    "--access group");
        }
        return (isSticky ? "" : "have its owner run chmod +t " + directory + ", so that others cannot replace what " +
            "you make in it; then ") + "mkdir -m 0700 " + directory + "/jcaps, for a region of your own in it: " +
            "--region " + directory + "/jcaps/region";
    }

    /** Advice for a directory that other users can write to: programs must state that they trust those users. */
    private static String sharing(final Set<PosixFilePermission> mode)
    {
        final Access access = mode.contains(PosixFilePermission.GROUP_WRITE) ? Access.GROUP :
            mode.contains(PosixFilePermission.OTHERS_EXECUTE) ? Access.WORLD : Access.PRIVATE;
        return Access.PRIVATE == access ? "" : ": programs that share it say so with RegionConfig.access(" + access +
            "), commands with --access " + access.name().toLowerCase(Locale.ROOT);
    }

    /** Whether systemd removes a user's files from /dev/shm at logout. */
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
        if (Integer.compareUnsigned(uid, FIRST_LOGIN_UID) < 0)
        {
            return Finding.ok(REMOVE_IPC, found + ", which spares system users such as uid " + uid);
        }
        return Finding.warn(REMOVE_IPC, found + ", and you are uid " + Credentials.idText(uid),
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
                // The file does not exist.
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

    /** Whether processors run at full speed when a thread wakes up. */
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

    /** Checks which pages a region can be mapped with. */
    Finding hugePages(final Path directory)
    {
        final Mount mount = mount(directory);
        final String huge = null == mount ? null : mount.option("huge");
        final String enabled = read("sys/kernel/mm/transparent_hugepage/shmem_enabled");
        final List<String> found = new ArrayList<>();
        found.add(null == huge ? "the mount has no option huge, so none are given" : "the mount has huge=" + huge);
        if (null != enabled)
        {
            found.add("the kernel's shmem_enabled is " + enabled.strip());
        }
        // No huge pages is the default and costs little, so it is no warning.
        return Finding.ok(HUGE_PAGES, String.join("; ", found));
    }

    /** Checks whether the receive window of a bridge's media driver fits the sockets' buffers. */
    Finding socketBuffers()
    {
        final String receive = read("proc/sys/net/core/rmem_max");
        final String send = read("proc/sys/net/core/wmem_max");
        if (null == receive || null == send)
        {
            return Finding.ok(SOCKET_BUFFERS, "the kernel shows no limits, as in a container; a bridge needs 128 KiB");
        }
        final long least = Math.min(Long.parseLong(receive.strip()), Long.parseLong(send.strip()));
        final String found = "net.core.rmem_max=" + receive.strip() + ", wmem_max=" + send.strip();
        return least < WINDOW ? Finding.warn(SOCKET_BUFFERS, found,
            "a bridge's media driver does not start: its window is 128 KiB",
            "sysctl -w net.core.rmem_max=2097152 net.core.wmem_max=2097152") :
            Finding.ok(SOCKET_BUFFERS, found + ": a bridge's window of 128 KiB fits; a longer path at full rate " +
                "needs a larger one, and these at least as large");
    }

    /** Whether a bridge's datagrams leave in one packet. */
    Finding mtu()
    {
        final Set<String> small = new TreeSet<>();
        try (DirectoryStream<Path> interfaces = Files.newDirectoryStream(root.resolve("sys/class/net")))
        {
            for (final Path each : interfaces)
            {
                final String mtu = readOrNull(each.resolve("mtu"));
                if (null != mtu && Integer.parseInt(mtu.strip()) < MIN_MTU)
                {
                    small.add(each.getFileName() + " " + mtu.strip());
                }
            }
        }
        catch (final IOException ex)
        {
            return Finding.ok(MTU, "no network interfaces are shown");
        }
        return small.isEmpty() ? Finding.ok(MTU, "each interface takes datagrams of 1,408 bytes whole") :
            Finding.warn(MTU, String.join(", ", small), "datagrams of a bridge through it are cut into two packets",
                "a media driver with -Daeron.mtu.length=1184 or less, and caps bridge --driver");
    }

    /** Checks whether there is room for a bridge's media driver; and for directories of killed bridges. */
    Finding driverDirectory(final Path directory, final int deadCount)
    {
        if (!Files.isDirectory(directory))
        {
            return Finding.warn(DRIVER, directory + " is not a directory", "no bridge can begin",
                "caps bridge --driver");
        }
        final long free = directory.toFile().getUsableSpace();
        final String found = directory + ", " + Units.bytes(free) + " free";
        if (!Files.isWritable(directory) || free < SESSION_BYTES)
        {
            return Finding.warn(DRIVER, found, "no bridge can begin: each session needs up to " +
                Units.bytes(SESSION_BYTES), "more shared memory, or caps bridge --driver");
        }
        return 0 == deadCount ? Finding.ok(DRIVER, found) : Finding.warn(DRIVER,
            found + "; bridges that were killed have left directories there: " + deadCount,
            "they take memory", "caps reap");
    }

    private String read(final String name)
    {
        return readOrNull(root.resolve(name));
    }

    private static String readOrNull(final Path file)
    {
        // A file below /proc/sys returns its value only to the first read, however short that is.
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), READ_LENGTH))
        {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
        catch (final IOException ex)
        {
            return null;
        }
    }
}
