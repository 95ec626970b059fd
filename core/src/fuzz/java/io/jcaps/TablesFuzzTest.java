/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.GuardedHost;
import io.jcaps.host.Host;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Attaches to regions whose tables say what cannot be, and does there what one does: register, connect, converse,
 * close. The region has a living service with a living client, and what a dead process with a service and a client
 * left.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class TablesFuzzTest
{
    private static final Geometry GEOMETRY = new Geometry(5, 12, 6, 2, 64);
    private static final String RESIDENT = "resident";
    private static final String DEAD = "dead";
    private static final String NEW = "new";
    private static final int RESIDENCE = 32;
    private static final int MAX_STEP_COUNT = 9;
    private static final int CONVERSATION_LIMIT = 2;

    private final LocalRegion region = new LocalRegion(GEOMETRY);
    private final AtomicBuffer tables = region.host().tables();
    private final UnsafeBuffer image = new UnsafeBuffer(new byte[tables.capacity()]);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message request = new Message();
    private final Message reply = new Message();
    private FuzzRun run;
    private Mutator mutator;
    private Attachment serviceProcess;
    private Attachment clientProcess;
    private ServicePort service;
    private ClientPort client;

    @Test
    @DisplayName("F14, F25: on 5,000 mutated tables each call returns or throws as it declares")
    void shouldBearMutatedTables()
    {
        fuzz(5_000);
    }

    @Test
    @Tag("full")
    @DisplayName("F14, F25: on 1,000,000 mutated tables each call returns or throws as it declares")
    void shouldBearManyMutatedTables()
    {
        fuzz(1_000_000);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, 1L << 56, Long.MIN_VALUE, Long.MAX_VALUE})
    @DisplayName("F14: a region with an invalid next incarnation is refused with the reason, and unchanged")
    void shouldRefuseIncarnationThatCannotBe(final long incarnation)
    {
        run = new FuzzRun("incarnations", 1);
        try (Attachment process = attach(); ServicePort resident = process.service(RESIDENT, new PortOptions()))
        {
            tables.getBytes(0, image, 0, image.capacity());
            tables.putLong(RegionDescriptor.NEXT_INCARNATION_OFFSET, incarnation);
            image.putLong(RegionDescriptor.NEXT_INCARNATION_OFFSET, incarnation);
            final PortOptions options = new PortOptions();
            final List<ThrowableAssert.ThrowingCallable> calls = List.of(this::attach,
                () -> process.service(NEW, options), () -> process.client(RESIDENT, options), process::waitSet);
            for (final ThrowableAssert.ThrowingCallable call : calls)
            {
                assertThatThrownBy(call).isInstanceOf(RegionException.class)
                    .hasMessageContaining("nextIncarnation=" + incarnation);
                assertThat(new UnsafeBuffer(tables)).isEqualTo(image);
            }
            assertThat(resident.clientCount()).isZero();
            tables.putLong(RegionDescriptor.NEXT_INCARNATION_OFFSET, 100);
            for (int i = 1; i < GEOMETRY.processCount(); i++)
            {
                // No life lock was kept.
                attach();
            }
        }
    }

    private void fuzz(final int iterationCount)
    {
        run = new FuzzRun("tables", iterationCount);
        final Random random = run.random();
        mutator = new Mutator(random);
        run.run((i) ->
        {
            if (i % RESIDENCE == 0 || null == client || !client.isConnected())
            {
                settle();
            }
            tables.putBytes(0, image, 0, image.capacity());
            mutate(random);
            visit(random);
            run.callInt("watch", () -> serviceProcess.watch().doWork());
            run.callInt("watch", () -> clientProcess.watch().doWork());
            converse(service, client);
        });
        leave();
        run.checkMet("mutated: header", "mutated: process", "mutated: port", "mutated: link", "attach: done",
            "service: done", "service: EXISTS", "client: done", "client: NOT_FOUND",
            "client: ACCESS_DENIED", "client: NO_BUFFERS", "generic: done", "wait set: done", "put: done",
            "get: REQUEST", "get: REPLY", "replied",
            "attach: corrupt region: nextIncarnation=N: local:N: remove it when no process" +
            " uses it");
    }

    /** Makes the region again, with its living processes. */
    private void settle()
    {
        leave();
        tables.setMemory(0, tables.capacity(), (byte)0);
        region.host().header().write(tables);
        serviceProcess = attach();
        service = serviceProcess.service(RESIDENT, new PortOptions());
        clientProcess = attach();
        client = clientProcess.client(RESIDENT, new PortOptions());
        final Attachment dead = attach();
        dead.service(DEAD, new PortOptions());
        dead.client(RESIDENT, new PortOptions());
        dead.client(DEAD, new PortOptions());
        dead.waitSet();
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        dead.abandon();
        tables.getBytes(0, image, 0, image.capacity());
    }

    private void leave()
    {
        if (null != client)
        {
            // As it was: what the residents know of it fits again.
            tables.putBytes(0, image, 0, image.capacity());
            clientProcess.close();
            request.release();
            assertThat(service.clientCount()).as("clients in the heap").isLessThanOrEqualTo(2);
            serviceProcess.watch().doWork();
            serviceProcess.close();
        }
    }

    private Attachment attach()
    {
        final Host host = region.host(new Credentials(4711, 1000, 1000, 1000, 1000, new int[]{1000}));
        return Attachment.attach(GuardedHost.guard(host), 0, (ex) -> run.count("error of the watch: " + ex));
    }

    private void mutate(final Random random)
    {
        for (int n = 1 + random.nextInt(4); n > 0; n--)
        {
            switch (random.nextInt(8))
            {
                case 0 ->
                {
                    run.count("mutated: header");
                    mutator.mutate(tables, RegionDescriptor.NEXT_INCARNATION_OFFSET, 2 * Long.BYTES);
                    if (random.nextBoolean())
                    {
                        mutator.mutate(tables, RegionDescriptor.NEXT_LEASE_OFFSET, Long.BYTES);
                    }
                }
                case 1 ->
                {
                    run.count("mutated: process");
                    mutator.mutate(tables, GEOMETRY.processOffset(random.nextInt(GEOMETRY.processCount())),
                        random.nextBoolean() ? Long.BYTES : ProcessDescriptor.ENTRY_LENGTH);
                }
                case 2, 3, 4 ->
                {
                    run.count("mutated: port");
                    mutator.mutate(tables, GEOMETRY.portOffset(random.nextInt(GEOMETRY.portCount())),
                        random.nextInt(4) != 0 ? PortDescriptor.NAME_OFFSET + 16 : PortDescriptor.ENTRY_LENGTH);
                }
                default ->
                {
                    run.count("mutated: link");
                    mutator.mutate(tables, GEOMETRY.linkEntryOffset(random.nextInt(GEOMETRY.linkCount())),
                        LinkEntryDescriptor.SERVICE_PORT_INDEX_OFFSET + Integer.BYTES);
                }
            }
        }
        if (random.nextInt(16) == 0)
        {
            run.count("mutated: all flags, full or garbage");
            final long word = random.nextBoolean() ? random.nextLong() : mutator.boundary();
            final int length = tables.capacity() - RegionDescriptor.HEADER_LENGTH;
            final int from = RegionDescriptor.HEADER_LENGTH + (random.nextInt(length) & ~7);
            final int to = from + (random.nextInt(tables.capacity() - from) & ~7);
            for (int i = from; i < to; i += random.nextBoolean() ? 64 : 8)
            {
                tables.putLong(i, word);
            }
        }
    }

    /** A process comes, does something of everything, and goes. */
    private void visit(final Random random)
    {
        final Attachment visitor = declared("attach", this::attach);
        if (null == visitor)
        {
            return;
        }
        ServicePort service = null;
        ClientPort client = null;
        for (int i = random.nextInt(MAX_STEP_COUNT); i >= 0; i--)
        {
            switch (random.nextInt(12))
            {
                case 0 ->
                {
                    final int flags = PortFlags.ANYCLIENT | (random.nextBoolean() ? PortFlags.EXCL : 0);
                    final ServicePort opened =
                        declared("service", () -> visitor.service(NEW, new PortOptions().flags(flags)));
                    service = null == opened ? service : opened;
                }
                case 1, 2 ->
                {
                    final String name = random.nextInt(4) == 0 ? DEAD : random.nextBoolean() ? NEW : RESIDENT;
                    final PortOptions options = new PortOptions();
                    if (random.nextInt(8) == 0)
                    {
                        options.flags(0);
                    }
                    final ClientPort opened = declared("client", () -> visitor.client(name, options));
                    client = null == opened ? client : opened;
                    if (random.nextInt(4) == 0)
                    {
                        // Before the service looks at it.
                        mutate(random);
                    }
                }
                case 3 -> declared("generic", () -> visitor.genericClient(RESIDENT, new PortOptions()));
                case 4 -> waitOn(visitor, service, client);
                case 5 -> mutate(random);
                case 6 -> run.callInt("watch", () -> visitor.watch().doWork());
                case 7 -> closePort(random.nextBoolean() ? service : client);
                case 8 -> declared("resident's client count", this.service::clientCount);
                case 9 -> converse(this.service, this.client);
                default ->
                {
                    if (null != client)
                    {
                        converse(null == service ? this.service : service, client);
                    }
                }
            }
        }
        run.callInt("close", () ->
        {
            visitor.close();
            return 0;
        });
        request.release();
    }

    private void waitOn(final Attachment visitor, final ServicePort service, final ClientPort client)
    {
        final WaitSet waitSet = declared("wait set", visitor::waitSet);
        if (null != waitSet)
        {
            if (null != service)
            {
                waitSet.add(service);
            }
            if (null != client)
            {
                waitSet.add(client);
            }
            declared("poll", waitSet::poll);
            declared("wait set's close", () ->
            {
                waitSet.close();
                return 0;
            });
        }
    }

    private void closePort(final Port port)
    {
        if (null != port)
        {
            run.callInt("close a port", () ->
            {
                port.close();
                return 0;
            });
        }
    }

    private void converse(final ServicePort service, final ClientPort client)
    {
        final long id = run.callLong("put", () -> client.put(bytes, 0, 48));
        run.count(id > 0 ? "put: done" : "put: " + Status.text((int)id));
        for (int i = 0; i < CONVERSATION_LIMIT; i++)
        {
            final int result = run.callInt("get", () -> service.get(request));
            run.count("get: " + (result < 0 ? Status.text(result) : MessageState.DISPOSE == result ? "DISPOSE" :
                "REQUEST"));
            if (MessageState.REQUEST == result)
            {
                final int status = run.callInt("reply", () -> request.reply(bytes, 0, 40));
                run.count(Status.OK == status ? "replied" : "reply: " + Status.text(status));
            }
        }
        for (int i = 0; i < CONVERSATION_LIMIT; i++)
        {
            final int result = run.callInt("get", () -> client.get(reply));
            run.count("get: " + (result < 0 ? Status.text(result) : "REPLY"));
            if (MessageState.REPLY == result)
            {
                reply.release();
            }
        }
        if (id > 0)
        {
            run.callInt("abort", () -> client.abort(id, true));
        }
        run.callLong("generation", client::serviceGeneration);
    }

    private <T> T declared(final String call, final Supplier<T> body)
    {
        try
        {
            final T result = run.call(call, body);
            run.count(call + ": done");
            return result;
        }
        catch (final CapsException ex)
        {
            run.count(call + ": " + Status.text(ex.status()));
        }
        catch (final RegionException ex)
        {
            run.count(call + ": " +
                ex.getMessage().replaceAll("local:[0-9a-f]+", "local:N").replaceAll("-?[0-9]+", "N"));
        }
        return null;
    }
}
