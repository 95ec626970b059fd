/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.Outcome;
import io.jcaps.processes.TestRegion;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static io.jcaps.sys.SysPair.ANY;
import static io.jcaps.sys.SysPair.assertFails;
import static io.jcaps.sys.SysPair.bytes;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * The shape of the ten calls, and one exchange with all of them.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CapsSysTest
{
    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @Test
    @DisplayName("the ten calls have the documentation's arguments and results")
    void shouldHaveTheTenCalls() throws NoSuchMethodException
    {
        assertSignature(int.class, "service", String.class, int.class, int.class, int.class, int.class);
        assertSignature(int.class, "client", String.class, int.class, int.class, int.class, int.class);
        assertSignature(int.class, "close", int.class);
        assertSignature(int.class, "setgen", int.class, long.class);
        assertSignature(long.class, "getgen", int.class);
        assertSignature(long.class, "put", int.class, DirectBuffer.class, int.class);
        assertSignature(int.class, "reply", int.class, DirectBuffer.class, int.class, long.class);
        assertSignature(
            int.class, "get", int.class, MutableDirectBuffer.class, int.class, CapsMsgId.class, CapsCred.class);
        assertSignature(
            int.class, "wait", int.class, MutableDirectBuffer.class, int.class, CapsMsgId.class, CapsCred.class);
        assertSignature(int.class, "abort", int.class, long.class, int.class);
    }

    @Test
    @DisplayName("the only other methods are alloc, errno, open and close")
    void shouldHaveNothingElse() throws NoSuchMethodException
    {
        assertSignature(MutableDirectBuffer.class, "alloc", int.class, long.class, int.class);
        assertSignature(int.class, "free", int.class, DirectBuffer.class);
        assertSignature(int.class, "errno");
        assertSignature(void.class, "close");
        final Method open = CapsSys.class.getMethod("open", Path.class);
        assertThat(open.getReturnType()).isEqualTo(CapsSys.class);
        assertThat(Modifier.isStatic(open.getModifiers())).isTrue();
        assertThat(CapsSys.class.getConstructors()).isEmpty();
        final List<String> names = Arrays.stream(CapsSys.class.getDeclaredMethods())
            .filter((method) -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
            .map(Method::getName).sorted().toList();
        assertThat(names).containsExactly("abort", "alloc", "client", "close", "close", "errno", "free", "get",
            "getgen", "open", "put", "reply", "service", "setgen", "wait");
    }

    private static void assertSignature(final Class<?> result, final String name, final Class<?>... parameters)
        throws NoSuchMethodException
    {
        final Method method = CapsSys.class.getMethod(name, parameters);
        assertThat(method.getReturnType()).as(name).isEqualTo(result);
        assertThat(method.getExceptionTypes()).as(name).isEmpty();
        assertThat(Modifier.isStatic(method.getModifiers())).as(name).isFalse();
    }

    @Test
    @DisplayName("R8, R18, R29: constants have the original's values")
    void shouldHaveTheOriginalsValues()
    {
        assertThat(CapsSys.CAPF_USER).isEqualTo(0x01);
        assertThat(CapsSys.CAPF_GROUP).isEqualTo(0x02);
        assertThat(CapsSys.CAPF_WORLD).isEqualTo(0x04);
        assertThat(CapsSys.CAPF_EXCL).isEqualTo(0x08);
        assertThat(CapsSys.CAPF_ANYCLIENT).isEqualTo(0x07);
        assertThat(CapsSys.CAPF_WCRED).isEqualTo(0x10);
        assertThat(CapsSys.CAPF_NOFORK).isEqualTo(0x20);
        assertThat(CapsSys.CAPF_WAITSVC).isEqualTo(0x40);
        assertThat(CapsSys.CAPF_UFLAGS).isEqualTo(0xFFFF);

        assertThat(CapsSys.CAPMS_REQUEST).isEqualTo(0);
        assertThat(CapsSys.CAPMS_REQUEST_RETRY).isEqualTo(1);
        assertThat(CapsSys.CAPMS_REPLY).isEqualTo(2);
        assertThat(CapsSys.CAPMS_REPLY_RETRY).isEqualTo(3);
        assertThat(CapsSys.CAPMS_DISPOSE).isEqualTo(4);

        assertThat(CapsSys.CAPS_ABORT_NOTIMPL).isEqualTo(0);
        assertThat(CapsSys.CAPS_ABORT_RETURNED).isEqualTo(1);
        assertThat(CapsSys.CAPS_ABORT_BEFORESERVER).isEqualTo(2);
        assertThat(CapsSys.CAPS_ABORT_ATSERVER).isEqualTo(3);
        assertThat(CapsSys.CAPF_ABORT_HARD).isEqualTo(0x01);
    }

    @Test
    @DisplayName("errno has Linux's numbers")
    void shouldHaveLinuxErrors()
    {
        assertThat(CapsSys.EPERM).isEqualTo(1);
        assertThat(CapsSys.ENOENT).isEqualTo(2);
        assertThat(CapsSys.EINTR).isEqualTo(4);
        assertThat(CapsSys.EAGAIN).isEqualTo(11);
        assertThat(CapsSys.EWOULDBLOCK).isEqualTo(11);
        assertThat(CapsSys.EACCES).isEqualTo(13);
        assertThat(CapsSys.EEXIST).isEqualTo(17);
        assertThat(CapsSys.EINVAL).isEqualTo(22);
        assertThat(CapsSys.ENOSPC).isEqualTo(28);
        assertThat(CapsSys.EOPNOTSUPP).isEqualTo(95);
        assertThat(CapsSys.ENOBUFS).isEqualTo(105);
        assertThat(CapsSys.ENOTCONN).isEqualTo(107);
        assertThat(CapsSys.ETIMEDOUT).isEqualTo(110);
    }

    @Test
    @DisplayName("a program that is ported line by line: all ten calls")
    void shouldExchangeWithAllTenCalls()
    {
        final int uid = region.ownUid();
        final CapsSys server = region.openSys();
        final CapsSys client = region.openSys();
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16]);
        final CapsMsgId msgid = new CapsMsgId();
        final CapsCred cred = new CapsCred();

        final int svc = server.service("echo", uid, ANY, 0, CapsSys.CAPF_ANYCLIENT);
        assertThat(svc).isPositive();
        assertThat(server.setgen(svc, 7)).isZero();
        final int port = client.client("echo", uid, ANY, 0, CapsSys.CAPF_ANYCLIENT);
        assertThat(port).isPositive();
        assertThat(client.getgen(port)).isEqualTo(7);

        final long id = client.put(port, bytes("order"), 5);
        assertThat(id).isPositive();
        assertThat(server.wait(svc, buffer, 16, msgid, cred)).isEqualTo(5);
        assertThat(msgid.id).isEqualTo(id);
        assertThat(msgid.state).isEqualTo(CapsSys.CAPMS_REQUEST);
        assertThat(cred.pid).isEqualTo(ProcessHandle.current().pid());
        assertThat(cred.euid).isEqualTo(uid);
        assertThat(buffer.getStringWithoutLengthAscii(0, 5)).isEqualTo("order");
        assertThat(server.reply(svc, bytes("filled"), 6, id)).isZero();

        assertThat(client.wait(port, buffer, 16, msgid, cred)).isEqualTo(6);
        assertThat(msgid.id).isEqualTo(id);
        assertThat(msgid.state).isEqualTo(CapsSys.CAPMS_REPLY);
        assertThat(msgid.outcome).isEqualTo(Outcome.REPLIED);
        assertThat(buffer.getStringWithoutLengthAscii(0, 6)).isEqualTo("filled");
        assertThat(server.get(svc, buffer, 16, msgid, cred)).isZero();
        assertThat(msgid.id).isEqualTo(id);
        assertThat(msgid.state).isEqualTo(CapsSys.CAPMS_DISPOSE);

        final long taken = client.put(port, bytes("other"), 5);
        assertThat(client.abort(port, taken, 0)).isEqualTo(CapsSys.CAPS_ABORT_BEFORESERVER);
        assertThat(client.get(port, buffer, 16, msgid, null)).isZero();
        assertThat(msgid.id).isEqualTo(taken);
        assertThat(msgid.outcome).isEqualTo(Outcome.ABORTED);

        assertThat(client.close(port)).isZero();
        assertThat(server.close(svc)).isZero();
        assertThat(server.errno()).isZero();
        assertThat(client.errno()).isZero();
    }

    @Test
    @DisplayName("R10: CAPS is switched off: EOPNOTSUPP, and no region is made")
    void shouldAnswerThatItIsSwitchedOff()
    {
        final Path path = region.path().resolveSibling("other");
        System.setProperty("jcaps.enabled", "false");
        try (CapsSys sys = CapsSys.open(path))
        {
            assertFails(sys, CapsSys.EOPNOTSUPP, sys.service("name", 0, ANY, 0, CapsSys.CAPF_WORLD));
            assertFails(sys, CapsSys.EOPNOTSUPP, sys.client("name", 0, ANY, 0, CapsSys.CAPF_WORLD));
            // The documentation has this error for those two alone; to the others any id is unknown.
            assertFails(sys, CapsSys.EINVAL, sys.close(1));
            assertFails(sys, CapsSys.EINVAL, sys.setgen(1, 1));
            assertFails(sys, CapsSys.EINVAL, sys.getgen(1));
            assertFails(sys, CapsSys.EINVAL, sys.put(1, bytes("x"), 1));
            assertFails(sys, CapsSys.EINVAL, sys.reply(1, bytes("x"), 1, 1));
            assertFails(sys, CapsSys.EINVAL, sys.get(1, null, 0, null, null));
            assertFails(sys, CapsSys.EINVAL, sys.wait(1, null, 0, null, null));
            assertFails(sys, CapsSys.EINVAL, sys.abort(1, 1, 0));
            assertThat(sys.alloc(1, 0, 1)).isNull();
        }
        finally
        {
            System.clearProperty("jcaps.enabled");
        }
        assertThat(Files.exists(path)).isFalse();
    }

    @Test
    @DisplayName("after close() each call fails with EINVAL, and a second close() does nothing")
    void shouldFailWhenClosed()
    {
        final SysPair pair = new SysPair(region);
        pair.client.close();
        pair.client.close();
        assertFails(pair.client, CapsSys.EINVAL, pair.client.put(pair.port, bytes("x"), 1));
        assertFails(pair.client, CapsSys.EINVAL, pair.client.get(pair.port, pair.buffer, 1, null, null));
        assertFails(pair.client, CapsSys.EINVAL, pair.client.close(pair.port));
        assertFails(
            pair.client, CapsSys.EINVAL, pair.client.client(SysPair.NAME, pair.uid, ANY, 0, CapsSys.CAPF_USER));
        assertFails(
            pair.client, CapsSys.EINVAL, pair.client.service("other", pair.uid, ANY, 0, CapsSys.CAPF_USER));
    }
}
