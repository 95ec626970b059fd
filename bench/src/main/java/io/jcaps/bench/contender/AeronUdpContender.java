/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.aeron.Aeron;
import io.aeron.driver.MediaDriver;
import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import org.agrona.CloseHelper;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Aeron's response channels over UDP, used directly: the basis of the bridge.
 */
final class AeronUdpContender implements Contender
{
    private static final String SERVER_DIRECTORY = "aeron-server";
    private static final String CLIENT_DIRECTORY = "aeron-client";

    @Override
    public String name()
    {
        return "aeron-udp";
    }

    @Override
    public String title()
    {
        return "Aeron UDP, response channel";
    }

    @Override
    public String configuration()
    {
        return "An exclusive publication of requests and a response channel over UDP on the loopback address. " +
            AeronEcho.CONFIGURATION + " A media driver in each of the two JVMs, on a thread of its own.";
    }

    @Override
    public boolean isRemote()
    {
        return true;
    }

    @Override
    public String refusal(final Cell cell)
    {
        return AeronEcho.refusal(cell);
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
        final MediaDriver driver = AeronEcho.launchDriver(directory.resolve(SERVER_DIRECTORY));
        final Aeron aeron = AeronEcho.attach(directory.resolve(SERVER_DIRECTORY));
        try
        {
            final EchoServer server = new AeronEcho.Server(cell,
                aeron.addSubscription(AeronEcho.requests(port), AeronEcho.REQUEST_STREAM_ID),
                (image) -> aeron.addExclusivePublication(
                    AeronEcho.replies(port, image.correlationId()), AeronEcho.REPLY_STREAM_ID),
                aeron, driver);
            RemotePort.write(directory, port);
            return server;
        }
        catch (final IOException | RuntimeException ex)
        {
            CloseHelper.quietCloseAll(aeron, driver);
            throw ex;
        }
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory) throws IOException
    {
        final int port = RemotePort.read(directory);
        final MediaDriver driver = AeronEcho.launchDriver(directory.resolve(CLIENT_DIRECTORY));
        final Aeron aeron = AeronEcho.attach(directory.resolve(CLIENT_DIRECTORY));
        try
        {
            final AeronEcho.RemoteStreams streams = AeronEcho.connect(aeron, port);
            return List.of(new AeronEcho.Client(cell, streams.requests(), streams.replies(), aeron, driver));
        }
        catch (final RuntimeException ex)
        {
            CloseHelper.quietCloseAll(aeron, driver);
            throw ex;
        }
    }
}
