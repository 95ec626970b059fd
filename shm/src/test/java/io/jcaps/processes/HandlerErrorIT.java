/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.processes.FailingService.Failure;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A handler in a process of its own that runs out of memory or stack, really.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HandlerErrorIT
{
    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @ParameterizedTest
    @EnumSource(Failure.class)
    @DisplayName("F34, B1, R23: out of memory or stack: one outcome per message, the port closes, others continue")
    void shouldTellClientsOfServiceWhoseHandlerFailsForGood(final Failure failure)
    {
        final boolean isExiting = Failure.OUT_OF_MEMORY_AND_EXIT == failure;
        final ChildJvm child = region.closing(ChildJvm.start(
            region.path(), "-Xmx24m", isExiting ? "-XX:+ExitOnOutOfMemoryError" : "-XX:-ExitOnOutOfMemoryError"));
        assertThat(child.ask("failing", failure, "failing", "echoing")).isEqualTo("serving");
        final Attachment attachment = region.closing(region.attach());
        final PortOptions options = new PortOptions().flags(PortFlags.USER);
        final ClientPort ofFailing = attachment.client("failing", options);
        final ClientPort ofEchoing = attachment.client("echoing", options);
        final Message reply = new Message();
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[8]);
        assertThat(ofEchoing.call(bytes, 0, 8, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        reply.release();

        final long[] ids = new long[3];
        for (int i = 0; i < ids.length; i++)
        {
            ids[i] = ofFailing.put(bytes, 0, 8);
        }
        final int kind = isExiting ? Outcome.SERVICE_DIED : Outcome.SERVICE_CLOSED;
        for (int i = 0; i < ids.length; i++)
        {
            assertThat(ofFailing.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            assertThat(reply.id()).isEqualTo(ids[i]);
            assertThat(Outcome.text(reply.outcome())).isEqualTo(Outcome.text(0 == i ? kind | Outcome.RECEIVED : kind));
            reply.release();
        }
        assertThat(ofFailing.get(reply)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(ofFailing.inProgress()).isZero();
        // Its other service goes on, unless all of the process ended.
        final int state = ofEchoing.call(bytes, 0, 8, reply, Long.MAX_VALUE);
        if (MessageState.REPLY == state)
        {
            assertThat(Outcome.text(reply.outcome())).isEqualTo(
                Outcome.text(isExiting ? Outcome.SERVICE_DIED : Outcome.REPLIED));
            reply.release();
        }
        else
        {
            assertThat(isExiting).isTrue();
            assertThat(state).isEqualTo(Status.NOT_CONNECTED);
        }
    }
}
