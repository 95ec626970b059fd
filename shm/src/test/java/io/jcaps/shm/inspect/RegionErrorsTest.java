/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.MessageState;
import io.jcaps.PortAgent;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionFixture;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class RegionErrorsTest
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("Errors are read from the region's file, also when no process is attached")
    void shouldReadErrors() throws IOException
    {
        try (Attachment attachment = Caps.attach(fixture.config());
            ServicePort service = attachment.service("failing", new PortOptions());
            ClientPort client = attachment.client("failing", new PortOptions()))
        {
            assertThat(RegionErrors.read(fixture.path())).isEmpty();
            client.put(new UnsafeBuffer(new byte[1]), 0, 1);
            final PortAgent agent = new PortAgent(service, (message) ->
            {
                assertThat(message.state()).isEqualTo(MessageState.REQUEST);
                throw new IllegalStateException("no such account");
            }, 1);
            assertThatThrownBy(agent::doWork).hasMessage("no such account");
        }
        assertThat(RegionErrors.read(fixture.path())).singleElement().satisfies((record) ->
        {
            assertThat(record.text()).contains("IllegalStateException: no such account", "RegionErrorsTest");
            assertThat(record.pid()).isEqualTo((int)ProcessHandle.current().pid());
            assertThat(record.count()).isEqualTo(1);
        });
    }

    @Test
    @DisplayName("A file that is no region is refused, and named")
    void shouldRefuseOtherFile() throws IOException
    {
        Files.write(fixture.path(), new byte[10_000]);
        assertThatThrownBy(() -> RegionErrors.read(fixture.path())).isInstanceOf(RegionException.class)
            .hasMessageContaining(fixture.path().toString());
        Files.delete(fixture.path());
    }
}
