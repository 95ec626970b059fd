/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.host.Credentials;
import io.jcaps.processes.TestRegion;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static io.jcaps.sys.CapsSys.*;
import static io.jcaps.sys.SysPair.ANY;
import static io.jcaps.sys.SysPair.assertFails;
import static io.jcaps.sys.SysPair.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Ports: names, owners, permissions, ids and generations.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CapsSysPortsTest
{
    private static final int OTHER = 54_321;

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    private Credentials self;
    private CapsSys server;
    private CapsSys client;
    private int uid;
    private int gid;

    @BeforeEach
    void before()
    {
        try (Attachment attachment = region.attach())
        {
            self = attachment.credentials();
        }
        uid = self.euid();
        gid = self.egid();
        server = region.openSys();
        client = region.openSys();
    }

    @Test
    @DisplayName("R1: uid or gid may be -1, not both: EINVAL")
    void shouldRefuseTwoWildcards()
    {
        assertFails(server, EINVAL, server.service("a", ANY, ANY, 0, CAPF_ANYCLIENT));
        assertThat(server.service("a", ANY, gid, 0, CAPF_ANYCLIENT)).isPositive();
        assertThat(server.service("a", uid, ANY, 0, CAPF_ANYCLIENT)).isPositive();
        assertThat(server.service("a", uid, gid, 0, CAPF_ANYCLIENT)).isPositive();
        assertFails(client, EINVAL, client.client("a", ANY, ANY, 0, CAPF_ANYCLIENT));
        assertFails(client, EINVAL, client.client("a", ANY, ANY, 0, CAPF_ANYCLIENT | CAPF_WAITSVC));
    }

    @ParameterizedTest
    @NullAndEmptySource
    @ValueSource(strings = {
        "a b", "a-b", "a/b", "\u00e4", "a\u0000", "\u0661", "a\n",
        "0123456789012345678901234567890123456789012345678901234567890123"})
    @DisplayName("R2: anything but 1 to 63 characters out of 0-9 A-Z a-z _ . is EINVAL")
    void shouldRefuseName(final String name)
    {
        assertFails(server, EINVAL, server.service(name, uid, ANY, 0, CAPF_USER));
        assertFails(client, EINVAL, client.client(name, uid, ANY, 0, CAPF_USER));
        assertFails(client, EINVAL, client.client(name, uid, ANY, 0, CAPF_USER | CAPF_WAITSVC));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "a", ".", "_", "0", "Az09_.", "012345678901234567890123456789012345678901234567890123456789012"})
    @DisplayName("R2: 1 to 63 characters out of 0-9 A-Z a-z _ . are a name")
    void shouldTakeName(final String name)
    {
        assertThat(server.service(name, uid, ANY, 0, CAPF_USER)).isPositive();
        assertThat(client.client(name, uid, ANY, 0, CAPF_USER)).isPositive();
    }

    @Test
    @DisplayName("R3: the superuser may register under any uid and gid")
    void shouldRegisterForOthersAsSuperuser()
    {
        assumeTrue(0 == uid);
        assertThat(server.service("a", OTHER, ANY, 0, CAPF_WORLD)).isPositive();
        assertThat(server.service("a", ANY, OTHER, 0, CAPF_WORLD)).isPositive();
        assertThat(server.service("a", OTHER, OTHER, 0, CAPF_WORLD)).isPositive();
    }

    @Test
    @DisplayName("R3: any other process registers only under its own uid and groups: EPERM")
    void shouldNotRegisterForOthers()
    {
        // As another user: in ProcessUsersIT.
        assumeTrue(0 != uid);
        assertFails(server, EPERM, server.service("a", 0, ANY, 0, CAPF_WORLD));
        assertFails(server, EPERM, server.service("a", ANY, OTHER, 0, CAPF_WORLD));
        assertFails(server, EPERM, server.service("a", uid, OTHER, 0, CAPF_WORLD));
    }

    @Test
    @DisplayName("R4: the newest of several is found, and when it goes the one before it")
    void shouldFindTheNewest()
    {
        final CapsSys other = region.openSys();
        final int first = server.service("a", uid, ANY, 0, CAPF_USER);
        final int second = other.service("a", uid, ANY, 0, CAPF_USER);
        final int third = server.service("a", uid, ANY, 0, CAPF_USER);
        server.setgen(first, 1);
        other.setgen(second, 2);
        server.setgen(third, 3);
        assertThat(generationFound()).isEqualTo(3);
        server.close(third);
        assertThat(generationFound()).isEqualTo(2);
        other.close();
        assertThat(generationFound()).isEqualTo(1);
        server.close(first);
        assertFails(client, ENOENT, client.client("a", uid, ANY, 0, CAPF_USER));
    }

    private long generationFound()
    {
        final int port = client.client("a", uid, ANY, 0, CAPF_USER);
        assertThat(port).isPositive();
        final long result = client.getgen(port);
        assertThat(client.close(port)).isZero();
        return result;
    }

    @Test
    @DisplayName("R4: a connected client stays with its service when a newer one is registered")
    void shouldStayConnectedToTheOlder()
    {
        final int first = server.service("a", uid, ANY, 0, CAPF_USER);
        server.setgen(first, 1);
        final int port = client.client("a", uid, ANY, 0, CAPF_USER);
        server.setgen(server.service("a", uid, ANY, 0, CAPF_USER), 2);
        assertThat(client.getgen(port)).isEqualTo(1);
        final long id = client.put(port, null, 0);
        final CapsMsgId msgid = new CapsMsgId();
        assertThat(server.get(first, null, 0, msgid, null)).isZero();
        assertThat(msgid.id).isEqualTo(id);
    }

    @Test
    @DisplayName("R4: with EXCL the newcomer gets EEXIST if a live one matches")
    void shouldRefuseBesideAnother()
    {
        final int first = server.service("a", uid, ANY, 0, CAPF_USER);
        assertFails(client, EEXIST, client.service("a", uid, ANY, 0, CAPF_USER | CAPF_EXCL));
        assertFails(client, EEXIST, client.service("a", uid, ANY, 0, CAPF_WORLD | CAPF_EXCL));
        assertThat(client.service("b", uid, ANY, 0, CAPF_USER | CAPF_EXCL)).isPositive();
        // Without it, it is the newcomer's own affair: the older one's EXCL has done its work.
        server.close(first);
        assertThat(server.service("a", uid, ANY, 0, CAPF_USER | CAPF_EXCL)).isPositive();
        assertThat(client.service("a", uid, ANY, 0, CAPF_USER)).isPositive();
    }

    @Test
    @DisplayName("R5: -1 in the look-up matches any, and a number that number alone")
    void shouldLookUp()
    {
        final int byUid = server.service("a", uid, ANY, 0, CAPF_ANYCLIENT);
        server.setgen(byUid, 1);
        assertThat(gen("a", uid, ANY)).isEqualTo(1);
        // Its gid is -1: a look-up for a gid of its own does not find it.
        assertThat(gen("a", uid, gid)).isEqualTo(-ENOENT);
        assertThat(gen("a", ANY, gid)).isEqualTo(-ENOENT);
        assertThat(gen("a", OTHER, ANY)).isEqualTo(-ENOENT);
        assertThat(gen("A", uid, ANY)).isEqualTo(-ENOENT);
        assertThat(gen("aa", uid, ANY)).isEqualTo(-ENOENT);

        final int byGid = server.service("a", ANY, gid, 0, CAPF_ANYCLIENT);
        server.setgen(byGid, 2);
        assertThat(gen("a", ANY, gid)).isEqualTo(2);
        assertThat(gen("a", uid, ANY)).isEqualTo(1);
        assertThat(gen("a", uid, gid)).isEqualTo(-ENOENT);

        final int byBoth = server.service("a", uid, gid, 0, CAPF_ANYCLIENT);
        server.setgen(byBoth, 3);
        assertThat(gen("a", uid, gid)).isEqualTo(3);
        assertThat(gen("a", uid, ANY)).isEqualTo(3);
        assertThat(gen("a", ANY, gid)).isEqualTo(3);
    }

    private long gen(final String name, final int uid, final int gid)
    {
        final int port = client.client(name, uid, gid, 0, CAPF_ANYCLIENT);
        if (port < 0)
        {
            return -client.errno();
        }
        final long result = client.getgen(port);
        client.close(port);
        return result;
    }

    @Test
    @DisplayName("R6: one of USER, GROUP and WORLD must be set on both sides and hold, else EACCES")
    void shouldCheckPermission()
    {
        assertAccess(uid, ANY, CAPF_USER, CAPF_USER, true);
        assertAccess(uid, ANY, CAPF_USER, CAPF_ANYCLIENT, true);
        assertAccess(uid, ANY, CAPF_ANYCLIENT, CAPF_USER, true);
        assertAccess(uid, ANY, CAPF_USER, CAPF_GROUP | CAPF_WORLD, false);
        assertAccess(uid, ANY, CAPF_WORLD, CAPF_USER, false);
        assertAccess(uid, ANY, CAPF_WORLD, CAPF_WORLD, true);
        // GROUP of a service without a group, USER of one without a user.
        assertAccess(uid, ANY, CAPF_GROUP, CAPF_ANYCLIENT, false);
        assertAccess(ANY, gid, CAPF_GROUP, CAPF_GROUP, true);
        assertAccess(ANY, gid, CAPF_USER, CAPF_ANYCLIENT, false);
        assertAccess(uid, gid, CAPF_USER | CAPF_GROUP, CAPF_GROUP, true);
        // None of the three on either side.
        assertAccess(uid, gid, 0, CAPF_ANYCLIENT, false);
        assertAccess(uid, gid, CAPF_ANYCLIENT, 0, false);
    }

    @Test
    @DisplayName("R6: the superuser is let in like anybody else, and not otherwise")
    void shouldCheckPermissionOfSuperuser()
    {
        assumeTrue(0 == uid);
        assertAccess(OTHER, ANY, CAPF_USER, CAPF_ANYCLIENT, false);
        assertAccess(ANY, OTHER, CAPF_GROUP, CAPF_ANYCLIENT, false);
        assertAccess(OTHER, OTHER, CAPF_ANYCLIENT, CAPF_ANYCLIENT, true);
    }

    private void assertAccess(
        final int ofUid, final int ofGid, final int serviceFlags, final int clientFlags, final boolean isAllowed)
    {
        final int svc = server.service("a", ofUid, ofGid, 0, serviceFlags);
        assertThat(svc).isPositive();
        final int port = client.client("a", ofUid, ofGid, 0, clientFlags);
        if (isAllowed)
        {
            assertThat(port).isPositive();
            // Let in by the service too, not only by the client's own look.
            final long id = client.put(port, null, 0);
            final CapsMsgId msgid = new CapsMsgId();
            assertThat(server.get(svc, null, 0, msgid, null)).isZero();
            assertThat(msgid.id).isEqualTo(id);
            client.close(port);
        }
        else
        {
            assertFails(client, EACCES, port);
            // WAITSVC waits for a service, not for a permission.
            assertFails(client, EACCES, client.client("a", ofUid, ofGid, 0, clientFlags | CAPF_WAITSVC));
        }
        server.close(svc);
    }

    @Test
    @DisplayName("R7: a generic service is that of the user, else of the group, else of the system")
    void shouldFindGenericService()
    {
        assumeTrue(0 == uid);
        final Attachment attachment = region.closing(region.attach());
        final PortOptions options = new PortOptions().flags(PortFlags.ANYCLIENT);
        assertThatThrownBy(() -> attachment.genericClient("g", options)).isInstanceOfSatisfying(
            CapsException.class, (ex) -> assertThat(ex.status()).isEqualTo(Status.NOT_FOUND));
        // (-1, getgid) finds any service of that group, (getuid, -1) any of that user.
        server.setgen(server.service("g", OTHER, gid, 0, CAPF_ANYCLIENT), 2);
        assertThat(genericGeneration(attachment, options)).isEqualTo(2);
        server.setgen(server.service("g", uid, ANY, 0, CAPF_ANYCLIENT), 1);
        server.setgen(server.service("g", OTHER, gid, 0, CAPF_ANYCLIENT), 3);
        assertThat(genericGeneration(attachment, options)).isEqualTo(1);
    }

    private static long genericGeneration(final Attachment attachment, final PortOptions options)
    {
        try (ClientPort port = attachment.genericClient("g", options))
        {
            return port.serviceGeneration();
        }
    }

    @Test
    @DisplayName("R8: bits above the low 16 are not the user's, and are ignored")
    void shouldIgnoreHighFlags()
    {
        final int svc = server.service("a", uid, ANY, 0, 0xFFFF0000 | CAPF_USER);
        final int port = client.client("a", uid, ANY, 0, 0xFFFF0000 | CAPF_USER);
        assertThat(svc).isPositive();
        assertThat(port).isPositive();
        assertThat(server.service("a", uid, ANY, 0, 0xFFFF0000)).isPositive();
        assertFails(client, EACCES, client.client("a", uid, ANY, 0, 0xFFFF0000 | CAPF_USER));
    }

    @Test
    @DisplayName("R8: WCRED is reserved and changes nothing")
    void shouldIgnoreReservedFlag()
    {
        assertThat(server.service("a", uid, ANY, 0, CAPF_USER | CAPF_WCRED)).isPositive();
        assertThat(client.client("a", uid, ANY, 0, CAPF_USER | CAPF_WCRED)).isPositive();
    }

    @Test
    @DisplayName("R9: port ids are small positive numbers, private to the process")
    void shouldGiveSmallIds()
    {
        final Set<Integer> ids = new HashSet<>();
        for (int i = 0; i < 5; i++)
        {
            final int id = server.service("a", uid, ANY, 0, CAPF_USER);
            assertThat(id).isBetween(1, 100);
            assertThat(ids.add(id)).isTrue();
        }
        for (final int id : ids)
        {
            assertFails(client, EINVAL, client.setgen(id, 1));
            assertFails(client, EINVAL, client.close(id));
            assertThat(server.close(id)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1, 2, 15, 16, 17, 1_000_000, Integer.MAX_VALUE, Integer.MIN_VALUE})
    @DisplayName("R9, R26: an unknown id is EINVAL, in each call")
    void shouldRefuseUnknownId(final int id)
    {
        assertFails(client, EINVAL, client.close(id));
        assertFails(client, EINVAL, client.setgen(id, 1));
        assertFails(client, EINVAL, client.getgen(id));
        assertFails(client, EINVAL, client.put(id, bytes("x"), 1));
        assertFails(client, EINVAL, client.put(id, null, 0));
        assertFails(client, EINVAL, client.reply(id, bytes("x"), 1, 1));
        assertFails(client, EINVAL, client.get(id, bytes("x"), 1, new CapsMsgId(), new CapsCred()));
        assertFails(client, EINVAL, client.wait(id, bytes("x"), 1, new CapsMsgId(), new CapsCred()));
        assertFails(client, EINVAL, client.abort(id, 1, 0));
        assertThat(client.alloc(id, 0, 1)).isNull();
        assertThat(client.errno()).isEqualTo(EINVAL);
    }

    @Test
    @DisplayName("R26: a second close is EINVAL, and an id is not given again at once")
    void shouldRefuseSecondClose()
    {
        final int first = server.service("a", uid, ANY, 0, CAPF_USER);
        assertThat(server.close(first)).isZero();
        assertFails(server, EINVAL, server.close(first));
        final int second = server.service("a", uid, ANY, 0, CAPF_USER);
        assertThat(second).isNotEqualTo(first);
        assertFails(server, EINVAL, server.close(first));
        assertFails(server, EINVAL, server.setgen(first, 1));
        assertThat(server.close(second)).isZero();
    }

    @Test
    @DisplayName("R9: many ids, opened and closed in turn, stay small and unique")
    void shouldGiveManyIds()
    {
        final Set<Integer> open = new HashSet<>();
        for (int i = 0; i < 200; i++)
        {
            final int id = server.service("a", uid, ANY, 0, CAPF_USER);
            assertThat(id).isBetween(1, 1 << 20);
            assertThat(open.add(id)).isTrue();
            if (open.size() > 10)
            {
                final int oldest = open.stream().min(Integer::compare).orElseThrow();
                assertThat(server.close(oldest)).isZero();
                open.remove(oldest);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1, 4711, Integer.MAX_VALUE})
    @DisplayName("R11: any upcid will do")
    void shouldIgnoreUpcall(final int upcid)
    {
        assertThat(server.service("a", uid, ANY, upcid, CAPF_USER)).isPositive();
        assertThat(client.client("a", uid, ANY, upcid, CAPF_USER)).isPositive();
    }

    @Test
    @DisplayName("R28: getgen on a client port reads that of its service, and still answers after the service went")
    void shouldReadGeneration()
    {
        final int svc = server.service("a", uid, ANY, 0, CAPF_USER);
        final int port = client.client("a", uid, ANY, 0, CAPF_USER);
        assertThat(client.getgen(port)).isZero();
        for (final long generation : new long[]{1, Long.MAX_VALUE, Long.MIN_VALUE, -1, 42})
        {
            assertThat(server.setgen(svc, generation)).isZero();
            assertThat(client.getgen(port)).isEqualTo(generation);
        }
        assertFails(server, EINVAL, server.getgen(svc));
        server.close(svc);
        // Whoever opens ports now must not get the entry with the number in it.
        final int second = server.service("a", uid, ANY, 0, CAPF_USER);
        server.setgen(second, 43);
        assertThat(client.getgen(port)).isEqualTo(42);
        server.close();
        assertThat(client.getgen(port)).isEqualTo(42);
    }

    @Test
    @DisplayName("R28: setgen on a client port sets that port's own, not its service's")
    void shouldSetGenerationOfClient()
    {
        final int svc = server.service("a", uid, ANY, 0, CAPF_USER);
        server.setgen(svc, 5);
        final int port = client.client("a", uid, ANY, 0, CAPF_USER);
        assertThat(client.setgen(port, 6)).isZero();
        assertThat(client.getgen(port)).isEqualTo(5);
        assertThat(generationFound()).isEqualTo(5);
    }

    @Test
    @DisplayName("R28: a new registration begins with generation 0")
    void shouldBeginWithGenerationZero()
    {
        final int svc = server.service("a", uid, ANY, 0, CAPF_USER);
        server.setgen(svc, 5);
        server.close(svc);
        server.service("a", uid, ANY, 0, CAPF_USER);
        assertThat(generationFound()).isZero();
    }

    @Test
    @DisplayName("ENOBUFS: each link is used, then each port; nothing of the attempt remains")
    void shouldRefuseWhenTablesAreFull()
    {
        assertThat(server.service("a", uid, ANY, 0, CAPF_USER)).isPositive();
        final int linkCount = TestRegion.SMALL.linkCount();
        int last = 0;
        for (int i = 0; i < linkCount; i++)
        {
            last = client.client("a", uid, ANY, 0, CAPF_USER);
            assertThat(last).isPositive();
        }
        assertFails(client, ENOBUFS, client.client("a", uid, ANY, 0, CAPF_USER));
        for (int i = linkCount + 1; i < TestRegion.SMALL.portCount(); i++)
        {
            assertThat(server.service("b", uid, ANY, 0, CAPF_USER)).isPositive();
        }
        assertFails(server, ENOBUFS, server.service("b", uid, ANY, 0, CAPF_USER));
        assertThat(client.close(last)).isZero();
        assertThat(client.client("a", uid, ANY, 0, CAPF_USER)).isPositive();
    }
}
