/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What must hold after each death, whichever process detects it first.
 */
enum CrashAftermath
{
    /** Nobody sends anything more: each who lives makes one round of the watch, and looks. */
    SILENT
    {
        @Override
        void begin(final CrashScene scene)
        {
            scene.watch();
            checkSleepers(scene);
            checkLinksLetGo(scene);
            checkGone(scene);
        }
    },
    /** Somebody comes new and removes what the dead have left, before any watch sees them. */
    REAPED_FIRST
    {
        @Override
        void begin(final CrashScene scene)
        {
            scene.next();
        }
    },
    /** Those who live go on, and do not know yet. */
    TRAFFIC_FIRST
    {
        @Override
        void begin(final CrashScene scene)
        {
            for (final CrashClient each : scene.clients)
            {
                if (each.isLiving() && each.service.process.isDead())
                {
                    // Who died while closing may have said so already.
                    if (each.put(CrashPayload.INLINE) > 0 && each.put(CrashPayload.CELL) > 0)
                    {
                        each.abort(each.newest(), each.number % 2 == 0);
                    }
                }
            }
            exchange(scene);
        }
    };

    abstract void begin(CrashScene scene);

    void check(final CrashScene scene)
    {
        begin(scene);
        scene.sleepers.forEach(CrashSleeper::end);
        scene.watch();
        exchange(scene);
        checkGone(scene);
        checkTables(scene, scene.livingPortCount() + closedServiceCount(scene));
        closeLonelyClients(scene);
        beginAnew(scene, scene.next());
        fillSlots(scene);
        checkTables(scene, scene.livingPortCount());
        checkProcessesFit(scene);
        closeAll(scene);
    }

    /** All who have a living service put one more, and all that is under way comes to its end. */
    private static void exchange(final CrashScene scene)
    {
        scene.settle();
        for (final CrashClient each : scene.clients)
        {
            if (each.isLiving() && each.service.isLiving())
            {
                assertThat(each.put(each.number % 3)).as("put by client " + each.number).isPositive();
            }
        }
        scene.settle();
    }

    private static void checkSleepers(final CrashScene scene)
    {
        for (final CrashSleeper each : scene.sleepers)
        {
            final boolean isDue;
            if (each.port.isClosed())
            {
                isDue = false;
            }
            else if (each.port instanceof ClientPort)
            {
                isDue = each.port.isReady();
            }
            else
            {
                isDue = each.port == scene.service.port && MessageState.REQUEST == scene.service.receive();
            }
            assertThat(isDue && each.sleepsOn()).as("sleeps on: " + each.port.name()).isFalse();
        }
    }

    /** A living service releases the dead clients that it has seen, without help. */
    private static void checkLinksLetGo(final CrashScene scene)
    {
        scene.services.stream().filter(CrashService::isLiving).forEach(CrashService::receiveAll);
        final LinkEntry link = new LinkEntry(scene.region.tables(), scene.region.geometry);
        for (int i = 0; i < scene.region.geometry.linkCount(); i++)
        {
            final long state = link.wrap(i).state();
            final int index = i;
            final boolean isSeen =
                (state & (LinkEntryDescriptor.SERVICE_HOLDS | LinkEntryDescriptor.REFUSED)) != 0;
            final boolean isDead = scene.region.isDead(link.clientProcessIndex(), link.clientProcessIncarnation());
            final boolean isServed = scene.services.stream().anyMatch((each) ->
                each.isLiving() && each.port.incarnation() == link.wrap(index).servicePortIncarnation());
            if (isSeen && isDead && isServed)
            {
                assertThat(LinkEntry.isFree(state))
                    .as("link of a dead client still held: state=0x" + Long.toHexString(state)).isTrue();
            }
            // Nobody must take it for one that waits to be accepted.
            assertThat(LinkEntry.isFree(state) && (state & LinkEntryDescriptor.OPEN) != 0 &&
                (state & LinkEntryDescriptor.CLIENT_CLOSED) == 0)
                .as("free link looks like a newcomer's: state=0x" + Long.toHexString(state)).isFalse();
        }
    }

