/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.interop;

import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import static java.nio.charset.StandardCharsets.US_ASCII;

/**
 * The programs in the original's style, {@code c/test/pair_server.c}, {@code pair_client.c} and {@code exchange.c},
 * ported to Java call by call: each exchanges messages with each of the others.
 */
public final class Pair
{
    private static final int SIZE = 16_384;
    private static final int GENERATION_INTERVAL = 1_000;
    private static final byte[] GOOD = "good".getBytes(US_ASCII);

    private final CapsSys sys;
    private final int uid;
    private final int gid;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[SIZE]);
    private final CapsMsgId msgid = new CapsMsgId();

    private Pair(final Path region, final int uid, final int gid)
    {
        sys = CapsSys.open(region);
        this.uid = uid;
        this.gid = gid;
    }

    /**
     * @param args which program, path of the region, uid, gid, and how often.
     */
    public static void main(final String[] args)
    {
        final Pair pair = new Pair(Path.of(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]));
        final int count = Integer.parseInt(args[4]);
        switch (args[0])
        {
            case "server" -> pair.serve();
            case "client" -> pair.ask(count);
            case "backend" -> pair.backend(count);
            default -> pair.frontend(count);
        }
        pair.sys.close();
    }

    private int check(final int result)
    {
        if (result < 0)
        {
            throw new IllegalStateException("errno " + sys.errno());
        }
        return result;
    }

    private void serve()
    {
        final int port = sys.service("test", uid, gid, 0, CapsSys.CAPF_ANYCLIENT);
        System.out.println("cid = " + port);
        System.out.flush();
        check(port);
        for (int count = 1; ; count++)
        {
            check(sys.wait(port, buffer, SIZE, msgid, null));
            if (CapsSys.CAPMS_DISPOSE != msgid.state)
            {
                sys.reply(port, new UnsafeBuffer(GOOD), GOOD.length, msgid.id);
            }
            if (0 == count % GENERATION_INTERVAL)
            {
                check(sys.setgen(port, count));
            }
        }
    }

    private void ask(final int count)
    {
        final UnsafeBuffer question = new UnsafeBuffer("fubar".getBytes(US_ASCII));
        int port = 0;
        int done = 0;
        while (done < count)
        {
            port = 0 == port ?
                check(sys.client("test", uid, gid, 0, CapsSys.CAPF_ANYCLIENT | CapsSys.CAPF_WAITSVC)) : port;
            final long id = sys.put(port, question, question.capacity());
            if (id < 0)
            {
                if (CapsSys.ENOTCONN != sys.errno())
                {
                    throw new IllegalStateException("errno " + sys.errno());
                }
                check(sys.close(port));
                port = 0;
                continue;
            }
            final int length = check(sys.wait(port, buffer, SIZE, msgid, null));
            if (msgid.id != id || CapsSys.CAPMS_REPLY != msgid.state || sys.getgen(port) < 0)
            {
                throw new IllegalStateException(msgid.toString());
            }
            done += "good".equals(text(length)) ? 1 : 0;
        }
        System.out.println(done);
        check(sys.close(port));
    }

    private String text(final int length)
    {
        final byte[] bytes = new byte[length];
        buffer.getBytes(0, bytes);
        return new String(bytes, US_ASCII);
    }

    private int listen(final int port)
    {
        int length;
        do
        {
            length = check(sys.wait(port, buffer, SIZE, msgid, null));
        }
        while (CapsSys.CAPMS_DISPOSE == msgid.state);
        return length;
    }

    private void backend(final int count)
    {
        final int port = check(sys.service("rendezvous", uid, gid, 0, CapsSys.CAPF_ANYCLIENT));
        for (int i = 0; i < count; i++)
        {
            listen(port);
            final UnsafeBuffer form = new UnsafeBuffer(("form " + i).getBytes(StandardCharsets.US_ASCII));
            check(sys.reply(port, form, form.capacity(), msgid.id));
            final String filled = text(listen(port));
            if (!filled.equals(Integer.toString(i)))
            {
                throw new IllegalStateException(filled + " instead of " + i);
            }
            check(sys.reply(port, null, 0, msgid.id));
        }
        check(sys.close(port));
    }

    private String request(final int port, final String what)
    {
        final long id = sys.put(port, new UnsafeBuffer(what.getBytes(US_ASCII)), what.length());
        final int length = check(sys.wait(port, buffer, SIZE, msgid, null));
        if (id != msgid.id)
        {
            throw new IllegalStateException(msgid.toString());
        }
        return text(length);
    }

    private void frontend(final int count)
    {
        final int port =
            check(sys.client("rendezvous", uid, gid, 0, CapsSys.CAPF_ANYCLIENT | CapsSys.CAPF_WAITSVC));
        for (int i = 0; i < count; i++)
        {
            final String form = request(port, "");
            final String answer = request(port, Integer.toString(i));
            if (!form.equals("form " + i) || !answer.isEmpty())
            {
                throw new IllegalStateException(form + " and " + answer);
            }
        }
        check(sys.close(port));
    }
}
