/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.layout.Geometry;
import io.jcaps.shm.Access;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import static io.jcaps.sys.CapsSys.CAPF_GROUP;
import static io.jcaps.sys.CapsSys.CAPF_USER;
import static io.jcaps.sys.CapsSys.CAPF_WORLD;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Who reaches whom: processes of four users with and without common groups, each the service of each other. Needs root,
 * to start them.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PermissionMatrixIT
{
    private static final int COMMON_GID = 54_340;
    private static final int[] FLAGS = {CAPF_USER, CAPF_GROUP, CAPF_WORLD};

    /** One process: who it is, and the group that its services are registered under. */
    private record User(String name, int uid, int gid, int[] groups, int serviceGid)
    {
        boolean isMember(final int group)
        {
            return gid == group || IntStream.of(groups).anyMatch((each) -> each == group);
        }
    }

    private static final List<User> USERS = List.of(
        new User("first", 54_321, 54_331, new int[]{COMMON_GID, 54_341}, COMMON_GID),
        // The same user, in none of the first one's groups.
        new User("again", 54_321, 54_332, new int[0], 54_332),
        // Another user with a group in common, which is one of the first one's further groups and here the main one.
        new User("fellow", 54_322, COMMON_GID, new int[0], COMMON_GID),
        new User("stranger", 54_323, 54_333, new int[]{54_342}, 54_342));

    @RegisterExtension
    private final TestRegion region =
        new TestRegion(new Geometry(8, 32, 8, 128, Geometry.MAX_MESSAGE_LIMIT), Access.WORLD);

    private final List<ChildJvm> peers = new ArrayList<>();
    private Path classes;

    @BeforeEach
    void before() throws IOException
    {
        Launchers.assumeRoot();
        classes = Files.createTempDirectory("jcaps-classes-");
        Files.setPosixFilePermissions(classes, PosixFilePermissions.fromString("rwxr-xr-x"));
        final String classPath = ChildJvm.publicClassPath(classes);
        for (final User user : USERS)
        {
            peers.add(region.closing(ChildJvm.start(Launchers.asUser(user.uid, user.gid, user.groups), classPath,
                FaultPeer.class, List.of(), "-Djava.io.tmpdir=/tmp")));
        }
    }

    @AfterEach
    void after() throws IOException
    {
        if (null != classes)
        {
            try (Stream<Path> paths = Files.walk(classes))
            {
                for (final Path path : paths.sorted(Comparator.reverseOrder()).toList())
                {
                    Files.delete(path);
                }
            }
        }
    }

    @Test
    @DisplayName("F22, R6: each flag of the client with each of the service, between each two of four users, both ways")
    void shouldLetInWhomRulesAllow()
    {
        for (int i = 0; i < USERS.size(); i++)
        {
            final User user = USERS.get(i);
            assertThat(peers.get(i).ask("attach", region.path(), "WORLD")).isEqualTo("attached");
            for (final int flags : FLAGS)
            {
                assertThat(peers.get(i).ask("service", "s" + flags, user.name + flags, flags, user.uid,
                    user.serviceGid)).isEqualTo("OK");
                assertThat(peers.get(i).ask("echo", "s" + flags)).isEqualTo("echoing");
            }
        }
        // Root has no more rights than others.
        final User root = new User("root", 0, 0, new int[0], -1);
        final FaultPeer here = new FaultPeer();
        assertThat(here.apply("attach " + region.path() + " WORLD")).isEqualTo("attached");
        region.closing(() -> here.apply("detach"));

        int allowed = 0;
        int refused = 0;
        for (final User service : USERS)
        {
            for (int client = 0; client <= USERS.size(); client++)
            {
                for (final int serviceFlags : FLAGS)
                {
                    for (final int clientFlags : FLAGS)
                    {
                        final User user = client < USERS.size() ? USERS.get(client) : root;
                        final String ask = "client c " + service.name + serviceFlags + " " + clientFlags + " " +
                            service.uid + " " + service.serviceGid;
                        final String what = user.name + ": " + ask;
                        final boolean isAllowed = serviceFlags == clientFlags && switch (clientFlags)
                        {
                            case CAPF_USER -> user.uid == service.uid;
                            case CAPF_GROUP -> user.isMember(service.serviceGid);
                            default -> true;
                        };
                        if (isAllowed)
                        {
                            assertThat(ask(client, here, ask)).as(what).isEqualTo("OK");
                            assertThat(ask(client, here, "call c hello")).as(what).isEqualTo("hello");
                            assertThat(ask(client, here, "close c")).isEqualTo("closed");
                            allowed++;
                        }
                        else
                        {
                            assertThat(ask(client, here, ask)).as(what).isEqualTo("ACCESS_DENIED");
                            refused++;
                        }
                    }
                }
            }
        }
        // WORLD with WORLD always; USER: the one user's two processes and each with itself; GROUP: likewise.
        assertThat(allowed).isEqualTo(20 + 6 + 6);
        assertThat(allowed + refused).isEqualTo(4 * 5 * 9);
    }

    private String ask(final int peer, final FaultPeer here, final String line)
    {
        return peer < peers.size() ? peers.get(peer).ask(line) : here.apply(line);
    }

    @Test
    @DisplayName("F22: a group's region: members create and share it, others get the reason and leave no file")
    void shouldShareRegionWithinGroup() throws IOException
    {
        final Path directory = Files.createDirectory(region.path().resolveSibling("group"));
        Files.setAttribute(directory, "unix:gid", COMMON_GID);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwx---"));
        final Path path = directory.resolve("region");
        final ChildJvm first = peers.get(0);
        final ChildJvm again = peers.get(1);
        final ChildJvm fellow = peers.get(2);
        final ChildJvm stranger = peers.get(3);
        assertThat(stranger.ask("attach", path, "GROUP")).startsWith("RegionException").contains("permission denied");
        assertThat(names(directory)).isEmpty();
        assertThat(fellow.ask("attach", path, "GROUP")).isEqualTo("attached");
        assertThat(stranger.ask("attach", path, "GROUP")).startsWith("RegionException").contains("permission denied");
        assertThat(again.ask("attach", path, "GROUP")).startsWith("RegionException").contains("permission denied");
        // Even who could look into the directory is kept out by the files' modes.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxr-x"));
        assertThat(stranger.ask("attach", path, "GROUP")).startsWith("RegionException").contains("permission denied");

        assertThat(first.ask("attach", path, "GROUP")).isEqualTo("attached");
        assertThat(first.ask("service", "s", "shared", CAPF_GROUP, 54_321, COMMON_GID)).isEqualTo("OK");
        assertThat(first.ask("echo", "s")).isEqualTo("echoing");
        assertThat(fellow.ask("client", "c", "shared", CAPF_GROUP, 54_321, COMMON_GID)).isEqualTo("OK");
        assertThat(fellow.ask("call", "c", "hello")).isEqualTo("hello");
        assertThat(names(directory)).containsExactly("region", "region.lock");
        for (final String name : names(directory))
        {
            assertThat(Files.getAttribute(directory.resolve(name), "unix:gid")).isEqualTo(COMMON_GID);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name))))
                .isEqualTo("rw-rw----");
        }
    }

    private static List<String> names(final Path directory) throws IOException
    {
        try (Stream<Path> names = Files.list(directory))
        {
            return names.map((name) -> name.getFileName().toString()).sorted().toList();
        }
    }
}
