/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import org.agrona.CloseHelper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Two named pipes, one for each direction. Java opens a pipe for blocking calls only, so only those are measured.
 */
final class PipeContender implements Contender
{
    private static final String REQUESTS_FILE_NAME = "requests";
    private static final String REPLIES_FILE_NAME = "replies";

    @Override
    public String name()
    {
        return "pipe";
    }

    @Override
    public String title()
    {
        return "named pipes";
    }

    @Override
    public String configuration()
    {
        return "A named pipe for each direction, read and written through FileChannel from direct buffers, " +
            "messages with 4 bytes of length before them.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (Waiting.BLOCK != cell.waiting())
        {
            return "a pipe blocks, as Java opens it";
        }
        final boolean isOneAtATime = Workload.ROUND_TRIP == cell.workload() && 1 == cell.clientCount();
        return isOneAtATime ? null : "both ends would block in write: one message at a time, of one client";
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        LibC.makePipe(directory.resolve(REQUESTS_FILE_NAME).toString());
        LibC.makePipe(directory.resolve(REPLIES_FILE_NAME).toString());
        return new Server(cell, directory);
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory) throws IOException
    {
        // In the server's order: opening one end waits for the other.
        final FileChannel requests = FileChannel.open(directory.resolve(REQUESTS_FILE_NAME), StandardOpenOption.WRITE);
        final FileChannel replies = FileChannel.open(directory.resolve(REPLIES_FILE_NAME), StandardOpenOption.READ);
        final FramedStream stream = new FramedStream(replies, requests, cell.length());
        return List.of(new StreamClient(stream, cell.request(), cell.reply(), true, 1, cell.replyStep()));
    }

    private static final class Server implements EchoServer
    {
        private final Cell cell;
        private final Path directory;
        private StreamSession session;

        Server(final Cell cell, final Path directory)
        {
            this.cell = cell;
            this.directory = directory;
        }

        @Override
        public int serve(final int limit)
        {
            try
            {
                if (null == session)
                {
                    open();
                }
                return session.serve(limit);
            }
            catch (final IOException ex)
            {
                throw new UncheckedIOException(ex);
            }
        }

        @Override
        public Tally end()
        {
            return null == session ? new Tally(0, 0, Tally.NO_DISPOSALS) :
                new Tally(session.requestCount(), session.corruptCount(), Tally.NO_DISPOSALS);
        }

        @Override
        public void close()
        {
            CloseHelper.close(session);
        }

        private void open() throws IOException
        {
            final FileChannel requests =
                FileChannel.open(directory.resolve(REQUESTS_FILE_NAME), StandardOpenOption.READ);
            final FileChannel replies =
                FileChannel.open(directory.resolve(REPLIES_FILE_NAME), StandardOpenOption.WRITE);
            final FramedStream stream = new FramedStream(requests, replies, cell.length());
            session = new StreamSession(stream, cell.request(), cell.reply(), cell.replyStep());
        }
    }
}
