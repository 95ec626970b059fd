/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.port;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
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
import org.HdrHistogram.Histogram;
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
import java.util.StringJoiner;
import java.util.concurrent.Callable;

/**
 * {@code caps ping}: measures connects to a service, or round trips.
 */
@Command(
    name = "ping",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Looks up a service and connects to it repeatedly, and prints the time of each connect; at the end, or at " +
            "Ctrl-C, a summary. The service gets no message. An answer means that the service is registered, that " +
            "you may connect, and that its process lives. It does not mean that a thread takes its requests.",
        "With --send each ping is a request, and the time is that of the reply. Send only to a service that answers " +
            "any request (caps serve NAME --echo): others may fail. Both sides sleep between two pings, and the " +
            "wake-up takes most of the time (see -i 0).",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:at least one answer came", "1:no answer came", "2:bad options", "3:no such region or service"})
public final class PingCommand implements Callable<Integer>
{
    private static final int MAX_SIZE = 131_072;
    private static final int DEFAULT_SIZE = 32;
    private static final int SIGNIFICANT_DIGITS = 3;
    private static final double[] PERCENTILES = {50, 90, 99, 99.9};

    @Spec
    private CommandSpec spec;

    @Mixin
    private ServiceOption service;

    @Option(names = {"-c", "--count"}, paramLabel = "N", description = "End after N pings.")
    private Long count;

    @Option(
        names = {"-i", "--interval"},
        paramLabel = "TIME",
        defaultValue = "1s",
        description = "From one ping to the next, such as 200ms; 0 for no pause (default: ${DEFAULT-VALUE}).")
    private String interval;

    @Option(names = "--send", description = "Send a request with each ping, and wait for its reply.")
    private boolean isSend;

    @Option(
        names = {"-s", "--size"},
        paramLabel = "BYTES",
        description = "With --send, the length of a request, 0 to 131072 (default: 32).")
    private Integer givenSize;

    private int size;

    @Option(
        names = {"-W", "--timeout"},
        paramLabel = "TIME",
        converter = DurationConverter.class,
        defaultValue = "5s",
        description = "Longest wait for a reply (default: ${DEFAULT-VALUE}).")
    private Duration timeout;

    @Option(names = {"-q", "--quiet"}, description = "Print only the summary.")
    private boolean isQuiet;

    @Option(names = "--json", description = "Print the summary as JSON, and nothing else.")
    private boolean isJson;

    private long sent;
    private long received;
    private long minNs = Long.MAX_VALUE;
    private long maxNs;
    private double sumNs;
    private double sumOfSquares;
    private final Histogram histogram = new Histogram(SIGNIFICANT_DIGITS);

    @Override
    public Integer call()
    {
        if (null != count && count <= 0)
        {
            throw new ParameterException(
                spec.commandLine(), "Invalid value for option '--count': must be positive: " + count);
        }
        if (null != givenSize && !isSend)
        {
            throw new ParameterException(
                spec.commandLine(), "Invalid option '--size': without --send nothing is sent: " + givenSize);
        }
        size = null == givenSize ? DEFAULT_SIZE : givenSize;
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
            if (isSend && size > caps.messageLimit())
            {
                throw new ParameterException(spec.commandLine(), "Invalid value for option '--size': the region's " +
                    "messages have at most " + caps.messageLimit() + " bytes: " + size);
            }
            final long startNs = System.nanoTime();
            if (!isQuiet && !isJson)
            {
                out().println("PING " + service.name() + ", pid " + port.serviceCredentials().pid() +
                    (isSend ? ", " + size + " bytes" : "") + ", in " + caps.place());
            }
            if (isSend)
            {
                send(port, interruption, intervalNs);
            }
            else
            {
                lookUp(caps, interruption, intervalNs);
            }
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

    private void lookUp(final Attachment caps, final Interruption interruption, final long intervalNs)
    {
        final long last = null == count ? Long.MAX_VALUE : count;
        for (long sequence = 1; sequence <= last && !interruption.isRequested(); sequence++)
        {
            sent++;
            final long startNs = System.nanoTime();
            try (ClientPort port = service.connect(caps, null))
            {
                final long ns = System.nanoTime() - startNs;
                count(ns);
                say("connected to " + service.name() + ": seq=" + sequence + " pid=" + port.serviceCredentials().pid() +
                    " time=" + Units.time(ns));
            }
            catch (final CapsException ex)
            {
                say("not connected: seq=" + sequence + " " + Status.text(ex.status()));
            }
            if (sequence < last && intervalNs > 0 && interruption.await(intervalNs))
            {
                return;
            }
        }
    }

    private void send(final ClientPort port, final Interruption interruption, final long intervalNs)
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
                // The user has ended the command: the result of this ping is dropped.
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
        histogram.recordValue(ns);
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
            members.put("size", isSend ? size : null);
            members.put("sent", sent);
            members.put("received", received);
            members.put("lossPercent", lossPercent);
            members.put("elapsedNs", elapsedNs);
            members.put("minNs", 0 == received ? null : minNs);
            members.put("avgNs", 0 == received ? null : Math.round(meanNs));
            members.put("maxNs", 0 == received ? null : maxNs);
            for (final double percentile : PERCENTILES)
            {
                members.put("p" + name(percentile) + "Ns",
                    0 == received ? null : histogram.getValueAtPercentile(percentile));
            }
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
            final StringJoiner names = new StringJoiner("/");
            final StringJoiner times = new StringJoiner(" / ");
            for (final double percentile : PERCENTILES)
            {
                names.add("p" + name(percentile));
                times.add(Units.time(histogram.getValueAtPercentile(percentile)));
            }
            out().println(names + " = " + times);
        }
    }

    /** The percentile as a name, such as 50 or 99.9. */
    private static String name(final double percentile)
    {
        return percentile == Math.rint(percentile) ? Long.toString((long)percentile) : Double.toString(percentile);
    }

    private PrintWriter out()
    {
        return spec.commandLine().getOut();
    }
}
