/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.Geometry;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two regions in this JVM, as if on two hosts, for bridges over the loopback interface.
 */
final class TwoHosts implements AutoCloseable
{
    static final String NAME = "orders";

    private static final long WATCH_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(10);

    final List<BridgeEvent> events = new CopyOnWriteArrayList<>();
    final List<Throwable> errors = new CopyOnWriteArrayList<>();
    final Attachment clients;
    final Attachment services;
    final Attachment bridgeA;
    final Attachment bridgeB;
    final Endpoint endpoint;
    private final List<AutoCloseable> resources = new ArrayList<>();

    TwoHosts()
    {
        this("127.0.0.1");
    }

    TwoHosts(final String host)
    {
        endpoint = new Endpoint(host, freePort());
        final LocalRegion regionA = new LocalRegion(Geometry.DEFAULT);
        final LocalRegion regionB = new LocalRegion(Geometry.DEFAULT);
        clients = attach(regionA);
        services = attach(regionB);
        bridgeA = attach(regionA);
        bridgeB = attach(regionB);
    }

    private Attachment attach(final LocalRegion region)
    {
        return add(Attachment.attach(region.host(), WATCH_INTERVAL_NS, errors::add));
    }

    <T extends AutoCloseable> T add(final T resource)
    {
        resources.add(resource);
        return resource;
    }

    /** A port such that it and the one after it are free. */
    static int freePort()
    {
        while (true)
        {
            try (DatagramSocket first = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
            {
                final int port = first.getLocalPort();
                try (DatagramSocket second =
                    new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port + 1)))
                {
                    assertThat(second.getLocalPort()).isEqualTo(port + 1);
                    return port;
                }
            }
            catch (final IOException ignore)
            {
                // The second one is in use.
            }
        }
    }

    Bridge export(final BridgeConfig config)
    {
        return Bridge.launch(bridgeB, config.exportService(NAME).bind(endpoint), events::add);
    }

    Bridge importFrom(final BridgeConfig config, final Endpoint from)
    {
        return Bridge.launch(bridgeA, config.importService(NAME, from), events::add);
    }

    /** A service that replies what it was sent, on a thread of its own. */
    ServicePort echo()
    {
        final ServicePort service = services.service(NAME, new PortOptions());
        final Thread thread = new Thread(() ->
        {
            final Message request = new Message();
            while (true)
            {
                final int state = service.await(request, Long.MAX_VALUE);
                if (MessageState.REQUEST == state)
                {
                    request.reply(request.buffer(), 0, request.length());
                }
                else if (state < 0)
                {
                    return;
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return service;
    }

    ClientPort client()
    {
        return clients.client(NAME, new PortOptions().waitForService());
    }

    /** A client whose stand-in stays: a connect may race with the end of one. */
    ClientPort connectedClient()
    {
        while (true)
        {
            try
            {
                return client();
            }
            catch (final CapsException ex)
            {
                assertThat(ex.status()).isEqualTo(Status.NOT_CONNECTED);
            }
        }
    }

    @Override
    public void close() throws Exception
    {
        for (int i = resources.size() - 1; i >= 0; i--)
        {
            resources.get(i).close();
        }
        assertThat(errors).isEmpty();
    }
}
