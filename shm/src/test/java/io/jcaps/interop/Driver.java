/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.interop;

import com.sun.jna.Function;
import io.jcaps.Attachment;
import io.jcaps.Outcome;
import io.jcaps.host.SteppingHost;
import io.jcaps.shm.SteppedRegion;
import io.jcaps.sys.CapsCred;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The Java side of {@code c/test/driver.c}: one process of a test, told by lines on its input what to do; it answers
 * each with one line. A number is a result, or the negative errno. {@code stop} is not answered: it ends a load. With a
 * second argument it can be told to end before its store number n to the region, whichever thread makes it.
 */
public final class Driver
{
    private static final int MAX_SIZE = 131_072;
    private static final int WINDOW = 16;
    private static final long WATCH_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(30);
    private static final long PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(100);
    private static final int PATTERN_COUNT = 1_000;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    // Kinds of records in the journal; the outcome of a put is the last plus its outcome.
    private static final long GOT = 1;
    private static final long REPLIED = 2;
    private static final long KILLED = 3;
    private static final long ENDED = 0x10000;
    private static final int SIGKILL = 9;

    private final CapsSys sys;
    private final AtomicLong stepsLeft = new AtomicLong();
    private final Set<Long> tallied = new HashSet<>();
    private long requestCount;
    private long disposalCount;
    private long errorCount;
    private volatile FileChannel journal;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[MAX_SIZE]);
    private final CapsMsgId msgid = new CapsMsgId();
    private final CapsCred cred = new CapsCred();
    private volatile boolean isStopped;

    private Driver(final Path region, final boolean isStepped) throws ReflectiveOperationException
    {
        sys = isStepped ? openStepped(region) : CapsSys.open(region);
    }

    /** Over a host that does something before each store. */
    private CapsSys openStepped(final Path region) throws ReflectiveOperationException
    {
        CapsSys.open(region).close(); // made if it is not there
        final SteppingHost host = SteppedRegion.open(region);
        host.beforeStore(this::step);
        final Attachment attachment = Attachment.attach(host, WATCH_INTERVAL_NS, Throwable::printStackTrace);
        final Constructor<CapsSys> constructor = CapsSys.class.getDeclaredConstructor(Attachment.class);
        constructor.setAccessible(true);
        return constructor.newInstance(attachment);
    }

    private void step()
    {
        if (stepsLeft.get() > 0 && 0 == stepsLeft.decrementAndGet())
        {
            note(KILLED, 0);
            call("kill", (int)ProcessHandle.current().pid(), SIGKILL);
            LockSupport.park();
        }
    }

    private void note(final long what, final long id)
    {
        final FileChannel journal = this.journal;
        if (null != journal)
        {
            final ByteBuffer record = ByteBuffer.allocate(3 * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            record.putLong(what).putLong(id).putLong(System.nanoTime()).flip();
            try
            {
                journal.write(record);
            }
            catch (final IOException ex)
            {
                throw new UncheckedIOException(ex);
            }
        }
    }

    private String openJournal(final Path path)
    {
        try
        {
            journal = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
            return "0";
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    /**
     * @param args path of the region; anything more if stores are to be counted.
     * @throws Exception if the pipe breaks, or the region cannot be used.
     */
    public static void main(final String[] args) throws Exception
    {
        final Driver driver = new Driver(Path.of(args[0]), args.length > 1);
        final ExecutorService executor = Executors.newSingleThreadExecutor();
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); null != line; line = input.readLine())
        {
            final String[] words = line.split(" ");
            if ("stop".equals(words[0]))
            {
                driver.isStopped = true;
            }
            else
            {
                executor.execute(() -> say(driver.answer(words)));
            }
        }
        // The parent has exited: halt, whatever the commands do.
        Runtime.getRuntime().halt(0);
    }

    private static synchronized void say(final String line)
    {
        System.out.println(line);
        System.out.flush();
    }

    private String answer(final String[] words)
    {
        try
        {
            return execute(words);
        }
        catch (final RuntimeException ex)
        {
            ex.printStackTrace();
            return "!" + ex.toString().replace('\n', ' ');
        }
    }

    private String execute(final String[] words)
    {
        final int port = words.length > 1 && words[1].matches("-?[0-9]+") ? Integer.parseInt(words[1]) : 0;
        return switch (words[0])
        {
            case "service" ->
                result(sys.service(words[1], number(words, 2), number(words, 3), 0, number(words, 4)));
            case "client" -> result(sys.client(words[1], number(words, 2), number(words, 3), 0, number(words, 4)));
            case "setgen" -> result(sys.setgen(port, Long.parseLong(words[2])));
            case "getgen" -> result(sys.getgen(port));
            case "put" ->
            {
                fill(buffer, number(words, 2), number(words, 3));
                yield result(sys.put(port, buffer, number(words, 2)));
            }
            case "reply" ->
            {
                fill(buffer, number(words, 3), number(words, 4));
                yield result(sys.reply(port, buffer, number(words, 3), Long.parseLong(words[2])));
            }
            case "alloc" ->
                result(null == sys.alloc(port, Long.parseLong(words[2]), number(words, 3)) ? -1 : 1);
            case "get" ->
                received(sys.get(port, buffer, words.length > 2 ? number(words, 2) : MAX_SIZE, msgid, cred));
            case "wait" -> received(sys.wait(port, buffer, MAX_SIZE, msgid, cred));
            case "abort" -> result(sys.abort(port, Long.parseLong(words[2]), number(words, 3)));
            case "close" -> result(sys.close(port));
            case "echo" -> serve(port, Integer.MAX_VALUE, 0);
            case "serve" -> serve(port, number(words, 2), number(words, 3));
            case "tally" -> tally(port, number(words, 2));
            case "tallied" -> tallied();
            case "journal" -> openJournal(Path.of(words[1]));
            case "die" ->
            {
                stepsLeft.set(number(words, 1));
                yield "0";
            }
            case "exchange" -> exchange(words[1], number(words, 2), number(words, 3), number(words, 4));
            case "load" -> load(words[1], number(words, 2));
            case "become" -> become(number(words, 1), number(words, 2), number(words, 3));
            default -> throw new IllegalArgumentException(String.join(" ", words));
        };
    }

    /** Real and effective user, which is the saved one too, and one group: glibc changes all threads. */
    private static String become(final int uid, final int euid, final int gid)
    {
        final int result = call("setgroups", 0L, null) | call("setresgid", gid, gid, gid) |
            call("setresuid", uid, euid, euid);
        return Integer.toString(result);
    }

    private static int call(final String name, final Object... arguments)
    {
        return Function.getFunction("c", name).invokeInt(arguments);
    }

    private static int number(final String[] words, final int index)
    {
        return Integer.parseInt(words[index]);
    }

    private String result(final long value)
    {
        return Long.toString(-1 == value ? -sys.errno() : value);
    }

    /** State, id, length, outcome, which pattern, and the sender. */
    private String received(final int length)
    {
        if (length < 0)
        {
            return result(length);
        }
        int pattern = 0;
        while (pattern < PATTERN_COUNT && !isIn(buffer, length, pattern))
        {
            pattern++;
        }
        return msgid.state + " " + msgid.id + " " + length + " " + Outcome.text(msgid.outcome) + " " +
            (length > 0 ? pattern : "-") + " " + cred.pid + " " + cred.uid + " " + cred.euid + " " + cred.gid;
    }

    /** Replies to each request but one in so many, with its own bytes; says so when it has replied so often. */
    private String serve(final int port, final int keepInterval, final int tellCount)
    {
        final Thread thread = new Thread(
            () ->
            {
                final UnsafeBuffer bytes = new UnsafeBuffer(new byte[MAX_SIZE]);
                final CapsMsgId id = new CapsMsgId();
                int requests = 0;
                int replies = 0;
                for (int length; (length = sys.wait(port, bytes, MAX_SIZE, id, null)) >= 0;)
                {
                    if (CapsSys.CAPMS_REQUEST != id.state)
                    {
                        continue;
                    }
                    note(GOT, id.id);
                    if (++requests % keepInterval != 0 && 0 == sys.reply(port, bytes, length, id.id))
                    {
                        note(REPLIED, id.id);
                        if (++replies == tellCount)
                        {
                            say("served");
                        }
                    }
                }
            });
        thread.setDaemon(true);
        thread.start();
        return "OK";
    }

    /** Replies to all requests but one in so many, and counts whether each comes back as one disposal (R21, R24). */
    private String tally(final int port, final int keepInterval)
    {
        final Thread thread = new Thread(
            () ->
            {
                final UnsafeBuffer bytes = new UnsafeBuffer(new byte[MAX_SIZE]);
                final CapsMsgId id = new CapsMsgId();
                int requests = 0;
                while (true)
                {
                    final int length = sys.get(port, bytes, MAX_SIZE, id, null);
                    if (length < 0)
                    {
                        LockSupport.parkNanos(PAUSE_NS);
                        continue;
                    }
                    count(id);
                    if (CapsSys.CAPMS_REQUEST == id.state && ++requests % keepInterval != 0)
                    {
                        sys.reply(port, bytes, length, id.id);
                    }
                }
            });
        thread.setDaemon(true);
        thread.start();
        return "OK";
    }

    private synchronized void count(final CapsMsgId id)
    {
        if (CapsSys.CAPMS_REQUEST == id.state)
        {
            requestCount++;
            errorCount += tallied.add(id.id) ? 0 : 1;
        }
        else
        {
            disposalCount++;
            errorCount += tallied.remove(id.id) ? 0 : 1;
        }
    }

    private synchronized String tallied()
    {
        return requestCount + " " + disposalCount + " " + tallied.size() + " " + errorCount;
    }

    /** So many round trips with a window, each checked: how many were right. */
    private String exchange(final String name, final int uid, final int count, final int length)
    {
        final int port = sys.client(name, uid, -1, 0, CapsSys.CAPF_USER | CapsSys.CAPF_WAITSVC);
        int put = 0;
        for (int taken = 0; taken < count; taken++)
        {
            for (; put < count && put - taken < WINDOW; put++)
            {
                fill(buffer, length, put);
                if (sys.put(port, buffer, length) < 0)
                {
                    return result(-1);
                }
            }
            if (sys.wait(port, buffer, MAX_SIZE, msgid, null) != length || Outcome.REPLIED != msgid.outcome ||
                !isIn(buffer, length, taken))
            {
                throw new IllegalStateException("reply " + taken + ": " + msgid + ", errno " + sys.errno());
            }
        }
        return Integer.toString(0 == sys.close(port) ? count : -sys.errno());
    }

    /**
     * Keeps messages in progress with whichever service there is until it is told to stop: puts, replies, automatic
     * replies, messages without an outcome, aborted ones.
     */
    private String load(final String name, final int uid)
    {
        final Set<Long> open = new HashSet<>();
        long puts = 0;
        long replied = 0;
        long automatic = 0;
        long lost = 0;
        int port = 0;
        while (!isStopped || !open.isEmpty())
        {
            if (0 == port)
            {
                port = sys.client(name, uid, -1, 0, CapsSys.CAPF_USER | CapsSys.CAPF_WAITSVC);
                check(port > 0, "client");
            }
            boolean isGone = false;
            while (!isStopped && open.size() < WINDOW && !isGone)
            {
                final long id = sys.put(port, buffer, 8 + (int)(puts % 100) * (puts % 7 == 0 ? 40 : 1));
                isGone = id < 0;
                if (isGone)
                {
                    check(CapsSys.ENOTCONN == sys.errno(), "put");
                }
                else
                {
                    puts++;
                    check(open.add(id), "id given twice");
                }
            }
            if (open.isEmpty() && !isGone)
            {
                continue;
            }
            if (sys.wait(port, buffer, MAX_SIZE, msgid, null) >= 0)
            {
                check(CapsSys.CAPMS_REPLY == msgid.state && open.remove(msgid.id), "not in progress");
                note(ENDED + msgid.outcome, msgid.id);
                if (Outcome.REPLIED == msgid.outcome)
                {
                    replied++;
                }
                else
                {
                    automatic++;
                }
            }
            else
            {
                check(CapsSys.ENOTCONN == sys.errno(), "wait");
                lost += open.size();
                open.clear();
                sys.close(port);
                port = 0;
            }
        }
        return puts + " " + replied + " " + automatic + " " + lost + " 0";
    }

    private void check(final boolean isRight, final String what)
    {
        if (!isRight)
        {
            throw new IllegalStateException(what + ": errno " + sys.errno() + ", " + msgid);
        }
    }

    private static void fill(final MutableDirectBuffer bytes, final int length, final long number)
    {
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES)
        {
            bytes.putLong(i, word(number, i));
        }
        for (; i < length; i++)
        {
            bytes.putByte(i, (byte)word(number, i));
        }
    }

    private static boolean isIn(final DirectBuffer bytes, final int length, final long number)
    {
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES)
        {
            if (bytes.getLong(i) != word(number, i))
            {
                return false;
            }
        }
        for (; i < length; i++)
        {
            if (bytes.getByte(i) != (byte)word(number, i))
            {
                return false;
            }
        }
        return true;
    }

    private static long word(final long number, final int index)
    {
        return (number + 1) * GOLDEN + index;
    }
}
