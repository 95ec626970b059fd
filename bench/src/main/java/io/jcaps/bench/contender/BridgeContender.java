/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.PortOptions;
import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.CloseHelper;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * This project's transport between two hosts: a region on each side, and two bridges over the loopback address.
 */
final class BridgeContender implements Contender
{
    private static final String EXPORTING_REGION = "exporting";
    private static final String IMPORTING_REGION = "importing";
    private static final long CONNECT_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);
    private static final long LAST_DISPOSALS_NS = TimeUnit.SECONDS.toNanos(20);
    private static final int PROCESS_COUNT = 4;
    /**
     * Ports of the region besides those of clients, such as the service and the port with which the bridge follows it.
     */
    private static final int OTHER_PORTS = 3;

    private final boolean isEmbedded;

    /**
     * @param isEmbedded whether the bridges run in the processes of the client and of the service; else each has one of
     *                   its own.
     */
    BridgeContender(final boolean isEmbedded)
    {
        this.isEmbedded = isEmbedded;
    }

    @Override
    public String name()
    {
        return isEmbedded ? "bridge-embedded" : "bridge";
    }

    @Override
    public String title()
    {
        return isEmbedded ? "jcaps bridge, embedded at both ends" : "jcaps bridge, four processes";
    }

    @Override
    public String configuration()
    {
        return "A region for each side, and a bridge between them over UDP on the loopback address, " +
            (isEmbedded ? "in the processes of the client and of the service" : "each in a process of its own") +
            ". Ports, claims and disposals as in jcaps.";
    }

    @Override
    public boolean isRemote()
    {
        return true;
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (Waiting.YIELD != cell.waiting())
        {
            return "is shown yielding, as its threads are more than two";
        }
        return cell.length() > Geometry.MAX_MESSAGE_LIMIT ? "a message has at most " + Geometry.MAX_MESSAGE_LIMIT +
            " bytes" : cell.window() > SlotDescriptor.MAX_SLOT_COUNT ?
            "a client has at most " + SlotDescriptor.MAX_SLOT_COUNT + " messages in flight" : null;
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory) throws IOException
    {
        final int port = RemotePort.free();
        final List<AutoCloseable> resources = new ArrayList<>();
        try
        {
            final Path region = directory.resolve(EXPORTING_REGION);
            final Attachment attachment = attach(resources, cell, region);
            final EchoServer server = new CapsContender.Server(cell, true, attachment,
                attachment.service(CapsContender.SERVICE_NAME, CapsContender.tunedOptions(cell)));
            launch(resources, attachment, region, true, port);
            RemotePort.write(directory, port);
            return new Server(server, resources);
        }
        catch (final IOException | RuntimeException ex)
        {
            closeAll(resources);
            throw ex;
        }
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory) throws IOException
    {
        final List<AutoCloseable> resources = new ArrayList<>();
        try
        {
            final Path region = directory.resolve(IMPORTING_REGION);
            final Attachment attachment = attach(resources, cell, region);
            launch(resources, attachment, region, false, RemotePort.read(directory));
            final PortOptions options =
                CapsContender.tunedOptions(cell).waitForService()
                .connectTimeout(CONNECT_TIMEOUT_NS, TimeUnit.NANOSECONDS);
            final AtomicInteger openCount = new AtomicInteger(cell.clientCount());
            final List<EchoClient> clients = new ArrayList<>();
            for (int i = 0; i < cell.clientCount(); i++)
            {
                final ClientPort port = attachment.client(CapsContender.SERVICE_NAME, options);
                // The last client closes the bridge and then the attachment.
                clients.add(new CapsContender.Client(cell, true, () -> closeAll(resources), openCount, port));
            }
            return clients;
        }
        catch (final IOException | RuntimeException ex)
        {
            closeAll(resources);
            throw ex;
        }
    }

    private static Attachment attach(final List<AutoCloseable> resources, final Cell cell, final Path region)
    {
        final int count = cell.clientCount() + OTHER_PORTS;
        final Attachment attachment = Caps.attach(new RegionConfig().path(region).geometry(new Geometry(
            PROCESS_COUNT, count, count, SlotDescriptor.MAX_SLOT_COUNT, Geometry.MAX_MESSAGE_LIMIT)));
        resources.add(attachment);
        return attachment;
    }

    private void launch(
        final List<AutoCloseable> resources,
        final Attachment attachment,
        final Path region,
        final boolean isExporting,
        final int port)
    {
        resources.add(isEmbedded ? BridgeProcess.launch(attachment, isExporting, port) :
            BridgeProcess.start(region, isExporting, port));
    }

    private static void closeAll(final List<AutoCloseable> resources)
    {
        for (int i = resources.size() - 1; i >= 0; i--)
        {
            CloseHelper.quietClose(resources.get(i));
        }
    }

    private static final class Server implements EchoServer
    {
        private final EchoServer server;
        private final List<AutoCloseable> resources;

        Server(final EchoServer server, final List<AutoCloseable> resources)
        {
            this.server = server;
            this.resources = resources;
        }

        @Override
        public int serve(final int limit)
        {
            return server.serve(limit);
        }

        /** The clients have closed, but their last disposals may still be on their way. */
        @Override
        public Tally end()
        {
            final long deadlineNs = System.nanoTime() + LAST_DISPOSALS_NS;
            Tally tally = server.end();
            while (tally.disposalCount() != tally.requestCount() && System.nanoTime() - deadlineNs < 0)
            {
                Thread.yield();
                tally = server.end();
            }
            return tally;
        }

        @Override
        public void close()
        {
            closeAll(resources);
        }
    }
}
