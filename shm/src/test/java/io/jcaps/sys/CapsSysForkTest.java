/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.host.Host;
import io.jcaps.processes.TestRegion;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;

import static io.jcaps.sys.CapsSys.*;
import static io.jcaps.sys.SysPair.ANY;
import static io.jcaps.sys.SysPair.MAX_SIZE;
import static io.jcaps.sys.SysPair.assertFails;
import static io.jcaps.sys.SysPair.bytes;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A JVM does not fork. What a child would see is shown to it here: its process is said to be another one
 * than the one that attached.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CapsSysForkTest
{
    @RegisterExtension
    private final TestRegion region = new TestRegion();

    private SysPair pair;
    private int hidden;

    @BeforeEach
    void before()
    {
        pair = new SysPair(region);
        hidden = pair.client.client(SysPair.NAME, pair.uid, ANY, 0, CAPF_USER | CAPF_NOFORK);
        assertThat(hidden).isPositive();
    }

    /** From here on the process that calls is not the one that attached. */
    private static void fork(final CapsSys sys) throws ReflectiveOperationException
    {
        final Object attachment = field(sys, "attachment").get(sys);
        final Host host = (Host)field(attachment, "host").get(attachment);
        final Object inChild = Proxy.newProxyInstance(Host.class.getClassLoader(), new Class<?>[]{Host.class},
            (proxy, method, arguments) ->
                "isOwnProcess".equals(method.getName()) ? (Object)false : method.invoke(host, arguments));
        final Object openPorts = field(attachment, "openPorts").get(attachment);
        field(attachment, "host").set(attachment, inChild);
        field(openPorts, "host").set(openPorts, inChild);
    }

    private static Field field(final Object owner, final String name) throws ReflectiveOperationException
    {
        final Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    @Test
    @DisplayName("F9, R27: each inherited port is ENOTCONN, with NOFORK its id is unknown")
    void shouldNotBeConnectedInChild() throws ReflectiveOperationException
    {
        fork(pair.client);
        // The documentation has setgen and getgen among the calls that notice.
        assertFails(pair.client, ENOTCONN, pair.client.setgen(pair.port, 1));
        assertFails(pair.client, ENOTCONN, pair.client.getgen(pair.port));
        assertFails(pair.client, ENOTCONN, pair.client.put(pair.port, bytes("x"), 1));
        assertFails(pair.client, ENOTCONN, pair.client.get(pair.port, pair.buffer, MAX_SIZE, pair.msgid, null));
        assertFails(pair.client, ENOTCONN, pair.client.wait(pair.port, pair.buffer, MAX_SIZE, pair.msgid, null));
        assertFails(pair.client, ENOTCONN, pair.client.abort(pair.port, 1, 0));
        assertThat(pair.client.alloc(pair.port, 0, 1)).isNull();
        assertThat(pair.client.errno()).isEqualTo(ENOTCONN);

        assertFails(pair.client, EINVAL, pair.client.setgen(hidden, 1));
        assertFails(pair.client, EINVAL, pair.client.getgen(hidden));
        assertFails(pair.client, EINVAL, pair.client.put(hidden, bytes("x"), 1));
        assertFails(pair.client, EINVAL, pair.client.get(hidden, pair.buffer, MAX_SIZE, pair.msgid, null));
        assertFails(pair.client, EINVAL, pair.client.wait(hidden, pair.buffer, MAX_SIZE, pair.msgid, null));
        assertFails(pair.client, EINVAL, pair.client.abort(hidden, 1, 0));
        assertFails(pair.client, EINVAL, pair.client.close(hidden));

        // The child is expected to attach again.
        assertFails(
            pair.client, ENOTCONN, pair.client.client(SysPair.NAME, pair.uid, ANY, 0, CAPF_USER));
        assertThat(pair.client.close(pair.port)).isZero();
        assertFails(pair.client, EINVAL, pair.client.close(pair.port));
    }

    @Test
    @DisplayName("F9, R27: a child cannot reply to its parent's requests, and the peers are not affected")
    void shouldNotReplyInChild() throws ReflectiveOperationException
    {
        final long id = pair.put("x");
        pair.receive("x");
        fork(pair.server);
        assertFails(pair.server, ENOTCONN, pair.server.setgen(pair.svc, 1));
        assertFails(pair.server, ENOTCONN, pair.server.reply(pair.svc, bytes("y"), 1, id));
        assertFails(
            pair.server, ENOTCONN, pair.server.get(pair.svc, pair.buffer, MAX_SIZE, pair.msgid, null));
        assertThat(pair.server.close(pair.svc)).isZero();
        // The parent, if there were one, would still have its port: its client was not notified.
        pair.assertNothingAtClient();
        pair.put("z");
        assertThat(pair.client.getgen(pair.port)).isZero();
    }
}
