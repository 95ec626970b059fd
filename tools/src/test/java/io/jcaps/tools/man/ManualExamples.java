/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.man;

import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.Outcome;
import io.jcaps.Status;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

import static io.jcaps.sys.CapsSys.*;

/**
 * The programs of the manual's EXAMPLES, which include them from here by their tags. {@link ManualExamplesTest} runs
 * them.
 */
final class ManualExamples
{
    private ManualExamples()
    {
    }

    // tag::open[]
    static void runService(final Path region) throws IOException
    {
        try (CapsSys sys = CapsSys.open(region))
        {
            // Whose this process is: Java has no getuid().
            final Path self = Path.of("/proc/self");
            final int uid = (int)Files.getAttribute(self, "unix:uid");
            final int svc = sys.service("echo", uid, -1, 0, CAPF_USER);
            if (svc < 0)
            {
                throw new IllegalStateException("errno=" + sys.errno());
            }
            serve(sys, svc);
        }
    }
    // end::open[]

    // tag::service[]
    static int register(final CapsSys sys, final int uid)
    {
        final int svc =
            sys.service("quotes", uid, -1, 0, CAPF_USER | CAPF_EXCL);
        if (svc < 0)
        {
            final String reason = switch (sys.errno())
            {
                case EEXIST -> "quotes is running already";
                case EOPNOTSUPP -> "CAPS is switched off";
                default -> "cannot register: errno=" + sys.errno();
            };
            throw new IllegalStateException(reason);
        }
        return svc;
    }
    // end::service[]

    // tag::client[]
    static int connect(final CapsSys sys, final int uid)
        throws InterruptedException
    {
        final int port =
            sys.client("quotes", uid, -1, 0, CAPF_USER | CAPF_WAITSVC);
        if (port < 0 && EINTR == sys.errno())
        {
            throw new InterruptedException("while waiting for quotes");
        }
        if (port < 0)
        {
            throw new IllegalStateException("errno=" + sys.errno());
        }
        return port;
    }
    // end::client[]

    // tag::generic[]
    static int connectGeneric(
        final CapsSys sys,
        final String name,
        final int uid,
        final int gid)
    {
        int port = sys.client(name, uid, -1, 0, CAPF_ANYCLIENT);
        if (port < 0)
        {
            port = sys.client(name, -1, gid, 0, CAPF_ANYCLIENT);
        }
        return port < 0 ?
            sys.client(name, 0, 0, 0, CAPF_ANYCLIENT) : port;
    }
    // end::generic[]

    // tag::close[]
    static void drainAndClose(
        final CapsSys sys, final int port, final Map<Long, String> open)
    {
        final CapsMsgId msgid = new CapsMsgId();
        final UnsafeBuffer reply = new UnsafeBuffer(new byte[131_072]);
        while (!open.isEmpty() &&
            sys.wait(port, reply, reply.capacity(), msgid, null) >= 0)
        {
            final String outcome = Outcome.text(msgid.outcome);
            System.out.println(open.remove(msgid.id) + ": " + outcome);
        }
        sys.close(port);
    }
    // end::close[]

    // tag::setgen[]
    static void reload(
        final CapsSys sys,
        final int svc,
        final Runnable load,
        final long count)
    {
        load.run();
        // Behind the change: who sees the new number asks again.
        if (sys.setgen(svc, count) < 0)
        {
            throw new IllegalStateException("errno=" + sys.errno());
        }
    }
    // end::setgen[]

    // tag::getgen[]
    static long dropWhatIsOld(
        final CapsSys sys,
        final int port,
        final long seen,
        final Map<String, Long> quotes)
    {
        final long generation = sys.getgen(port);
        if (generation != seen)
        {
            quotes.clear();
        }
        return generation;
    }
    // end::getgen[]

    // tag::put[]
    static long send(
        final CapsSys sys,
        final int port,
        final String text,
        final Consumer<CapsMsgId> onReply)
    {
        final UnsafeBuffer request =
            new UnsafeBuffer(text.getBytes(StandardCharsets.UTF_8));
        final UnsafeBuffer reply = new UnsafeBuffer(new byte[131_072]);
        final CapsMsgId msgid = new CapsMsgId();
        while (true)
        {
            final long id = sys.put(port, request, request.capacity());
            if (id > 0)
            {
                return id;
            }
            final int limit = reply.capacity();
            if (ENOBUFS != sys.errno() ||
                sys.wait(port, reply, limit, msgid, null) < 0)
            {
                throw new IllegalStateException("errno=" + sys.errno());
            }
            onReply.accept(msgid);
        }
    }
    // end::put[]

    // tag::reply[]
    static void answerWithLength(final CapsSys sys, final int svc)
    {
        final CapsMsgId msgid = new CapsMsgId();
        // No room is offered: the length is all that is wanted.
        final int length = sys.wait(svc, null, 0, msgid, null);
        if (length >= 0 && CAPMS_REQUEST == msgid.state)
        {
            final UnsafeBuffer reply = new UnsafeBuffer(new byte[4]);
            reply.putInt(0, length);
            if (sys.reply(svc, reply, 4, msgid.id) < 0 &&
                EINVAL != sys.errno())
            {
                throw new IllegalStateException("errno=" + sys.errno());
            }
            // EINVAL: the client has gone, and needs no reply.
        }
    }
    // end::reply[]

