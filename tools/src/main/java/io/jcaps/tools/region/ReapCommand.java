/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.Attachment;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.inspect.Life;
import io.jcaps.shm.inspect.LinkView;
import io.jcaps.shm.inspect.PortView;
import io.jcaps.shm.inspect.ProcessView;
import io.jcaps.shm.inspect.RegionSnapshot;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.shm.inspect.StaleFiles;
import io.jcaps.tools.bridge.BridgeStatus;
import io.jcaps.tools.terminal.Escaped;
import io.jcaps.tools.terminal.ExitCodes;
import io.jcaps.tools.terminal.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * {@code caps reap}: removes only what dead processes left.
 */
@Command(
    name = "reap",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Removes what dead processes left in a region: their entries in its tables, incomplete files beside it, and " +
            "a region of an earlier boot. It changes nothing that belongs to a living process.",
        "It also removes the buffers of bridges that were killed, whichever region they served.",
        "It changes only your regions and root's, unless --access names others that share the region.",
        "It is rarely needed: the next process that attaches does the same. Afterwards caps inflight can no longer " +
            "show the messages that were in flight between dead processes.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
        "0:done, also if there was nothing to remove", "1:something could not be removed", "2:bad options",
        "3:no such region"})
public final class ReapCommand implements Callable<Integer>
{
    @Spec
    private CommandSpec spec;

    @Mixin
    private RegionOption region;

    @Option(names = {"-n", "--dry-run"}, description = "Only show what would be removed.")
    private boolean isDryRun;

    @Option(
        names = {"-a", "--all"},
        description = "Remove the region itself, too, if no process lives in it.")
    private boolean isAll;

    @Option(names = "--json", description = "Print JSON.")
    private boolean isJson;

    @Override
    public Integer call()
    {
        final Path path = region.path();
        final List<Path> files = StaleFiles.find(path, region.access(), isAll);
        final List<Map<String, Object>> entries = new ArrayList<>();
        List<Path> done = files;
        final Path target = Files.exists(path) || !files.isEmpty() ? path : region.find();
        if (!files.contains(target))
        {
            entries.addAll(entries(target));
        }
        final List<Path> bridges = BridgeStatus.dead();
        if (!isDryRun)
        {
            bridges.forEach(BridgeStatus::delete);
            done = StaleFiles.remove(target, region.access(), isAll);
            if (!entries.isEmpty())
            {
                reap(target);
                final Set<Object> left = keys(entries(target));
                entries.removeIf((entry) -> left.contains(key(entry)));
            }
        }
        print(target, entries, bridges, done);
        final boolean isDone = done.containsAll(files) &&
            (isDryRun || bridges.stream().noneMatch((bridge) -> Files.exists(bridge)));
        return isDone ? ExitCodes.OK : ExitCodes.FAILED;
    }

    /** Attaches, which frees the entries of dead processes under the tables' lock. */
    private void reap(final Path path)
    {
        final RegionConfig config = new RegionConfig().path(path).createIfMissing(false).access(region.access());
        try (Attachment attachment = Caps.attach(config))
        {
            attachment.place();
        }
    }

    /** Entries, ports and links of dead processes. */
    private List<Map<String, Object>> entries(final Path path)
    {
        final List<Map<String, Object>> entries = new ArrayList<>();
        try (RegionView view = region.view(path, false))
        {
            final RegionSnapshot snapshot = view.look(0);
            for (final ProcessView process : snapshot.processes())
            {
                if (Life.DEAD == process.life())
                {
                    entries.add(entry("process", process.index(), process.incarnation(), process.pid(), null));
                }
            }
            for (final PortView port : snapshot.ports())
            {
                // A dead service's entry stays while a living client is still connected to it.
                if (Life.DEAD == port.life() && isOfDead(snapshot, port.processIndex(), port.processIncarnation()) &&
                    !isAsked(snapshot, port))
                {
                    entries.add(entry(port.kind().name().toLowerCase(Locale.ROOT), port.index(), port.incarnation(),
                        port.pid(), port.name()));
                }
            }
            for (final LinkView link : snapshot.links())
            {
                if (Life.DEAD == link.clientLife() && 0 != link.clientPid())
                {
                    final PortView client = snapshot.port(link.clientPortIndex(), link.clientPortIncarnation());
                    entries.add(entry("link", link.index(), link.incarnation(), link.clientPid(),
                        null == client ? null : client.name()));
                }
            }
        }
        return entries;
    }

    private static boolean isOfDead(final RegionSnapshot snapshot, final int index, final long incarnation)
    {
        return snapshot.processes().stream().anyMatch((process) ->
            process.index() == index && process.incarnation() == incarnation && Life.DEAD == process.life());
    }

    private static boolean isAsked(final RegionSnapshot snapshot, final PortView port)
    {
        return PortView.Kind.SERVICE == port.kind() && snapshot.links().stream().anyMatch((link) ->
            link.servicePortIncarnation() == port.incarnation() && Life.DEAD != link.clientLife());
    }

    private static Map<String, Object> entry(
        final String kind, final int index, final long incarnation, final int pid, final String name)
    {
        final Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("kind", kind);
        entry.put("index", index);
        entry.put("incarnation", incarnation);
        entry.put("pid", pid);
        entry.put("name", name);
        return entry;
    }

    private static Object key(final Map<String, Object> entry)
    {
        return List.of(entry.get("kind"), entry.get("index"), entry.get("incarnation"));
    }

    private static Set<Object> keys(final List<Map<String, Object>> entries)
    {
        final Set<Object> keys = new HashSet<>();
        entries.forEach((entry) -> keys.add(key(entry)));
        return keys;
    }

    private void print(
        final Path path,
        final List<Map<String, Object>> entries,
        final List<Path> bridges,
        final List<Path> regionFiles)
    {
        final List<Path> files = new ArrayList<>(bridges);
        files.addAll(regionFiles);
        final PrintWriter out = spec.commandLine().getOut();
        if (isJson)
        {
            final Map<String, Object> members = new LinkedHashMap<>();
            members.put("region", path.toString());
            members.put("isDryRun", isDryRun);
            members.put("entries", entries);
            members.put("files", files.stream().map(Path::toString).toList());
            out.println(Json.pretty(members));
            return;
        }
        final String verb = isDryRun ? "would remove " : "removed ";
        for (final Map<String, Object> entry : entries)
        {
            out.println(verb + entry.get("kind") + ' ' + entry.get("index") +
                (null == entry.get("name") ? "" : ", " + entry.get("name")) + ", of process " + entry.get("pid"));
        }
        files.forEach((file) -> out.println(verb + Escaped.line(file.toString())));
        // Also beside the directories of dead bridges, which belong to no region.
        if (entries.isEmpty() && regionFiles.isEmpty())
        {
            out.println("nothing to remove: the dead left nothing in " + Escaped.line(path.toString()));
        }
    }
}
