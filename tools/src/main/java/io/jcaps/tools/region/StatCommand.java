/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.PortCounter;
import io.jcaps.PortFlags;
import io.jcaps.shm.inspect.Life;
import io.jcaps.shm.inspect.LinkView;
import io.jcaps.shm.inspect.PortView;
import io.jcaps.shm.inspect.ProcessView;
import io.jcaps.shm.inspect.RegionSnapshot;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.tools.bridge.BridgeTable;
import io.jcaps.tools.terminal.DurationConverter;
import io.jcaps.tools.terminal.Escaped;
import io.jcaps.tools.terminal.IdConverter;
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
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/**
 * {@code caps stat}: shows services, clients and links of a region, and their traffic.
 */
@Command(
    name = "stat",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Shows the services of a region, their clients, and the traffic on the links between them.",
        "It only reads, and does not affect the region's processes. It also works if all of them are dead.",
        "FLY: messages in flight. BACK: requests among them that the service has not received. HELD: replies " +
            "among them that the client has taken and not released; of a service, requests that it has in view. " +
            "CLMD: claims that were neither put nor cancelled; of a service, claims for replies. If HELD or CLMD " +
            "only grows, the program leaks. CLMD, and HELD of a service, are as old as the last round of the " +
            "process's watch. AUTO: automatic replies that clients took because the service had closed (CLSD) or " +
            "died (DIED), or the message was aborted (ABTD). ABRT: messages that clients aborted. NOBF: puts " +
            "that failed with NO_BUFFERS. WAKE: system calls to wake the other side. A client's numbers begin " +
            "with 0 when it connects; a service's contain those of clients that have gone, except of one that " +
            "closed or died before the service had accepted it.",
        "WAITING FOR: clients that wait for a service which is not registered; its UID and GID, and the client's " +
            "FLAGS.",
        "FLAGS: u user, g group, w world may connect; x exclusive, n nofork, q waits for a service, " +
            "i imported from another machine.",
        "BRIDGE: the region's bridges; each reports once a second. RTT: from one bridge to the other and back. " +
            "UNRE: requests that ended as UNREACHABLE. DUPS: frames that came twice. VIOL: invalid frames. REFU: " +
            "refused sessions, of one import or of all exports; for exports also streams that were ignored. NAKS: " +
            "requests of the bridge's media driver to send lost packets again.",
    },
    footer = {"With --watch: q ends, < and > choose the column to sort by."},
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:shown", "1:the region cannot be read any more", "2:bad options", "3:no such region"})
public final class StatCommand implements Callable<Integer>
{
    private static final int MAX_NAME_WIDTH = 14;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RegionOption region;

    @Option(
        names = "--all-users",
        description = "Read another user's region, too. If the kernel hides its processes, it is not known which of " +
            "them live.")
    private boolean isAllUsers;

    @Option(names = {"-w", "--watch"}, description = "Show rates, and refresh them until q or Ctrl-C.")
    private boolean isWatch;

    @Option(
        names = {"-i", "--interval"},
        paramLabel = "TIME",
        converter = DurationConverter.class,
        defaultValue = "1s",
        description = "With --watch, time between two readings, as 500ms or 2s (default: ${DEFAULT-VALUE}).")
    private Duration interval;

    @Option(
        names = {"-n", "--count"},
        paramLabel = "N",
        description = "End --watch after N readings.")
    private Long count;

    @Option(
        names = {"-s", "--sort"},
        paramLabel = "COLUMN",
        defaultValue = "name",
        description = "Sort services by one of: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private SortColumn sort;

    @Option(names = "--json", description = "Print JSON; with --watch one object a line.")
    private boolean isJson;

    @Override
    public Integer call()
    {
        if (interval.toMillis() < 50 || interval.toHours() > 1)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--interval': must be from 50ms to 60min: " + interval.toMillis() + "ms");
        }
        if (null != count && count <= 0)
        {
            throw new ParameterException(
                spec.commandLine(), "Invalid value for option '--count': must be positive: " + count);
        }
        if (isWatch)
        {
            return new StatWatch(
                viewer(), interval, null == count ? Long.MAX_VALUE : count, sort, isJson,
                spec.commandLine().getOut()).run();
        }
        try (RegionView view = region.view(isAllUsers))
        {
            final RegionSnapshot snapshot = view.look(0);
            final PrintWriter out = spec.commandLine().getOut();
            if (isJson)
            {
                out.println(Json.pretty(members(view, snapshot)));
            }
            else
            {
                print(out, view, snapshot);
            }
            return 0;
        }
    }

