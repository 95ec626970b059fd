/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.shm.inspect.Life;
import io.jcaps.shm.inspect.LinkView;
import io.jcaps.shm.inspect.MessageView;
import io.jcaps.shm.inspect.PortView;
import io.jcaps.shm.inspect.RegionSnapshot;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.tools.terminal.DurationConverter;
import io.jcaps.tools.terminal.ExitCodes;
import io.jcaps.tools.terminal.Json;
import io.jcaps.tools.terminal.Table;
import io.jcaps.tools.terminal.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * {@code caps inflight}: lists each message in flight, also in a region whose processes are dead.
 */
@Command(
    name = "inflight",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Lists the messages in flight: those that were put and whose outcome the client has not taken and released, " +
            "as far as the region shows.",
        "It only reads, and works on a region whose processes are all dead, too, until a process attaches to it.",
        "STATE: put, received, replied, aborted; returned: the service has closed or died, and the client gets an " +
            "automatic reply; corrupt: its length is not valid. AT: queue (put, not received), service, client. " +
            "RECV: whether the service has received the message, and may have acted on it.",
        "AGE: a message carries no time, so the region is read twice (--over). >100ms: it was in " +
            "flight both times. <100ms: it was put in between. -: all processes are dead, and the age is not known.",
        "A client writes nothing when it takes an outcome that it makes by itself (returned, and aborted before the " +
            "service saw it): of these, as many as the client has counted are listed, the newest.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
        "0:shown, also if there is no message", "1:the region cannot be read any more", "2:bad options",
        "3:no such region"})
public final class InflightCommand implements Callable<Integer>
{
    private static final String DEFAULT_HEX = "64";
    private static final int MAX_HEX = 131_072;
    private static final int HEX_PER_LINE = 16;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RegionOption region;

    @Option(
        names = "--all-users",
        description = "Read another user's region, too. If the kernel hides its processes, it is not known which of " +
            "them live.")
    private boolean isAllUsers;

    @Option(
        names = {"-x", "--hex"},
        paramLabel = "N",
        arity = "0..1",
        fallbackValue = DEFAULT_HEX,
        description = "Show the first N bytes of each (without N: " + DEFAULT_HEX + ").")
    private Integer hex;

    @Option(
        names = "--over",
        paramLabel = "TIME",
        converter = DurationConverter.class,
        defaultValue = "100ms",
        description = "Time between the two readings, as 500ms or 2s (default: ${DEFAULT-VALUE}).")
    private Duration over;

    @Option(names = "--json", description = "Print JSON.")
    private boolean isJson;

