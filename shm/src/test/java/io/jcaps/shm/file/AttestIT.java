/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.host.Credentials;
import io.jcaps.shm.PeerJvm;
import io.jcaps.shm.RegionFixture;
import io.jcaps.shm.ShmHost;
import io.jcaps.shm.os.LockTable;
import io.jcaps.shm.os.ProcFs;
import io.jcaps.shm.os.ProcessInfo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Who a peer is (R22), when the kernel's answers change or fail between the looks at them.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class AttestIT
{
    private static final int INDEX = 1;

    @RegisterExtension
    final RegionFixture fixture = new RegionFixture();

    private ShmHost host;
    private PeerJvm peer;

    @BeforeEach
    void before() throws Exception
    {
        assumeTrue(null != ProcFs.find(), "there is no /proc here");
        host = fixture.open();
        peer = fixture.closing(PeerJvm.start());
        assertThat(peer.ask("open " + fixture.path() + " PRIVATE")).doesNotStartWith("!");
        assertThat(peer.ask("hold " + INDEX)).isEqualTo("true");
        assertThat(host.attest(INDEX).ownPid()).isEqualTo((int)peer.pid());
    }

    /** What the operating system says, but for one method. */
    private static ProcessInfo infoWith(final String method, final Function<Object[], Object> answer)
    {
        final ProcessInfo real = ProcessInfo.find();
        return (ProcessInfo)Proxy.newProxyInstance(AttestIT.class.getClassLoader(), new Class<?>[]{ProcessInfo.class},
            (proxy, called, arguments) ->
            {
                try
                {
                    return method.equals(called.getName()) ?
                        answer.apply(arguments) : called.invoke(real, arguments);
                }
                catch (final InvocationTargetException ex)
                {
                    throw ex.getCause();
                }
            });
    }

    private void set(final String name, final Object value) throws ReflectiveOperationException
    {
        final Field field = ShmHost.class.getDeclaredField(name);
        field.setAccessible(true);
        field.set(host, value);
    }

    @Test
    @DisplayName("R22: a peer that dies while its credentials are read has none, whichever process they show")
    void shouldLookAtHolderAgain() throws ReflectiveOperationException
    {
        set("processInfo", infoWith("credentials", (arguments) ->
        {
            final Credentials credentials = ProcessInfo.find().credentials((Integer)arguments[0]);
            peer.kill();
            return credentials;
        }));
        assertThat(host.attest(INDEX)).isNull();
    }

    @Test
    @DisplayName("F42: credentials that temporarily cannot be read do not count as unknown while the peer lives")
    void shouldTryAgainLater() throws ReflectiveOperationException
    {
        set("processInfo", infoWith("credentials", (arguments) -> Credentials.UNDETERMINED));
        assertThat(host.attest(INDEX)).isSameAs(Credentials.UNDETERMINED);
        peer.kill();
        assertThat(host.attest(INDEX)).isNull();
    }

    @Test
    @DisplayName("R22: a peer that the kernel does not show is unknown, and there; so is one that /proc hides")
    void shouldNotTakeHiddenForNobody() throws Exception
    {
        set("processInfo", infoWith("credentials", (arguments) -> null));
        assertThat(host.attest(INDEX)).isSameAs(Credentials.UNKNOWN);
        final LifeLocks locks = fixture.closing(LifeLocks.open(fixture.lockPath()));
        set("holders", new LockHolders(false, infoWith("lockTable", (arguments) -> LockTable.NONE), locks));
        assertThat(host.attest(INDEX)).isSameAs(Credentials.UNKNOWN);
    }

    @Test
    @DisplayName("R27: a process with another pid is not the one that attached")
    void shouldNotTakeChildForItself() throws ReflectiveOperationException
    {
        assertThat(host.isOwnProcess()).isTrue();
        set("processInfo", infoWith("ownPid", (arguments) -> ProcessInfo.find().ownPid() + 1));
        assertThat(host.isOwnProcess()).isFalse();
    }
}
