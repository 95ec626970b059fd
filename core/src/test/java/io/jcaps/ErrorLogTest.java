/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Events;
import io.jcaps.layout.ErrorLogDescriptor;
import io.jcaps.layout.ErrorRecord;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Errors are recorded in the region, reported, and survived by the watch.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ErrorLogTest
{
    private static final long WATCH_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message message = new Message();
    private final List<String> told = new ArrayList<>();
    private final Events events = new Events()
    {
        @Override
        public void accepted(final String port, final int linkIndex, final int pid)
        {
            told.add("accepted " + linkIndex + " " + pid);
        }

        @Override
        public void refused(final String port, final int linkIndex, final boolean isForged)
        {
            told.add("refused " + linkIndex + " " + isForged);
        }

        @Override
        public void peerDied(final String port, final boolean isService, final int linkIndex)
        {
            told.add("died " + isService + " " + linkIndex);
        }

        @Override
        public void noBuffers(final String port, final int inProgress)
        {
            told.add("no buffers " + inProgress);
        }

        @Override
        public void noSpace(final String port, final int length)
        {
            told.add("no space " + length);
        }

        @Override
        public void corrupt(final String port, final int linkIndex, final String reason)
        {
            told.add("corrupt " + linkIndex + " " + reason);
        }
    };

    private TestHost telling(final TestRegion region)
    {
        final TestHost host = region.host();
        host.events = events;
        return host;
    }

    @Test
    @DisplayName("An invalid reply is recorded by the client, an invalid request by the service")
    void shouldRecordCorruptLinks()
    {
        try (TestRegion region = new TestRegion(2, 64))
        {
            final ServicePort service = region.attach(telling(region)).service(TestRegion.NAME, new PortOptions());
            final ClientPort client = region.attach(telling(region)).client(TestRegion.NAME, new PortOptions());
            client.put(bytes, 0, 1);
            assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
            message.reply(bytes, 0, 1);
            region.region.host().link(0).putInt(
                region.geometry.replyHalfOffset(0) + SlotDescriptor.LENGTH_OFFSET, -77);
            assertThat(client.get(message)).isEqualTo(MessageState.REPLY);
            message.release();
            assertThat(client.counter(PortCounter.CORRUPT)).isEqualTo(1);
            assertThat(region.region.errors(0)).isEmpty();
            assertThat(region.region.errors(1)).singleElement().satisfies((record) ->
            {
                assertThat(record.text()).contains("corrupt link", "length=-77", "port=service", "link=0");
                assertThat(record.count()).isEqualTo(1);
                assertThat(record.pid()).isEqualTo(4711);
                assertThat(record.lastAtMs()).isEqualTo(record.firstAtMs()).isPositive();
            });

            final ClientPort other = region.attach().client(TestRegion.NAME, new PortOptions());
            other.put(bytes, 0, 1);
            region.region.host().link(1).putInt(
                region.geometry.requestHalfOffset(0) + SlotDescriptor.LENGTH_OFFSET, 9_999);
            // After the disposal for the client that gave its link up.
            assertThat(service.get(message)).isEqualTo(MessageState.DISPOSE);
            assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
            assertThat(service.counter(PortCounter.CORRUPT)).isEqualTo(1);
            assertThat(region.region.errors(0)).singleElement()
                .satisfies((record) -> assertThat(record.text()).contains("corrupt link", "length=9999", "link=1"));
            assertThat(told).contains("accepted 0 4711", "accepted 1 4711", "corrupt 0 a reply's flags or length: " +
                "flags=0x0, length=-77").anyMatch((each) -> each.startsWith(
                    "corrupt 1 a request's flags, length or id"));
        }
    }

    @Test
    @DisplayName("A forged process entry is recorded by the service that refuses its client")
    void shouldRecordForgedEntry()
    {
        try (TestRegion region = new TestRegion(2, 64))
        {
            final ServicePort service = region.attach(telling(region))
                .service(TestRegion.NAME, new PortOptions().flags(PortFlags.ANYCLIENT));
            final TestHost liar = region.host();
            liar.claimed = new Credentials(4712, 0, 0, 0, 0, new int[0]);
            final ClientPort client = region.attach(liar)
                .client(TestRegion.NAME, new PortOptions().uid(TestRegion.UID).flags(PortFlags.ANYCLIENT));
            assertThat(service.get(message)).isNegative();
            assertThat(service.counter(PortCounter.FORGED)).isEqualTo(1);
            assertThat(told).containsExactly("refused 0 true");
            assertThat(region.region.errors(0)).singleElement()
                .satisfies((record) -> assertThat(record.text()).contains("forged process entry", "processIndex=1"));
            client.close();
        }
    }

    @Test
    @DisplayName("A handler's exceptions are counted, and recorded once if equal; a dead process's can be read")
    void shouldRecordHandlerErrors()
    {
        try (TestRegion region = new TestRegion(2, 64))
        {
            final ServicePort service = region.service();
            final ClientPort client = region.client();
            final PortAgent agent = new PortAgent(service, (each) ->
            {
                if (MessageState.REQUEST == each.state())
                {
                    throw new IllegalStateException("no such instrument");
                }
            }, 1);
            int thrown = 0;
            for (int i = 0; i < 4; i++)
            {
                client.put(bytes, 0, 1);
                try
                {
                    agent.doWork();
                }
                catch (final IllegalStateException ex)
                {
                    thrown++;
                }
                if (client.get(message) >= 0)
                {
                    message.release();
                }
            }
            assertThat(service.counter(PortCounter.HANDLER_ERRORS)).isEqualTo(thrown).isGreaterThan(1);
            region.attachmentOf(service).abandon();
            final int count = thrown;
            assertThat(region.region.errors(0)).singleElement().satisfies((record) ->
            {
                assertThat(record.text()).contains("IllegalStateException: no such instrument", "ErrorLogTest");
                assertThat(record.count()).isEqualTo(count);
            });
            final long dead = region.region.errors(0).get(0).processIncarnation();

            // The next process of the same entry: until it has an error, the old ones are still there.
            final Attachment next = region.attach();
            assertThat(region.region.errors(0)).isNotEmpty();
            next.openPorts.context.errors.onError(new Exception("another"));
            assertThat(region.region.errors(0)).singleElement().satisfies((record) ->
            {
                assertThat(record.text()).contains("another");
                assertThat(record.processIncarnation()).isNotEqualTo(dead);
            });
        }
    }

    @Test
    @DisplayName("If the log has no memory, is full, closed, or another process's, an error is not recorded")
    void shouldNotFailWithoutLog()
    {
        try (TestRegion region = new TestRegion(2, 64))
        {
            final TestHost host = region.host();
            final Attachment attachment = region.attach(host);
            host.hasNoSpace = true;
            attachment.openPorts.context.errors.onError(new Exception("no space"));
            assertThat(region.region.errors(0)).isEmpty();
            host.hasNoSpace = false;
            host.isOwnProcess = false;
            attachment.openPorts.context.errors.onError(new Exception("of a child"));
            assertThat(region.region.errors(0)).isEmpty();
            host.isOwnProcess = true;
            for (int i = 0; i < 1_000; i++)
            {
                final Exception error = new Exception("number " + i);
                error.setStackTrace(new StackTraceElement[0]);
                attachment.openPorts.context.errors.onError(error);
            }
            final int count = region.region.errors(0).size();
            assertThat(count).isBetween(100, 999);
            attachment.close();
            attachment.openPorts.context.errors.onError(new Exception("too late"));
            assertThat(region.region.errors(0)).hasSize(count);
        }
    }

    @Test
    @DisplayName("A log is input: nothing is read after an invalid length")
    void shouldNotTrustLog()
    {
        final UnsafeBuffer log = new UnsafeBuffer(
            BufferUtil.allocateDirectAligned(ErrorLogDescriptor.LOG_LENGTH, BitUtil.CACHE_LINE_LENGTH));
        assertThat(ErrorRecord.read(log)).isEmpty();
        log.putLong(ErrorLogDescriptor.PROCESS_INCARNATION_OFFSET, 5);
        final DistinctErrorLog writer = new DistinctErrorLog(new UnsafeBuffer(
            log, ErrorLogDescriptor.RECORDS_OFFSET, ErrorLogDescriptor.RECORDS_LENGTH), () -> 1);
        writer.record(new Exception("first"));
        final int second = ErrorLogDescriptor.RECORDS_OFFSET +
            BitUtil.align(log.getInt(ErrorLogDescriptor.RECORDS_OFFSET), 8);
        writer.record(new Exception("second"));
        assertThat(ErrorRecord.read(log)).hasSize(2);
        for (final int length : new int[]{0, 1, 23, -1, -8, Integer.MIN_VALUE, Integer.MAX_VALUE, 32_768})
        {
            log.putInt(second, length);
            assertThat(ErrorRecord.read(log)).hasSize(1);
        }
        for (final int length : new int[]{24, 25, 32_704})
        {
            log.putInt(ErrorLogDescriptor.RECORDS_OFFSET, length);
            assertThat(ErrorRecord.read(log)).isNotEmpty();
        }
    }

    @Test
    @DisplayName("Too many messages in progress are reported once until a put succeeds; lack of memory each time")
    void shouldReportRefusedPuts()
    {
        try (TestRegion region = new TestRegion(2, 64))
        {
            region.service();
            final TestHost host = telling(region);
            final ClientPort client = region.attach(host).client(TestRegion.NAME, new PortOptions());
            host.hasNoSpace = true;
            assertThat(client.put(bytes, 0, 64)).isEqualTo(Status.NO_SPACE);
            assertThat(client.put(bytes, 0, 63)).isEqualTo(Status.NO_SPACE);
            assertThat(client.counter(PortCounter.NO_SPACE)).isEqualTo(2);
            assertThat(told).containsExactly("no space 64", "no space 63");
            told.clear();
            final long id = client.put(bytes, 0, 1);
            client.put(bytes, 0, 1);
            for (int i = 0; i < 5; i++)
            {
                assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
            }
            assertThat(told).containsExactly("no buffers 2");
            client.abort(id, false);
            assertThat(client.get(message)).isEqualTo(MessageState.REPLY);
            message.release();
            client.put(bytes, 0, 1);
            client.put(bytes, 0, 1);
            assertThat(told).containsExactly("no buffers 2", "no buffers 2");
        }
    }

    @Test
    @DisplayName("A death is reported to both sides' diagnostics, and counted by a service")
    void shouldReportDeaths()
    {
        try (TestRegion region = new TestRegion(2, 64))
        {
            final ServicePort service = region.attach(telling(region)).service(TestRegion.NAME, new PortOptions());
            region.attachmentOf(region.client()).abandon();
            final ClientPort client = region.attach(telling(region)).client(TestRegion.NAME, new PortOptions());
            assertThat(service.clientCount()).isEqualTo(1);
            final ClientPort victim = region.client();
            assertThat(service.clientCount()).isEqualTo(2);
            told.clear();
            region.attachmentOf(victim).abandon();
            region.attachmentOf(service).watch().doWork();
            assertThat(told).hasSize(1).allMatch((each) -> each.startsWith("died false"));
            assertThat(service.clientCount()).isEqualTo(1);
            assertThat(service.counter(PortCounter.DEATHS)).isEqualTo(1);
            final ClientPort leaver = region.client();
            assertThat(service.clientCount()).isEqualTo(2);
            region.attachmentOf(leaver).close();
            region.attachmentOf(service).watch().doWork();
            assertThat(service.clientCount()).isEqualTo(1);
            assertThat(service.counter(PortCounter.DEATHS)).as("it had closed").isEqualTo(1);
            assertThat(told).filteredOn((each) -> each.startsWith("died")).hasSize(1);
            region.attachmentOf(service).abandon();
            region.attachmentOf(client).watch().doWork();
            region.attachmentOf(client).watch().doWork();
            assertThat(told).filteredOn((each) -> each.startsWith("died")).hasSize(2)
                .anyMatch((each) -> each.startsWith("died true"));
        }
    }

    @Test
    @DisplayName("A full heap in a round of the watch is reported and recorded, and the watch continues")
    void shouldSurviveErrorOfWatch()
    {
        try (TestRegion region = new TestRegion(2, 64))
        {
            final ServicePort service = region.service();
            final Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
            final TestHost host = region.host();
            final AtomicInteger failures = new AtomicInteger();
            try (Attachment attachment = Attachment.attach(host, WATCH_INTERVAL_NS, errors::add))
            {
                final ClientPort client = attachment.client(TestRegion.NAME, new PortOptions());
                host.beforeIsAlive = () ->
                {
                    if (failures.incrementAndGet() <= 3)
                    {
                        throw new OutOfMemoryError("for a moment");
                    }
                };
                while (failures.get() <= 3)
                {
                    Thread.onSpinWait();
                }
                assertThat(errors).hasSize(3).allMatch((each) -> each instanceof OutOfMemoryError);
                assertThat(region.region.errors(1)).singleElement().satisfies((record) ->
                {
                    assertThat(record.text()).contains("OutOfMemoryError: for a moment");
                    assertThat(record.count()).isEqualTo(3);
                });
                client.put(bytes, 0, 1);
                region.attachmentOf(service).abandon();
                assertThat(client.await(message, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
                assertThat(message.outcome()).isEqualTo(Outcome.SERVICE_DIED);
                message.release();
            }
            assertThat(errors).hasSize(3);
        }
    }

    @Test
    @DisplayName("A service whose entry claims another identity is recorded by the client that rejects it")
    void shouldRecordForgedService()
    {
        try (TestRegion region = new TestRegion(2, 64))
        {
            final TestHost liar = region.host();
            liar.claimed = new Credentials(4712, TestRegion.UID, TestRegion.UID, 1, 1, new int[0]);
            region.attach(liar).service(TestRegion.NAME, new PortOptions());
            final Attachment attachment = region.attach();
            assertThatThrownBy(() -> attachment.client(TestRegion.NAME, new PortOptions()))
                .isInstanceOf(CapsException.class);
            assertThat(region.region.errors(1)).singleElement()
                .satisfies((record) -> assertThat(record.text()).contains("reports another process"));
        }
    }
}
