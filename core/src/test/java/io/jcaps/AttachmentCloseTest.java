/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionException;
import org.agrona.LangUtil;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The close of an attachment whose claims are not spent, whose watch calls it, or in which something fails.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AttachmentCloseTest
{
    private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final TestRegion region = new TestRegion(new Geometry(4, 8, 2, 4, 64));
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);

    @AfterEach
    void close()
    {
        region.close();
    }

    private void awaitProcesses(final int count)
    {
        while (region.processesInUse() != count)
        {
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest(name = "single threaded: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("F40: a request's claim that is not spent when its process closes keeps its link to itself")
    void shouldKeepLinkOfRequestsClaim(final boolean isSingleThreaded)
    {
        final ServicePort service = region.service();
        final Attachment process = region.attach();
        final Claim claim = new Claim();
        final ClientPort client =
            process.client(TestRegion.NAME, new PortOptions().singleThreaded(isSingleThreaded));
        assertThat(client.claim(8, claim)).isEqualTo(Status.OK);
        assertThat(service.clientCount()).isEqualTo(1);
        final MutableDirectBuffer buffer = claim.buffer();

        process.close();
        assertThat(client.endStatus()).isEqualTo(Status.CLOSED);
        assertThat(service.clientCount()).as("the service is notified at once").isZero();
        assertThat(region.processesInUse()).as("its life lock is still held").isEqualTo(2);
        assertThatThrownBy(process::waitSet).isInstanceOf(CapsException.class)
            .extracting((ex) -> ((CapsException)ex).status()).isEqualTo(Status.CLOSED);
        // A process that attaches reaps; one link of two is left.
        final ClientPort next = region.client();
        assertThatThrownBy(() -> region.attachmentOf(next).client(TestRegion.NAME, new PortOptions()))
            .isInstanceOf(CapsException.class).extracting((ex) -> ((CapsException)ex).status())
            .isEqualTo(Status.NO_BUFFERS);
        final long id = next.put(bytes, 0, 8);
        buffer.putLong(0, -1);
        final Message request = new Message();
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.id()).isEqualTo(id);
        assertThat(request.buffer().getLong(0)).as("its own bytes").isZero();
        request.reply();

        assertThat(claim.put()).isEqualTo(Status.CLOSED);
        assertThat(region.linksInUse()).isEqualTo(1);
        process.watch().doWork();
        assertThat(region.processesInUse()).isEqualTo(2);
        assertThat(region.linksInUse()).isEqualTo(1);
    }

    @ParameterizedTest(name = "single threaded: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("F40: a reply's claim that is not spent when its process closes keeps its link; a second close leaves")
    void shouldKeepLinkOfReplysClaim(final boolean isSingleThreaded)
    {
        final Attachment process = region.attach();
        final ServicePort service =
            process.service(TestRegion.NAME, new PortOptions().singleThreaded(isSingleThreaded));
        final ClientPort client = region.client();
        client.put(bytes, 0, 8);
        final Message request = new Message();
        final Claim claim = new Claim();
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(service.claim(request.id(), 8, claim)).isEqualTo(Status.OK);
        final MutableDirectBuffer buffer = claim.buffer();

        process.close();
        final Message reply = new Message();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_CLOSED|RECEIVED");
        reply.release();
        client.close();
        region.attach().close();
        assertThat(region.linksInUse()).as("the claim's").isEqualTo(1);
        buffer.putLong(0, -1);
        process.close();
        assertThat(region.linksInUse()).isEqualTo(1);
        claim.cancel();
        assertThat(region.linksInUse()).isZero();
        assertThat(region.processesInUse()).isEqualTo(2);
        process.close();
        assertThat(region.processesInUse()).isEqualTo(1);
    }

    @ParameterizedTest(name = "single threaded: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("F40: the watch completes the close of a process whose last claim is spent, or dropped by the program")
    void shouldLeaveByWatch(final boolean isSingleThreaded)
    {
        region.service();
        for (final boolean isSpent : new boolean[]{true, false})
        {
            final Attachment process = region.attach(region.host(), INTERVAL_NS);
            final ClientPort client =
                process.client(TestRegion.NAME, new PortOptions().singleThreaded(isSingleThreaded));
            Claim claim = new Claim();
            assertThat(client.claim(8, claim)).isEqualTo(Status.OK);
            process.close();
            assertThat(region.processesInUse()).isEqualTo(2);
            if (isSpent)
            {
                claim.cancel();
                awaitProcesses(1);
            }
            claim = null;
            while (region.processesInUse() > 1)
            {
                System.gc();
            }
            process.close();
        }
    }

    @Test
    @DisplayName("F40: a service's close that fails to wake one client still notifies and wakes the others")
    void shouldNotifyOtherClientsWhenOneWakeUpFails()
    {
        final FailingWakes host = new FailingWakes(region.host());
        final Attachment process = region.attach(host);
        final ServicePort service = process.service(TestRegion.NAME, new PortOptions());
        final ClientPort[] clients = {region.client(), region.client()};
        for (final ClientPort client : clients)
        {
            region.tables().getAndAddInt(client.entry.sleepersOffset(), 1);
        }
        service.clientCount();
        host.failing = clients[0].entry.wakeOffset();
        assertThatThrownBy(process::close).isInstanceOf(RegionException.class);
        assertThat(host.countOf(clients[1])).as("the second client is woken all the same").isPositive();
        assertThat(region.processesInUse()).as("no link keeps the process").isEqualTo(2);
        process.close();
        assertThat(host.isClosed).isTrue();
        assertThat(host.countAfterClose).as("by a process that has left").isZero();
        for (final ClientPort client : clients)
        {
            assertThat(client.get(new Message())).isEqualTo(Status.NOT_CONNECTED);
            region.tables().getAndAddInt(client.entry.sleepersOffset(), -1);
        }
    }

    @Test
    @DisplayName("F38: an owed wake-up that fails again does not stop the others that are owed")
    void shouldMakeOtherWakeUpsThatAreOwed()
    {
        final FailingWakes host = new FailingWakes(region.host());
        final Attachment process = region.attach(host);
        final ServicePort service = process.service(TestRegion.NAME, new PortOptions());
        final ClientPort[] clients = {region.client(), region.client()};
        for (final ClientPort client : clients)
        {
            region.tables().getAndAddInt(client.entry.sleepersOffset(), 1);
            client.put(bytes, 0, 8);
        }
        host.isFailing = true;
        final Message request = new Message();
        for (int i = 0; i < clients.length; i++)
        {
            assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
            assertThat(request.reply()).isEqualTo(Status.OK);
        }
        host.isFailing = false;
        host.failing = clients[0].entry.wakeOffset();
        assertThatThrownBy(process.watch()::doWork).isInstanceOf(RegionException.class);
        assertThat(host.countOf(clients[1])).isEqualTo(1);
        assertThat(host.countOf(clients[0])).isZero();
        host.failing = 0;
        process.watch().doWork();
        assertThat(host.countOf(clients[1])).isEqualTo(1);
        assertThat(host.countOf(clients[0])).isEqualTo(1);
        for (final ClientPort client : clients)
        {
            region.tables().getAndAddInt(client.entry.sleepersOffset(), -1);
            assertThat(client.get(request)).isEqualTo(MessageState.REPLY);
            request.release();
        }
    }

    /** A host some of whose wake-ups fail; it counts the others by their word. */
    private static final class FailingWakes extends ForwardingHost
    {
        private final int[] counts;
        private boolean isFailing;
        private int failing;
        private boolean isClosed;
        private int countAfterClose;

        FailingWakes(final Host host)
        {
            super(host);
            counts = new int[host.tables().capacity()];
        }

        private int countOf(final Port port)
        {
            return counts[port.entry.wakeOffset()];
        }

        @Override
        public void wake(final int wakeOffset, final int limit)
        {
            countAfterClose += isClosed ? 1 : 0;
            if (isFailing || wakeOffset == failing)
            {
                throw new RegionException("injected");
            }
            counts[wakeOffset]++;
        }

        @Override
        public void close()
        {
            isClosed = true;
            super.close();
        }
    }

    @Test
    @DisplayName("F49: a link whose memory cannot be returned does not stop the others, and is tried again")
    void shouldTrimOtherLinksWhenOneFails()
    {
        final boolean[] isFailing = {true};
        final AtomicInteger trimmed = new AtomicInteger();
        final Attachment process = region.attach(new ForwardingHost(region.host())
        {
            @Override
            public void trim(final int linkIndex)
            {
                if (isFailing[0] && 0 == linkIndex)
                {
                    throw new RegionException("injected");
                }
                trimmed.addAndGet(1 + linkIndex);
            }
        });
        final ServicePort service = region.service();
        final ClientPort[] clients = {process.client(TestRegion.NAME), process.client(TestRegion.NAME)};
        service.clientCount();
        for (final ClientPort client : clients)
        {
            client.close();
        }
        service.clientCount();
        for (int i = 0; i < 2; i++)
        {
            assertThatThrownBy(() -> process.openPorts.context.registry.trim(0)).isInstanceOf(RegionException.class);
            assertThat(trimmed.get()).isEqualTo(2);
        }
        isFailing[0] = false;
        process.openPorts.context.registry.trim(0);
        assertThat(trimmed.get()).isEqualTo(3);
    }

    @Test
    @DisplayName("F49: the memory of a link whose client died before it was accepted is returned by the service")
    void shouldTrimLinkThatWasNotAccepted()
    {
        final List<Integer> trimmed = new ArrayList<>();
        final Attachment process = region.attach(new ForwardingHost(region.host())
        {
            @Override
            public void trim(final int linkIndex)
            {
                trimmed.add(linkIndex);
            }
        });
        final ServicePort service = process.service(TestRegion.NAME);
        final ClientPort client = region.client();
        region.attachmentOf(client).abandon();
        assertThat(service.get(new Message())).isEqualTo(Status.WOULD_BLOCK);
        assertThat(region.linksInUse()).isZero();
        process.openPorts.context.registry.trim(0);
        assertThat(trimmed).containsExactly(0);
    }

    @Test
    @DisplayName("F40: the attachment's close frees an entry that a port's close left while the tables were locked")
    void shouldFreeClosedServiceWhenAttachmentLeaves()
    {
        final boolean[] isMissed = new boolean[1];
        final Attachment process = region.attach(new ForwardingHost(region.host())
        {
            @Override
            public boolean lockTables(final long timeoutNs)
            {
                return !(isMissed[0] && 0 == timeoutNs) && super.lockTables(timeoutNs);
            }
        });
        isMissed[0] = true;
        process.service("another", new PortOptions()).close();
        isMissed[0] = false;
        assertThat(region.portsInUse()).isEqualTo(1);
        process.close();
        assertThat(region.portsInUse()).isZero();
    }

    // ---- a second close

    /** A host whose close waits for the test. */
    private static final class SlowClose extends ForwardingHost
    {
        private final CountDownLatch isClosing = new CountDownLatch(1);
        private final CountDownLatch mayClose = new CountDownLatch(1);

        SlowClose(final Host host)
        {
            super(host);
        }

        @Override
        public void close()
        {
            isClosing.countDown();
            awaitQuietly(mayClose);
            super.close();
        }
    }

    @ParameterizedTest(name = "the watch closes: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("F40: a close while another thread closes, or the watch completes a close, returns when all is closed")
    void shouldReturnWhenTheOtherCloseIsDone(final boolean isByWatch) throws InterruptedException
    {
        region.service();
        final SlowClose host = new SlowClose(region.host());
        final Attachment process = region.attach(host, isByWatch ? INTERVAL_NS : 0);
        final Claim claim = new Claim();
        final Thread first = new Thread(process::close);
        if (isByWatch)
        {
            assertThat(process.client(TestRegion.NAME).claim(8, claim)).isEqualTo(Status.OK);
            process.close();
            assertThat(process.isClosed()).as("while a claim keeps it").isFalse();
            claim.cancel();
        }
        else
        {
            first.start();
        }
        host.isClosing.await();
        assertThat(process.isClosed()).isFalse();
        final AtomicReference<Boolean> wasClosed = new AtomicReference<>();
        final Thread second = new Thread(() ->
        {
            process.close();
            wasClosed.set(process.isClosed());
        });
        second.start();
        while (second.getState() != Thread.State.WAITING && second.isAlive())
        {
            Thread.onSpinWait();
        }
        host.mayClose.countDown();
        second.join();
        first.join();
        assertThat(wasClosed.get()).isTrue();
    }

    @Test
    @DisplayName("F34, F40: a failing round of the watch, followed by a failing close, throws both failures")
    void shouldThrowBothFailuresOfRoundAndClose()
    {
        region.service();
        final boolean[] isFailing = new boolean[1];
        final Attachment process = region.attach(new ForwardingHost(region.host())
        {
            @Override
            public void cancelAwait()
            {
                if (isFailing[0])
                {
                    throw new RegionException("close");
                }
            }

            @Override
            public boolean holdsLife(final int processIndex)
            {
                if (isFailing[0])
                {
                    throw new RegionException("round");
                }
                return super.holdsLife(processIndex);
            }
        });
        final Claim claim = new Claim();
        assertThat(process.client(TestRegion.NAME).claim(8, claim)).isEqualTo(Status.OK);
        process.close();
        claim.cancel();
        isFailing[0] = true;
        assertThatThrownBy(process.watch()::doWork).hasMessage("round").satisfies((ex) ->
            assertThat(ex.getSuppressed()).extracting(Throwable::getMessage).containsExactly("close"));
        isFailing[0] = false;
        process.close();
        assertThat(process.isClosed()).isTrue();
    }

    @Test
    @DisplayName("F40: an attach that fails, and then fails to leave, throws its first failure")
    void shouldThrowWhatAttachFailedFor()
    {
        assertThatThrownBy(() -> Attachment.attach(new ForwardingHost(region.host())
        {
            @Override
            public void dropLife(final int processIndex)
            {
                super.dropLife(processIndex);
                throw new RegionException("leave");
            }
        }, INTERVAL_NS, (task) ->
        {
            throw new IllegalStateException("no thread");
        }, (ex) ->
        {
        })).isInstanceOf(IllegalStateException.class).hasMessage("no thread").satisfies((ex) ->
            assertThat(ex.getSuppressed()).extracting(Throwable::getMessage).containsExactly("leave"));
        assertThat(region.processesInUse()).isZero();
    }

    @Test
    @DisplayName("F40: a buffer of next() keeps its process in the region while its thread lives and has not put it")
    void shouldStayWhileLivingThreadHasBufferOfNext() throws InterruptedException
    {
        region.service();
        for (final boolean isCancelled : new boolean[]{true, false})
        {
            final Attachment process = region.attach();
            final ClientPort client = process.client(TestRegion.NAME);
            final CountDownLatch hasBuffer = new CountDownLatch(1);
            final CountDownLatch mayEnd = new CountDownLatch(1);
            final Thread writer = new Thread(() ->
            {
                client.next(8);
                hasBuffer.countDown();
                awaitQuietly(mayEnd);
                if (isCancelled)
                {
                    client.cancelNext();
                    process.watch().doWork();
                }
            });
            writer.start();
            hasBuffer.await();
            process.close();
            process.watch().doWork();
            assertThat(process.isClosed()).isFalse();
            assertThat(client.claimedCount()).as("what keeps it").isEqualTo(1);
            assertThat(region.processesInUse()).isEqualTo(2);
            mayEnd.countDown();
            writer.join();
            process.watch().doWork();
            assertThat(process.isClosed()).isTrue();
            assertThat(region.processesInUse()).isEqualTo(1);
        }
    }

    // ---- the watch's thread

    /** A host at which the watch fails once, when a test wants it. */
    private static final class FailingRound extends ForwardingHost
    {
        private final AtomicInteger failures = new AtomicInteger();
        private final Throwable failure;

        FailingRound(final Host host, final Throwable failure)
        {
            super(host);
            this.failure = failure;
        }

        @Override
        public boolean holdsLife(final int processIndex)
        {
            if (failures.getAndUpdate((count) -> Math.max(0, count - 1)) > 0)
            {
                LangUtil.rethrowUnchecked(failure);
            }
            return super.holdsLife(processIndex);
        }
    }

    @ParameterizedTest(name = "an error: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("F40: the watch's error handler may close the attachment: nothing remains, and the thread ends")
    void shouldCloseWithinErrorHandler(final boolean isError) throws InterruptedException
    {
        final FailingRound host =
            new FailingRound(region.host(), isError ? new LinkageError("injected") : new RegionException("injected"));
        final AtomicReference<Attachment> process = new AtomicReference<>();
        final AtomicReference<Thread> thread = new AtomicReference<>();
        final CountDownLatch isClosed = new CountDownLatch(1);
        final ServicePort service = region.service();
        process.set(Attachment.attach(host, INTERVAL_NS, (ex) ->
        {
            thread.set(Thread.currentThread());
            process.get().close();
            isClosed.countDown();
        }));
        final ClientPort client = process.get().client(TestRegion.NAME);
        final WaitSet waitSet = process.get().waitSet();
        waitSet.add(client);
        host.failures.set(1);
        isClosed.await();
        assertThat(client.isClosed()).isTrue();
        thread.get().join();
        assertThat(region.processesInUse()).isEqualTo(1);
        assertThat(service.clientCount()).isZero();
        assertThat(region.portsInUse()).isEqualTo(1);
        assertThat(region.linksInUse()).isZero();
        process.get().close();
    }

    @Test
    @DisplayName("F40: a close in the error handler returns while another thread closes: both complete")
    void shouldCloseWithinErrorHandlerWhileAnotherCloses() throws InterruptedException
    {
        final FailingRound host = new FailingRound(region.host(), new RegionException("injected"));
        final AtomicReference<Attachment> process = new AtomicReference<>();
        final CountDownLatch isInHandler = new CountDownLatch(1);
        final CountDownLatch isClosing = new CountDownLatch(1);
        process.set(Attachment.attach(host, INTERVAL_NS, (ex) ->
        {
            isInHandler.countDown();
            awaitQuietly(isClosing);
            process.get().close();
        }));
        final ServicePort service = process.get().service(TestRegion.NAME);
        host.failures.set(1);
        isInHandler.await();
        final Thread closer = new Thread(() -> process.get().close());
        closer.start();
        while (!service.isClosed())
        {
            Thread.onSpinWait();
        }
        isClosing.countDown();
        closer.join();
        assertThat(region.processesInUse()).isZero();
    }

    @Test
    @DisplayName("F34: neither an error handler that throws nor an interrupt ends the watch: deaths are reported")
    void shouldReportDeathsAfterHandlerHasThrown() throws InterruptedException
    {
        final FailingRound host = new FailingRound(region.host(), new LinkageError("injected"));
        final AtomicReference<Thread> thread = new AtomicReference<>();
        final Attachment process = Attachment.attach(host, INTERVAL_NS, (ex) ->
        {
            thread.set(Thread.currentThread());
            thread.get().interrupt();
            throw new IllegalStateException("on purpose");
        });
        final ServicePort service = process.service(TestRegion.NAME);
        final ClientPort client = region.client();
        assertThat(service.clientCount()).isEqualTo(1);
        host.failures.set(2);
        while (host.failures.get() > 0 || null == thread.get())
        {
            Thread.onSpinWait();
        }
        thread.get().interrupt();
        region.attachmentOf(client).abandon();
        while (service.counter(PortCounter.DEATHS) < 1)
        {
            Thread.onSpinWait();
        }
        assertThat(service.clientCount()).isZero();
        process.close();
        thread.get().join();
    }

    private static void awaitQuietly(final CountDownLatch latch)
    {
        try
        {
            latch.await();
        }
        catch (final InterruptedException ex)
        {
            throw new AssertionError(ex);
        }
    }
}
