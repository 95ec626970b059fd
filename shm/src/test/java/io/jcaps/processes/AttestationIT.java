/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.shm.Access;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static io.jcaps.sys.CapsSys.CAPF_USER;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Who a peer is, where that cannot be found out at once.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AttestationIT
{
    private static final String NAME = "attested";

    @RegisterExtension
    private final TestRegion region = new TestRegion(TestRegion.SMALL, Access.PRIVATE);

    @Test
    @DisplayName("F42: a service without a free descriptor lets a client wait, and serves it when there are some again")
    void shouldNotRefuseForWantOfDescriptors()
    {
        final int uid = region.ownUid();
        final ChildJvm service = region.closing(ChildJvm.start(Launchers.withDescriptors(FaultPeer.DESCRIPTOR_LIMIT),
            System.getProperty("java.class.path"), FaultPeer.class, List.of(), "-XX:-MaxFDLimit"));
        assertThat(service.ask("attach", region.path(), "PRIVATE")).isEqualTo("attached");
        assertThat(service.ask("service", "s", NAME, CAPF_USER, uid, -1)).isEqualTo("OK");
        final FaultPeer client = new FaultPeer();
        assertThat(client.apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
        region.closing(() -> assertThat(client.apply("detach")).isEqualTo("detached"));
        final String ask = " " + NAME + " " + CAPF_USER + " " + uid + " -1";
        // One before, so that the service's process has the classes.
        assertThat(client.apply("client before" + ask)).isEqualTo("OK");
        final String first = client.apply("put before hello");
        assertThat(service.ask("take", "s")).startsWith(first + " REQUEST hello");
        assertThat(service.ask("reply", "s", first, "welcome")).isEqualTo("OK");
        assertThat(client.apply("take before")).isEqualTo(first + " welcome");

        // The three standard streams have the numbers below 3.
        assertThat(service.ask("descriptors", 3)).isEqualTo("limited");
        assertThat(client.apply("client c" + ask)).isEqualTo("OK");
        final String id = client.apply("put c hello");
        while (0 == service.number("counter", "s", "RETRIES") + service.number("counter", "s", "REFUSED"))
        {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(service.ask("counter", "s", "REFUSED")).isEqualTo("0");
        assertThat(service.ask("descriptors", FaultPeer.DESCRIPTOR_LIMIT)).isEqualTo("limited");
        String taken = service.ask("take", "s");
        if (taken.endsWith(" DISPOSE"))
        {
            taken = service.ask("take", "s");
        }
        assertThat(taken)
            .isEqualTo(id + " REQUEST hello pid=" + ProcessHandle.current().pid() + " euid=" + uid);
    }
}
