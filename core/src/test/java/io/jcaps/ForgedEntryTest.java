/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.ProcessDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A process entry that says something else of its process than the operating system does.
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

    /** Changes a field of the entry of the attachment that came as number processIndex. */
    private void forge(final int processIndex, final int fieldOffset, final int change)
    {
        final int offset = region.geometry.processOffset(processIndex) + fieldOffset;
        region.tables().putInt(offset, region.tables().getInt(offset) + change);
    }

    @ParameterizedTest(name = "field at {0}")
    @ValueSource(ints = {
        ProcessDescriptor.PID_OFFSET, ProcessDescriptor.UID_OFFSET, ProcessDescriptor.EUID_OFFSET,
        ProcessDescriptor.GID_OFFSET, ProcessDescriptor.GROUP_COUNT_OFFSET, ProcessDescriptor.GROUPS_OFFSET})
    @DisplayName("F28, R22: a client whose entry claims another identity is refused and counted; others are served")
    void shouldRefuseAndCountClientWhoseEntryIsForged(final int fieldOffset)
    {
        final ServicePort service = region.attach().service(TestRegion.NAME, world.copy().uid(TestRegion.UID));
        final Attachment forger = region.attach(TestRegion.user(OTHER_UID, OTHER_GID, OTHER_GID));
        forge(1, fieldOffset, 1);
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
        assertThat(Outcome.text(message.outcome())).isEqualTo("SERVICE_CLOSED");
        message.release();
        assertThat(forged.put(bytes, 0, 8)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(honest.get(message)).isEqualTo(MessageState.REPLY);
        assertThat(message.outcome()).isEqualTo(Outcome.REPLIED);
        message.release();
    }

    @Test
    @DisplayName("F28, R22: a service whose entry claims another identity gets no clients")
    void shouldNotConnectToServiceWhoseEntryIsForged()
    {
        final Attachment forger = region.attach(TestRegion.user(OTHER_UID, OTHER_GID));
        final ServicePort service = forger.service(TestRegion.NAME, world);
        forge(0, ProcessDescriptor.EUID_OFFSET, -OTHER_UID);
        final Attachment process = region.attach();
        assertThatExceptionOfType(CapsException.class)
            .isThrownBy(() -> process.client(TestRegion.NAME, world.copy().uid(OTHER_UID)))
            .withMessageContaining("operating system")
            .matches((ex) -> Status.ACCESS_DENIED == ex.status());
        assertThat(service.clientCount()).isZero();
    }

    @Test
    @DisplayName("R6: a client that the service does not let in is counted as refused, by the operating system's word")
    void shouldCountClientThatMayNotConnect()
    {
        final ServicePort service = region.attach().service(
            TestRegion.NAME, new PortOptions().flags(PortFlags.USER).uid(TestRegion.UID));
        // It takes itself for another user, and so does not see that it may not connect.
        final TestHost host = region.host(TestRegion.user(OTHER_UID, OTHER_GID));
        host.claimed = TestRegion.user(TestRegion.UID, TestRegion.UID);
        final Attachment liar = region.attach(host);
        region.tables().putInt(region.geometry.processOffset(1) + ProcessDescriptor.UID_OFFSET, OTHER_UID);
        region.tables().putInt(region.geometry.processOffset(1) + ProcessDescriptor.EUID_OFFSET, OTHER_UID);
        region.tables().putInt(region.geometry.processOffset(1) + ProcessDescriptor.GID_OFFSET, OTHER_GID);
        final ClientPort client = liar.client(
            TestRegion.NAME, new PortOptions().flags(PortFlags.USER).uid(TestRegion.UID));
        assertThat(service.clientCount()).isZero();
        assertThat(service.counter(PortCounter.REFUSED)).isEqualTo(1);
        assertThat(service.counter(PortCounter.FORGED)).isZero();
        assertThat(client.put(bytes, 0, 8)).isEqualTo(Status.NOT_CONNECTED);
    }
}
