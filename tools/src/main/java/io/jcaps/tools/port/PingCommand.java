/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.port;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.Status;
import io.jcaps.tools.terminal.DurationConverter;
import io.jcaps.tools.terminal.ExitCodes;
import io.jcaps.tools.terminal.Interruption;
import io.jcaps.tools.terminal.Json;
import io.jcaps.tools.terminal.Units;
import org.agrona.concurrent.UnsafeBuffer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * {@code caps ping}: round trips to a service.
 */
@Command(
    name = "ping",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Sends requests to a service and says how long each reply took; at the end, or at Ctrl-C, a summary.",
        "The service gets what it may not understand: ping one that echoes (caps serve NAME --echo), or that answers " +
            "anything. What is measured is this JVM's round trip, cold at first; between two pings both sides sleep, " +
            "so most of it is their waking up (see -i 0).",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:at least one reply came", "1:no reply came", "2:bad options", "3:no such region or service"})
public final class PingCommand implements Callable<Integer>
{
    private static final int MAX_SIZE = 131_072;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ServiceOption service;

    @Option(names = {"-c", "--count"}, paramLabel = "N", description = "End after so many requests.")
    private Long count;

    @Option(
        names = {"-i", "--interval"},
        paramLabel = "TIME",
        defaultValue = "1s",
        description = "From one request to the next, as 200ms; 0 for at once (default: ${DEFAULT-VALUE}).")
    private String interval;

    @Option(
        names = {"-s", "--size"},
        paramLabel = "BYTES",
        defaultValue = "32",
        description = "Length of a request, 0 to 131072 (default: ${DEFAULT-VALUE}).")
    private int size;

    @Option(
        names = {"-W", "--timeout"},
        paramLabel = "TIME",
        converter = DurationConverter.class,
        defaultValue = "5s",
        description = "Longest wait for a reply (default: ${DEFAULT-VALUE}).")
    private Duration timeout;

    @Option(names = {"-q", "--quiet"}, description = "Only the summary.")
    private boolean isQuiet;

    @Option(names = "--json", description = "Print the summary as JSON, and nothing else.")
    private boolean isJson;

    private long sent;
    private long received;
    private long minNs = Long.MAX_VALUE;
    private long maxNs;
    private double sumNs;
    private double sumOfSquares;

    @Override
    public Integer call()
    {
        if (null != count && count <= 0)
        {
            throw new ParameterException(
                spec.commandLine(), "Invalid value for option '--count': must be positive: " + count);
        }
        if (size < 0 || size > MAX_SIZE)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--size': must be from 0 to " + MAX_SIZE + ": " + size);
        }
        final long intervalNs = intervalNs();
        final Interruption interruption = new Interruption();
        int exitCode = ExitCodes.FAILED;
        try (Attachment caps = service.attach();
            ClientPort port = service.connect(caps, null))
        {
            if (size > caps.messageLimit())
            {
                throw new ParameterException(spec.commandLine(), "Invalid value for option '--size': the region's " +
                    "messages have at most " + caps.messageLimit() + " bytes: " + size);
            }
            final long startNs = System.nanoTime();
            if (!isQuiet && !isJson)
            {
                out().println("PING " + service.name() + ", pid " + port.serviceCredentials().pid() + ", " + size +
                    " bytes, in " + caps.place());
            }
            ping(port, interruption, intervalNs);
            interruption.clear();
            summarize(System.nanoTime() - startNs);
            exitCode = received > 0 ? ExitCodes.OK : ExitCodes.FAILED;
        }
        finally
        {
            out().flush();
            interruption.end(exitCode);
        }
        return exitCode;
    }

    private long intervalNs()
    {
        try
        {
            return "0".equals(interval) ? 0 : new DurationConverter().convert(interval).toNanos();
        }
        catch (final TypeConversionException ex)
        {
            throw new ParameterException(
                spec.commandLine(), "Invalid value for option '--interval': " + ex.getMessage(), ex);
        }
    }

    private void ping(final ClientPort port, final Interruption interruption, final long intervalNs)
    {
        final byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++)
        {
            bytes[i] = (byte)('a' + i % 26);
        }
        final UnsafeBuffer request = new UnsafeBuffer(bytes);
        final Message reply = new Message();
        final long last = null == count ? Long.MAX_VALUE : count;
        for (long sequence = 1; sequence <= last && !interruption.isRequested(); sequence++)
        {
            final long startNs = System.nanoTime();
            final int result = port.call(request, 0, size, reply, timeout.toNanos());
            final long ns = System.nanoTime() - startNs;
            if (Status.INTERRUPTED == result)
            {
                // The user's end: what became of this one nobody waits for.
                return;
            }
            sent++;
            if (MessageState.REPLY == result && Outcome.REPLIED == reply.outcome())
            {
                count(ns);
                say("reply from " + service.name() + ": seq=" + sequence + " bytes=" + reply.length() + " time=" +
                    Units.time(ns));
                reply.release();
            }
            else if (MessageState.REPLY == result)
            {
                say("no reply: seq=" + sequence + " " + Outcome.text(reply.outcome()));
                reply.release();
            }
            else
            {
                say("no reply: seq=" + sequence + " " + Status.text(result));
            }
            if (!port.isConnected())
            {
                say(service.name() + " is gone");
                return;
            }
            if (sequence < last && intervalNs > 0 && interruption.await(intervalNs))
            {
                return;
            }
        }
    }

    private void count(final long ns)
    {
        received++;
        minNs = Math.min(minNs, ns);
        maxNs = Math.max(maxNs, ns);
        sumNs += ns;
        sumOfSquares += (double)ns * ns;
    }

    private void say(final String line)
    {
        if (!isQuiet && !isJson)
        {
            out().println(line);
        }
    }

    private void summarize(final long elapsedNs)
    {
        final double meanNs = 0 == received ? 0 : sumNs / received;
        final double deviationNs = 0 == received ? 0 :
            Math.sqrt(Math.max(0, sumOfSquares / received - meanNs * meanNs));
        final double lossPercent = 0 == sent ? 0 : 100.0 * (sent - received) / sent;
        if (isJson)
        {
            final Map<String, Object> members = new LinkedHashMap<>();
            members.put("service", service.name());
            members.put("size", size);
            members.put("sent", sent);
            members.put("received", received);
            members.put("lossPercent", lossPercent);
            members.put("elapsedNs", elapsedNs);
            members.put("minNs", 0 == received ? null : minNs);
            members.put("avgNs", 0 == received ? null : Math.round(meanNs));
            members.put("maxNs", 0 == received ? null : maxNs);
            members.put("stddevNs", 0 == received ? null : Math.round(deviationNs));
            out().println(Json.pretty(members));
            return;
        }
        out().println();
        out().println("--- " + service.name() + " ping statistics ---");
        out().println(sent + " sent, " + received + " received, " +
            (lossPercent == Math.rint(lossPercent) ? Long.toString((long)lossPercent) :
                String.format(Locale.ROOT, "%.1f", lossPercent)) + "% loss, time " + Units.time(elapsedNs));
        if (received > 0)
        {
            out().println("min/avg/max/stddev = " + Units.time(minNs) + " / " + Units.time(meanNs) + " / " +
                Units.time(maxNs) + " / " + Units.time(deviationNs));
        }
    }

    private PrintWriter out()
    {
        return spec.commandLine().getOut();
    }
}
