/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.PortCounter;
import io.jcaps.shm.Life;
import io.jcaps.shm.LinkView;
import io.jcaps.shm.PortView;
import io.jcaps.shm.ProcessView;
import io.jcaps.shm.RegionSnapshot;
import io.jcaps.shm.RegionView;
import io.jcaps.tools.terminal.DurationConverter;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * {@code caps stat}: services, clients and links of a region, and what went over them.
 */
@Command(
    name = "stat",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Shows the services of a region, their clients, and what went over the links between them.",
        "It only reads: nothing in the region notices. A region whose processes are all dead can be looked at, too.",
        "FLY: messages in flight. BACK: requests among them that the service has not received. AUTO: automatic " +
            "replies that clients took, as the service had closed (CLSD) or died (DIED) or the message was aborted " +
            "(ABTD). ABRT: messages taken back. NOBF: puts that found no room. WAKE: system calls to wake the other " +
            "side. A link's numbers begin with 0 when it is opened and go with it, so sums can fall.",
        "FLAGS: u user, g group, w world may connect; x exclusive, n nofork, q waits for a service.",
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

    @Option(names = {"-w", "--watch"}, description = "Show rates, again and again, until q or Ctrl-C.")
    private boolean isWatch;

    @Option(
        names = {"-i", "--interval"},
        paramLabel = "TIME",
        converter = DurationConverter.class,
        defaultValue = "1s",
        description = "From one look to the next with --watch, as 500ms or 2s (default: ${DEFAULT-VALUE}).")
    private Duration interval;

    @Option(
        names = {"-n", "--count"},
        paramLabel = "N",
        description = "End --watch after so many looks.")
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
                region.find(), interval, null == count ? Long.MAX_VALUE : count, sort, isJson,
                spec.commandLine().getOut()).run();
        }
        try (RegionView view = region.view())
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
            out.println("who lives is not known: " + view.lifeProblem());
        }
        final List<ServiceRow> rows = rows(snapshot);
        if (rows.isEmpty())
        {
            out.println("no services");
            return;
        }
        out.println();
        final Table services = new Table("<SERVICE", "PID", "<STATE", "UID", "GID", "<FLAGS", "GENERATION", "INCARN",
            "CLIENTS", "AGE");
        final Table traffic = new Table("<TRAFFIC", "FLY", "BACK", "PUTS", "GETS", "RPLY", "DISP", "CLSD", "DIED",
            "ABTD", "ABRT", "NOBF", "WAKE", "BYTES");
        for (final ServiceRow row : rows)
        {
            final PortView port = row.port();
            final String name = Table.cut(row.name(), MAX_NAME_WIDTH);
            services.add(name, 0 == row.pid() ? "-" : row.pid(), row.state(),
                null == port ? "-" : id(port.uid()), null == port ? "-" : id(port.gid()),
                null == port ? "-" : ServiceRow.flags(port.flags()), null == port ? "-" : port.generation(),
                null == port ? "-" : port.incarnation(), row.links().size(),
                null == port ? "-" : Units.age(row.ageMs()));
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
        printTrouble(out, snapshot);
    }

    private static void printClients(final PrintWriter out, final RegionSnapshot snapshot)
    {
        if (snapshot.links().isEmpty())
        {
            return;
        }
        out.println();
        final Table clients = new Table("<CLIENT OF", "PID", "<STATE", "LINK", "<FLAGS", "GENERATION", "FLY", "BACK",
            "PUTS", "RPLY", "AGE");
        for (final LinkView link : snapshot.links())
        {
            final PortView port = snapshot.port(link.clientPortIndex(), link.clientPortIncarnation());
            final Traffic traffic = Traffic.of(link);
            clients.add(null == port ? "?" : Table.cut(port.name(), MAX_NAME_WIDTH),
                0 == link.clientPid() ? "-" : link.clientPid(), ServiceRow.state(port), link.index(),
                null == port ? "-" : ServiceRow.flags(port.flags()), null == port ? "-" : port.generation(),
                link.inFlight(), link.backlog(), Units.count(traffic.puts()), Units.count(traffic.replies()),
                null == port ? "-" : Units.age(System.currentTimeMillis() - port.openedAtMs()));
        }
        clients.lines().forEach(out::println);
    }

    /** What should not happen is not worth a column. */
    private static void printTrouble(final PrintWriter out, final RegionSnapshot snapshot)
    {
        for (final PortView port : snapshot.ports())
        {
            for (final PortCounter counter : PortCounter.values())
            {
                if (port.counters().getOrDefault(counter, 0L) > 0)
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
        return view.path() + ": " + snapshot.count(Life.ALIVE) + " alive, " + snapshot.count(Life.DEAD) + " dead" +
            (0 == unknown ? "" : ", " + unknown + " unknown") + (view.isOfThisBoot() ? "" : ", of an earlier boot") +
            (view.isCurrent() ? "" : ", REMOVED");
    }

    private static String id(final int id)
    {
        return -1 == id ? "any" : Integer.toString(id);
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
            each.put("euid", process.euid());
            each.put("life", process.life());
            processes.add(each);
        }
        members.put("processes", processes);
        final List<Object> services = new ArrayList<>();
        for (final ServiceRow row : rows(snapshot))
        {
            services.add(members(row));
        }
        members.put("services", services);
        final List<Object> links = new ArrayList<>();
        for (final LinkView link : snapshot.links())
        {
            links.add(members(snapshot, link));
        }
        members.put("links", links);
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
        }
        members.put("clients", row.links().size());
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
        members.put("backlog", link.backlog());
        members.putAll(Traffic.of(link).members());
        return members;
    }

    private static void addPort(final Map<String, Object> members, final PortView port)
    {
        members.put("uid", port.uid());
        members.put("gid", port.gid());
        members.put("flags", port.flags() & 0xFFFF);
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
