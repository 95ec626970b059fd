/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import com.sun.jna.Function;
import io.jcaps.layout.RegionException;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Another user, who may write to a directory and wants more. It swaps files under a process that uses the directory
 * until its input ends, and then prints how often it succeeded.
 */
public final class Attacker
{
    private static final Pattern PRIVATE_NAME = Pattern.compile("region~([0-9a-f]{16})\\.tmp");
    /** What to do: before the name of the file that is leased. */
    private static final String LEASE_ON = "lease ";
    private static final int O_RDWR = 2;
    private static final int F_SETLEASE = 1024;
    private static final int F_GETLEASE = 1025;
    private static final int F_WRLCK = 1;
    private static final int F_UNLCK = 2;
    private static final long LEASE_NS = TimeUnit.SECONDS.toNanos(6);
    private static final int SIG_IGN = 1;
    private static final int SIGIO = 29;

    private final Path directory;
    private final Path secret;
    private final Random random;
    private int swapCount;
    private int number;
    private int leased;
    private long brokenAtNs;

    private Attacker(final Path directory, final Path secret, final long seed)
    {
        this.directory = directory;
        this.secret = secret;
        random = new Random(seed);
    }

    /**
     * @param args what to do, the directory, what is wanted, a seed.
     * @throws Exception if it cannot be done at all.
     */
    public static void main(final String[] args) throws Exception
    {
        final Attacker attacker = new Attacker(Path.of(args[1]), Path.of(args[2]), Long.parseLong(args[3]));
        if (args[0].startsWith(LEASE_ON))
        {
            attacker.takeLease(args[0].substring(LEASE_ON.length()));
        }
        System.out.println("ready");
        System.out.flush();
        while (0 == System.in.available())
        {
            try
            {
                switch (args[0])
                {
                    case "creation" -> attacker.attackCreation();
                    case "reap" -> attacker.attackReap();
                    case "pipe" -> attacker.attackLook();
                    case "squat" -> attacker.attackMissing();
                    case "above" -> attacker.attackAbove();
                    default -> attacker.keepLease();
                }
            }
            catch (final IOException | RegionException ex)
            {
                // The victim was faster.
                continue;
            }
            attacker.rest();
        }
        System.out.println(attacker.swapCount);
        System.out.flush();
    }

    /** Has a symbolic link, or a directory with one, in the place of what is being made. */
    private void attackCreation() throws IOException
    {
        try (DirectoryStream<Path> names = Files.newDirectoryStream(directory, "region~*"))
        {
            for (final Path found : names)
            {
                final Matcher matcher = PRIVATE_NAME.matcher(found.getFileName().toString());
                if (matcher.matches())
                {
                    // Made before, so that little time passes between the two renames.
                    final Path trap = Files.createDirectory(next());
                    Files.createSymbolicLink(trap.resolve(matcher.group(1)), secret);
                    final Path bait = switch (random.nextInt(4))
                    {
                        case 0 -> trap;
                        case 1 -> Files.createSymbolicLink(next(), trap);
                        case 2 -> Files.createSymbolicLink(next(), secret.getParent());
                        default -> fifo(next());
                    };
                    Files.move(found, next(), StandardCopyOption.ATOMIC_MOVE);
                    Files.move(bait, found, StandardCopyOption.ATOMIC_MOVE);
                    swapCount++;
                }
            }
        }
        // Has the region made again, with something else in its place now and then.
        final Path region = directory.resolve("region");
        if (0 == random.nextInt(4) && Files.exists(region))
        {
            Files.move(region, next(), StandardCopyOption.ATOMIC_MOVE);
            if (0 == random.nextInt(8))
            {
                final Path bait = random.nextBoolean() ? Files.createSymbolicLink(next(), secret) : fifo(next());
                Files.move(bait, region, StandardCopyOption.ATOMIC_MOVE);
                Files.delete(region);
            }
        }
    }

    /** Has a named pipe in the place of the region, of its lock file, or of what a dead creator left. */
    private void attackLook() throws IOException
    {
        final String name = List.of("region", "region.lock", "region~0123456789abcdef.tmp").get(random.nextInt(3));
        final Path place = directory.resolve(name);
        final Path kept = directory.resolve("kept");
        // Not to be written, so that a second try to open it for reading would wait.
        final Path bait = fifo(next());
        Files.setPosixFilePermissions(bait, PosixFilePermissions.fromString("r--r--r--"));
        Files.move(place, kept, StandardCopyOption.ATOMIC_MOVE);
        Files.move(bait, place, StandardCopyOption.ATOMIC_MOVE);
        swapCount++;
        pause();
        Files.move(kept, place, StandardCopyOption.ATOMIC_MOVE);
        pause();
    }

