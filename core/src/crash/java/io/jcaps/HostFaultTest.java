/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.FailingHost;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each call into the host of each operation on the tables fails once, in each way that it can (F38): the caller gets
 * the failure, the tables are as they were, and the next attempt succeeds.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostFaultTest
{
    private static final Geometry GEOMETRY = new Geometry(4, 8, 4, 2, 64);
    private static final int MAX_CALLS = 500;

    /** What a call into the host does instead of what it should. */
    private enum Fault implements Supplier<Throwable>
    {
        REGION_EXCEPTION(() -> new RegionException("injected")),
        OUT_OF_MEMORY(() -> new OutOfMemoryError("injected")),
        ERROR(() -> new LinkageError("injected")),
        NOTHING(null);

        private final Supplier<Throwable> failure;

        Fault(final Supplier<Throwable> failure)
        {
            this.failure = failure;
        }

        @Override
        public Throwable get()
        {
            return failure.get();
        }
    }

    /** A process with one of everything, and its peer. */
    private static final class Scene
    {
        final TestRegion region = new TestRegion(GEOMETRY);
        final Attachment peer = region.attach();
        final ServicePort peerService = peer.service("peer", new PortOptions());
        FailingHost host;
        Attachment attachment;
        ServicePort service;
        ClientPort client;
        WaitSet waitSet;

        void attach()
        {
            host = new FailingHost(region.host());
            attachment = region.attach(host);
        }

        String tables()
        {
            // The peer has looked at what was undone: what a client leaves is for its service to release.
            peerService.get(new Message());
            return region.processesInUse() + " processes, " + region.portsInUse() + " ports, " + region.linksInUse() +
                " links";
        }
    }

    private enum Operation
    {
        SERVICE
        {
            @Override
            void run(final Scene scene)
            {
                scene.service = scene.attachment.service("own", new PortOptions());
            }

            @Override
            void undo(final Scene scene)
            {
                scene.service.close();
            }
        },
        CONNECT
        {
            @Override
            void run(final Scene scene)
            {
                scene.client = scene.attachment.client("peer", new PortOptions());
            }

            @Override
            void undo(final Scene scene)
            {
                scene.client.close();
            }
        },
        PREFAULTING_CONNECT
        {
            @Override
            void run(final Scene scene)
            {
                scene.client = scene.attachment.client("peer", new PortOptions().prefaultLength(64));
            }

            @Override
            void undo(final Scene scene)
            {
                scene.client.close();
            }
        },
        WAIT_SET
        {
            @Override
            void run(final Scene scene)
            {
                scene.waitSet = scene.attachment.waitSet();
            }

            @Override
            void undo(final Scene scene)
            {
                scene.waitSet.close();
            }
        };

        abstract void run(Scene scene);

        abstract void undo(Scene scene);
    }

    @ParameterizedTest
    @EnumSource(Operation.class)
    @DisplayName(
        "F38: each failing call into the host: the port is open, or nothing has changed and the next open succeeds")
    void shouldUndoWhatCannotBeOpened(final Operation operation)
    {
        int points = 0;
        for (final Fault fault : Fault.values())
        {
            boolean hasFailed = true;
            for (int call = 0; hasFailed; call++)
            {
                assertThat(call).isLessThan(MAX_CALLS);
                final Scene scene = new Scene();
                scene.attach();
                final String before = scene.tables();
                final boolean[] isOpen = new boolean[1];
                hasFailed = hasFailed(scene.host, call, fault, () ->
                {
                    operation.run(scene);
                    isOpen[0] = true;
                });
                if (isOpen[0])
                {
                    operation.undo(scene);
                }
                assertThat(scene.tables()).as("%s, %s at call %d", operation, fault, call).isEqualTo(before);
                operation.run(scene);
                operation.undo(scene);
                assertThat(scene.tables()).as("%s again, %s at call %d", operation, fault, call).isEqualTo(before);
                scene.region.close();
                points++;
            }
        }
        System.out.println("host faults: " + points + " of " + operation);
    }

    @ParameterizedTest
    @EnumSource(Operation.class)
    @DisplayName("F38: whichever call into the host fails in a port's close, a second close or the watch completes it")
    void shouldCompleteClose(final Operation operation)
    {
        int points = 0;
        for (final Fault fault : Fault.values())
        {
            boolean hasFailed = true;
            for (int call = 0; hasFailed; call++)
            {
                assertThat(call).isLessThan(MAX_CALLS);
                final Scene scene = new Scene();
                scene.attach();
                final String before = scene.tables();
                operation.run(scene);
                hasFailed = hasFailed(scene.host, call, fault, () -> operation.undo(scene));
                operation.undo(scene);
                scene.attachment.watch().doWork();
                // What a failed try for the tables' lock left is for the next process that reaps.
                scene.region.attach().close();
                assertThat(scene.tables()).as("%s, %s at call %d", operation, fault, call).isEqualTo(before);
                scene.region.close();
                points++;
            }
        }
        System.out.println("host faults: " + points + " of close after " + operation);
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    @DisplayName("F38: each failing call into the host in attach: nothing of it remains, and the next attach succeeds")
    void shouldUndoAttach(final Fault fault)
    {
        boolean hasFailed = true;
        int call = 0;
        for (; hasFailed; call++)
        {
            assertThat(call).isLessThan(MAX_CALLS);
            final Scene scene = new Scene();
            final String before = scene.tables();
            final FailingHost host = new FailingHost(scene.region.host());
            final Attachment[] attachment = new Attachment[1];
            hasFailed = hasFailed(host, call, fault, () -> attachment[0] = Attachment.attach(host, 0, (ex) -> {}));
            if (null != attachment[0])
            {
                attachment[0].close();
            }
            assertThat(scene.tables()).as("%s at call %d", fault, call).isEqualTo(before);
            scene.region.attach().close();
            assertThat(scene.tables()).isEqualTo(before);
            scene.region.close();
        }
        System.out.println("host faults: " + call + " of attach, " + fault);
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    @DisplayName("F38: whichever call into the host fails in an attachment's close, a second close completes the first")
    void shouldCompleteAttachmentsClose(final Fault fault)
    {
        boolean hasFailed = true;
        int call = 0;
        for (; hasFailed; call++)
        {
            assertThat(call).isLessThan(MAX_CALLS);
            final Scene scene = new Scene();
            final String before = scene.tables();
            scene.attach();
            scene.service = scene.attachment.service("own", new PortOptions());
            scene.client = scene.attachment.client("peer", new PortOptions());
            scene.waitSet = scene.attachment.waitSet();
            scene.waitSet.add(scene.client);
            final ClientPort peerClient = scene.peer.client("own", new PortOptions());
            scene.service.get(new Message());
            hasFailed = hasFailed(scene.host, call, fault, () -> scene.attachment.close());
            scene.attachment.close();
            scene.peer.watch().doWork();
            assertThat(peerClient.get(new Message())).isEqualTo(Status.NOT_CONNECTED);
            peerClient.close();
            // What a failed try for the tables' lock left is for the next process that reaps.
            scene.region.attach().close();
            assertThat(scene.tables()).as("%s at call %d", fault, call).isEqualTo(before);
            scene.region.close();
        }
        System.out.println("host faults: " + call + " of an attachment's close, " + fault);
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    @DisplayName("F38: each failing call into the host in a round of the watch: the next round completes it")
    void shouldCompleteRound(final Fault fault)
    {
        boolean hasFailed = true;
        int call = 0;
        for (; hasFailed; call++)
        {
            assertThat(call).isLessThan(MAX_CALLS);
            final Scene scene = new Scene();
            scene.attach();
            scene.service = scene.attachment.service("own", new PortOptions());
            final String before = scene.tables();
            final Attachment dying = scene.region.attach();
            dying.client("own", new PortOptions());
            scene.service.get(new Message());
            dying.abandon();
            hasFailed = hasFailed(scene.host, call, fault, () -> scene.attachment.watch().doWork());
            scene.attachment.watch().doWork();
            assertThat(scene.service.counter(PortCounter.DEATHS)).as("%s at call %d", fault, call).isEqualTo(1);
            scene.region.attach().close();
            assertThat(scene.tables()).as("%s at call %d", fault, call).isEqualTo(before);
            scene.region.close();
        }
        System.out.println("host faults: " + call + " of a round of the watch, " + fault);
    }

    /** Runs a step of which one call into the host fails; false if it makes no such call. */
    private static boolean hasFailed(final FailingHost host, final int call, final Fault fault, final Runnable step)
    {
        host.failAt(call, Fault.NOTHING == fault ? null : fault);
        try
        {
            step.run();
        }
        catch (final Throwable ex)
        {
            assertFailure(fault, ex);
        }
        return host.stopFailing();
    }

    private static void assertFailure(final Fault fault, final Throwable ex)
    {
        if (Fault.NOTHING == fault)
        {
            assertThat(ex).isInstanceOf(CapsException.class);
            assertThat(((CapsException)ex).status()).isIn(Status.TIMED_OUT, Status.NO_SPACE, Status.NO_BUFFERS);
        }
        else
        {
            assertThat(ex).isInstanceOf(fault.get().getClass()).hasMessage("injected");
        }
    }
}
