/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Who is there when somebody dies: a service with two clients, one of which stands by, another service, which the
 * bystander uses as well, and a process that has no ports yet. On each link one message is in view, one is replied to,
 * one is received, and one is not.
 */
final class CrashScene
{
    static final int SLOT_COUNT = 6;
    /** The five of the cast, and one who comes after them. */
    static final int PROCESS_COUNT = 6;
    /** Two services, three clients; one of the operation, two of its recovery, two of whoever comes after it. */
    static final int PORT_COUNT = 10;
    /** Three clients; one of the operation, one of its recovery, two of whoever comes after it. */
    static final int LINK_COUNT = 7;
    static final String NAME = TestRegion.NAME;
    static final String OTHER_NAME = "other";
    static final String SECOND_NAME = "second";

    final TestRegion region;
    final List<CrashProcess> processes = new ArrayList<>();
    final List<CrashService> services = new ArrayList<>();
    final List<CrashClient> clients = new ArrayList<>();
    final CrashService service;
    final CrashService otherService;
    final CrashClient client;
    final CrashClient bystander;
    final CrashClient otherClient;
    final CrashProcess idler;
    final CrashProcess newcomer;
    final List<CrashSleeper> sleepers = new ArrayList<>();
    /** The outcomes that each client must still get after its service's death. */
    final Map<CrashClient, Set<Long>> published = new HashMap<>();

    private CrashProcess attaching;
    private CrashProcess helper;
    private CrashProcess next;

    CrashScene(final TestRegion region)
    {
        this.region = region;
        service = register(process().attach(), NAME);
        otherService = register(process().attach(), OTHER_NAME);
        client = connect(process().attach(), service, NAME);
        final CrashProcess bystanding = process().attach();
        bystander = connect(bystanding, service, NAME);
        otherClient = connect(bystanding, otherService, OTHER_NAME);
        idler = process().attach();
        newcomer = process();
        for (int i = 0; i < 2; i++)
        {
            for (final CrashClient each : clients)
            {
                assertThat(each.put((i + each.number) % 3)).isPositive();
            }
        }
        for (final CrashService each : services)
        {
            each.receiveAll();
            each.replyAll();
        }
        for (final CrashClient each : clients)
        {
            assertThat(each.takeView()).isEqualTo(MessageState.REPLY);
            each.put(CrashPayload.INLINE);
        }
        for (final CrashService each : services)
        {
            each.receiveAll();
        }
        for (final CrashClient each : clients)
        {
            each.put(CrashPayload.CELL);
        }
    }

    static TestRegion region()
    {
        return new TestRegion(
            new Geometry(PROCESS_COUNT, PORT_COUNT, LINK_COUNT, SLOT_COUNT, CrashPayload.LIMIT));
    }

    CrashProcess process()
    {
        final CrashProcess process = new CrashProcess(region);
        processes.add(process);
        return process;
    }

    /** Whoever comes after all that: the newcomer, if it could attach. */
    CrashProcess next()
    {
        if (null == next)
        {
            final CrashProcess last = processes.get(processes.size() - 1);
            next = last.isLiving() ? last : process().attach();
        }
        return next;
    }

    /** One who is about to attach. */
    CrashProcess attaching()
    {
        if (null == attaching)
        {
            attaching = newcomer.isLiving() || newcomer.isDead() ? process() : newcomer;
        }
        return attaching;
    }

    /** One who is not concerned. */
    CrashProcess helper()
    {
        if (null == helper)
        {
            helper = idler.isLiving() ? idler : otherService.process;
        }
        return helper;
    }

    CrashService register(final CrashProcess process, final String name)
    {
        final CrashService result = new CrashService(process, name);
        services.add(result);
        return result;
    }

    CrashClient connect(final CrashProcess process, final CrashService service, final String name)
    {
        final CrashClient result = new CrashClient(process, service, name, clients.size() + 1);
        clients.add(result);
        return result;
    }

    /** A process does something and dies within; false if it was over before. */
    boolean dies(final CrashProcess process, final long storeIndex, final Runnable act)
    {
        return dies(process, storeIndex, act, storeIndex, () -> {});
    }

    /** The same, and before one of its stores, the one that it dies before or an earlier one, somebody else acts. */
    boolean dies(
        final CrashProcess process,
        final long storeIndex,
        final Runnable act,
        final long otherIndex,
        final Runnable otherAct)
    {
        if (!process.dies(storeIndex, act, otherIndex, otherAct))
        {
            return false;
        }
        noteDeath();
        return true;
    }

    void kill(final CrashProcess process)
    {
        process.bury();
        noteDeath();
    }

    private void noteDeath()
    {
        for (final CrashClient each : clients)
        {
            if (each.isLiving() && each.service.process.isDead())
            {
                published.computeIfAbsent(each, (key) -> key.published(region.geometry));
            }
        }
    }

    void watch()
    {
        processes.forEach(CrashProcess::watch);
    }

    /** All who live serve and take until nothing moves any more. */
    void settle()
    {
        int count;
        do
        {
            count = 0;
            for (final CrashService each : services)
            {
                if (each.isLiving())
                {
                    count += each.receiveAll() + each.replyAll();
                }
            }
            for (final CrashClient each : clients)
            {
                if (each.isLiving())
                {
                    count += each.takeAll();
                }
            }
        }
        while (count > 0);
    }

    int livingProcessCount()
    {
        return (int)processes.stream().filter(CrashProcess::isLiving).count();
    }

    int livingPortCount()
    {
        return livingLinkCount() + (int)services.stream().filter(CrashService::isLiving).count() +
            (int)processes.stream().filter(CrashProcess::hasWaitSet).count();
    }

    int livingLinkCount()
    {
        return (int)clients.stream().filter(CrashClient::isLiving).count();
    }

    boolean isFree(final String name)
    {
        return services.stream().noneMatch((each) -> each.isLiving() && each.port.name().equals(name));
    }
}
