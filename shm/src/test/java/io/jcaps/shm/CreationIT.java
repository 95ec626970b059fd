/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.Attachment;
import io.jcaps.layout.RegionHeader;
import io.jcaps.shm.os.FileStat;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The making of a region, watched, raced and cut off.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CreationIT
{
    private static final String SEED_PROPERTY = "caps.test.seed";
    private static final String KILLS_PROPERTY = "caps.test.creation.kills";
    private static final String ROUNDS_PROPERTY = "caps.test.creation.races";
    private static final int PERMISSION_MASK = 0777;
    private static final long LONGEST_LIFE_NS = TimeUnit.MILLISECONDS.toNanos(30);

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("F16: two processes create at the same moment, 200 times: one region each time, no other file")
    void shouldAgreeOnOneRegionEachTime() throws IOException
    {
        final int rounds = Integer.getInteger(ROUNDS_PROPERTY, 200);
        final Path barrier = fixture.directory().resolve("barrier");
        Files.write(barrier, new byte[4096]);
        // Half of the directories are there already, the others are part of the race.
        for (int round = 2; round <= rounds; round += 2)
        {
            setMode(Files.createDirectory(fixture.directory().resolve("round" + round)), 0700);
        }
        final List<PeerJvm> peers =
            List.of(fixture.closing(PeerJvm.start()), fixture.closing(PeerJvm.start()));
        for (int i = 0; i < peers.size(); i++)
        {
            peers.get(i).tell("race " + fixture.directory() + " " + barrier + " " + i + " " + rounds);
        }
        final String ids = peers.get(0).answer();
        assertThat(peers.get(1).answer()).isEqualTo(ids);
        final String[] each = ids.split(" ");
        assertThat(each).hasSize(rounds).doesNotHaveDuplicates();
        for (int round = 1; round <= rounds; round++)
        {
            final Path directory = fixture.directory().resolve("round" + round);
            assertThat(RegionFixture.names(directory)).containsExactly("region", "region.lock");
            final byte[] bytes = new byte[4096];
            try (var channel = Files.newByteChannel(directory.resolve("region")))
            {
                channel.read(ByteBuffer.wrap(bytes));
                assertThat(RegionHeader.read(new UnsafeBuffer(bytes), channel.size(), "region").regionId())
                    .isEqualTo(Long.parseLong(each[round - 1]));
            }
        }
    }

    @Test
    @Tag("full")
    @DisplayName("F6: creators killed at any moment, 50 of them: the next one makes or finds a region, and tidies up")
    void shouldNotMindCreatorsThatAreKilled() throws Exception
    {
        final int kills = Integer.getInteger(KILLS_PROPERTY, 50);
        final long seed = Long.getLong(SEED_PROPERTY, System.nanoTime());
        System.out.println("CreationIT: -D" + SEED_PROPERTY + "=" + seed);
        final Random random = new Random(seed);
        final Map<String, Integer> found = new TreeMap<>();
        final RegionConfig config = fixture.config();
        CompletableFuture<PeerJvm> next = CompletableFuture.supplyAsync(CreationIT::startPeer);
        for (int i = 0; i < kills; i++)
        {
            try (PeerJvm peer = next.get())
            {
                // The next one starts while this one lives.
                next = CompletableFuture.supplyAsync(CreationIT::startPeer);
                assertThat(peer.ask("churn " + fixture.path())).isEqualTo("churning");
                LockSupport.parkNanos((long)(random.nextDouble() * LONGEST_LIFE_NS));
                peer.kill();
            }
            found.merge(kinds(), 1, Integer::sum);

            try (Attachment attachment = Caps.attach(fixture.config()))
            {
                assertThat(attachment.isRetired()).isFalse();
                assertThat(attachment.place()).isEqualTo(config.path().toString());
                attachment.waitSet().close();
            }
            assertThat(fixture.names()).containsExactly("region", "region.lock");
            assertThat(FileStat.of(fixture.path()).nlink()).isEqualTo(1);
            assertThat(FileStat.of(fixture.lockPath()).nlink()).isEqualTo(1);
            Files.delete(fixture.path());
            Files.delete(fixture.lockPath());
        }
        next.get().close();
        System.out.println("CreationIT: left by " + kills + " killed creators: " + found);
    }

    private static PeerJvm startPeer()
    {
        try
        {
            return PeerJvm.start();
        }
        catch (final IOException ex)
        {
            throw new AssertionError(ex);
        }
    }

    private String kinds() throws IOException
    {
        final Set<String> kinds = new TreeSet<>();
        for (final String name : fixture.names())
        {
            kinds.add(name.endsWith(".tmp") ?
                "private(" + Math.min(1, Files.size(fixture.directory().resolve(name))) + ")" : name);
        }
        return kinds.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"000", "022", "077"})
    @DisplayName("F24: at no moment has a directory or a file a mode that lets in more than the access says")
    void shouldHaveNoWindow(final String umask) throws Exception
    {
        final PeerJvm peer = fixture.closing(PeerJvm.start(
            List.of("sh", "-c", "umask " + umask + " && exec \"$@\"", "sh"), PeerJvm.JVM_OPTIONS,
            System.getProperty("java.class.path")));
        for (final Access access : Access.values())
        {
            final Path directory = Files.createDirectory(fixture.directory().resolve(access.name()));
            int seenPrivate = 0;
            int seenFinal = 0;
            for (int batch = 0; seenPrivate < 5 || seenFinal < 5; batch++)
            {
                final Path each = Files.createDirectory(directory.resolve("batch" + batch));
                peer.tell("make " + each + " " + access + " 20");
                final CompletableFuture<String> made = CompletableFuture.supplyAsync(() -> answer(peer));
                for (int i = 0; i < 20; i++)
                {
                    // Watches one directory until the region in it is complete, then the next.
                    final Path watched = each.resolve("made" + i);
                    boolean isComplete = false;
                    while (!isComplete)
                    {
                        isComplete = made.isDone();
                        for (final Path name : list(watched))
                        {
                            final FileStat file = FileStat.of(name);
                            if (null != file)
                            {
                                final boolean isPrivate = name.toString().endsWith(".tmp");
                                checkMode(name, file, access, isPrivate);
                                seenPrivate += isPrivate ? 1 : 0;
                                seenFinal += isPrivate ? 0 : 1;
                                isComplete |= name.endsWith("region");
                            }
                        }
                        final FileStat file = FileStat.of(watched);
                        if (null != file)
                        {
                            checkMode(watched, file, access, true);
                        }
                    }
                }
                assertThat(made.get()).isEqualTo("made");
            }
        }
    }

    /** Exactly the mode of the access; before it is there by its name, none that gives others more than that. */
    private static void checkMode(
        final Path path, final FileStat file, final Access access, final boolean isBeingMade)
    {
        final int full = switch (access)
        {
            case PRIVATE -> file.isDirectory() ? 0700 : 0600;
            case GROUP -> file.isDirectory() ? 0770 : 0660;
            case WORLD -> file.isDirectory() ? 0755 : 0666;
        };
        final int mode = file.mode() & PERMISSION_MASK;
        if (isBeingMade && mode != full)
        {
            // Made for its owner alone, less what the umask takes.
            assertThat(mode & ~(file.isDirectory() ? 0700 : 0600)).as("%s of %s", file.modeText(), path).isZero();
        }
        else
        {
            assertThat(mode).as("%s of %s", file.modeText(), path).isEqualTo(full);
        }
    }

    private static String answer(final PeerJvm peer)
    {
        try
        {
            return peer.answer();
        }
        catch (final IOException ex)
        {
            throw new AssertionError(ex);
        }
    }

    private static List<Path> list(final Path directory)
    {
        try (Stream<Path> names = Files.list(directory))
        {
            return new ArrayList<>(names.toList());
        }
        catch (final IOException ex)
        {
            // Not there yet.
            return List.of();
        }
    }

    private static void setMode(final Path path, final int mode) throws IOException
    {
        Files.setAttribute(path, "unix:mode", mode);
    }
}
