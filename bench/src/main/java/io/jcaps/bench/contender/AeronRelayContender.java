/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.aeron.Aeron;
import io.jcaps.bench.Cell;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import org.agrona.CloseHelper;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What a user of Aeron would write instead of two bridges: a relay on each host, IPC to UDP to IPC.
 */
final class AeronRelayContender implements Contender
{
    private static final String SERVER_DIRECTORY = "aeron-server";
    private static final String CLIENT_DIRECTORY = "aeron-client";

    @Override
    public String name()
    {
        return "aeron-relay";
    }

    @Override
    public String title()
    {
        return "Aeron relay, IPC to UDP to IPC";
    }

    @Override
    public String configuration()
    {
        return "Four processes: the client, a relay from IPC to UDP, a relay from UDP to IPC, and the server. " +
            AeronEcho.CONFIGURATION + " A relay has a thread that copies each message from one stream to the other, " +
            "and a media driver on a second thread. It knows no clients, no deaths and no outcomes.";
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
        final Path drivers = directory.resolve(SERVER_DIRECTORY);
        final ChildJvm relay = AeronRelay.start(drivers, true, port);
        Aeron aeron = null;
        try
        {
            aeron = AeronEcho.attach(drivers);
            final Aeron attached = aeron;
            final EchoServer server = new AeronEcho.Server(cell,
                aeron.addSubscription(AeronEcho.IPC, AeronEcho.REQUEST_STREAM_ID),
                (image) -> attached.addExclusivePublication(AeronEcho.IPC_LOG, AeronEcho.REPLY_STREAM_ID),
                aeron, relay);
            RemotePort.write(directory, port);
            return server;
        }
        catch (final IOException | RuntimeException ex)
        {
            CloseHelper.quietCloseAll(aeron, relay);
            throw ex;
        }
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory) throws IOException
    {
        final Path drivers = directory.resolve(CLIENT_DIRECTORY);
        final ChildJvm relay = AeronRelay.start(drivers, false, RemotePort.read(directory));
        Aeron aeron = null;
        try
        {
            aeron = AeronEcho.attach(drivers);
            return List.of(new AeronEcho.Client(cell,
                aeron.addExclusivePublication(AeronEcho.IPC_LOG, AeronEcho.REQUEST_STREAM_ID),
                aeron.addSubscription(AeronEcho.IPC, AeronEcho.REPLY_STREAM_ID),
                aeron, relay));
        }
        catch (final RuntimeException ex)
        {
            CloseHelper.quietCloseAll(aeron, relay);
            throw ex;
        }
    }
}
