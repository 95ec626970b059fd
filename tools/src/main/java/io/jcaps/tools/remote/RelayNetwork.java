/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.remote;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Two loopback addresses, and a thread that relays datagrams between them. Needs no root. A cut makes the thread drop
 * what it receives.
 * <p>
 * The bridge of host B listens on one address; the bridge of host A sends to the other one, which is the relay's. The
 * port after each is used for replies.
 */
final class RelayNetwork implements HostNetwork, Runnable
{
    private static final String ADDRESS_B = "127.0.0.2";
    private static final String ADDRESS_OF_RELAY = "127.0.0.3";
    private static final int MIN_PORT = 20_000;
    private static final int PORT_COUNT = 12_000;
    private static final int PORT_TRIES = 100;
    private static final int MAX_DATAGRAM = 65_536;
    /** Most flows: each session of a bridge has sockets of its own. The least recently used flow is closed. */
    private static final int MAX_FLOWS = 64;
    private static final int SOCKET_BUFFER_LENGTH = 4 * 1024 * 1024;

    private final Selector selector;
    private final int port;
    private final List<DatagramChannel> channels = new ArrayList<>();
    // Used only by the relay's thread.
    private final Map<FlowKey, Flow> flows = new LinkedHashMap<>(MAX_FLOWS, 0.75f, true);
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_DATAGRAM);
    private final Thread thread = new Thread(this, "relay");
    private volatile boolean isCutToB;
    private volatile boolean isCutToA;
    private volatile boolean isClosed;
    private volatile long droppedCount;

    private record FlowKey(SocketAddress ofA, int port)
    {
    }

    /** The relay's socket towards B for one socket of A: datagrams received by it go to that socket. */
    private record Flow(DatagramChannel entrance, SocketAddress ofA, DatagramChannel exit, SocketAddress ofB)
    {
    }

    RelayNetwork() throws IOException
    {
        selector = Selector.open();
        port = openEntrances();
        thread.setDaemon(true);
        thread.start();
    }

    /** Finds a port that is free at both addresses, with the one after it. */
    private int openEntrances() throws IOException
    {
        final SplittableRandom random = new SplittableRandom();
        IOException failure = null;
        for (int i = 0; i < PORT_TRIES; i++)
        {
            final int candidate = MIN_PORT + 2 * random.nextInt(PORT_COUNT / 2);
            try
            {
                for (int offset = 0; offset < 2; offset++)
                {
                    open(new InetSocketAddress(ADDRESS_B, candidate + offset)).close();
                    final DatagramChannel entrance =
                        open(new InetSocketAddress(ADDRESS_OF_RELAY, candidate + offset));
                    channels.add(entrance);
                    entrance.register(selector, SelectionKey.OP_READ,
                        new InetSocketAddress(ADDRESS_B, candidate + offset));
                }
                return candidate;
            }
            catch (final IOException ex)
            {
                failure = ex;
                closeChannels();
                channels.clear();
            }
        }
        throw new IOException("no free port at " + ADDRESS_B + " and " + ADDRESS_OF_RELAY, failure);
    }

    private static DatagramChannel open(final InetSocketAddress address) throws IOException
    {
        final DatagramChannel channel = DatagramChannel.open();
        try
        {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_LENGTH);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_LENGTH);
            channel.bind(address);
            channel.configureBlocking(false);
        }
        catch (final IOException ex)
        {
            channel.close();
            throw ex;
        }
        return channel;
    }

    @Override
    public void run()
    {
        try
        {
            while (!isClosed)
            {
                selector.select(this::relay);
            }
        }
        catch (final IOException ex)
        {
            // A bridge that waits for a reply detects it.
            System.err.println("the relay failed: " + ex);
        }
        finally
        {
            flows.values().forEach((flow) -> channels.add(flow.exit()));
            closeChannels();
        }
    }

    private void relay(final SelectionKey key)
    {
        try
        {
            final DatagramChannel channel = (DatagramChannel)key.channel();
            if (key.attachment() instanceof Flow flow)
            {
                relayToA(channel, flow);
            }
            else
            {
                relayToB(channel, (InetSocketAddress)key.attachment());
            }
        }
        catch (final IOException ignore)
        {
            // No socket listens there now: as on a network, the datagram is lost.
        }
    }

    private void relayToB(final DatagramChannel entrance, final InetSocketAddress target) throws IOException
    {
        buffer.clear();
        for (SocketAddress from = entrance.receive(buffer); null != from; from = entrance.receive(buffer))
        {
            final FlowKey key = new FlowKey(from, target.getPort());
            Flow flow = flows.get(key);
            if (null == flow)
            {
                flow = new Flow(entrance, from, open(new InetSocketAddress(ADDRESS_OF_RELAY, 0)), target);
                flow.exit().register(selector, SelectionKey.OP_READ, flow);
                flows.put(key, flow);
                closeEldest();
            }
            send(flow.exit(), target, isCutToB);
        }
    }

    private void closeEldest() throws IOException
    {
        if (flows.size() > MAX_FLOWS)
        {
            final Iterator<Flow> iterator = flows.values().iterator();
            iterator.next().exit().close();
            iterator.remove();
        }
    }

    private void relayToA(final DatagramChannel exit, final Flow flow) throws IOException
    {
        buffer.clear();
        while (null != exit.receive(buffer))
        {
            send(flow.entrance(), flow.ofA(), isCutToA);
        }
    }

    private void send(final DatagramChannel channel, final SocketAddress to, final boolean isCut) throws IOException
    {
        buffer.flip();
        if (!isCut)
        {
            channel.send(buffer, to);
        }
        else
        {
            droppedCount = droppedCount + 1;
        }
        buffer.clear();
    }

    private void closeChannels()
    {
        for (final DatagramChannel channel : channels)
        {
            try
            {
                channel.close();
            }
            catch (final IOException ignore)
            {
                // It is not used any more.
            }
        }
    }

    @Override
    public String description()
    {
        return "two loopback addresses, and a relay between them";
    }

    @Override
    public List<String> launcherOfA()
    {
        return List.of();
    }

    @Override
    public List<String> launcherOfB()
    {
        return List.of();
    }

    @Override
    public String bind()
    {
        return ADDRESS_B + ':' + port;
    }

    @Override
    public String exporter()
    {
        return ADDRESS_OF_RELAY + ':' + port;
    }

    @Override
    public String allowed()
    {
        return "127.0.0.0/8";
    }

    @Override
    public void cut(final Cut cut)
    {
        isCutToB = Cut.TO_A != cut;
        isCutToA = Cut.TO_B != cut;
    }

    @Override
    public void restore()
    {
        isCutToB = false;
        isCutToA = false;
    }

    /** Datagrams that a cut has dropped. */
    long droppedCount()
    {
        return droppedCount;
    }

    @Override
    public void close()
    {
        isClosed = true;
        selector.wakeup();
        try
        {
            thread.join();
            selector.close();
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
        }
        catch (final IOException ignore)
        {
            // It is not used any more.
        }
    }
}
