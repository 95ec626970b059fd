/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.throttle;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.shm.Caps;

/**
 * Puts as fast as possible. At NO_BUFFERS it takes replies until half of its messages are done, then continues.
 */
public final class ThrottleClient
{
    private final ClientPort client;
    private final Claim request = new Claim();
    private final Message reply = new Message();
    private long putCount;
    private long replyCount;
    private int refusalCount;
    private int mostInProgress;

    private ThrottleClient(final ClientPort client)
    {
        this.client = client;
    }

    /**
     * Puts.
     *
     * @param args number of messages (5000).
     */
    public static void main(final String[] args)
    {
        final int count = args.length > 0 ? Integer.parseInt(args[0]) : 5000;
        final PortOptions options = new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC);
        try (Attachment caps = Caps.attach();
            ClientPort client = caps.client("throttle", options))
        {
            new ThrottleClient(client).run(count);
        }
    }

    private void run(final int count)
    {
        while (putCount < count)
        {
            final int status = put();
            if (Status.NO_BUFFERS == status)
            {
                // The put has changed nothing: the message is put again later. It waits for half of the replies, as
                // after a single one each further put would fail again, and each reply would wake the thread.
                refusalCount++;
                takeReplies(client.inProgress() / 2);
            }
            else if (Status.OK != status)
            {
                throw new IllegalStateException("put: " + Status.text(status));
            }
        }
        takeReplies(0);
        System.out.println(putCount + " put, " + replyCount + " replied, NO_BUFFERS met " + refusalCount +
            " times, at most " + mostInProgress + " in progress");
    }

    private int put()
    {
        final int status = client.claim(Long.BYTES, request);
        if (Status.OK != status)
        {
            return status;
        }
        request.buffer().putLong(0, putCount);
        final long id = request.put();
        if (id < 0)
        {
            // If it was NO_BUFFERS, the claim is still filled; otherwise this does nothing.
            request.cancel();
            return (int)id;
        }
        putCount++;
        mostInProgress = Math.max(mostInProgress, client.inProgress());
        return Status.OK;
    }

    private void takeReplies(final int inProgressLimit)
    {
        while (client.inProgress() > inProgressLimit)
        {
            final int state = client.await(reply, Long.MAX_VALUE);
            if (MessageState.REPLY != state || Outcome.REPLIED != reply.outcome())
            {
                throw new IllegalStateException(
                    Status.text(state) + ' ' + Outcome.text(reply.outcome()) + " after " + replyCount + " replies");
            }
            // The server replies in the order in which it received, which is the order in which this side put.
            final long number = reply.buffer().getLong(0);
            if (replyCount != number)
            {
                throw new IllegalStateException("reply to " + number + ", expected that to " + replyCount);
            }
            replyCount++;
            reply.release();
        }
    }
}
