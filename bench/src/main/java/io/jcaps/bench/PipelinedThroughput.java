/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.Status;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Replies per second between two JVMs with some messages in flight. Replies are verified, in their order, and disposed
 * of; at the end both sides have counted the same.
 */
public final class PipelinedThroughput
{
    private static final String WINDOWS_OPTION = "--windows=";
    private static final int[] DEFAULT_WINDOWS = {1, 8, 64, 128};
    private static final int MESSAGE_COUNT = 10_000_000;
    private static final int WARM_UP_COUNT = 2_000_000;
    private static final int BATCH_COUNT = 10_000;

    private final ClientPort port;
    private final int length;
    private final UnsafeBuffer source;
    private final Message reply = new Message();
    private long putCount;
    private long replyCount;

    private PipelinedThroughput(final ClientPort port, final int length)
    {
        this.port = port;
        this.length = length;
        source = new UnsafeBuffer(new byte[length]);
        Payload.fill(source, length, 0);
    }

    /**
     * Measures once, in a JVM that is started for it. The client polls.
     *
     * @param options of the measurement; messages are copied.
     * @param window  most messages in flight, 1 to 128.
     * @return replies per second.
     * @throws IllegalStateException if a message was lost or changed.
     */
    public static double run(final RoundTripOptions options, final int window)
    {
        try (EchoPair pair = new EchoPair(options))
        {
            final PipelinedThroughput self = new PipelinedThroughput(pair.port(), options.length());
            self.run(options.warmUpCount(), window);
            final long startNs = System.nanoTime();
            self.run(options.messageCount(), window);
            final long durationNs = System.nanoTime() - startNs;
            pair.end(self.replyCount);
            return options.messageCount() * 1e9 / durationNs;
        }
    }

    /**
     * Measures with each window and prints the results.
     *
     * @param args {@code --windows=1,8}, and as {@link RoundTripOptions#parse} takes them.
     */
    public static void main(final String[] args)
    {
        final List<String> left = new ArrayList<>(List.of(args));
        int[] windows = DEFAULT_WINDOWS;
        for (final String arg : args)
        {
            if (arg.startsWith(WINDOWS_OPTION))
            {
                windows = Arrays.stream(arg.substring(WINDOWS_OPTION.length()).split(","))
                    .mapToInt(Integer::parseInt).toArray();
                left.remove(arg);
            }
        }
        left.addAll(0, List.of("--messages=" + MESSAGE_COUNT, "--warm-up=" + WARM_UP_COUNT));
        final RoundTripOptions options = RoundTripOptions.parse(left);
        Report.printEnvironment(System.out, options.arguments());
        System.out.printf("%8s %16s %12s%n", "window", "replies/s", "ns/reply");
        for (final int window : windows)
        {
            final double rate = run(options, window);
            System.out.printf("%8d %16.0f %12.1f%n", window, rate, 1e9 / rate);
        }
    }

    private void run(final int count, final int window)
    {
        final long endCount = replyCount + count;
        while (replyCount < endCount)
        {
            batch(Math.min(endCount, replyCount + BATCH_COUNT), endCount, window);
        }
    }

    private void batch(final long batchEndCount, final long endCount, final int window)
    {
        while (replyCount < batchEndCount)
        {
            while (putCount < endCount && putCount - replyCount < window)
            {
                put();
            }
            final int result = port.get(reply);
            if (Status.WOULD_BLOCK != result)
            {
                onReply(result);
            }
        }
    }

    private void put()
    {
        if (length >= Long.BYTES)
        {
            source.putLong(0, putCount);
        }
        if (0 != length % Long.BYTES)
        {
            Payload.fill(source, length, putCount);
        }
        final long id = port.put(source, 0, length);
        if (id <= 0)
        {
            throw new IllegalStateException("cannot put: " + Status.text(id));
        }
        putCount++;
    }

    private void onReply(final int result)
    {
        if (MessageState.REPLY != result || Outcome.REPLIED != reply.outcome())
        {
            throw new IllegalStateException("no reply but " + Status.text(result));
        }
        if (reply.length() != length || !Payload.verify(reply.buffer(), length, replyCount))
        {
            throw new IllegalStateException("reply " + replyCount + " has other content, or comes out of order");
        }
        reply.release();
        replyCount++;
    }
}
