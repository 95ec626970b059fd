/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.inspect.LinkView;
import io.jcaps.shm.inspect.RegionSnapshot;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.tools.terminal.Escaped;
import io.jcaps.tools.terminal.ExitCodes;
import io.jcaps.tools.terminal.Interruption;
import io.jcaps.tools.terminal.Json;
import io.jcaps.tools.terminal.Keyboard;
import io.jcaps.tools.terminal.Screen;
import io.jcaps.tools.terminal.Table;
import io.jcaps.tools.terminal.Units;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * {@code caps stat --watch}: rates, like {@code top}. Each look is compared with the one before: a service by its
 * totals, which do not fall when a client closes, and a service that is gone by its links. On a terminal it redraws the
 * screen; elsewhere it prints one table after the other. One thread.
 */
final class StatWatch
{
    private static final String BEGIN = "\u001b[?1049h\u001b[?25l\u001b[?7l";
    private static final String END = "\u001b[?7h\u001b[?25h\u001b[?1049l";
    private static final String HOME = "\u001b[H";
    private static final String ERASE_REST_OF_LINE = "\u001b[K";
    private static final String ERASE_BELOW = "\u001b[J";
    private static final String REVERSE = "\u001b[7m";
    private static final String PLAIN = "\u001b[0m";
    private static final int NAME_WIDTH = 12;
    /** Always with seconds, even if they are 0. */
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss");
    private static final long KEY_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Supplier<RegionView> opener;
    private final Duration interval;
    private final long count;
    private final boolean isJson;
    private final boolean isTerminal;
    private final PrintWriter out;
    private SortColumn sort;
    private RegionView view;
    private RegionSnapshot last;
    private Map<Long, Traffic> lastByLink = new HashMap<>();
    private Map<Long, Traffic> rateByLink = new HashMap<>();
    private Map<Long, Traffic> lastByService = new HashMap<>();
    private Map<Long, Traffic> rateByService = new HashMap<>();

    StatWatch(
        final Supplier<RegionView> opener,
        final Duration interval,
        final long count,
        final SortColumn sort,
        final boolean isJson,
        final PrintWriter out)
    {
        this.opener = opener;
        this.interval = interval;
        this.count = count;
        this.sort = sort;
        this.isJson = isJson;
        this.out = out;
        isTerminal = !isJson && Screen.isTerminal();
    }

    int run()
    {
        view = opener.get();
        final Interruption interruption = new Interruption();
        final Keyboard keyboard = isTerminal ? Keyboard.open() : null;
        int exitCode = ExitCodes.FAILED;
        String failure = null;
        try
        {
            if (isTerminal)
            {
                out.print(BEGIN);
            }
            look();
            boolean isEnded = false;
            for (long i = 0; i < count && !isEnded; i++)
            {
                if (isTerminal)
                {
                    draw(keyboard.size());
                }
                isEnded = pause(interruption, keyboard);
                if (!isEnded)
                {
                    look();
                    if (!isTerminal)
                    {
                        print();
                    }
                }
            }
            exitCode = ExitCodes.OK;
        }
        catch (final RegionException ex)
        {
            failure = ex.getMessage();
        }
        finally
        {
            if (isTerminal)
            {
                keyboard.close();
                out.print(END);
                printLast();
            }
            if (null != failure)
            {
                out.println(Escaped.line(failure));
            }
            out.flush();
            view.close();
            interruption.end(exitCode);
        }
        return exitCode;
    }

    /** Waits for the next look. Returns whether the user ends the command. */
    private boolean pause(final Interruption interruption, final Keyboard keyboard)
    {
        final long startNs = System.nanoTime();
        while (true)
        {
            final long leftNs = interval.toNanos() - (System.nanoTime() - startNs);
            if (leftNs <= 0)
            {
                return interruption.isRequested();
            }
            if (interruption.await(Math.min(leftNs, KEY_INTERVAL_NS)))
            {
                return true;
            }
            for (int key = null == keyboard ? Keyboard.NONE : keyboard.poll(); Keyboard.NONE != key;
                key = keyboard.poll())
            {
                if ('q' == key || 'Q' == key)
                {
                    return true;
                }
                if ('<' == key || '>' == key)
                {
                    final SortColumn[] columns = SortColumn.values();
                    final int step = '<' == key ? columns.length - 1 : 1;
                    sort = columns[(sort.ordinal() + step) % columns.length];
                    draw(keyboard.size());
                }
            }
        }
    }

    private void look()
    {
        if (!view.isCurrent())
        {
            reopen();
        }
        final RegionSnapshot snapshot = view.look(0);
        final Map<Long, Traffic> byLink = new HashMap<>();
        final Map<Long, Traffic> rates = new HashMap<>();
        for (final LinkView link : snapshot.links())
        {
            compare(link.incarnation(), Traffic.of(link), lastByLink, snapshot, byLink, rates);
        }
        final Map<Long, Traffic> byService = new HashMap<>();
        final Map<Long, Traffic> serviceRates = new HashMap<>();
        for (final ServiceRow row : ServiceRow.of(snapshot))
        {
            if (null != row.port())
            {
                compare(row.port().incarnation(), row.traffic(), lastByService, snapshot, byService, serviceRates);
            }
        }
        last = snapshot;
        lastByLink = byLink;
        rateByLink = rates;
        lastByService = byService;
        rateByService = serviceRates;
    }

