/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Claim;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.sys.CapsCred;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A process that does what the lines of its input tell it, and answers each with a line. It ends with its input.
 */
public final class Peer
{
    private static final int MAX_SIZE = 131_072;

    private final Path region;
    private final CapsSys sys;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[MAX_SIZE]);
    private final CapsMsgId msgid = new CapsMsgId();
    private final CapsCred cred = new CapsCred();
    private final List<Integer> clients = new ArrayList<>();
    private volatile boolean isStopped;

    private Peer(final Path region)
    {
        this.region = region;
        sys = CapsSys.open(region);
    }

    /**
     * @param args path of the region.
     * @throws IOException if the pipe breaks.
     */
    public static void main(final String[] args) throws IOException
    {
        final ExecutorService executor = Executors.newSingleThreadExecutor();
        final Future<Peer> opened = executor.submit(() -> new Peer(Path.of(args[0])));
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); null != line; line = input.readLine())
        {
            final String[] words = line.split(" ");
            if ("stop".equals(words[0]))
            {
                get(opened).isStopped = true;
                continue;
            }
            executor.execute(() -> say(answer(opened, words)));
        }
        // The parent has exited: halt, whatever the commands do.
        Runtime.getRuntime().halt(0);
    }

    private static Peer get(final Future<Peer> opened)
    {
        try
        {
            return opened.get();
        }
        catch (final Exception ex)
        {
            throw new IllegalStateException(ex);
        }
    }

    private static String answer(final Future<Peer> opened, final String[] words)
    {
        try
        {
            return opened.get().execute(words);
        }
        catch (final Throwable ex)
        {
            ex.printStackTrace();
            return "!" + ex.toString().replace('\n', ' ');
        }
    }

    private static synchronized void say(final Object line)
    {
        System.out.println(line);
        System.out.flush();
    }

    private String execute(final String[] words) throws Exception
    {
        final long first = words.length > 1 && words[1].matches("-?[0-9]+") ? Long.parseLong(words[1]) : 0;
        return switch (words[0])
        {
            case "service" -> result(sys.service(words[1], number(words, 2), number(words, 3), 0, number(words, 4)));
            case "client" -> result(sys.client(words[1], number(words, 2), number(words, 3), 0, number(words, 4)));
            case "setgen" -> result(sys.setgen((int)first, number(words, 2)));
            case "getgen" -> result(sys.getgen((int)first));
            case "put" ->
            {
                Pattern.fill(buffer, number(words, 2), number(words, 3));
                yield result(sys.put((int)first, buffer, number(words, 2)));
            }
            case "reply" ->
            {
                Pattern.fill(buffer, number(words, 3), number(words, 4));
                yield result(sys.reply((int)first, buffer, number(words, 3), Long.parseLong(words[2])));
            }
            case "get" -> received(sys.get((int)first, buffer, MAX_SIZE, msgid, cred));
            case "wait" -> received(sys.wait((int)first, buffer, MAX_SIZE, msgid, cred));
            case "close" -> result(sys.close((int)first));
            case "mode" -> mode();
            case "echo" -> echo((int)first);
            case "serve" -> serve((int)first, number(words, 2));
            case "waiting" -> waiting(words[1], number(words, 2));
            case "load" -> load(words[1], number(words, 2));
            case "exchange" -> exchange(words[1], number(words, 2), number(words, 3), number(words, 4));
            case "closeall" -> closeAll();
            case "volume" -> volume(words[1], number(words, 2));
            case "failing" -> FailingService.execute(region, words);
            case "party" -> HaltedParty.execute(region, words);
            case "receipts" -> PayloadPeer.receive(region, words[1], number(words, 2));
            default -> throw new IllegalArgumentException(String.join(" ", words));
        };
    }

    private static int number(final String[] words, final int index)
    {
        return Integer.parseInt(words[index]);
    }

    private String result(final long value)
    {
        return Long.toString(-1 == value ? -sys.errno() : value);
    }

    /** State, id, length, outcome, whose it is; the pattern's number is looked for among the first few. */
    private String received(final int length)
    {
        if (length < 0)
        {
            return result(length);
        }
        int pattern = 0;
        while (pattern < 1_000 && !Pattern.isIn(buffer, length, pattern))
        {
            pattern++;
        }
        return msgid.state + " " + msgid.id + " " + length + " " + Outcome.text(msgid.outcome) + " " +
            (length > 0 ? pattern : "-") + " " + cred.pid + " " + cred.uid + " " + cred.euid + " " + cred.gid + " " +
            Arrays.toString(Arrays.copyOf(cred.groups, cred.ngroups)).replace(" ", "");
    }

    private String mode()
    {
        try (Attachment attachment = Caps.attach(new RegionConfig().path(region)))
        {
            return attachment.sleepMode();
        }
    }

    private static void background(final Callable<?> task)
    {
        final Thread thread = new Thread(
            () ->
            {
                try
                {
                    task.call();
                }
                catch (final Throwable ex)
                {
                    ex.printStackTrace();
                    say("!" + ex);
                }
            });
        thread.setDaemon(true);
        thread.start();
    }

    /** Replies to each request with its own bytes, in the background. */
    private String echo(final int port)
    {
        background(() ->
        {
            final UnsafeBuffer bytes = new UnsafeBuffer(new byte[MAX_SIZE]);
            final CapsMsgId id = new CapsMsgId();
            for (int length; (length = sys.wait(port, bytes, MAX_SIZE, id, null)) >= 0;)
            {
                if (CapsSys.CAPMS_REQUEST == id.state)
                {
                    check(sys.reply(port, bytes, length, id.id), 0);
                }
            }
            return null;
        });
        return "echoing";
    }

    /** Replies to most requests, and says so once each of two clients has had so many replies; then goes on. */
    private String serve(final int port, final int count)
    {
        background(() ->
        {
            final UnsafeBuffer bytes = new UnsafeBuffer(new byte[MAX_SIZE]);
            final CapsMsgId id = new CapsMsgId();
            final CapsCred sender = new CapsCred();
            final Map<Integer, Integer> served = new HashMap<>();
            boolean isSaid = false;
            int number = 0;
            for (int length; (length = sys.wait(port, bytes, MAX_SIZE, id, sender)) >= 0;)
            {
                // What is held back is never replied to: the outcome of it is this process's death.
                if (CapsSys.CAPMS_REQUEST == id.state && ++number % 50 != 0)
                {
                    check(sys.reply(port, bytes, length, id.id), 0);
                    final int replies = served.merge(sender.pid, 1, Integer::sum);
                    if (!isSaid && replies >= count && served.size() == 2 &&
                        served.values().stream().allMatch((value) -> value >= count))
                    {
                        isSaid = true;
                        say("served");
                    }
                }
            }
            return null;
        });
        return "serving";
    }

    private static void check(final int result, final int expected)
    {
        if (result != expected)
        {
            throw new IllegalStateException("result " + result);
        }
    }

    /** A service and a client of another one, both asleep in wait. */
    private String waiting(final String name, final int uid)
    {
        final int svc = sys.service(name + ".own", uid, -1, 0, CapsSys.CAPF_USER);
        final int port = sys.client(name, uid, -1, 0, CapsSys.CAPF_USER);
        background(() -> sys.wait(svc, new UnsafeBuffer(new byte[8]), 8, new CapsMsgId(), null));
        background(() -> sys.wait(port, new UnsafeBuffer(new byte[8]), 8, new CapsMsgId(), null));
        return "waiting";
    }

    /**
     * Keeps messages in progress with whichever service there is until it is told to stop: puts, outcomes by kind, and
     * the generations that it met.
     */
    private String load(final String name, final int uid)
    {
        final Set<Long> ids = new HashSet<>();
        final Set<Long> open = new HashSet<>();
        final Map<String, Integer> outcomes = new HashMap<>();
        final TreeSet<Long> generations = new TreeSet<>();
        int puts = 0;
        int port = 0;
        while (!isStopped || !open.isEmpty())
        {
            if (0 == port)
            {
                port = sys.client(name, uid, -1, 0, CapsSys.CAPF_USER | CapsSys.CAPF_WAITSVC);
                if (port < 0)
                {
                    throw new IllegalStateException("client: errno " + sys.errno());
                }
            }
            boolean isGone = false;
            while (!isStopped && open.size() < 16 && !isGone)
            {
                final long id = sys.put(port, buffer, 8 + puts % 100);
                if (id < 0)
                {
                    if (CapsSys.ENOTCONN != sys.errno())
                    {
                        throw new IllegalStateException("put: errno " + sys.errno());
                    }
                    isGone = true;
                }
                else
                {
                    puts++;
                    if (!ids.add(id) || !open.add(id))
                    {
                        throw new IllegalStateException("id given twice: " + id);
                    }
                }
            }
            if (open.isEmpty() && !isGone)
            {
                // Told to stop: nothing is awaited any more.
                continue;
            }
            if (sys.wait(port, buffer, MAX_SIZE, msgid, null) >= 0)
            {
                if (CapsSys.CAPMS_REPLY != msgid.state || !open.remove(msgid.id))
                {
                    throw new IllegalStateException("not in progress: " + msgid);
                }
                outcomes.merge(Outcome.text(msgid.outcome), 1, Integer::sum);
                if (Outcome.REPLIED == msgid.outcome)
                {
                    generations.add(sys.getgen(port));
                }
            }
            else if (CapsSys.ENOTCONN == sys.errno())
            {
                // This service has ended: each message put to it has its outcome.
                if (!open.isEmpty())
                {
                    throw new IllegalStateException("without an outcome: " + open);
                }
                check(sys.close(port), 0);
                port = 0;
            }
            else
            {
                throw new IllegalStateException("wait: errno " + sys.errno());
            }
        }
        return puts + " " + generations.toString().replace(" ", "") + " " + outcomes;
    }

    /** Opens so many clients, and exchanges so many messages with each, all in progress at once. */
    private String exchange(final String name, final int uid, final int clientCount, final int rounds)
    {
        for (int i = 0; i < clientCount; i++)
        {
            final int port = sys.client(name, uid, -1, 0, CapsSys.CAPF_USER | CapsSys.CAPF_WAITSVC);
            if (port < 0)
            {
                throw new IllegalStateException("client: errno " + sys.errno());
            }
            clients.add(port);
        }
        int exchanged = 0;
        for (int round = 0; round < rounds; round++)
        {
            for (final int port : clients)
            {
                Pattern.fill(buffer, 200, port);
                if (sys.put(port, buffer, 200) < 0)
                {
                    throw new IllegalStateException("put: errno " + sys.errno());
                }
            }
            for (final int port : clients)
            {
                check(sys.wait(port, buffer, MAX_SIZE, msgid, null), 200);
                check(msgid.outcome, Outcome.REPLIED);
                check(Pattern.isIn(buffer, 200, port) ? 1 : 0, 1);
                exchanged++;
            }
        }
        return Integer.toString(exchanged);
    }

    private String closeAll()
    {
        clients.forEach((port) -> check(sys.close(port), 0));
        clients.clear();
        return "closed";
    }

    /**
     * Each of so many clients, in an attachment and a thread of its own, fills all of its slots with messages of the
     * longest length, and checks what comes back.
     */
    private String volume(final String name, final int clientCount) throws Exception
    {
        final ExecutorService executor = Executors.newCachedThreadPool();
        final List<Future<Integer>> results = new ArrayList<>();
        for (int i = 0; i < clientCount; i++)
        {
            final int client = i;
            results.add(executor.submit(() -> volumeOf(name, client)));
        }
        int result = 0;
        for (final Future<Integer> future : results)
        {
            result += future.get();
        }
        executor.shutdown();
        return Integer.toString(result);
    }

    private int volumeOf(final String name, final int client)
    {
        try (Attachment attachment = Caps.attach(new RegionConfig().path(region));
            ClientPort port = attachment.client(
                name, new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC)))
        {
            final Claim claim = new Claim();
            final Map<Long, Integer> numbers = new HashMap<>();
            for (int i = 0; i < 128; i++)
            {
                check(port.claim(MAX_SIZE, claim), Status.OK);
                Pattern.fill(claim.buffer(), MAX_SIZE, client * 1_000L + i);
                claim.buffer().putLong(0, client * 1_000L + i);
                numbers.put(claim.put(), i);
            }
            check(port.claim(MAX_SIZE, claim), Status.NO_BUFFERS);
            final Message reply = new Message();
            for (int i = 0; i < 128; i++)
            {
                check(port.await(reply, Long.MAX_VALUE), MessageState.REPLY);
                check(reply.outcome(), Outcome.REPLIED);
                check(reply.length(), MAX_SIZE);
                final long number = 1_000_000 + client * 1_000L + numbers.remove(reply.id());
                check(Pattern.isIn(reply.buffer(), MAX_SIZE, number) ? 1 : 0, 1);
                reply.release();
            }
            check(numbers.size(), 0);
            return 128;
        }
    }
}
