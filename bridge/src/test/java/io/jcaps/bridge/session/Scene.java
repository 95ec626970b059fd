/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.bridge.BridgeEvent;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.Geometry;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two regions in one JVM, A with clients and B with the service, and both ends of one session between them, stepped by
 * the test, which also moves the clock.
 */
final class Scene implements AutoCloseable
{
    static final String NAME = "service";
    static final long LOST_AFTER_NS = TimeUnit.SECONDS.toNanos(1);

    final List<Throwable> errors = new ArrayList<>();
    final LocalRegion regionA;
    final LocalRegion regionB;
    final Mortal serviceProcess;
    final Mortal clientProcess;
    final Attachment bridgeA;
    final Attachment bridgeB;
    final StepWire toB = new StepWire();
    final StepWire toA = new StepWire();
    final SessionCounters countersA = new SessionCounters(null);
    final SessionCounters countersB = new SessionCounters(null);
    final List<String> eventsA = new ArrayList<>();
    final List<String> eventsB = new ArrayList<>();
    final UnsafeBuffer bytes = new UnsafeBuffer(new byte[Geometry.MAX_MESSAGE_LIMIT]);
    final Message request = new Message();
    final Message reply = new Message();
    ServicePort service;
    ImportSession importer;
    ExportSession exporter;
    SharedKey keyA = SharedKey.none();
    SharedKey keyB = SharedKey.none();
    boolean isAllowed = true;
    boolean isStoppedA;
    boolean isStoppedB;
    long nowNs = 1_000;
    private final List<Attachment> attachments = new ArrayList<>();

    Scene(final int slotCount, final int messageLimit)
    {
        this(slotCount, messageLimit, slotCount, messageLimit);
    }

    Scene(final int slotCountA, final int messageLimitA, final int slotCountB, final int messageLimitB)
    {
        regionA = new LocalRegion(new Geometry(8, 32, 16, slotCountA, messageLimitA));
        regionB = new LocalRegion(new Geometry(8, 32, 16, slotCountB, messageLimitB));
        clientProcess = new Mortal(regionA, errors);
        serviceProcess = new Mortal(regionB, errors);
        bridgeA = attach(regionA);
        bridgeB = attach(regionB);
        attachments.add(clientProcess.attachment);
        attachments.add(serviceProcess.attachment);
    }

    private Attachment attach(final LocalRegion region)
    {
        final Attachment attachment = Attachment.attach(region.host(), 0, errors::add);
        attachments.add(attachment);
        return attachment;
    }

    Scene withService()
    {
        service = serviceProcess.attachment.service(NAME, new PortOptions());
        return this;
    }

    SessionContext context(final Attachment attachment, final SharedKey key)
    {
        return new SessionContext(attachment, key, LOST_AFTER_NS, Scene::run, () -> nowNs);
    }

    Scene begin()
    {
        importer = new ImportSession(context(bridgeA, keyA), countersA, toB, listener(eventsA), NAME);
        exporter = new ExportSession(context(bridgeB, keyB), countersB, toA, listener(eventsB),
            Set.of(NAME), isAllowed);
        return this;
    }

    /** Runs until the stand-in is registered and a client of it is connected to the service. */
    ClientPort connect()
    {
        withService().begin();
        steps(20);
        final ClientPort client = client();
        final long id = client.put(bytes, 0, 0);
        steps(4);
        receive();
        request.reply();
        steps(3);
        take(client, id, Outcome.REPLIED);
        steps(3);
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        return client;
    }

    ClientPort client()
    {
        return clientProcess.attachment.client(NAME, new PortOptions());
    }

    static <T> void run(final Callable<T> call, final Consumer<T> done, final Consumer<Exception> failed)
    {
        final T result;
        try
        {
            result = call.call();
        }
        catch (final Exception ex)
        {
            failed.accept(ex);
            return;
        }
        done.accept(result);
    }

    static SessionListener listener(final List<String> events)
    {
        return (kind, detail) ->
        {
            if (BridgeEvent.Kind.OPENED != kind)
            {
                events.add(kind.name().toLowerCase(Locale.ROOT) + (detail.isEmpty() ? "" : ": " + detail));
            }
        };
    }

    void step()
    {
        nowNs += TimeUnit.MILLISECONDS.toNanos(2);
        toA.nowNs = nowNs;
        toB.nowNs = nowNs;
        if (!isStoppedA)
        {
            toA.deliver(importer);
            importer.doWork();
        }
        if (!isStoppedB)
        {
            toB.deliver(exporter);
            exporter.doWork();
        }
        bridgeA.watch().doWork();
        bridgeB.watch().doWork();
    }

    void steps(final int count)
    {
        for (int i = 0; i < count; i++)
        {
            step();
        }
    }

    /** Advances the clock by that time, in steps. */
    void pass(final long ms)
    {
        final long endNs = nowNs + TimeUnit.MILLISECONDS.toNanos(ms);
        while (nowNs < endNs)
        {
            step();
        }
    }

    /** The service receives a request, and keeps it. */
    void receive()
    {
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
    }

    /** Id of a request of one byte that the service has received. */
    long putAndReceive(final ClientPort client)
    {
        final long id = client.put(bytes, 0, 1);
        steps(3);
        receive();
        return id;
    }

    void take(final ClientPort client, final long id, final int outcome)
    {
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo(Outcome.text(outcome));
        reply.release();
    }

    @Override
    public void close()
    {
        if (null != importer)
        {
            toA.isCut = false;
            toB.isCut = false;
            importer.fail("closed");
            exporter.fail("closed");
            steps(3);
            assertThat(importer.isOver()).as("importer over").isTrue();
            assertThat(exporter.isOver()).as("exporter over").isTrue();
        }
        attachments.forEach(Attachment::close);
        assertThat(errors).isEmpty();
    }
}
