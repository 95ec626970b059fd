/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.Geometry;
import org.agrona.IoUtil;
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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * A process locks what it maps from now on, and reaches the limit. Needs root, to be another user, whom the limit
 * concerns.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LockedMemoryIT
{
    private static final int UID = 54_321;
    private static final int LIMIT = 8 * 1024 * 1024;
    /** The limit is reached with the second link or the third; what is left is enough for what the JVM itself maps. */
    private static final Geometry GEOMETRY = new Geometry(8, 8, 4, 64, 16 * 1024);

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    private Path classes;

    @BeforeEach
    void before() throws IOException
    {
        RegionFixture.assumeRoot();
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")) &&
            Files.isExecutable(Path.of("/usr/bin/prlimit")), "setpriv and prlimit are needed");
        classes = Files.createTempDirectory("jcaps-classes-");
        Files.setPosixFilePermissions(classes, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(fixture.directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void after()
    {
        if (null != classes)
        {
            IoUtil.delete(classes.toFile(), true);
        }
    }

    @Test
    @DisplayName("F50: mlockall(MCL_FUTURE): the first link beyond RLIMIT_MEMLOCK fails, and the limit is named")
    void shouldNameLimit() throws Exception
    {
        fixture.open(fixture.config().geometry(GEOMETRY).access(Access.WORLD));
        final List<String> launcher = List.of("prlimit", "--memlock=" + LIMIT + ':' + LIMIT, "setpriv",
            "--reuid=" + UID, "--regid=" + UID, "--clear-groups", "env", "MALLOC_ARENA_MAX=1");
        final List<String> options = Stream.concat(PeerJvm.JVM_OPTIONS.stream(),
            Stream.of("-Xmx16m", "-Xms16m", "-XX:+UseSerialGC", "-Djava.io.tmpdir=/tmp")).toList();
        final PeerJvm peer =
            fixture.closing(PeerJvm.start(launcher, options, PeerJvm.publicClassPath(classes)));
        assertThat(peer.ask("open " + fixture.path() + " WORLD")).doesNotStartWith("!");
        assertThat(peer.ask("lockall")).isEqualTo("0");
        assertThat(peer.ask("map 0")).isEqualTo(Integer.toString(GEOMETRY.linkLength()));
        String answer = "";
        for (int i = 1; i < GEOMETRY.linkCount() && !answer.startsWith("!"); i++)
        {
            answer = peer.ask("map " + i);
        }
        assertThat(answer).startsWith("!").contains(" of " + fixture.path() + " cannot be mapped",
            "may lock " + LIMIT, "RLIMIT_MEMLOCK", "MCL_ONFAULT");
        assertThat(peer.ask("close")).isEqualTo("closed");
    }
}
