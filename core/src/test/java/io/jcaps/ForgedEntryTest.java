/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.ProcessDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Entries that name another process or user than the operating system reports.
 */
class ForgedEntryTest
{
    private static final int OTHER_UID = 2000;
    private static final int OTHER_GID = 3000;

    private final TestRegion region = new TestRegion(4, 64);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message message = new Message();
    private final PortOptions world = new PortOptions().flags(PortFlags.WORLD);

    @AfterEach
    void close()
    {
        region.close();
    }

    /** Changes a field of the process entry with this index. */
    private void forge(final int processIndex, final int fieldOffset, final int change)
    {
        final int offset = region.geometry.processOffset(processIndex) + fieldOffset;
        region.tables().putInt(offset, region.tables().getInt(offset) + change);
    }

    @Test
    @DisplayName("F28, R22: a client whose lock another process holds is refused and counted; others are served")
    void shouldRefuseAndCountClientWhoseEntryIsForged()
    {
        final ServicePort service = region.attach().service(TestRegion.NAME, world.copy().uid(TestRegion.UID));
        final Attachment forger = region.attach(TestRegion.user(OTHER_UID, OTHER_GID, OTHER_GID));
        forge(1, ProcessDescriptor.PID_OFFSET, 1);
        final PortOptions lookUp = world.copy().uid(TestRegion.UID);
        final ClientPort forged = forger.client(TestRegion.NAME, lookUp);
        final ClientPort honest = region.attach().client(TestRegion.NAME, lookUp);
        final long forgedId = forged.put(bytes, 0, 8);
        final long honestId = honest.put(bytes, 0, 8);

        assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(honestId);
        message.reply(bytes, 0, 8);
        assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(service.clientCount()).isEqualTo(1);
        assertThat(service.counter(PortCounter.FORGED)).isEqualTo(1);
        assertThat(service.counter(PortCounter.REFUSED)).isZero();

        assertThat(forged.get(message)).isEqualTo(MessageState.REPLY);
        assertThat(message.id()).isEqualTo(forgedId);
        assertThat(Outcome.text(message.outcome())).isEqualTo("REFUSED");
        message.release();
        assertThat(forged.put(bytes, 0, 8)).isEqualTo(Status.ACCESS_DENIED);
        assertThat(honest.get(message)).isEqualTo(MessageState.REPLY);
        assertThat(message.outcome()).isEqualTo(Outcome.REPLIED);
        message.release();
    }

    @ParameterizedTest(name = "field at {0}")
    @ValueSource(ints = {
        ProcessDescriptor.UID_OFFSET, ProcessDescriptor.EUID_OFFSET, ProcessDescriptor.GID_OFFSET,
        ProcessDescriptor.GROUP_COUNT_OFFSET, ProcessDescriptor.GROUPS_OFFSET})
    @DisplayName("F44, R22: the user ids in an entry are for display; those that the operating system reports count")
    void shouldServeClientWhoseEntryNamesAnotherUser(final int fieldOffset)
    {
        final Attachment servant = region.attach();
        final ServicePort service = servant.service(TestRegion.NAME, world.copy().uid(TestRegion.UID));
        final Attachment changed = region.attach(TestRegion.user(OTHER_UID, OTHER_GID, OTHER_GID));
        forge(0, fieldOffset, 1);
        forge(1, fieldOffset, 1);
        final ClientPort client = changed.client(TestRegion.NAME, world.copy().uid(TestRegion.UID));
        assertThat(client.serviceCredentials()).isEqualTo(servant.credentials());
        assertThat(client.put(bytes, 0, 8)).isPositive();
        assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(message.credentials()).isEqualTo(changed.credentials());
        message.reply(bytes, 0, 8);
        assertThat(service.counter(PortCounter.FORGED)).isZero();
    }

    @Test
    @DisplayName("F28, R22: a service whose lock another process holds gets no clients")
    void shouldNotConnectToServiceWhoseEntryIsForged()
    {
        final Attachment forger = region.attach(TestRegion.user(OTHER_UID, OTHER_GID));
        final ServicePort service = forger.service(TestRegion.NAME, world);
        forge(0, ProcessDescriptor.PID_OFFSET, 1);
        final Attachment process = region.attach();
        assertThatExceptionOfType(CapsException.class)
            .isThrownBy(() -> process.client(TestRegion.NAME, world.copy().uid(OTHER_UID)))
            .withMessageContaining("operating system")
            .matches((ex) -> Status.ACCESS_DENIED == ex.status());
        assertThat(service.clientCount()).isZero();
    }

