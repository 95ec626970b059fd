/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * A relay of UDP datagrams that loses, duplicates, delays and so reorders them, and can be cut. It needs no root. What
 * it does follows from its seed, and from the times at which datagrams come.
 */
final class ImpairedWire implements AutoCloseable, Runnable
{
    private static final int MAX_DATAGRAM = 65_536;

    private record Late(long dueNs, long order, DatagramChannel from, SocketAddress to, byte[] bytes)
        implements Comparable<Late>
    {
        @Override
        public int compareTo(final Late other)
        {
            final int byTime = Long.compare(dueNs, other.dueNs);
            return 0 != byTime ? byTime : Long.compare(order, other.order);
        }
    }

    /** One side of a conversation: the relay's socket towards the exporter, for one of the importer's sockets. */
    private record Flow(DatagramChannel entrance, SocketAddress importer, DatagramChannel exit, SocketAddress exporter)
    {
    }

    volatile double loss;
    volatile double duplication;
    volatile long maxDelayNs;
    volatile boolean isCutToB;
    volatile boolean isCutToA;
    private final Random random;
    private final Endpoint entrance;
    private final List<DatagramChannel> entrances = new ArrayList<>();
    private final List<SocketAddress> targets = new ArrayList<>();
    private final Map<String, Flow> flows = new HashMap<>();
    private final PriorityQueue<Late> late = new PriorityQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(MAX_DATAGRAM);
    private final Thread thread = new Thread(this, "impaired-wire");
    private volatile boolean isClosed;
    private volatile Throwable failure;
    private long order;

    ImpairedWire(final Endpoint target, final long seed) throws IOException
    {
        random = new Random(seed);
        entrance = new Endpoint("127.0.0.1", TwoHosts.freePort());
        for (int i = 0; i < 2; i++)
        {
            entrances.add(open(entrance.port() + i));
            targets.add(new InetSocketAddress(InetAddress.getLoopbackAddress(), target.port() + i));
        }
        thread.start();
    }

    private static DatagramChannel open(final int port) throws IOException
    {
        final DatagramChannel channel = DatagramChannel.open();
        channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        channel.configureBlocking(false);
        return channel;
    }

    Endpoint endpoint()
    {
        return entrance;
    }

    @Override
    public void run()
    {
        try
        {
            while (!isClosed)
            {
                int work = 0;
                for (int i = 0; i < entrances.size(); i++)
                {
                    work += relayToB(entrances.get(i), targets.get(i));
                }
                for (final Flow flow : flows.values())
                {
                    work += relayToA(flow);
                }
                work += deliver();
                if (0 == work)
                {
                    LockSupport.parkNanos(20_000);
                }
            }
        }
        catch (final IOException | RuntimeException ex)
        {
            failure = ex;
        }
    }

    private int relayToB(final DatagramChannel from, final SocketAddress target) throws IOException
    {
        int count = 0;
        buffer.clear();
        for (SocketAddress source = from.receive(buffer); null != source; source = from.receive(buffer))
        {
            final String key = source + ">" + target;
            Flow flow = flows.get(key);
            if (null == flow)
            {
                flow = new Flow(from, source, open(0), target);
                flows.put(key, flow);
            }
            impair(flow.exit, target, isCutToB);
            count++;
        }
        return count;
    }

    private int relayToA(final Flow flow) throws IOException
    {
        int count = 0;
        buffer.clear();
        while (null != flow.exit.receive(buffer))
        {
            impair(flow.entrance, flow.importer, isCutToA);
            count++;
        }
        return count;
    }

    private void impair(final DatagramChannel from, final SocketAddress to, final boolean isCut)
    {
        buffer.flip();
        final byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        buffer.clear();
        if (isCut || random.nextDouble() < loss)
        {
            return;
        }
        for (int i = random.nextDouble() < duplication ? 2 : 1; i > 0; i--)
        {
            final long delayNs = 0 == maxDelayNs ? 0 : (long)(random.nextDouble() * maxDelayNs);
            late.add(new Late(System.nanoTime() + delayNs, order++, from, to, bytes));
        }
    }

    private int deliver() throws IOException
    {
        int count = 0;
        while (!late.isEmpty() && late.peek().dueNs - System.nanoTime() <= 0)
        {
            final Late next = late.poll();
            next.from.send(ByteBuffer.wrap(next.bytes), next.to);
            count++;
        }
        return count;
    }

    @Override
    public void close() throws Exception
    {
        isClosed = true;
        thread.join();
        for (final DatagramChannel channel : entrances)
        {
            channel.close();
        }
        for (final Flow flow : flows.values())
        {
            flow.exit.close();
        }
        if (null != failure)
        {
            throw new AssertionError("the relay failed", failure);
        }
    }
}