    /** A client whose peer has gone has received all of its outcomes. */
    private static void checkGone(final CrashScene scene)
    {
        scene.services.stream().filter(CrashService::isLiving).forEach(CrashService::receiveAll);
        for (final CrashClient each : scene.clients)
        {
            if (!each.isLiving() && each.service.isLiving())
            {
                assertThat(each.service.undisposed(each.number)).as("not disposed of").isEmpty();
            }
            if (each.isLiving() && !each.service.isLiving())
            {
                each.takeAll();
                each.releaseView();
                assertThat(each.take()).isEqualTo(Status.NOT_CONNECTED);
                assertThat((int)each.put(CrashPayload.INLINE)).isEqualTo(Status.NOT_CONNECTED);
                assertThat(each.port.inProgress()).isZero();
                each.checkOutcomes(scene.published.getOrDefault(each, Set.of()));
            }
        }
    }

    private static long closedServiceCount(final CrashScene scene)
    {
        // Kept for clients that ask for their generation (R28).
        return scene.clients.stream().filter((each) -> each.isLiving() && !each.service.isLiving())
            .map((each) -> each.service).distinct().count();
    }

    private static void closeLonelyClients(final CrashScene scene)
    {
        for (final CrashClient each : scene.clients)
        {
            if (each.isLiving() && !each.service.isLiving())
            {
                each.port.close();
            }
        }
    }

    /** The tables hold only entries of living processes: the next process has removed the others. */
    private static void checkTables(final CrashScene scene, final long portCount)
    {
        scene.next().makeWaitSet();
        scene.next().closeWaitSet();
        assertThat(scene.region.processesInUse()).as("processes").isEqualTo(scene.livingProcessCount());
        assertThat(scene.region.linksInUse()).as("links").isEqualTo(scene.livingLinkCount());
        assertThat((long)scene.region.portsInUse()).as("ports").isEqualTo(portCount);
    }

    /** Whoever comes next can do all that the dead did. */
    private static void beginAnew(final CrashScene scene, final CrashProcess process)
    {
        for (final String name : new String[]{CrashScene.NAME, CrashScene.SECOND_NAME})
        {
            if (scene.isFree(name))
            {
                scene.connect(process, scene.register(process, name), name);
            }
        }
        if (scene.service.isLiving())
        {
            scene.connect(process, scene.service, CrashScene.NAME);
        }
    }

    /** No slot was lost, on no link. */
    private static void fillSlots(final CrashScene scene)
    {
        for (final CrashClient each : scene.clients)
        {
            if (each.isLiving())
            {
                each.releaseView();
            }
        }
        exchange(scene);
        for (final CrashClient each : scene.clients)
        {
            if (each.isLiving())
            {
                int count = 0;
                while (each.put(count % 3) > 0)
                {
                    count++;
                }
                assertThat(count).as("slots of client " + each.number).isEqualTo(CrashScene.SLOT_COUNT);
            }
        }
        exchangeAll(scene);
    }

    private static void exchangeAll(final CrashScene scene)
    {
        scene.settle();
        for (final CrashClient each : scene.clients)
        {
            if (each.isLiving())
            {
                assertThat(each.port.inProgress()).isZero();
                each.checkOutcomes(Set.of());
            }
        }
    }

    private static void closeAll(final CrashScene scene)
    {
        final List<CrashService> living = new ArrayList<>();
        scene.services.stream().filter(CrashService::isLiving).forEach(living::add);
        scene.clients.stream().filter(CrashClient::isLiving).forEach((each) -> each.port.close());
        for (final CrashService each : living)
        {
            each.receiveAll();
            assertThat(each.undisposed(0)).as("received, and not disposed of").isEmpty();
            assertThat(each.port.clientCount()).isZero();
        }
        scene.processes.forEach(CrashProcess::close);
        scene.region.checkEmpty();
    }

    /** The process table takes as many as it has entries for, and not one more. */
    private static void checkProcessesFit(final CrashScene scene)
    {
        final List<Attachment> others = new ArrayList<>();
        for (int i = scene.livingProcessCount(); i < CrashScene.PROCESS_COUNT; i++)
        {
            others.add(Attachment.attach(scene.region.host(), 0, Throwable::printStackTrace));
        }
        assertThatThrownBy(() -> Attachment.attach(scene.region.host(), 0, Throwable::printStackTrace))
            .isInstanceOf(CapsException.class);
        others.forEach(Attachment::close);
    }
}