    /** Has a link to the wanted directory, or an own directory, in the place of one that is missing now and then. */
    private void attackMissing() throws IOException
    {
        final Path place = directory.resolve("missing");
        if (random.nextBoolean())
        {
            Files.createSymbolicLink(place, secret);
        }
        else
        {
            Files.createDirectory(place);
        }
        swapCount++;
        pause();
        try
        {
            Files.delete(place);
        }
        catch (final DirectoryNotEmptyException ex)
        {
            Files.move(place, next(), StandardCopyOption.ATOMIC_MOVE);
        }
        pause();
    }

    /** Has a link to the wanted directory in the place of the region's; and the region made again now and then. */
    private void attackAbove() throws IOException
    {
        final Path kept = directory.resolveSibling("kept");
        final Path link = directory.resolveSibling("link");
        if (0 == random.nextInt(4))
        {
            Files.deleteIfExists(directory.resolve("region"));
            Files.deleteIfExists(directory.resolve("region.lock"));
        }
        if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS))
        {
            Files.createSymbolicLink(link, secret);
        }
        Files.move(directory, kept, StandardCopyOption.ATOMIC_MOVE);
        Files.move(link, directory, StandardCopyOption.ATOMIC_MOVE);
        swapCount++;
        pause();
        Files.move(directory, link, StandardCopyOption.ATOMIC_MOVE);
        Files.move(kept, directory, StandardCopyOption.ATOMIC_MOVE);
        for (int i = random.nextInt(8); i > 0; i--)
        {
            pause();
        }
    }

    /** Has a symbolic link in the place of the own directory, while files in it are removed. */
    private void attackReap() throws IOException
    {
        final Path kept = directory.resolveSibling("kept");
        if (Files.isSymbolicLink(directory))
        {
            Files.delete(directory);
        }
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS))
        {
            Files.move(kept, directory, StandardCopyOption.ATOMIC_MOVE);
        }
        final Path region = directory.resolve("region");
        final Path lock = directory.resolve("region.lock");
        if (!Files.exists(region) || !Files.exists(lock))
        {
            // One of the two may be left: there is nothing to be removed from such a pair.
            Files.deleteIfExists(region);
            Files.deleteIfExists(lock);
            ShmHost.open(new RegionConfig().path(region).geometry(ShmPeer.GEOMETRY).access(Access.WORLD)).close();
            Files.write(directory.resolve("region~0123456789abcdef.tmp"), new byte[1]);
        }
        final Path link = directory.resolveSibling("link");
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, secret);
        pause();
        Files.move(directory, kept, StandardCopyOption.ATOMIC_MOVE);
        Files.move(link, directory, StandardCopyOption.ATOMIC_MOVE);
        swapCount++;
        pause();
        Files.delete(directory);
        Files.move(kept, directory, StandardCopyOption.ATOMIC_MOVE);
    }

    /** A write lease keeps whoever opens the file waiting, for 45 s as the kernel is set. */
    private void takeLease(final String name)
    {
        call("signal", SIGIO, SIG_IGN);
        leased = call("open", directory.resolve(name).toString(), O_RDWR);
        if (0 != call("fcntl", leased, F_SETLEASE, F_WRLCK))
        {
            throw new IllegalStateException("no lease");
        }
        swapCount++;
    }

    /**
     * Gives the lease up some time after the first open of the file, so that a reader who waits for that does not wait
     * as long as the kernel is set.
     */
    private void keepLease()
    {
        final boolean isKept = F_WRLCK == call("fcntl", leased, F_GETLEASE);
        if (!isKept && 0 == brokenAtNs)
        {
            brokenAtNs = System.nanoTime();
        }
        if (0 != brokenAtNs && System.nanoTime() - brokenAtNs > LEASE_NS)
        {
            call("fcntl", leased, F_SETLEASE, F_UNLCK);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }

    private static Path fifo(final Path path) throws IOException
    {
        if (0 != call("mkfifo", path.toString(), 0666))
        {
            throw new FileAlreadyExistsException(path.toString());
        }
        return path;
    }

    /** Of the C library. */
    static int call(final String name, final Object... arguments)
    {
        return Function.getFunction("c", name).invokeInt(arguments);
    }

    /** Now and then so long that the victim may succeed before the next attack, on processors of any speed. */
    private void rest()
    {
        if (0 == random.nextInt(16))
        {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1 + random.nextInt(4)));
        }
    }

    private void pause()
    {
        for (int i = random.nextInt(2_000); i > 0; i--)
        {
            Thread.onSpinWait();
        }
    }

    private Path next()
    {
        return directory.resolve("own" + number++ + "-" + ThreadLocalRandom.current().nextInt());
    }

    /** The command line of an attacker. */
    static List<String> command(final List<String> launcher, final String classPath, final Object... arguments)
    {
        final List<String> command = new ArrayList<>(launcher);
        command.add(io.jcaps.testkit.JvmCommand.java());
        command.addAll(PeerJvm.JVM_OPTIONS);
        command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Djava.io.tmpdir=/tmp",
            "-cp", classPath, Attacker.class.getName()));
        for (final Object argument : arguments)
        {
            command.add(argument.toString());
        }
        return command;
    }
}
