/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.reflect.Field;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Ports, names and permissions: R1 to R9, and R27.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PortsTest
{
    private static final String NAME = "some.service_1";
    private static final int OTHER_UID = 2000;
    private static final int GROUP = 50;
    private static final UnsafeBuffer BYTES = new UnsafeBuffer(new byte[16]);

    private final TestRegion region = new TestRegion(new Geometry(8, 8, 4, 2, 100));

    @AfterEach
    void close()
    {
        region.close();
    }

    private static void assertStatus(final int status, final ThrowingCallable code)
    {
        assertThatThrownBy(code).isInstanceOfSatisfying(CapsException.class,
            (ex) -> assertThat(ex.status()).as(ex.getMessage()).isEqualTo(status));
    }

    private static PortOptions open()
    {
        return new PortOptions().flags(PortFlags.ANYCLIENT);
    }

    @Test
    @DisplayName("R1: uid or gid may be any, but not both, neither when registering nor when looking up")
    void shouldRefuseBothAny()
    {
        final Attachment process = region.attach();
        final PortOptions both = open().uid(PortOptions.ANY).gid(PortOptions.ANY);
        assertStatus(Status.INVALID, () -> process.service(NAME, both));
        assertStatus(Status.INVALID, () -> process.client(NAME, both));
        assertThat(process.service(NAME, open().uid(PortOptions.ANY).gid(TestRegion.UID)).uid())
            .isEqualTo(PortOptions.ANY);
        final ServicePort service = process.service(NAME, open());
        assertThat(service.uid()).isEqualTo(TestRegion.UID);
        assertThat(service.gid()).isEqualTo(PortOptions.ANY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a-b", "a/b", "\u00e4", "a\u0000", "tab\t", "a\n", "\u0661", "@", "`", "[", ":"})
    @DisplayName("R2: an empty name, or one with another character, is refused with a message that shows it")
    void shouldRefuseName(final String name)
    {
        final Attachment process = region.attach();
        assertStatus(Status.INVALID, () -> process.service(name, open()));
        assertStatus(Status.INVALID, () -> process.client(name, open()));
        assertThatThrownBy(() -> process.service(name, open())).hasMessageContaining("name=" + name);
        assertThat(region.portsInUse()).isZero();
    }

    @Test
    @DisplayName("R2: a name has 1 to 63 characters")
    void shouldAcceptNameOfAnyLengthUpToLimit()
    {
        final Attachment process = region.attach();
        final String all = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
        assertThat(all).hasSize(63);
        for (final String name : new String[]{"a", ".", "_", all})
        {
            try (ServicePort service = process.service(name, open()); ClientPort client = process.client(name, open()))
            {
                assertThat(service.name()).isEqualTo(name);
                assertThat(client.name()).isEqualTo(name);
            }
        }
        assertStatus(Status.INVALID, () -> process.service(all + "a", open()));
        assertThatThrownBy(() -> process.service(all + "a", open())).hasMessageContaining("64");
        assertStatus(Status.INVALID, () -> process.service(null, open()));
    }

    @Test
    @DisplayName("R3: an ordinary user registers only under its own uid and groups, root under any")
    void shouldRefuseToRegisterUnderOthers()
    {
        final Attachment user = region.attach(new Credentials(1, 5, TestRegion.UID, 6, 7, new int[]{GROUP}));
        assertStatus(Status.NOT_PERMITTED, () -> user.service(NAME, open().uid(OTHER_UID)));
        assertThatThrownBy(() -> user.service(NAME, open().uid(OTHER_UID))).hasMessageContaining("uid=" + OTHER_UID);
        assertStatus(Status.NOT_PERMITTED, () -> user.service(NAME, open().uid(0)));
        // The real uid and gid are not what counts.
        assertStatus(Status.NOT_PERMITTED, () -> user.service(NAME, open().uid(5)));
        assertStatus(Status.NOT_PERMITTED, () -> user.service(NAME, open().gid(6)));
        assertStatus(Status.NOT_PERMITTED, () -> user.service(NAME, open().gid(51)));
        assertThatThrownBy(() -> user.service(NAME, open().gid(51))).hasMessageContaining("gid=51");
        assertThat(region.portsInUse()).isZero();
        user.service(NAME, open().uid(TestRegion.UID).gid(7));
        user.service(NAME, open().uid(PortOptions.ANY).gid(GROUP));
        final Attachment root = region.attach(TestRegion.user(0, 0));
        assertThat(root.service(NAME, open().uid(OTHER_UID).gid(51)).uid()).isEqualTo(OTHER_UID);
    }

    @Test
    @DisplayName("R4: the newest living service of a name is found, and when it goes the one before it")
    void shouldFindNewestLivingService()
    {
        final Attachment first = region.attach();
        final Attachment second = region.attach();
        final Attachment third = region.attach();
        final Attachment clients = region.attach();
        final ServicePort oldest = first.service(NAME, open());
        final ServicePort middle = second.service(NAME, open());
        final ServicePort newest = third.service(NAME, open());
        assertThat(newest.incarnation()).isGreaterThan(middle.incarnation());
        assertConnectsTo(clients, newest);
        third.abandon();
        assertConnectsTo(clients, middle);
        middle.close();
        assertConnectsTo(clients, oldest);
        final ServicePort again = second.service(NAME, open());
        assertConnectsTo(clients, again);
        again.close();
        oldest.close();
        assertStatus(Status.NOT_FOUND, () -> clients.client(NAME, open()));
    }

    private static void assertConnectsTo(final Attachment process, final ServicePort service)
    {
        final Message message = new Message();
        try (ClientPort client = process.client(NAME, open()))
        {
            final long id = client.put(BYTES, 0, 1);
            assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
            assertThat(message.id()).isEqualTo(id);
            message.release();
        }
        assertThat(service.get(message)).isEqualTo(MessageState.DISPOSE);
    }

    @Test
    @DisplayName("R4: with EXCL a newcomer is refused if a living one matches, and only then")
    void shouldRefuseNewcomerWithExcl()
    {
        final Attachment first = region.attach();
        final Attachment second = region.attach();
        final PortOptions exclusive = new PortOptions().flags(PortFlags.ANYCLIENT | PortFlags.EXCL);
        first.service(NAME, exclusive);
        assertStatus(Status.EXISTS, () -> second.service(NAME, exclusive));
        assertThatThrownBy(() -> second.service(NAME, exclusive)).hasMessageContaining("name=" + NAME);
        second.service("another", exclusive);
        second.service(NAME, exclusive.copy().uid(PortOptions.ANY).gid(TestRegion.UID)).close();
        // Without EXCL, other services may have the same name.
        second.service(NAME, open()).close();
        first.abandon();
        second.service(NAME, exclusive);
    }

    @Test
    @DisplayName("R5: a look-up matches name, uid and gid, and any matches any")
    void shouldFindByNameUidAndGid()
    {
        final Attachment root = region.attach(TestRegion.user(0, 0));
        final Attachment user = region.attach();
        root.service(NAME, open().uid(7).gid(8));
        user.client(NAME, open().uid(7).gid(8)).close();
        user.client(NAME, open().uid(PortOptions.ANY).gid(8)).close();
        user.client(NAME, open().uid(7)).close();
        assertStatus(Status.NOT_FOUND, () -> user.client(NAME, open().uid(7).gid(9)));
        assertStatus(Status.NOT_FOUND, () -> user.client(NAME, open().uid(9).gid(8)));
        assertStatus(Status.NOT_FOUND, () -> user.client(NAME, open()));
        assertStatus(Status.NOT_FOUND, () -> user.client("some.service_", open().uid(7)));
        assertThatThrownBy(() -> user.client(NAME, open().uid(9))).hasMessageContainingAll("name=" + NAME, "uid=9");
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("R5: with WAITSVC a connect that finds no service ends at its time limit")
    void shouldTimeOutWaitingForService()
    {
        final Attachment process = region.attach();
        final PortOptions waiting = new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC);
        assertStatus(Status.TIMED_OUT,
            () -> process.client(NAME, waiting.connectTimeout(0, TimeUnit.NANOSECONDS)));
        assertStatus(Status.TIMED_OUT,
            () -> process.client(NAME, waiting.connectTimeout(300, TimeUnit.MICROSECONDS)));
        process.service(NAME, new PortOptions());
        assertThat(process.client(NAME, waiting).isConnected()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        // client's flags, service's flags, client is of the service's user, of its group, may connect
        "1, 1, true, false, true", "1, 1, false, true, false", "1, 2, true, true, false", "2, 1, true, true, false",
        "2, 2, false, true, true", "2, 2, true, false, false", "3, 3, false, true, true", "3, 3, true, false, true",
        "3, 3, false, false, false", "4, 4, false, false, true", "4, 3, true, true, false", "3, 4, true, true, false",
        "7, 7, false, false, true", "7, 0, true, true, false", "0, 7, true, true, false", "0, 0, true, true, false"})
    @DisplayName("R6: the flags of both sides decide which clients may connect")
    void shouldAdmitAllowedClients(
        final int clientFlags,
        final int serviceFlags,
        final boolean isOfUser,
        final boolean isOfGroup,
        final boolean mayConnect)
    {
        final Attachment root = region.attach(TestRegion.user(0, 0));
        root.service(NAME, new PortOptions().uid(7).gid(GROUP).flags(serviceFlags));
        final int uid = isOfUser ? 7 : 8;
        // The real uid does not count, nor the real gid.
        final Attachment process = region.attach(
            new Credentials(1, 7, uid, GROUP, 9, isOfGroup ? new int[]{1, GROUP} : new int[]{1}));
        final PortOptions options = new PortOptions().uid(7).flags(clientFlags);
        if (mayConnect)
        {
            assertThat(process.client(NAME, options).isConnected()).isTrue();
        }
        else
        {
            assertStatus(Status.ACCESS_DENIED, () -> process.client(NAME, options));
            assertThat(region.linksInUse()).isZero();
            assertThat(region.portsInUse()).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("R6: the effective group counts as one of the client's groups; a service's wildcard admits no client")
    void shouldTakeEffectiveGroupAndNoWildcard()
    {
        final Attachment root = region.attach(TestRegion.user(0, 0));
        root.service("group", new PortOptions().uid(PortOptions.ANY).gid(GROUP).flags(PortFlags.GROUP));
        root.service("any", new PortOptions().uid(PortOptions.ANY).gid(GROUP).flags(PortFlags.USER));
        final Attachment member = region.attach(new Credentials(1, 5, 5, 5, GROUP, new int[0]));
        member.client("group", open().uid(PortOptions.ANY).gid(GROUP));
        assertStatus(Status.ACCESS_DENIED, () -> member.client("any", open().uid(PortOptions.ANY).gid(GROUP)));
        final Attachment nobody = region.attach(
            new Credentials(1, Credentials.NOBODY, Credentials.NOBODY, Credentials.NOBODY, Credentials.NOBODY,
                new int[0]));
        assertStatus(Status.ACCESS_DENIED, () -> nobody.client("any", open().uid(PortOptions.ANY).gid(GROUP)));
    }

    @Test
    @DisplayName("R7: a generic client looks for its user's service, then its group's, then the system's")
    void shouldFindGenericService()
    {
        final Attachment root = region.attach(TestRegion.user(0, 0));
        final Credentials credentials = new Credentials(1, 5, 55, 6, 66, new int[]{6});
        final Attachment process = region.attach(credentials);
        assertStatus(Status.NOT_FOUND, () -> process.genericClient(NAME, open()));
        // All three are named, not the last one only, which is of neither the caller's user nor its group.
        assertThatThrownBy(() -> process.genericClient(NAME, open()))
            .hasMessageContaining("name=" + NAME + ", of uid=5, else of gid=6, else of uid=0 and gid=0");
        final ServicePort ofSystem = root.service(NAME, open().uid(0).gid(0));
        assertGeneric(process, ofSystem);
        final ServicePort ofGroup = root.service(NAME, open().uid(PortOptions.ANY).gid(6));
        assertGeneric(process, ofGroup);
        final ServicePort ofUser = root.service(NAME, open().uid(5));
        assertGeneric(process, ofUser);
        ofUser.close();
        // A service that would refuse the caller does not keep it from the next one.
        root.service(NAME, new PortOptions().uid(5).flags(PortFlags.USER));
        assertGeneric(process, ofGroup);
        ofGroup.close();
        assertGeneric(process, ofSystem);
        ofSystem.close();
        // It is there, so it is not reported as missing.
        assertStatus(Status.ACCESS_DENIED,
            () -> process.genericClient(NAME, open().flags(PortFlags.WORLD | PortFlags.WAITSVC)));
    }

    private static void assertGeneric(final Attachment process, final ServicePort service)
    {
        final Message message = new Message();
        try (ClientPort client = process.genericClient(NAME, open()))
        {
            final long id = client.put(BYTES, 0, 1);
            assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
            assertThat(message.id()).isEqualTo(id);
        }
        assertThat(service.get(message)).isEqualTo(MessageState.DISPOSE);
    }

    @Test
    @DisplayName("R8: flags have the original's values, and only the low 16 bits are the user's")
    void shouldPinFlags()
    {
        assertThat(new int[]{PortFlags.USER, PortFlags.GROUP, PortFlags.WORLD, PortFlags.EXCL, PortFlags.WCRED,
            PortFlags.NOFORK, PortFlags.WAITSVC, PortFlags.ANYCLIENT, PortFlags.USER_MASK})
            .containsExactly(1, 2, 4, 8, 16, 32, 64, 7, 0xFFFF);
        assertThat(new PortOptions().flags(0xABCD_1234).flags()).isEqualTo(0x1234);
        assertThat(new PortOptions().flags()).isEqualTo(PortFlags.USER);
    }

    @Test
    @DisplayName("R18, R29: states and abort's results have the original's values")
    void shouldPinStates()
    {
        assertThat(new int[]{MessageState.REQUEST, MessageState.REQUEST_RETRY, MessageState.REPLY,
            MessageState.REPLY_RETRY, MessageState.DISPOSE}).containsExactly(0, 1, 2, 3, 4);
        assertThat(new int[]{AbortResult.NOT_IMPLEMENTED, AbortResult.RETURNED, AbortResult.BEFORE_SERVER,
            AbortResult.AT_SERVER}).containsExactly(0, 1, 2, 3);
        assertThat(new int[]{Outcome.REPLIED, Outcome.SERVICE_CLOSED, Outcome.SERVICE_DIED, Outcome.ABORTED,
            Outcome.RECEIVED}).containsExactly(0, 1, 2, 3, 0x100);
        assertThat(Outcome.text(Outcome.ABORTED | Outcome.RECEIVED)).isEqualTo("ABORTED|RECEIVED");
        assertThat(Outcome.text(9)).isEqualTo("UNKNOWN(9)");
        assertThat(Outcome.wasReceived(Outcome.REPLIED)).isTrue();
        assertThat(Outcome.wasReceived(Outcome.SERVICE_DIED)).isFalse();
        assertThat(Outcome.kind(Outcome.SERVICE_DIED | Outcome.RECEIVED)).isEqualTo(Outcome.SERVICE_DIED);
    }

    @Test
    @DisplayName("R9, R26: a status is negative, none can be mistaken for an id or a state, and each has its name")
    void shouldPinStatus() throws IllegalAccessException
    {
        for (final Field field : Status.class.getFields())
        {
            final int status = field.getInt(null);
            assertThat(Status.text(status)).isEqualTo(field.getName());
            assertThat(status).isLessThanOrEqualTo(0);
        }
        assertThat(Status.text(5)).isEqualTo("OK(5)");
        assertThat(Status.text(-999)).isEqualTo("UNKNOWN(-999)");
        assertThat(Status.NO_BUFFERS).isEqualTo(-105);
        assertThat(Status.NOT_CONNECTED).isEqualTo(-107);
        assertThat(Status.INVALID).isEqualTo(-22);
        assertThat(Status.WOULD_BLOCK).isEqualTo(-11);
    }

    @Test
    @DisplayName("R14: a full table is reported with its size, and nothing changes")
    void shouldReportFullTables()
    {
        final Attachment process = region.attach();
        final ServicePort service = process.service(NAME, open());
        final ClientPort[] clients = new ClientPort[4];
        for (int i = 0; i < 4; i++)
        {
            clients[i] = process.client(NAME, open());
        }
        assertStatus(Status.NO_BUFFERS, () -> process.client(NAME, open()));
        assertThatThrownBy(() -> process.client(NAME, open())).hasMessageContaining("linkCount=4");
        assertThat(region.portsInUse()).isEqualTo(5);
        for (int i = 0; i < 3; i++)
        {
            process.service("s" + i, open());
        }
        assertStatus(Status.NO_BUFFERS, () -> process.service("s3", open()));
        assertThatThrownBy(process::waitSet).isInstanceOf(CapsException.class).hasMessageContaining("portCount=8");
        clients[0].close();
        assertThat(service.clientCount()).isEqualTo(3);
        process.client(NAME, open());
        for (int i = 1; i < 8; i++)
        {
            region.attach();
        }
        assertStatus(Status.NO_BUFFERS, region::attach);
    }

    @Test
    @DisplayName("R12: a region without message ids left is reported at connect, and nothing is kept")
    void shouldReportWhenIdsAreUsedUp()
    {
        final Attachment process = region.attach();
        process.service(NAME, open());
        region.tables().putLong(RegionDescriptor.NEXT_LEASE_OFFSET, 1L << 31);
        assertStatus(Status.NO_BUFFERS, () -> process.client(NAME, open()));
        assertThat(region.linksInUse()).isZero();
        assertThat(region.portsInUse()).isEqualTo(1);
    }

    @Test
    @DisplayName("R27, F9: in a process other than the one that attached, each call returns NOT_CONNECTED or INVALID")
    void shouldNotWorkInAnotherProcess()
    {
        final TestHost host = region.host();
        final Attachment process = region.attach(host);
        final ServicePort service = process.service(NAME, open());
        final ClientPort client = process.client(NAME, open());
        final ServicePort unforked =
            process.service("unforked", new PortOptions().flags(PortFlags.ANYCLIENT | PortFlags.NOFORK));
        final WaitSet waitSet = process.waitSet();
        final Message request = new Message();
        final long id = client.put(BYTES, 0, 4);
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        final long secondId = client.put(BYTES, 0, 4);
        assertThat(secondId).isPositive();

        final byte[] before = new byte[region.geometry.tablesLength()];
        region.tables().getBytes(0, before);
        host.isOwnProcess = false;
        for (int i = 0; i < 32; i++)
        {
            process.watch().doWork();
        }
        assertThat(client.get(new Message())).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.put(BYTES, 0, 1)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.claim(1, new Claim())).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.abort(id, true)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.call(BYTES, 0, 1, new Message(), 0)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(service.reply(id, BYTES, 0, 0)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(service.get(new Message())).isEqualTo(Status.NOT_CONNECTED);
        assertThat(service.generation(5)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(unforked.get(new Message())).isEqualTo(Status.INVALID);
        assertStatus(Status.NOT_CONNECTED, () -> process.service("other", open()));
        assertStatus(Status.NOT_CONNECTED, () -> process.client(NAME, open()));
        service.close();
        client.close();
        waitSet.close();
        process.close();
        // The parent is not disturbed: nothing of it was changed.
        final byte[] after = new byte[before.length];
        region.tables().getBytes(0, after);
        assertThat(after).isEqualTo(before);
        // The parent ends, too.
        process.abandon();
    }

    @Test
    @DisplayName("R27: without a watch, the first call that checks the process finds that it is another one")
    void shouldNotAbortInAnotherProcess()
    {
        final TestHost host = region.host();
        final Attachment process = region.attach(host);
        process.service(NAME, open());
        final ClientPort client = process.client(NAME, open());
        final long id = client.put(BYTES, 0, 4);
        host.isOwnProcess = false;
        assertThat(client.abort(id, true)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.endStatus()).isEqualTo(Status.NOT_CONNECTED);
        // The parent ends, too.
        process.abandon();
    }
}