    /** Returns a source of views that opens the region again if another one is at its path. */
    private Supplier<RegionView> viewer()
    {
        final Path path = region.find();
        return () -> region.view(path, isAllUsers);
    }

    private List<ServiceRow> rows(final RegionSnapshot snapshot)
    {
        final List<ServiceRow> rows = new ArrayList<>(ServiceRow.of(snapshot));
        rows.sort(sort.order());
        return rows;
    }

    private void print(final PrintWriter out, final RegionView view, final RegionSnapshot snapshot)
    {
        out.println(title(view, snapshot));
        if (null != view.lifeProblem())
        {
            out.println("it is not known which processes live: " + Escaped.line(view.lifeProblem()));
        }
        final List<String> pids = snapshot.processes().stream().filter(ProcessView::isC)
            .map((process) -> Integer.toString(process.pid())).toList();
        if (!pids.isEmpty())
        {
            out.println("by libcaps: pid " + String.join(", ", pids));
        }
        final List<ServiceRow> rows = rows(snapshot);
        if (rows.isEmpty())
        {
            out.println("no services");
            printWaiting(out, snapshot);
            BridgeTable.print(out, view.path());
            return;
        }
        out.println();
        final Table services = new Table("<SERVICE", "PID", "<STATE", "UID", "GID", "<FLAGS", "GEN", "INCARN", "CLI",
            "HELD", "CLMD", "AGE");
        final Table traffic = new Table("<TRAFFIC", "FLY", "BACK", "PUTS", "GETS", "RPLY", "DISP", "CLSD", "DIED",
            "ABTD", "ABRT", "NOBF", "WAKE", "BYTES");
        for (final ServiceRow row : rows)
        {
            final PortView port = row.port();
            final String name = Table.cut(row.name(), MAX_NAME_WIDTH);
            services.add(name, 0 == row.pid() ? "-" : row.pid(), row.state(),
                null == port ? "-" : id(port.uid()), null == port ? "-" : id(port.gid()),
                null == port ? "-" : ServiceRow.flags(port.flags()), null == port ? "-" : port.generation(),
                null == port ? "-" : port.incarnation(), row.links().size(), null == port ? "-" : port.held(),
                null == port ? "-" : port.claimed(), null == port ? "-" : Units.age(row.ageMs()));
            final Traffic sum = row.traffic();
            traffic.add(name, row.inFlight(), row.backlog(), Units.count(sum.puts()), Units.count(sum.gets()),
                Units.count(sum.replies()), Units.count(sum.disposals()), Units.count(sum.closed()),
                Units.count(sum.died()), Units.count(sum.aborted()), Units.count(sum.aborts()),
                Units.count(sum.noBuffers()), Units.count(sum.wakeUps()), Units.bytes(sum.bytes()));
        }
        services.lines().forEach(out::println);
        out.println();
        traffic.lines().forEach(out::println);
        printClients(out, snapshot);
        printWaiting(out, snapshot);
        printGone(out, rows);
        BridgeTable.print(out, view.path());
        printTrouble(out, snapshot);
        printExhausted(out, snapshot, view.header().geometry().slotCount());
    }

    private static void printGone(final PrintWriter out, final List<ServiceRow> rows)
    {
        for (final ServiceRow row : rows)
        {
            if (row.goneCount() > 0)
            {
                final Traffic gone = Traffic.ofGone(row.port());
                out.println(row.name() + ", pid " + row.pid() + ": " + row.goneCount() +
                    (1 == row.goneCount() ? " client has" : " clients have") + " gone, " + row.diedCount() +
                    " by death: " + Units.counted(gone.puts(), "put", "puts") + ", " +
                    Units.counted(gone.replies(), "reply", "replies") + ", " +
                    Units.bytes(gone.bytes()) + (1 == gone.bytes() ? " byte" : " bytes"));
            }
        }
    }

