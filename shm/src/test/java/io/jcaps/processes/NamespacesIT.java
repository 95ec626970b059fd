/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.layout.Geometry;
import io.jcaps.shm.Access;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static io.jcaps.sys.CapsSys.CAPF_ANYCLIENT;
import static io.jcaps.sys.CapsSys.CAPF_USER;
import static io.jcaps.sys.CapsSys.CAPF_WORLD;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Processes that do not see each other, or only one the other, and have nothing in common but the region's files. Needs
 * root, for the namespaces.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class NamespacesIT
{
    private static final String NAME = "apart";
    private static final String NOBODY_KNOWN = "pid=0 euid=-1";

    @RegisterExtension
    private final TestRegion region =
        new TestRegion(new Geometry(8, 16, 8, 128, Geometry.MAX_MESSAGE_LIMIT), Access.PRIVATE);

    private FaultPeer here()
    {
        final FaultPeer peer = new FaultPeer();
        assertThat(peer.apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
        region.closing(() -> assertThat(peer.apply("detach")).isEqualTo("detached"));
        return peer;
    }

    private ChildJvm inside(final List<String> launcher, final Path path)
    {
        final ChildJvm peer = region.closing(
            ChildJvm.start(launcher, System.getProperty("java.class.path"), FaultPeer.class, List.of()));
        assertThat(peer.ask("attach", path, "PRIVATE")).isEqualTo("attached");
        return peer;
    }

    /** The JVM itself, as it is seen from here; the launcher stands before it. */
    private static ProcessHandle process(final ChildJvm peer)
    {
        return peer.descendants().get(peer.descendants().size() - 1);
    }

    private static void kill(final ChildJvm peer)
    {
        final ProcessHandle process = process(peer);
        assertThat(process.destroyForcibly()).isTrue();
        process.onExit().join();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("F21, R6, R22: a client in a pid namespace of its own, its service outside")
    void shouldServeClientInPidNamespace(final boolean mountProc)
    {
        final List<String> launcher = Launchers.inPidNamespace(mountProc);
        final FaultPeer service = here();
        assertThat(service.apply("service s " + NAME + " " + CAPF_ANYCLIENT + " 0 -1")).isEqualTo("OK");
        final ChildJvm client = inside(launcher, region.path());
        final long pid = process(client).pid();
        // What the process says of itself is what its /proc says.
        assertThat(client.ask("self")).isEqualTo("pid=" + (mountProc ? 1 : pid) + " euid=0");

        for (final int flags : new int[]{CAPF_USER, CAPF_WORLD})
        {
            assertThat(client.ask("client", "c", NAME, flags, 0, -1)).isEqualTo("OK");
            assertThat(client.ask("peer", "c"))
                .isEqualTo(mountProc ? NOBODY_KNOWN : "pid=" + ProcessHandle.current().pid() + " euid=0");
            final String id = client.ask("put", "c", "hello");
            // The service sees into the namespace: the pid is the one that means the client here.
            assertThat(service.apply("take s")).isEqualTo(id + " REQUEST hello pid=" + pid + " euid=0");
            assertThat(service.apply("reply s " + id + " welcome")).isEqualTo("OK");
            assertThat(client.ask("take", "c")).isEqualTo(id + " welcome");
            assertThat(service.apply("take s")).isEqualTo(id + " DISPOSE");
            assertThat(client.ask("close", "c")).isEqualTo("closed");
        }

        assertThat(client.ask("client", "c", NAME, CAPF_WORLD, 0, -1)).isEqualTo("OK");
        final String id = client.ask("put", "c", "last");
        assertThat(service.apply("take s")).startsWith(id + " REQUEST last");
        kill(client);
        assertThat(service.apply("take s")).isEqualTo(id + " DISPOSE");
        assertThat(service.apply("clients s")).isEqualTo("0");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("F21, R6, R22: a service in a pid namespace of its own, its client outside")
    void shouldReachServiceInPidNamespace(final boolean mountProc)
    {
        final ChildJvm service = inside(Launchers.inPidNamespace(mountProc), region.path());
        final FaultPeer client = here();
        final long pid = process(service).pid();
        assertThat(service.ask("service", "s", NAME, CAPF_ANYCLIENT, 0, -1)).isEqualTo("OK");

        assertThat(client.apply("client w " + NAME + " " + CAPF_WORLD + " 0 -1")).isEqualTo("OK");
        assertThat(client.apply("peer w")).isEqualTo("pid=" + pid + " euid=0");
        final String id = client.apply("put w hello");
        assertThat(service.ask("take", "s")).isEqualTo(id + " REQUEST hello " +
            (mountProc ? NOBODY_KNOWN : "pid=" + ProcessHandle.current().pid() + " euid=0"));
        assertThat(service.ask("reply", "s", id, "welcome")).isEqualTo("OK");
        assertThat(client.apply("take w")).isEqualTo(id + " welcome");
        assertThat(service.ask("take", "s")).isEqualTo(id + " DISPOSE");

        // USER alone: the client passes its own look, the service lets in only whom the operating system tells it of.
        assertThat(client.apply("client u " + NAME + " " + CAPF_USER + " 0 -1")).isEqualTo("OK");
        final String other = client.apply("put u hello");
        if (mountProc)
        {
            assertThat(service.ask("clients", "s")).isEqualTo("1");
            // Refused when the service accepts: before the put, which then fails, or after it.
            if (!"ACCESS_DENIED".equals(other))
            {
                assertThat(client.apply("take u")).isEqualTo(other + " REFUSED");
            }
            assertThat(client.apply("put u again")).isEqualTo("ACCESS_DENIED");
        }
        else
        {
            assertThat(service.ask("take", "s")).startsWith(other + " REQUEST hello pid=");
            assertThat(service.ask("reply", "s", other, "welcome")).isEqualTo("OK");
            assertThat(client.apply("take u")).isEqualTo(other + " welcome");
            assertThat(service.ask("take", "s")).isEqualTo(other + " DISPOSE");
        }

        final String last = client.apply("put w last");
        assertThat(service.ask("take", "s")).startsWith(last + " REQUEST last");
        final String unseen = client.apply("put w unseen");
        kill(service);
        assertThat(client.apply("take w")).isEqualTo(last + " SERVICE_DIED|RECEIVED");
        assertThat(client.apply("take w")).isEqualTo(unseen + " SERVICE_DIED");
        assertThat(client.apply("take w")).isEqualTo("NOT_CONNECTED");
    }

    @Test
    @DisplayName("F21: two containers share only the directory, at two paths: WORLD admits, deaths are detected")
    void shouldServeBetweenContainers() throws IOException
    {
        final Path directory = region.path().getParent();
        final Path place = Files.createTempDirectory("jcaps-place-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try
        {
            final List<String> launcher = Launchers.inContainer(directory, place);
            final ChildJvm service = inside(launcher, place.resolve("region"));
            final ChildJvm client = inside(launcher, region.path());
            assertThat(service.ask("service", "s", NAME, CAPF_ANYCLIENT, 0, -1)).isEqualTo("OK");
            assertThat(service.ask("echo", "s")).isEqualTo("echoing");
            assertThat(client.ask("client", "c", NAME, CAPF_WORLD, 0, -1)).isEqualTo("OK");
            assertThat(client.ask("peer", "c")).isEqualTo(NOBODY_KNOWN);
            assertThat(client.ask("call", "c", "hello")).isEqualTo("hello");
            assertThat(client.ask("client", "u", NAME, CAPF_USER, 0, -1)).isEqualTo("OK");
            // Refused when the service accepts: before this call's put, or after it.
            assertThat(client.ask("call", "u", "hello")).isIn("REFUSED", "ACCESS_DENIED");

            // The client's death, seen by the service; then the service's.
            final Tables tables = region.tables();
            assertThat(tables.processCount()).isEqualTo(2);
            kill(client);
            final ChildJvm next = inside(launcher, region.path());
            assertThat(tables.processCount()).as("one died, one came").isEqualTo(2);
            assertThat(next.ask("client", "c", NAME, CAPF_WORLD, 0, -1)).isEqualTo("OK");
            assertThat(next.ask("call", "c", "again")).isEqualTo("again");
            while (1 != tables.acceptedLinkCount())
            {
                LockSupport.parkNanos(1_000_000);
            }
            kill(service);
            assertThat(next.ask("take", "c")).isEqualTo("NOT_CONNECTED");
            assertThat(next.ask("client", "d", NAME, CAPF_WORLD, 0, -1)).isEqualTo("NOT_FOUND");
        }
        finally
        {
            Files.delete(place);
        }
    }
}