    private void compare(
        final long incarnation,
        final Traffic traffic,
        final Map<Long, Traffic> lastByIncarnation,
        final RegionSnapshot snapshot,
        final Map<Long, Traffic> byIncarnation,
        final Map<Long, Traffic> rates)
    {
        byIncarnation.put(incarnation, traffic);
        final Traffic before = lastByIncarnation.get(incarnation);
        if (null != last)
        {
            // A row that is new since the last look is compared with zero.
            rates.put(incarnation, (null == before ? traffic : traffic.minus(before))
                .perSecond(snapshot.takenAtNs() - last.takenAtNs()));
        }
    }

    /** Watches the new region if another one is at the path; otherwise continues with the old one. */
    private void reopen()
    {
        try
        {
            final RegionView next = opener.get();
            view.close();
            view = next;
            last = null;
            lastByLink = new HashMap<>();
            lastByService = new HashMap<>();
        }
        catch (final RegionException ignore)
        {
            // It was removed and not created again: the title shows that.
        }
    }

    private List<ServiceRow> rows()
    {
        final List<ServiceRow> rows = new ArrayList<>();
        for (final ServiceRow row : ServiceRow.of(last))
        {
            rows.add(row.withTraffic(rate(row)));
        }
        rows.sort(sort.order());
        return rows;
    }

    private Traffic rate(final ServiceRow row)
    {
        if (null != row.port())
        {
            return rateByService.getOrDefault(row.port().incarnation(), Traffic.NONE);
        }
        Traffic rate = Traffic.NONE;
        for (final LinkView link : row.links())
        {
            rate = rate.plus(rateByLink.getOrDefault(link.incarnation(), Traffic.NONE));
        }
        return rate;
    }

    private List<String> table()
    {
        final Table table = new Table("<SERVICE", "PID", "CLI", "FLY", "BACK", "PUT/s", "GET/s", "RPLY/s", "AUTO/s",
            "ABRT/s", "NOBF/s", "WAKE/s", "B/s");
        for (final ServiceRow row : rows())
        {
            final Traffic rate = row.traffic();
            final String name = "open".equals(row.state()) ? row.name() : row.name() + ' ' + row.state();
            table.add(Table.cut(name, NAME_WIDTH), 0 == row.pid() ? "-" : row.pid(), row.links().size(),
                row.inFlight(), row.backlog(), Units.count(rate.puts()), Units.count(rate.gets()),
                Units.count(rate.replies()), Units.count(rate.automatic()), Units.count(rate.aborts()),
                Units.count(rate.noBuffers()), Units.count(rate.wakeUps()), Units.bytes(rate.bytes()));
        }
        return table.lines();
    }

    private String time()
    {
        return TIME.format(LocalTime.now());
    }

    private void draw(final int[] size)
    {
        final int rowCount = size[0];
        final int width = size[1];
        final List<String> lines = new ArrayList<>();
        lines.add(StatCommand.title(view, last));
        lines.add(time() + ", every " + Units.age(interval.toMillis()) + ", sorted by " + sort +
            "   q: end, < >: sort");
        lines.add("");
        final int headingIndex = lines.size();
        final List<String> table = table();
        lines.addAll(table);
        if (1 == table.size())
        {
            lines.add("no services");
        }
        final StringBuilder picture = new StringBuilder(HOME);
        for (int i = 0; i < lines.size() && i < rowCount; i++)
        {
            final boolean isLast = i == rowCount - 1;
            final String line = isLast && i + 1 < lines.size() ?
                "... " + (lines.size() - i) + " more" : lines.get(i);
            final String cut = line.substring(0, Math.min(line.length(), width));
            picture.append(i == headingIndex ? REVERSE + cut + PLAIN : cut).append(ERASE_REST_OF_LINE)
                .append(isLast ? "" : "\r\n");
        }
        out.print(picture.append(ERASE_BELOW));
        out.flush();
    }

    /** Prints the last screen again as normal output, which stays. */
    private void printLast()
    {
        if (null != last)
        {
            out.println(time() + ' ' + StatCommand.title(view, last));
            table().forEach(out::println);
        }
    }

    private void print()
    {
        if (isJson)
        {
            final Map<String, Object> members = new LinkedHashMap<>();
            members.put("atMs", System.currentTimeMillis());
            members.put("region", view.path().toString());
            final List<Object> services = new ArrayList<>();
            rows().forEach((row) -> services.add(StatCommand.members(row)));
            members.put("servicesPerSecond", services);
            out.println(Json.line(members));
        }
        else
        {
            printLast();
        }
        out.flush();
    }
}
