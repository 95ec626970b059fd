/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import org.agrona.CloseHelper;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A local service in a region to which an idle bridge is attached: measures what the bridge costs local clients.
 */
final class IdleBridgeContender implements Contender
{
    private final CapsContender caps = new CapsContender(true);

    @Override
    public String name()
    {
        return "jcaps-idle-bridge";
    }

    @Override
    public String title()
    {
        return "jcaps, an idle bridge attached";
    }

    @Override
    public String configuration()
    {
        return "As jcaps, a local service; a bridge, in a process of its own, is attached to the region, and nobody " +
            "imports from it.";
    }

    @Override
    public boolean isRemote()
    {
        return true;
    }

    @Override
    public String refusal(final Cell cell)
    {
        return Waiting.SPIN == cell.waiting() && Workload.ROUND_TRIP == cell.workload() ? caps.refusal(cell) :
            "is shown with one request in flight, of one client that spins";
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory) throws IOException
    {
        final EchoServer server = caps.serve(cell, directory);
        try
        {
            final ChildJvm bridge =
                BridgeProcess.start(CapsContender.config(cell, directory).path(), true, RemotePort.free());
            return new EchoServer()
            {
                @Override
                public int serve(final int limit)
                {
                    return server.serve(limit);
                }

                @Override
                public Tally end()
                {
                    return server.end();
                }

                @Override
                public void close()
                {
                    CloseHelper.closeAll(bridge, server);
                }
            };
        }
        catch (final IOException | RuntimeException ex)
        {
            server.close();
            throw ex;
        }
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        return caps.connect(cell, directory);
    }
}
