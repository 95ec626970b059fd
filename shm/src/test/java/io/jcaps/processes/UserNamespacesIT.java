/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.shm.Access;
import org.agrona.IoUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static io.jcaps.sys.CapsSys.CAPF_ANYCLIENT;
import static io.jcaps.sys.CapsSys.CAPF_USER;
import static io.jcaps.sys.CapsSys.CAPF_WORLD;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Processes of one user, some of them in a user namespace in which they are root, as in a rootless container. Needs
 * root, to start them.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class UserNamespacesIT
{
    private static final String NAME = "inside";
    private static final int UID = 54_321;
    private static final int OTHER_UID = 54_331;

    @RegisterExtension
    private final TestRegion region = new TestRegion(TestRegion.SMALL, Access.WORLD);

    private Path classes;
    private String classPath;

    @BeforeEach
    void before() throws IOException
    {
        Launchers.assumeRoot();
        classes = Files.createTempDirectory("jcaps-classes-");
        Files.setPosixFilePermissions(classes, PosixFilePermissions.fromString("rwxr-xr-x"));
        classPath = ChildJvm.publicClassPath(classes);
    }

    @AfterEach
    void after()
    {
        if (null != classes)
        {
            IoUtil.delete(classes.toFile(), true);
        }
    }

    private ChildJvm start(final List<String> launcher)
    {
        final ChildJvm peer = region.closing(
            ChildJvm.start(launcher, classPath, FaultPeer.class, List.of(), "-Djava.io.tmpdir=/tmp"));
        assertThat(peer.ask("attach", region.path(), "WORLD")).isEqualTo("attached");
        return peer;
    }

    private ChildJvm outside(final int uid)
    {
        return start(Launchers.asUser(uid, uid));
    }

    private ChildJvm inside()
    {
        return start(Launchers.inUserNamespace(UID));
    }

    @Test
    @DisplayName("F44, R22, R6: a client in a user namespace is the service's user, as the kernel reports it")
    void shouldServeClientInUserNamespace()
    {
        final ChildJvm service = outside(UID);
        final ChildJvm client = inside();
        assertThat(service.ask("self")).endsWith(" euid=" + UID);
        assertThat(client.ask("self")).endsWith(" euid=0");
        for (final int flags : new int[]{CAPF_USER, CAPF_WORLD})
        {
            final String name = NAME + flags;
            assertThat(service.ask("service", name, name, flags, UID, -1)).isEqualTo("OK");
            assertThat(client.ask("client", name, name, flags, UID, -1)).isEqualTo("OK");
            assertThat(client.ask("peer", name)).isEqualTo("pid=" + service.pid() + " euid=0");
            final String id = client.ask("put", name, "hello");
            assertThat(service.ask("take", name))
                .isEqualTo(id + " REQUEST hello pid=" + client.pid() + " euid=" + UID);
            assertThat(service.ask("reply", name, id, "welcome")).isEqualTo("OK");
            assertThat(client.ask("take", name)).isEqualTo(id + " welcome");
            assertThat(service.ask("counter", name, "FORGED")).isEqualTo("0");
        }
        // Another user's service is one that this namespace does not know.
        final ChildJvm other = outside(OTHER_UID);
        assertThat(other.ask("service", "s", "other", CAPF_ANYCLIENT, OTHER_UID, -1)).isEqualTo("OK");
        assertThat(client.ask("client", "w", "other", CAPF_WORLD, OTHER_UID, -1)).isEqualTo("OK");
        assertThat(client.ask("peer", "w")).isEqualTo("pid=0 euid=-1");
        final String id = client.ask("put", "w", "hello");
        assertThat(other.ask("take", "s")).isEqualTo(id + " REQUEST hello pid=" + client.pid() + " euid=" + UID);
        assertThat(client.ask("client", "u", "other", CAPF_USER, OTHER_UID, -1)).isEqualTo("OK");
        assertThat(client.ask("call", "u", "hello")).isIn("REFUSED", "ACCESS_DENIED");
    }

    @Test
    @DisplayName("F44, R22, R6: a service in a user namespace, registered as root's there, is found as its user's")
    void shouldReachServiceInUserNamespace()
    {
        final ChildJvm service = inside();
        final ChildJvm client = outside(UID);
        final ChildJvm other = outside(OTHER_UID);
        for (final int flags : new int[]{CAPF_USER, CAPF_WORLD})
        {
            final String name = NAME + flags;
            assertThat(service.ask("service", name, name, flags, 0, -1)).isEqualTo("OK");
            assertThat(client.ask("client", name, name, flags, UID, -1)).isEqualTo("OK");
            assertThat(client.ask("peer", name)).isEqualTo("pid=" + service.pid() + " euid=" + UID);
            final String id = client.ask("put", name, "hello");
            assertThat(service.ask("take", name))
                .isEqualTo(id + " REQUEST hello pid=" + client.pid() + " euid=0");
            assertThat(service.ask("reply", name, id, "welcome")).isEqualTo("OK");
            assertThat(client.ask("take", name)).isEqualTo(id + " welcome");
            // It is not root's.
            assertThat(client.ask("client", "root", name, flags, 0, -1)).isEqualTo("ACCESS_DENIED");
            assertThat(other.ask("client", "own", name, flags, OTHER_UID, -1)).isEqualTo("NOT_FOUND");
        }
        // The service does not know other users: only WORLD admits them.
        final List<String> results = new ArrayList<>();
        assertThat(other.ask("client", "w", NAME + CAPF_WORLD, CAPF_WORLD, UID, -1)).isEqualTo("OK");
        final String id = other.ask("put", "w", "hello");
        do
        {
            results.add(service.ask("take", NAME + CAPF_WORLD));
        }
        while (results.get(results.size() - 1).endsWith(" DISPOSE"));
        assertThat(results.get(results.size() - 1)).isEqualTo(id + " REQUEST hello pid=0 euid=-1");
        assertThat(other.ask("client", "u", NAME + CAPF_USER, CAPF_USER, UID, -1)).isEqualTo("OK");
        assertThat(other.ask("call", "u", "hello")).isIn("REFUSED", "ACCESS_DENIED");
    }
}