    // tag::get[]
    static int takeAll(
        final CapsSys sys,
        final int port,
        final Consumer<String> onReply)
    {
        UnsafeBuffer buffer = new UnsafeBuffer(new byte[64]);
        final CapsMsgId msgid = new CapsMsgId();
        while (true)
        {
            final int length =
                sys.get(port, buffer, buffer.capacity(), msgid, null);
            if (length < 0)
            {
                // EWOULDBLOCK: all taken. ENOTCONN: service gone.
                return sys.errno();
            }
            if (length > buffer.capacity())
            {
                // The message is still first in line.
                buffer = new UnsafeBuffer(new byte[length]);
            }
            else
            {
                onReply.accept(Outcome.REPLIED == msgid.outcome ?
                    buffer.getStringWithoutLengthUtf8(0, length) :
                    Outcome.text(msgid.outcome));
            }
        }
    }
    // end::get[]

    // tag::wait[]
    static void serve(final CapsSys sys, final int svc)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[131_072]);
        final CapsMsgId msgid = new CapsMsgId();
        while (true)
        {
            final int length =
                sys.wait(svc, buffer, buffer.capacity(), msgid, null);
            if (length < 0)
            {
                return;   // EINTR: asked to stop. EINVAL: port closed
            }
            if (CAPMS_REQUEST == msgid.state)
            {
                if (sys.reply(svc, buffer, length, msgid.id) < 0 &&
                    ENOSPC == sys.errno())
                {
                    // Always has room; else the client waits on.
                    sys.reply(svc, null, 0, msgid.id);
                }
            }
            // CAPMS_DISPOSE: nothing was kept, nothing is freed.
        }
    }
    // end::wait[]

    // tag::abort[]
    static boolean wasSurelyNotSeen(
        final CapsSys sys, final int port, final long id)
    {
        final CapsMsgId msgid = new CapsMsgId();
        final UnsafeBuffer reply = new UnsafeBuffer(new byte[131_072]);
        if (sys.abort(port, id, CAPF_ABORT_HARD) < 0)
        {
            throw new IllegalStateException("errno=" + sys.errno());
        }
        // It must still be waited for; no other one is in progress.
        if (sys.wait(port, reply, reply.capacity(), msgid, null) < 0 ||
            msgid.id != id)
        {
            throw new IllegalStateException("not " + id + ": " + msgid);
        }
        return !Outcome.wasReceived(msgid.outcome);
    }
    // end::abort[]

    // tag::alloc[]
    static long sendInPlace(
        final CapsSys sys,
        final int port,
        final long order,
        final double price)
    {
        final MutableDirectBuffer request = sys.alloc(port, 0, 16);
        if (null == request)
        {
            return -1;   // ENOBUFS: take a reply first
        }
        request.putLong(0, order);
        request.putDouble(8, price);
        return sys.put(port, request, 16);
    }
    // end::alloc[]

    // tag::free[]
    static boolean giveBack(
        final CapsSys sys,
        final int port,
        final MutableDirectBuffer request)
    {
        return 0 == sys.free(port, request);
    }
    // end::free[]

    // tag::outcome[]
    static String whatToDo(final CapsMsgId msgid)
    {
        return switch (Outcome.kind(msgid.outcome))
        {
            case Outcome.REPLIED -> "read the reply";
            case Outcome.SERVICE_CLOSED,
                Outcome.SERVICE_DIED,
                Outcome.UNREACHABLE ->
                Outcome.wasReceived(msgid.outcome) ?
                    "connect anew, and ask what became of it" :
                    "connect anew, and send it again";
            case Outcome.ABORTED ->
                Outcome.wasReceived(msgid.outcome) ?
                    "it was taken back, and may have been acted on" :
                    "it was taken back in time";
            case Outcome.REFUSED -> "the service does not admit you";
            default -> throw new IllegalStateException("" + msgid);
        };
    }
    // end::outcome[]

    // tag::java[]
    static long askAll(final ClientPort client, final long[] questions)
    {
        final Claim claim = new Claim();
        final Message reply = new Message();
        int askedCount = 0;
        int status = Status.OK;
        while (Status.OK == status && askedCount < questions.length)
        {
            status = client.claim(Long.BYTES, claim);
            if (Status.OK == status)
            {
                claim.buffer().putLong(0, questions[askedCount]);
                status = claim.put(Long.BYTES, askedCount) > 0 ?
                    Status.OK : Status.NOT_CONNECTED;
                askedCount += Status.OK == status ? 1 : 0;
            }
        }
        // NO_BUFFERS: enough are in progress. Their replies come first.
        long answeredCount = 0;
        for (int i = 0; i < askedCount; i++)
        {
            if (client.await(reply, Long.MAX_VALUE) < 0)
            {
                return answeredCount;
            }
            if (Outcome.REPLIED == reply.outcome())
            {
                final int asked = (int)reply.cookie();
                questions[asked] = reply.buffer().getLong(0);
                answeredCount++;
            }
            reply.release();
        }
        return answeredCount;
    }
    // end::java[]
}
