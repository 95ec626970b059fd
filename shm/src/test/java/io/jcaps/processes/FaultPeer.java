/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.Port;
import io.jcaps.PortCounter;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.host.Credentials;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.Access;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One attachment that does what lines of text tell it, where the place of the region is what goes wrong: in a process
 * of its own, or below another class loader. Ports have names of the caller's. It is reached through {@code java} types
 * alone, and ends when its input does.
 */
public final class FaultPeer implements java.util.function.Function<String, String>
{
    /** Of a process that is started with that limit. */
    static final int DESCRIPTOR_LIMIT = 256;
    private static final int RLIMIT_NOFILE = 7;
    private static final long TIMEOUT_NS = TimeUnit.MINUTES.toNanos(10);

    private final Map<String, Port> ports = new HashMap<>();
    private Attachment attachment;

    /**
     * @param args none.
     * @throws IOException if the pipe breaks.
     */
    public static void main(final String[] args) throws IOException
    {
        final FaultPeer peer = new FaultPeer();
        final ExecutorService executor = Executors.newSingleThreadExecutor();
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); null != line; line = input.readLine())
        {
            final String command = line;
            executor.execute(
                () ->
                {
                    System.out.println(peer.apply(command));
                    System.out.flush();
                });
        }
        // The parent has exited: halt, whatever the command does.
        Runtime.getRuntime().halt(0);
    }

    /**
     * @param line command and arguments.
     * @return its answer in one line: a status in words where one was thrown, {@code RegionException} and its text, or
     *         {@code !} and what nobody expects.
     */
    @Override
    public String apply(final String line)
    {
        try
        {
            return execute(line.split(" "));
        }
        catch (final CapsException ex)
        {
            return Status.text(ex.status());
        }
        catch (final RegionException ex)
        {
            return "RegionException " + ex.getMessage().replace('\n', ' ');
        }
        catch (final Throwable ex)
        {
            ex.printStackTrace();
            return "!" + ex.toString().replace('\n', ' ');
        }
    }

    private String execute(final String[] words) throws IOException
    {
        switch (words[0])
        {
            case "attach" ->
            {
                attachment = Caps.attach(new RegionConfig().path(Path.of(words[1])).access(Access.valueOf(words[2]))
                    .geometry(TestRegion.SMALL));
                return "attached";
            }
            case "detach" ->
            {
                attachment.close();
                attachment = null;
                ports.clear();
                return "detached";
            }
            case "retire" ->
            {
                while (!attachment.isRetired())
                {
                    LockSupport.parkNanos(1_000_000);
                }
                return "retired";
            }
            case "retired" ->
            {
                return Boolean.toString(attachment.isRetired());
            }
            case "self" ->
            {
                return text(attachment.credentials());
            }
            // service <port> <name> <flags> <uid> <gid>
            case "service" ->
            {
                ports.put(words[1], attachment.service(words[2], options(words)));
                return "OK";
            }
            // client <port> <name> <flags> <uid> <gid>
            case "client" ->
            {
                ports.put(words[1], attachment.client(words[2], options(words)));
                return "OK";
            }
            case "peer" ->
            {
                return text(((ClientPort)ports.get(words[1])).serviceCredentials());
            }
            case "clients" ->
            {
                return Integer.toString(((ServicePort)ports.get(words[1])).clientCount());
            }
            case "echo" ->
            {
                echo((ServicePort)ports.get(words[1]));
                return "echoing";
            }
            case "put" ->
            {
                final UnsafeBuffer bytes = bytes(words[2]);
                final long id = ((ClientPort)ports.get(words[1])).put(bytes, 0, bytes.capacity());
                return id > 0 ? Long.toString(id) : Status.text(id);
            }
            case "call" ->
            {
                return call((ClientPort)ports.get(words[1]), bytes(words[2]));
            }
            case "take" ->
            {
                return take(ports.get(words[1]));
            }
            case "reply" ->
            {
                final UnsafeBuffer bytes = bytes(words[3]);
                return Status.text(((ServicePort)ports.get(words[1]))
                    .reply(Long.parseLong(words[2]), bytes, 0, bytes.capacity()));
            }
            case "close" ->
            {
                ports.remove(words[1]).close();
                return "closed";
            }
            case "counter" ->
            {
                return Long.toString(ports.get(words[1]).counter(PortCounter.valueOf(words[2])));
            }
            // The numbers that a new descriptor of this process may have end before this one.
            case "descriptors" ->
            {
                limitDescriptors(Integer.parseInt(words[1]));
                return "limited";
            }
            case "gc" ->
            {
                System.gc();
                return "done";
            }
            case "spawn" ->
            {
                return Long.toString(spawn());
            }
            case "fork" ->
            {
                // The shell that the C library starts gets all of this process's descriptors but those that close on
                // exec; what it prints is the answer.
                Function.getFunction("c", "system").invokeInt(new Object[]{"sleep 600 & echo $!"});
                return "forked";
            }
            default -> throw new IllegalArgumentException(String.join(" ", words));
        }
    }

    private static PortOptions options(final String[] words)
    {
        return new PortOptions().flags(Integer.parseInt(words[3])).uid(Integer.parseInt(words[4]))
            .gid(Integer.parseInt(words[5])).connectTimeout(60, TimeUnit.SECONDS);
    }

    private static UnsafeBuffer bytes(final String text)
    {
        return new UnsafeBuffer(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String text(final Credentials credentials)
    {
        return "pid=" + credentials.pid() + " euid=" + credentials.euid();
    }

    private static String call(final ClientPort port, final UnsafeBuffer bytes)
    {
        final Message reply = new Message();
        final int result = port.call(bytes, 0, bytes.capacity(), reply, TIMEOUT_NS);
        return MessageState.REPLY != result ? Status.text(result) : payload(reply);
    }

    /** The next message of a port: a client's with its outcome, a service's with its state and sender. */
    private static String take(final Port port)
    {
        final Message message = new Message();
        final int state = port.await(message, TIMEOUT_NS);
        if (state < 0)
        {
            return Status.text(state);
        }
        final long id = message.id();
        final String sender = text(message.credentials());
        final String payload = payload(message);
        return switch (state)
        {
            case MessageState.REPLY -> id + " " + payload;
            case MessageState.REQUEST -> id + " REQUEST " + payload + " " + sender;
            default -> id + " DISPOSE";
        };
    }

    private static String payload(final Message message)
    {
        final byte[] bytes = new byte[message.length()];
        if (bytes.length > 0)
        {
            message.buffer().getBytes(0, bytes);
        }
        final int outcome = message.outcome();
        message.release();
        return Outcome.REPLIED == outcome ? new String(bytes, StandardCharsets.US_ASCII) : Outcome.text(outcome);
    }

    /** Replies to each request with its own bytes until the port is closed. */
    private static void echo(final ServicePort port)
    {
        final Thread thread = new Thread(
            () ->
            {
                final Message message = new Message();
                for (int state; (state = port.await(message, TIMEOUT_NS)) >= 0 || Status.TIMED_OUT == state;)
                {
                    if (MessageState.REQUEST == state)
                    {
                        message.reply(message.buffer(), 0, message.length());
                    }
                }
            });
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * No descriptor of a number from {@code limit} on can be opened; those that are open stay. Not by opening all that
     * are free: a thread that has one open at that moment leaves it free again.
     */
    private static void limitDescriptors(final int limit)
    {
        try (Memory limits = new Memory(2 * Long.BYTES))
        {
            limits.setLong(0, limit);
            // The hard limit, which no limit here exceeds.
            limits.setLong(Long.BYTES, DESCRIPTOR_LIMIT);
            if (0 != Function.getFunction("c", "setrlimit").invokeInt(new Object[]{RLIMIT_NOFILE, limits}))
            {
                throw new IllegalStateException("setrlimit failed: errno=" + Native.getLastError());
            }
        }
    }

    private static long spawn()
    {
        try
        {
            return new ProcessBuilder("sleep", "600").start().pid();
        }
        catch (final IOException ex)
        {
            throw new IllegalStateException(ex);
        }
    }
}