    /** Prints the clients that get NO_BUFFERS because their own program keeps claims or replies. */
    private static void printExhausted(final PrintWriter out, final RegionSnapshot snapshot, final int slotCount)
    {
        for (final LinkView link : snapshot.links())
        {
            final PortView port = snapshot.port(link.clientPortIndex(), link.clientPortIncarnation());
            if (null != port && isExhausted(link, port, slotCount))
            {
                // Two lines, of less than 80 characters with a name of usual length.
                out.println("client of " + port.name() + ", pid " + link.clientPid() +
                    ", gets NO_BUFFERS: of " + slotCount + " slots its program keeps");
                out.println("  " + Units.counted(port.claimed(), "unspent claim", "unspent claims") +
                    " (put or cancel), " + Units.counted(link.held(), "unreleased reply", "unreleased replies") +
                    " (release)");
            }
        }
    }

    /** Whether the claims and replies that the program keeps are at least half of the link's used slots. */
    static boolean isExhausted(final LinkView link, final PortView client, final int slotCount)
    {
        final int kept = client.claimed() + link.held();
        return client.claimed() + link.inFlight() >= slotCount && 2 * kept >= slotCount;
    }

    private static List<PortView> waiting(final RegionSnapshot snapshot)
    {
        return snapshot.ports().stream().filter((port) -> PortView.Kind.WAITING == port.kind()).toList();
    }

    private static void printWaiting(final PrintWriter out, final RegionSnapshot snapshot)
    {
        final List<PortView> waiting = waiting(snapshot);
        if (waiting.isEmpty())
        {
            return;
        }
        out.println();
        final Table table = new Table("<WAITING FOR", "PID", "<STATE", "UID", "GID", "<FLAGS", "AGE");
        for (final PortView port : waiting)
        {
            table.add(Table.cut(port.name(), MAX_NAME_WIDTH), 0 == port.pid() ? "-" : port.pid(),
                ServiceRow.state(port), id(port.uid()), id(port.gid()), ServiceRow.flags(port.flags()),
                Units.age(System.currentTimeMillis() - port.openedAtMs()));
        }
        table.lines().forEach(out::println);
    }

    private static void printClients(final PrintWriter out, final RegionSnapshot snapshot)
    {
        if (snapshot.links().isEmpty())
        {
            return;
        }
        out.println();
        final Table clients = new Table("<CLIENT OF", "PID", "<STATE", "LINK", "GEN", "FLY", "HELD", "CLMD", "BACK",
            "PUTS", "RPLY", "NOBF", "AGE");
        for (final LinkView link : snapshot.links())
        {
            final PortView port = snapshot.port(link.clientPortIndex(), link.clientPortIncarnation());
            final Traffic traffic = Traffic.of(link);
            clients.add(null == port ? "?" : Table.cut(port.name(), MAX_NAME_WIDTH),
                0 == link.clientPid() ? "-" : link.clientPid(), ServiceRow.state(port), link.index(),
                null == port ? "-" : port.generation(), link.inFlight(), link.held(),
                null == port ? "-" : port.claimed(), link.backlog(),
                Units.count(traffic.puts()), Units.count(traffic.replies()), Units.count(traffic.noBuffers()),
                null == port ? "-" : Units.age(System.currentTimeMillis() - port.openedAtMs()));
        }
        clients.lines().forEach(out::println);
    }

    /** Prints rare counters as lines, as they are not worth a column. */
    private static void printTrouble(final PrintWriter out, final RegionSnapshot snapshot)
    {
        for (final ProcessView process : StoppedProcess.of(snapshot))
        {
            out.println("process " + process.pid() +
                " is stopped (SIGSTOP, Ctrl-Z, debugger): it lives, its peers wait");
        }
        for (final PortView port : snapshot.ports())
        {
            for (final PortCounter counter : PortCounter.values())
            {
                if (PortCounter.ACCEPTED != counter && PortCounter.DEATHS != counter &&
                    port.counters().getOrDefault(counter, 0L) > 0)
                {
                    out.println(port.name() + ", pid " + port.pid() + ": " + counter + ' ' +
                        port.counters().get(counter));
                }
            }
        }
    }

    static String title(final RegionView view, final RegionSnapshot snapshot)
    {
        final int unknown = snapshot.count(Life.UNKNOWN);
        final int stopped = StoppedProcess.of(snapshot).size();
        return Escaped.line(view.path().toString()) + ": " + snapshot.count(Life.ALIVE) + " alive" +
            (0 == stopped ? "" : " (" + stopped + " stopped)") + ", " + snapshot.count(Life.DEAD) + " dead" +
            (0 == unknown ? "" : ", " + unknown + " unknown") + (view.isOfThisBoot() ? "" : ", of an earlier boot") +
            (view.isCurrent() ? "" : ", REMOVED");
    }

