/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.host.SteppingHost;
import io.jcaps.shm.SteppedRegion;
import com.sun.jna.NativeLibrary;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A process that does what the lines of its input tell it, answers each with a line, and can be told to stop for ever
 * before its store number n: only the thread that does as it is told, all others go on. It ends with its input.
 */
public final class StepPeer
{
    private static final int MAX_SIZE = 131_072;
    private static final long WATCH_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(30);
    private static final long BUSY_PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(200);
    private static final StackWalker STACK = StackWalker.getInstance();

    private final Path path;
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[MAX_SIZE]);
    private final List<Message> held = new ArrayList<>();
    private SteppingHost host;
    private Attachment attachment;
    private ServicePort service;
    private ClientPort client;
    private Thread stepped;
    private boolean isArmed;
    private long storeCount;
    private long lastStore;

    private StepPeer(final Path path)
    {
        this.path = path;
    }

    /**
     * @param args path of the region.
     * @throws IOException if the pipe breaks.
     */
    public static void main(final String[] args) throws IOException
    {
        final ExecutorService executor = Executors.newSingleThreadExecutor();
        final StepPeer peer = new StepPeer(Path.of(args[0]));
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); null != line; line = input.readLine())
        {
            final String command = line;
            executor.execute(() -> say(peer.answer(command)));
        }
        // The parent has exited: halt, even if a thread waits before a store for ever.
        Runtime.getRuntime().halt(0);
    }

    private static synchronized void say(final Object line)
    {
        System.out.println(line);
        System.out.flush();
    }

    private String answer(final String line)
    {
        try
        {
            final String[] words = line.split(" ", 3);
            if (!"arm".equals(words[0]))
            {
                return String.valueOf(execute(line.split(" ")));
            }
            stepped = Thread.currentThread();
            storeCount = 0;
            lastStore = Long.parseLong(words[1]);
            isArmed = true;
            for (final String command : words[2].split(";"))
            {
                execute(command.split(" "));
            }
            isArmed = false;
            return "done " + storeCount;
        }
        catch (final Throwable ex)
        {
            ex.printStackTrace();
            return "!" + ex.toString().replace('\n', ' ');
        }
    }

    /** Before each store of any thread. */
    private void point()
    {
        if (Thread.currentThread() == stepped && isArmed && storeCount++ == lastStore)
        {
            final String place = STACK.walk((frames) -> frames
                .filter((frame) -> frame.getClassName().startsWith("io.jcaps.") &&
                    !frame.getClassName().startsWith("io.jcaps.host.") &&
                    !frame.getClassName().startsWith("io.jcaps.layout.") &&
                    !frame.getMethodName().equals("point"))
                .limit(2)
                .map((frame) -> frame.getFileName().replace(".java", "") + "." + frame.getMethodName() + ":" +
                    frame.getLineNumber())
                .reduce((left, right) -> left + "<" + right).orElse("?"));
            say("at " + lastStore + " " + place);
            while (true)
            {
                LockSupport.park();
            }
        }
    }

    private Object execute(final String[] words) throws Exception
    {
        switch (words[0])
        {
            case "open" ->
            {
                host = SteppedRegion.open(path);
                host.beforeStore(this::point);
            }
            case "attach" -> attachment = Attachment.attach(host, WATCH_INTERVAL_NS, Throwable::printStackTrace);
            case "busy" -> startBusy(Integer.parseInt(words[1]));
            case "service" -> service = attachment.service(
                words[1], new PortOptions().flags(PortFlags.USER).singleThreaded("single".equals(words[2])));
            case "client" -> client = attachment.client(words[1], new PortOptions().flags(PortFlags.USER));
            case "put" ->
            {
                final StringBuilder ids = new StringBuilder();
                for (int i = 1; i < words.length; i++)
                {
                    final int length = Letter.fill(bytes, Long.parseLong(words[i]));
                    ids.append(positive(client.put(bytes, 0, length))).append(' ');
                }
                return ids.toString().trim();
            }
            case "claimput" ->
            {
                for (int i = 1; i < words.length; i++)
                {
                    claimPut(Long.parseLong(words[i]));
                }
            }
            case "call" ->
            {
                for (int i = 1; i < words.length; i++)
                {
                    final long number = Long.parseLong(words[i]);
                    final Message reply = new Message();
                    final int length = Letter.fill(bytes, number);
                    check(client.call(bytes, 0, length, reply, Long.MAX_VALUE), MessageState.REPLY);
                    checkReply(reply, number);
                    reply.release();
                }
            }
            case "take" -> take(Integer.parseInt(words[1]), true);
            case "takeaborted" -> take(Integer.parseInt(words[1]), false);
            case "abort" -> positive(client.abort(Long.parseLong(words[1]), "hard".equals(words[2])));
            case "receive" ->
            {
                return receive(Integer.parseInt(words[1]));
            }
            case "poll" ->
            {
                final Message message = new Message();
                while (Status.WOULD_BLOCK != service.get(message))
                {
                    check(message.state(), MessageState.DISPOSE);
                }
            }
            case "reply" ->
            {
                for (int i = Integer.parseInt(words[1]); i > 0; i--)
                {
                    final Message request = held.remove(held.size() - 1);
                    final long number = Letter.read(request.buffer(), request.length());
                    check(request.reply(bytes, 0, Letter.fillReply(bytes, number)), Status.OK);
                }
            }
            case "claimreply" -> claimReply(Integer.parseInt(words[1]));
            case "closeclient" -> client.close();
            case "closeservice" -> service.close();
            case "detach" -> attachment.close();
            case "spawn" ->
            {
                final Process process = new ProcessBuilder(words[1], words[2])
                    .redirectInput(ProcessBuilder.Redirect.INHERIT).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
                return process.pid();
            }
            case "system" ->
            {
                // Prints the number of the process by itself.
                check(NativeLibrary.getInstance("c").getFunction("system").invokeInt(new Object[]{
                    words[1] + " " + words[2] + " </dev/null >/dev/null 2>&1 & echo $!"}), 0);
                return "started";
            }
            default -> throw new IllegalArgumentException(String.join(" ", words));
        }
        return "done";
    }

    private void claimPut(final long number)
    {
        final Claim claim = new Claim();
        final int length = Letter.length(number);
        check(client.claim(length, claim), Status.OK);
        fill(claim, length, number);
        positive(claim.put());
    }

    private void claimReply(final int count)
    {
        final Claim claim = new Claim();
        for (int i = 0; i < count; i++)
        {
            final Message request = held.remove(held.size() - 1);
            final long number = Letter.read(request.buffer(), request.length());
            final int length = Letter.replyLength(number);
            check(request.claimReply(length, claim), Status.OK);
            fill(claim, length, ~number);
            check(claim.reply(), Status.OK);
            request.release();
        }
    }

    /** Fills what was claimed; one place to stop at is in the middle of it. */
    private void fill(final Claim claim, final int length, final long number)
    {
        final int half = length / 2 & -Long.BYTES;
        Letter.fill(claim.buffer(), 0, half, number);
        point();
        Letter.fill(claim.buffer(), half, length, number);
    }

    private String receive(final int count)
    {
        final StringBuilder ids = new StringBuilder();
        for (int i = 0; i < count;)
        {
            final Message request = new Message();
            final int state = service.await(request, Long.MAX_VALUE);
            if (MessageState.DISPOSE != state)
            {
                check(state, MessageState.REQUEST);
                Letter.read(request.buffer(), request.length());
                held.add(request);
                ids.append(request.id()).append(' ');
                i++;
            }
        }
        return ids.toString().trim();
    }

    private void take(final int count, final boolean isReplied)
    {
        final Message reply = new Message();
        for (int i = 0; i < count; i++)
        {
            check(client.await(reply, Long.MAX_VALUE), MessageState.REPLY);
            if (isReplied)
            {
                check(reply.outcome(), Outcome.REPLIED);
                checkReply(reply, ~reply.buffer().getLong(0));
            }
            else
            {
                check(Outcome.kind(reply.outcome()), Outcome.ABORTED);
            }
            reply.release();
        }
    }

    private void startBusy(final int writer)
    {
        final ClientPort port = attachment.client(KillIT.SURVIVOR, new PortOptions().flags(PortFlags.USER));
        final Thread thread = new Thread(() -> beBusy(port, writer), "busy");
        thread.setDaemon(true);
        thread.start();
    }

    /** Calls on, on a link of its own, until the process dies or the port is closed. */
    private static void beBusy(final ClientPort port, final int writer)
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[MAX_SIZE]);
        final Message reply = new Message();
        try
        {
            for (int i = 0;; i = i + 1 & 1)
            {
                final long number = Letter.number(writer, i, Letter.REPLY, 24 + 400 * i);
                final int result = port.call(bytes, 0, Letter.fill(bytes, number), reply, Long.MAX_VALUE);
                if (Status.CLOSED == result)
                {
                    return;
                }
                check(result, MessageState.REPLY);
                checkReply(reply, number);
                reply.release();
                LockSupport.parkNanos(BUSY_PAUSE_NS);
            }
        }
        catch (final IllegalStateException ex)
        {
            // Its port was closed while a reply was in view; any other result is reported.
            if (!port.isClosed())
            {
                say("!" + ex);
            }
        }
    }

    private static void checkReply(final Message reply, final long number)
    {
        if (!Letter.isReply(reply.buffer(), reply.length(), number))
        {
            throw new IllegalStateException("torn reply: length=" + reply.length() + ", number=" + number);
        }
    }

    private static long positive(final long result)
    {
        if (result <= 0)
        {
            throw new IllegalStateException(Status.text(result));
        }
        return result;
    }

    private static void check(final int result, final int expected)
    {
        if (expected != result)
        {
            throw new IllegalStateException("result=" + result + ", expected=" + expected);
        }
    }
}