    @Override
    public Integer call() throws InterruptedException
    {
        final int peekLength = null == hex ? 0 : hex;
        if (peekLength < 0 || peekLength > MAX_HEX)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--hex': must be from 0 to " + MAX_HEX + ": " + peekLength);
        }
        try (RegionView view = region.view(isAllUsers))
        {
            RegionSnapshot snapshot = view.look(peekLength);
            final Set<Long> before = new HashSet<>();
            long elapsedMs = -1;
            if (snapshot.processes().stream().anyMatch((process) -> Life.DEAD != process.life()))
            {
                snapshot.links().forEach((link) -> link.messages().forEach((message) -> before.add(message.id())));
                final long startNs = snapshot.takenAtNs();
                TimeUnit.NANOSECONDS.sleep(over.toNanos());
                snapshot = view.look(peekLength);
                elapsedMs = TimeUnit.NANOSECONDS.toMillis(snapshot.takenAtNs() - startNs);
            }
            final List<Map<String, Object>> messages = new ArrayList<>();
            int movingCount = 0;
            for (final LinkView link : snapshot.links())
            {
                movingCount += link.movingCount();
                for (final MessageView message : link.messages())
                {
                    messages.add(members(snapshot, link, message, before.contains(message.id()), elapsedMs));
                }
            }
            if (isJson)
            {
                final Map<String, Object> members = new LinkedHashMap<>();
                members.put("region", view.path().toString());
                members.put("alive", snapshot.count(Life.ALIVE));
                members.put("messages", messages);
                members.put("moving", movingCount);
                spec.commandLine().getOut().println(Json.pretty(members));
            }
            else
            {
                print(spec.commandLine().getOut(), view, snapshot, messages, movingCount);
            }
            return ExitCodes.OK;
        }
    }

    private Map<String, Object> members(
        final RegionSnapshot snapshot,
        final LinkView link,
        final MessageView message,
        final boolean wasThere,
        final long elapsedMs)
    {
        final PortView client = snapshot.port(link.clientPortIndex(), link.clientPortIncarnation());
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("id", message.id());
        members.put("state", message.state().name().toLowerCase(Locale.ROOT));
        members.put("at", message.side().name().toLowerCase(Locale.ROOT));
        members.put("isReceived", message.isReceived());
        members.put("length", message.length());
        members.put("minAgeMs", elapsedMs < 0 ? null : wasThere ? elapsedMs : 0);
        members.put("maxAgeMs", elapsedMs >= 0 && !wasThere ? Long.valueOf(elapsedMs) : null == client ? null :
            Long.valueOf(System.currentTimeMillis() - client.openedAtMs()));
        members.put("clientPid", link.clientPid());
        members.put("clientLife", link.clientLife());
        members.put("service", null == client ? null : client.name());
        members.put("servicePid", link.servicePid());
        members.put("serviceLife", link.serviceLife());
        members.put("link", link.index());
        members.put("slot", message.slot());
        if (null != hex)
        {
            members.put("hex", HexFormat.of().formatHex(message.head()));
        }
        return members;
    }

    private static String age(final Map<String, Object> message)
    {
        final Object min = message.get("minAgeMs");
        if (null == min)
        {
            return "-";
        }
        final long minMs = ((Number)min).longValue();
        return minMs > 0 ? '>' + Units.age(minMs) : '<' + Units.age((Long)message.get("maxAgeMs"));
    }

    private void print(
        final PrintWriter out,
        final RegionView view,
        final RegionSnapshot snapshot,
        final List<Map<String, Object>> messages,
        final int movingCount)
    {
        out.println(StatCommand.title(view, snapshot));
        final Table table =
            new Table("ID", "<STATE", "<AT", "<RECV", "AGE", "SIZE", "CLIENT", "SERVER", "<SERVICE");
        for (final Map<String, Object> message : messages)
        {
            table.add(message.get("id"), message.get("state"), message.get("at"),
                (Boolean)message.get("isReceived") ? "yes" : "no", age(message), message.get("length"),
                pid(message.get("clientPid"), message.get("clientLife")),
                pid(message.get("servicePid"), message.get("serviceLife")),
                null == message.get("service") ? "?" : message.get("service"));
        }
        final List<String> lines = table.lines();
        for (int i = messages.isEmpty() ? 1 : 0; i < lines.size(); i++)
        {
            out.println(lines.get(i));
            if (i > 0 && null != hex)
            {
                dump(out, HexFormat.of().parseHex((String)messages.get(i - 1).get("hex")));
            }
        }
        out.println(messages.size() + (1 == messages.size() ? " message" : " messages") + " in flight" +
            (0 == movingCount ? "" : ", and " + movingCount + " on the move while this looked"));
    }

    /** A pid for display: that of a dead process is marked, and a process without an entry has none. */
    private static String pid(final Object pid, final Object life)
    {
        return 0 == (Integer)pid ? "gone" : Life.DEAD == life ? "+" + pid : pid.toString();
    }

    private static void dump(final PrintWriter out, final byte[] bytes)
    {
        for (int from = 0; from < bytes.length; from += HEX_PER_LINE)
        {
            final StringBuilder hexPart = new StringBuilder();
            final StringBuilder textPart = new StringBuilder();
            for (int i = from; i < Math.min(bytes.length, from + HEX_PER_LINE); i++)
            {
                hexPart.append(String.format("%02x ", bytes[i]));
                textPart.append(bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.');
            }
            out.println(String.format("    %05x  %-48s |%s|", from, hexPart, textPart));
        }
    }
}