    private static String id(final int id)
    {
        return -1 == id ? "any" : Integer.toUnsignedString(id);
    }

    private Map<String, Object> members(final RegionView view, final RegionSnapshot snapshot)
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("region", view.path().toString());
        members.put("isOfThisBoot", view.isOfThisBoot());
        members.put("lifeProblem", view.lifeProblem());
        final List<Object> processes = new ArrayList<>();
        for (final ProcessView process : snapshot.processes())
        {
            final Map<String, Object> each = new LinkedHashMap<>();
            each.put("index", process.index());
            each.put("incarnation", process.incarnation());
            each.put("pid", process.pid());
            each.put("euid", IdConverter.number(process.euid()));
            each.put("library", process.isC() ? "c" : "java");
            each.put("life", process.life());
            each.put("isStopped", StoppedProcess.is(process));
            processes.add(each);
        }
        members.put("processes", processes);
        final List<Object> services = new ArrayList<>();
        for (final ServiceRow row : rows(snapshot))
        {
            final Map<String, Object> each = members(row);
            each.put("gone", null == row.port() ? null : Traffic.ofGone(row.port()).members());
            services.add(each);
        }
        members.put("services", services);
        final List<Object> links = new ArrayList<>();
        for (final LinkView link : snapshot.links())
        {
            links.add(members(snapshot, link));
        }
        members.put("links", links);
        members.put("bridges", BridgeTable.members(view.path()));
        final List<Object> waiting = new ArrayList<>();
        for (final PortView port : waiting(snapshot))
        {
            final Map<String, Object> each = new LinkedHashMap<>();
            each.put("service", port.name());
            each.put("pid", port.pid());
            each.put("life", port.life());
            addPort(each, port);
            waiting.add(each);
        }
        members.put("waiting", waiting);
        return members;
    }

    static Map<String, Object> members(final ServiceRow row)
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("name", row.name());
        members.put("pid", row.pid());
        members.put("state", row.state());
        final PortView port = row.port();
        if (null != port)
        {
            addPort(members, port);
            members.put("claimed", port.claimed());
            members.put("views", port.held());
        }
        members.put("clients", row.links().size());
        members.put("clientsGone", row.goneCount());
        members.put("clientsDied", row.diedCount());
        members.put("inFlight", row.inFlight());
        members.put("backlog", row.backlog());
        members.putAll(row.traffic().members());
        return members;
    }

    private static Map<String, Object> members(final RegionSnapshot snapshot, final LinkView link)
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("link", link.index());
        members.put("linkFlags", link.flags());
        final PortView port = snapshot.port(link.clientPortIndex(), link.clientPortIncarnation());
        members.put("service", null == port ? null : port.name());
        members.put("servicePid", link.servicePid());
        members.put("serviceLife", link.serviceLife());
        members.put("serviceIncarnation", link.servicePortIncarnation());
        members.put("clientPid", link.clientPid());
        members.put("clientLife", link.clientLife());
        if (null != port)
        {
            addPort(members, port);
        }
        members.put("inFlight", link.inFlight());
        members.put("held", link.held());
        members.put("claimed", null == port ? null : port.claimed());
        members.put("views", null == port ? null : port.held());
        members.put("backlog", link.backlog());
        members.putAll(Traffic.of(link).members());
        return members;
    }

    private static void addPort(final Map<String, Object> members, final PortView port)
    {
        members.put("uid", IdConverter.number(port.uid()));
        members.put("gid", IdConverter.number(port.gid()));
        members.put("flags", port.flags() & 0xFFFF);
        members.put("imported", 0 != (port.flags() & PortFlags.IMPORTED));
        members.put("generation", port.generation());
        members.put("incarnation", port.incarnation());
        members.put("openedAtMs", port.openedAtMs());
        members.put("sleepers", port.sleeperCount());
        for (final PortCounter counter : PortCounter.values())
        {
            members.put(counter.name().toLowerCase(Locale.ROOT), port.counters().get(counter));
        }
    }
}
