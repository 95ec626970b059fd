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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Sockets of the JDK: of the Unix domain, or TCP over the loopback address.
 */
final class SocketContender implements Contender
{
    private static final String SOCKET_FILE_NAME = "socket";
    private static final String PORT_FILE_NAME = "port";
    /** In bytes; far less than a socket's buffers hold: two ends that block in write would hang. */
    private static final int BLOCKING_IN_FLIGHT_LENGTH = 64 * 1024;

    private static final int MOST_SCANNED_CHANNELS = 16;

    private final boolean isUnix;

    private SocketContender(final boolean isUnix)
    {
        this.isUnix = isUnix;
    }

    /**
     * @return the contender over Unix domain sockets.
     */
    static SocketContender unix()
    {
        return new SocketContender(true);
    }

    /**
     * @return the contender over TCP.
     */
    static SocketContender tcp()
    {
        return new SocketContender(false);
    }

    @Override
    public String name()
    {
        return isUnix ? "unix-socket" : "tcp";
    }

    @Override
    public String title()
    {
        return isUnix ? "Unix domain socket" : "TCP loopback";
    }

    @Override
    public String configuration()
    {
        return (isUnix ? "SocketChannel of the Unix domain" : "SocketChannel over the loopback, TCP_NODELAY") +
            ", messages with 4 bytes of length before them in direct buffers. Polled without blocking; to block, it " +
            "blocks in read. What comes at once is read at once, and its replies are written at once; so are the " +
            "requests of a window. The server reads its channels in turn if there is one, or up to 16 that are all " +
            "busy; else it asks a selector.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        return Waiting.BLOCK == cell.waiting() && cell.clientCount() > 1 ? "blocks in read, on one connection" : null;
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory) throws IOException
    {
        final ServerSocketChannel listener;
        if (isUnix)
        {
            listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listener.bind(UnixDomainSocketAddress.of(directory.resolve(SOCKET_FILE_NAME)), cell.clientCount());
        }
        else
        {
            listener = ServerSocketChannel.open();
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), cell.clientCount());
            final int port = ((InetSocketAddress)listener.getLocalAddress()).getPort();
            // Renamed when it is complete.
            final Path file = Files.writeString(directory.resolve(PORT_FILE_NAME + ".new"), Integer.toString(port));
            Files.move(file, directory.resolve(PORT_FILE_NAME), StandardCopyOption.ATOMIC_MOVE);
        }
        return new Server(cell, listener, isUnix);
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory) throws IOException
    {
        final SocketAddress address = isUnix ?
            UnixDomainSocketAddress.of(directory.resolve(SOCKET_FILE_NAME)) :
            new InetSocketAddress(InetAddress.getLoopbackAddress(),
                Integer.parseInt(Files.readString(directory.resolve(PORT_FILE_NAME))));
        final boolean isBlocking = Waiting.BLOCK == cell.waiting();
        final long inFlightLimit =
            isBlocking ? Math.max(1, BLOCKING_IN_FLIGHT_LENGTH / cell.length()) : Long.MAX_VALUE;
        final List<EchoClient> clients = new ArrayList<>();
        try
        {
            for (int i = 0; i < cell.clientCount(); i++)
            {
                final FramedStream stream = stream(SocketChannel.open(address), isBlocking, isUnix, cell.length());
                clients.add(new StreamClient(
                    stream, cell.request(), cell.reply(), isBlocking, inFlightLimit, cell.replyStep()));
            }
        }
        catch (final IOException ex)
        {
            CloseHelper.closeAll(clients);
            throw new IOException("cannot connect to " + address + ": " + ex.getMessage(), ex);
        }
        return clients;
    }

    /**
     * Whether the server reads all channels in turn. A selector was measured to be as fast for 8 channels of which one
     * is busy, and 10 times as fast for 128; reading was up to a third faster for 8 that are all busy.
     */
    private static boolean isScanned(final Cell cell)
    {
        return 1 == cell.clientCount() ||
            Workload.CROWD == cell.workload() && cell.clientCount() <= MOST_SCANNED_CHANNELS;
    }

    private static FramedStream stream(
        final SocketChannel channel, final boolean isBlocking, final boolean isUnix, final int messageLength)
        throws IOException
    {
        channel.configureBlocking(isBlocking);
        if (!isUnix)
        {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        return new FramedStream(channel, channel, messageLength);
    }

    private static final class Server implements EchoServer
    {
        private final Cell cell;
        private final boolean isUnix;
        private final boolean isBlocking;
        private final ServerSocketChannel listener;
        private final Selector selector;
        private final List<StreamSession> sessions = new ArrayList<>();
        private final Consumer<SelectionKey> onReady = this::onReady;
        private int missingCount;
        private int nextSession;
        private int unfinishedCount;
        private int budget;

        Server(final Cell cell, final ServerSocketChannel listener, final boolean isUnix) throws IOException
        {
            this.cell = cell;
            this.isUnix = isUnix;
            this.listener = listener;
            isBlocking = Waiting.BLOCK == cell.waiting();
            listener.configureBlocking(isBlocking);
            missingCount = cell.clientCount();
            selector = isScanned(cell) ? null : Selector.open();
        }

        @Override
        public int serve(final int limit)
        {
            try
            {
                if (missingCount > 0)
                {
                    accept();
                }
                if (null != selector)
                {
                    return serveReady(limit);
                }
                return serveAll(limit);
            }
            catch (final IOException ex)
            {
                throw new UncheckedIOException(ex);
            }
        }

        @Override
        public Tally end()
        {
            long requestCount = 0;
            long corruptCount = 0;
            for (final StreamSession session : sessions)
            {
                requestCount += session.requestCount();
                corruptCount += session.corruptCount();
            }
            return new Tally(requestCount, corruptCount, Tally.NO_DISPOSALS);
        }

        @Override
        public void close()
        {
            CloseHelper.closeAll(sessions);
            CloseHelper.closeAll(selector, listener);
        }

        private void accept() throws IOException
        {
            final SocketChannel channel = listener.accept();
            if (null == channel)
            {
                return;
            }
            final FramedStream stream = stream(channel, isBlocking, isUnix, cell.length());
            final StreamSession session = new StreamSession(stream, cell.request(), cell.reply(), cell.replyStep());
            sessions.add(session);
            missingCount--;
            if (null != selector)
            {
                channel.register(selector, SelectionKey.OP_READ, session);
            }
        }

        private int serveAll(final int limit) throws IOException
        {
            int count = 0;
            for (int i = sessions.size(); i > 0 && count < limit; i--)
            {
                nextSession = nextSession < sessions.size() - 1 ? nextSession + 1 : 0;
                count += sessions.get(nextSession).serve(limit - count);
            }
            return count;
        }

        private int serveReady(final int limit) throws IOException
        {
            budget = limit;
            if (unfinishedCount > 0)
            {
                finish();
            }
            if (budget > 0)
            {
                selector.selectNow(onReady);
            }
            return limit - budget;
        }

        private void onReady(final SelectionKey key)
        {
            if (0 == budget)
            {
                // The bytes stay in the socket, and the selector reports them again.
                return;
            }
            try
            {
                final StreamSession session = (StreamSession)key.attachment();
                serve(session, session.isUnfinished());
                if (!session.isOpen())
                {
                    key.cancel();
                }
            }
            catch (final IOException ex)
            {
                throw new UncheckedIOException(ex);
            }
        }

        private void finish() throws IOException
        {
            for (int i = 0; i < sessions.size() && budget > 0; i++)
            {
                if (sessions.get(i).isUnfinished())
                {
                    serve(sessions.get(i), true);
                }
            }
        }

        private void serve(final StreamSession session, final boolean wasUnfinished) throws IOException
        {
            budget -= session.serve(budget);
            final boolean isUnfinished = session.isUnfinished();
            if (isUnfinished != wasUnfinished)
            {
                unfinishedCount += isUnfinished ? 1 : -1;
            }
        }
    }
}
