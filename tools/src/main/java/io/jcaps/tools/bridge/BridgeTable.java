/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bridge;

import io.jcaps.bridge.session.SessionCounter;
import io.jcaps.tools.terminal.Table;
import io.jcaps.tools.terminal.Units;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The bridges of a region, as {@code caps stat} shows them.
 */
public final class BridgeTable
{
    private BridgeTable()
    {
    }

    private static List<BridgeStatus> bridges(final Path region)
    {
        return BridgeStatus.all().stream().filter((bridge) -> bridge.region().equals(region.toString())).toList();
    }

    private static String state(final BridgeStatus bridge, final BridgeStatus.Row row)
    {
        return !bridge.isAlive() ? "dead" : row.isUp() ? "up" : "down";
    }

    /**
     * Prints a line for each import and each importer; nothing if the region has no bridge.
     *
     * @param out    to print to.
     * @param region that the bridges serve.
     */
    public static void print(final PrintWriter out, final Path region)
    {
        final List<BridgeStatus> bridges = bridges(region);
        if (bridges.isEmpty())
        {
            return;
        }
        out.println();
        final Table table = new Table("<BRIDGE", "PID", "<SERVICE", "<PEER", "<STATE", "LINKS", "RTT", "RQST", "RPLY",
            "UNRE", "DUPS", "VIOL", "REFU", "NAKS");
        for (final BridgeStatus bridge : bridges)
        {
            for (final BridgeStatus.Row row : bridge.rows())
            {
                table.add(row.isImport() ? "import" : "export", bridge.pid(), row.service(), row.peer(),
                    state(bridge, row), row.links(), 0 == row.roundTripNs() ? "-" : Units.time(row.roundTripNs()),
                    Units.count(row.counts().get(SessionCounter.REQUESTS)),
                    Units.count(row.counts().get(SessionCounter.REPLIES)),
                    Units.count(row.counts().get(SessionCounter.UNREACHABLE)),
                    Units.count(row.counts().get(SessionCounter.DUPLICATES)),
                    Units.count(row.counts().get(SessionCounter.VIOLATIONS)),
                    Units.count(row.isImport() ? row.counts().get(SessionCounter.REFUSED) : bridge.refused()),
                    Units.count(bridge.naksSent() + bridge.naksReceived()));
            }
            if (bridge.rows().isEmpty())
            {
                table.add("export", bridge.pid(), "", "no importer", bridge.isAlive() ? "up" : "dead", 0, "-", 0, 0,
                    0, 0, 0, Units.count(bridge.refused()), Units.count(bridge.naksSent() + bridge.naksReceived()));
            }
        }
        table.lines().forEach(out::println);
    }

    /**
     * @param region that the bridges serve.
     * @return an object for each bridge, for JSON.
     */
    public static List<Object> members(final Path region)
    {
        final List<Object> bridges = new ArrayList<>();
        for (final BridgeStatus bridge : bridges(region))
        {
            final List<Object> rows = new ArrayList<>();
            for (final BridgeStatus.Row row : bridge.rows())
            {
                final Map<String, Object> members = new LinkedHashMap<>();
                members.put("direction", row.isImport() ? "import" : "export");
                members.put("service", row.service());
                members.put("peer", row.peer());
                members.put("state", state(bridge, row));
                members.put("links", row.links());
                members.put("roundTripNs", row.roundTripNs());
                row.counts().forEach((counter, count) ->
                    members.put(counter.name().toLowerCase(Locale.ROOT), count));
                rows.add(members);
            }
            final Map<String, Object> members = new LinkedHashMap<>();
            members.put("pid", bridge.pid());
            members.put("isAlive", bridge.isAlive());
            members.put("naksSent", bridge.naksSent());
            members.put("naksReceived", bridge.naksReceived());
            members.put("refused", bridge.refused());
            members.put("peers", rows);
            bridges.add(members);
        }
        return bridges;
    }
}
