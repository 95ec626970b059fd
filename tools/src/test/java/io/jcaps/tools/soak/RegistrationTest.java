/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.Geometry;
import io.jcaps.tools.child.Payload;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a service of the soak knows of its clients.
 */
class RegistrationTest
{
    private static final int SESSION = 24_576;
    private static final int NUMBER = 5;
    private static final long WATCH_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(10);

    @TempDir
    Path directory;

    @Test
    @DisplayName("B7: over a bridge the first messages may end without being received: each shows its connection")
    void shouldKnowConnectionByALaterMessage() throws Exception
    {
        final List<String> findings = new ArrayList<>();
        final List<Throwable> errors = new ArrayList<>();
        final LocalRegion region = new LocalRegion(Geometry.DEFAULT);
        try (Attachment services = Attachment.attach(region.host(), WATCH_INTERVAL_NS, errors::add);
            Attachment clients = Attachment.attach(region.host(), WATCH_INTERVAL_NS, errors::add);
            ServicePort service = services.service("soak", new PortOptions());
            ClientPort client = clients.client("soak", new PortOptions());
            Ledger ledger = Ledger.create(directory, SESSION);
            Registration registration = new Registration(directory, services, service, new SplittableRandom(1),
                findings::add, findings::add, true))
        {
            final long sequence = Ledger.sequence(SESSION, NUMBER);
            final int length = Soak.requestLength(SESSION, NUMBER, clients.messageLimit(), true);
            final UnsafeBuffer request = new UnsafeBuffer(new byte[length]);
            request.putLong(0, sequence);
            final int bodyLength = length - Soak.NUMBER_LENGTH;
            Payload.fill(new UnsafeBuffer(request, Soak.NUMBER_LENGTH, bodyLength), bodyLength, 0, sequence,
                Payload.REQUEST);
            assertThat(client.put(request, 0, length)).isPositive();

            registration.run(TimeUnit.MINUTES.toNanos(1),
                () -> !findings.isEmpty() || (ledger.serviceNote(NUMBER) & Ledger.SEEN) != 0, () -> {});

            assertThat(findings).isEmpty();
            assertThat(ledger.serviceNote(NUMBER) & Ledger.SEEN).isNotZero();
        }
        assertThat(errors).isEmpty();
    }
}