    @ParameterizedTest(name = "uid {0}, gid {1}")
    @CsvSource({"0, -1", "-1, 0", "77, -1", "0, 0"})
    @DisplayName("F28, R22: a port's ids that its process cannot have registered get no client that looks for them")
    void shouldNotConnectToServiceWhosePortIsForged(final int uid, final int gid)
    {
        final Attachment forger = region.attach(TestRegion.user(OTHER_UID, OTHER_GID));
        final ServicePort service = forger.service(TestRegion.NAME, world);
        final int offset = region.geometry.portOffset(service.portIndex);
        region.tables().putInt(offset + PortDescriptor.UID_OFFSET, uid);
        region.tables().putInt(offset + PortDescriptor.GID_OFFSET, gid);
        final Attachment process = region.attach();
        assertThatExceptionOfType(CapsException.class)
            .isThrownBy(() -> process.client(TestRegion.NAME, world.copy().uid(uid).gid(gid)))
            .withMessageContaining("operating system")
            .matches((ex) -> Status.ACCESS_DENIED == ex.status());
        assertThat(service.clientCount()).isZero();
    }

    @Test
    @DisplayName("F44, R22: a client that looks for any user gets any service, and sees its attested user")
    void shouldShowWhoServiceOfAnyUserIs()
    {
        final Attachment forger = region.attach(TestRegion.user(OTHER_UID, OTHER_GID, OTHER_GID));
        final ServicePort service = forger.service(TestRegion.NAME, world.copy().gid(OTHER_GID));
        region.tables().putInt(region.geometry.portOffset(service.portIndex) + PortDescriptor.UID_OFFSET, 0);
        final Attachment process = region.attach();
        final ClientPort client =
            process.client(TestRegion.NAME, world.copy().uid(PortOptions.ANY).gid(OTHER_GID));
        assertThat(client.serviceCredentials().euid()).isEqualTo(OTHER_UID);
    }

    @Test
    @DisplayName("F44, R6: a service whose user ids differ from its client's alone decides on its admission")
    void shouldLeaveDecisionToServiceOfAnotherUserNamespace()
    {
        // The service registers under uid 0, because it is root in its namespace. From here both have one user.
        final TestHost host = region.host(TestRegion.user(TestRegion.UID, TestRegion.UID));
        host.claimed = TestRegion.user(0, 0);
        final ServicePort service = region.attach(host).service(
            TestRegion.NAME, new PortOptions().flags(PortFlags.USER).uid(0).gid(0));
        final ClientPort client = region.attach().client(TestRegion.NAME, new PortOptions().flags(PortFlags.USER));
        assertThat(client.isConnected()).isTrue();
        // No other user finds it.
        final Attachment other = region.attach(TestRegion.user(OTHER_UID, OTHER_GID));
        assertThatExceptionOfType(CapsException.class)
            .isThrownBy(() -> other.client(TestRegion.NAME, world)).matches((ex) -> Status.NOT_FOUND == ex.status());
        // Nor is it mistaken for a service of root.
        assertThatExceptionOfType(CapsException.class)
            .isThrownBy(() -> other.client(TestRegion.NAME, world.copy().uid(0)))
            .matches((ex) -> Status.ACCESS_DENIED == ex.status());
    }

    @Test
    @DisplayName("R6: a client that the service does not admit is counted as refused, by the ids from the kernel")
    void shouldCountClientThatMayNotConnect()
    {
        final ServicePort service = region.attach().service(
            TestRegion.NAME, new PortOptions().flags(PortFlags.USER).uid(TestRegion.UID));
        // Its process reports another user, as its entry does, and so does not see that it may not connect.
        final TestHost host = region.host(TestRegion.user(OTHER_UID, OTHER_GID));
        host.claimed = TestRegion.user(TestRegion.UID, TestRegion.UID);
        final Attachment liar = region.attach(host);
        final ClientPort client = liar.client(
            TestRegion.NAME, new PortOptions().flags(PortFlags.USER).uid(TestRegion.UID));
        assertThat(service.clientCount()).isZero();
        assertThat(service.counter(PortCounter.REFUSED)).isEqualTo(1);
        assertThat(service.counter(PortCounter.FORGED)).isZero();
        assertThat(client.put(bytes, 0, 8)).isEqualTo(Status.ACCESS_DENIED);
    }
}
