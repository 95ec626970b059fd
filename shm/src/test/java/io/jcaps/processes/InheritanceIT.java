/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static io.jcaps.sys.CapsSys.CAPF_USER;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A process in a region starts another one, and that outlives it: what it may have got from its parent keeps nobody
 * alive.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InheritanceIT
{
    private static final String NAME = "parent";

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @ParameterizedTest
    @ValueSource(strings = {"spawn", "fork"})
    @DisplayName("F10: a child that Java starts, or the C library with all descriptors, is not in the region")
    void shouldSeeDeathOfParentWhoseChildLives(final String how) throws IOException
    {
        final int uid = region.ownUid();
        final FaultPeer client = new FaultPeer();
        assertThat(client.apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
        region.closing(() -> client.apply("detach"));
        final ChildJvm service = region.closing(
            ChildJvm.start(List.of(), System.getProperty("java.class.path"), FaultPeer.class, List.of()));
        assertThat(service.ask("attach", region.path(), "PRIVATE")).isEqualTo("attached");
        assertThat(service.ask("service", "s", NAME, CAPF_USER, uid, -1)).isEqualTo("OK");
        assertThat(client.apply("client c " + NAME + " " + CAPF_USER + " " + uid + " -1")).isEqualTo("OK");

        final ProcessHandle shortLived = start(service, how);
        final ProcessHandle longLived = start(service, how);
        assertThat(Files.readString(Path.of("/proc", Long.toString(longLived.pid()), "maps")))
            .contains("sleep").doesNotContain(region.path().toString());
        // The end of one that has the lock file open, as a descriptor it got, drops none of its parent's locks.
        shortLived.destroyForcibly();
        shortLived.onExit().join();
        final String id = client.apply("put c first");
        assertThat(service.ask("take", "s")).startsWith(id + " REQUEST first ");
        assertThat(client.apply("client d " + NAME + " " + CAPF_USER + " " + uid + " -1")).isEqualTo("OK");

        service.kill();
        assertThat(client.apply("take c")).isEqualTo(id + " SERVICE_DIED|RECEIVED");
        assertThat(client.apply("client e " + NAME + " " + CAPF_USER + " " + uid + " -1")).isEqualTo("NOT_FOUND");
        assertThat(longLived.isAlive()).isTrue();
        assertThat(region.tables().processCount()).isEqualTo(1);
    }

    /** A process that sleeps, once it is what it is to be. */
    private ProcessHandle start(final ChildJvm parent, final String how) throws IOException
    {
        final ProcessHandle child = ProcessHandle.of(Long.parseLong(parent.ask(how))).orElseThrow();
        region.closing(() -> child.destroyForcibly());
        if ("fork".equals(how))
        {
            assertThat(parent.answer()).isEqualTo("forked");
        }
        final Path name = Path.of("/proc", Long.toString(child.pid()), "comm");
        while (!"sleep".equals(Files.readString(name).trim()))
        {
            LockSupport.parkNanos(1_000_000);
        }
        return child;
    }
}
