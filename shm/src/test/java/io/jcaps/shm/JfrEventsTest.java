/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
class JfrEventsTest
{
    private static final String NAME = "recorded";

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[1]);
    private final Message message = new Message();

    private void converse()
    {
        try (Attachment attachment = Caps.attach(fixture.config());
            ServicePort service = attachment.service(NAME, new PortOptions());
            ClientPort client = attachment.client(NAME, new PortOptions()))
        {
            assertThatThrownBy(() -> attachment.client("nobody", new PortOptions()))
                .isInstanceOf(CapsException.class);
            int count = 0;
            while (client.put(bytes, 0, 1) > 0)
            {
                count++;
            }
            assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
            assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
            message.release();
            assertThat(client.await(message, TimeUnit.MILLISECONDS.toNanos(5))).isEqualTo(Status.TIMED_OUT);
            assertThat(client.inProgress()).isEqualTo(count);
        }
    }

    @Test
    @DisplayName("A flight recording contains the rare events, with the names of ports")
    void shouldRecord() throws Exception
    {
        final Path file = Files.createTempFile("jcaps", ".jfr");
        try (Recording recording = new Recording())
        {
            for (final String name : List.of("Connect", "Accept", "NoBuffers", "Close"))
            {
                recording.enable("jcaps." + name);
            }
            recording.enable("jcaps.Wait").withThreshold(Duration.ofMillis(1));
            recording.start();
            converse();
            recording.stop();
            recording.dump(file);
            final List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter((event) -> event.getEventType().getName().startsWith("jcaps.")).toList();
            assertThat(events).filteredOn((event) -> "jcaps.Connect".equals(event.getEventType().getName()))
                .extracting((event) -> event.getString("port") + " " + event.getString("status"))
                .containsExactlyInAnyOrder(NAME + " OK", "nobody " + Status.text(Status.NOT_FOUND));
            assertThat(events).filteredOn((event) -> "jcaps.Accept".equals(event.getEventType().getName()))
                .singleElement().satisfies((event) ->
                {
                    assertThat(event.getString("port")).isEqualTo(NAME);
                    assertThat(event.getInt("clientPid")).isEqualTo((int)ProcessHandle.current().pid());
                });
            assertThat(events).filteredOn((event) -> "jcaps.NoBuffers".equals(event.getEventType().getName()))
                .singleElement().satisfies((event) -> assertThat(event.getInt("inProgress")).isPositive());
            assertThat(events).filteredOn((event) -> "jcaps.Wait".equals(event.getEventType().getName()))
                .singleElement().satisfies((event) ->
                {
                    assertThat(event.getDuration()).isGreaterThanOrEqualTo(Duration.ofMillis(1));
                    assertThat(event.getString("result")).isEqualTo(Status.text(Status.TIMED_OUT));
                });
            assertThat(events).filteredOn((event) -> "jcaps.Close".equals(event.getEventType().getName()))
                .extracting((event) -> event.getBoolean("service")).containsExactlyInAnyOrder(true, false);
        }
        finally
        {
            Files.delete(file);
        }
    }

    @Test
    @DisplayName("An event that is not recorded is not begun")
    void shouldNotBeginUnrecorded()
    {
        final JfrEvents events = new JfrEvents();
        assertThat(events.connectBegins()).isNull();
        assertThat(events.waitBegins()).isNull();
        try (Recording recording = new Recording())
        {
            recording.enable("jcaps.Wait");
            recording.start();
            assertThat(events.waitBegins()).isNotNull();
        }
        assertThat(events.waitBegins()).isNull();
    }
}
