/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.inspect.Life;
import io.jcaps.shm.inspect.PortView;
import io.jcaps.shm.inspect.RegionSnapshot;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.tools.terminal.Escaped;
import io.jcaps.tools.terminal.Json;
import io.jcaps.tools.terminal.Table;
import io.jcaps.tools.terminal.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * {@code caps ls}: lists the regions of this machine that the user may read.
 */
@Command(
    name = "ls",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Lists your regions on this machine and root's; with --all-users all that you may read.",
        "It looks in /dev/shm, in the directory for temporary files, and in that of CAPS_REGION. MEMORY is the " +
            "memory that the file takes, SIZE its length: regions are sparse files.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:done, also if there is no region", "2:bad options"})
public final class ListCommand implements Callable<Integer>
{
    private static final int BLOCK_LENGTH = 512;

    @Spec
    private CommandSpec spec;

    @Option(
        names = "--all-users",
        description =
            "List other users' regions, too. Where you may not open the lock file, dead processes are not " +
            "recognised.")
    private boolean isAllUsers;

    @Option(names = "--json", description = "Print JSON.")
    private boolean isJson;

    @Parameters(paramLabel = "DIR", arity = "0..*", description = "Directories to search instead.")
    private List<Path> directories;

    @Override
    public Integer call()
    {
        final List<Path> unreadable = new ArrayList<>();
        final List<Path> places = new ArrayList<>();
        for (final Path directory : null == directories ? Regions.usualPlaces() : directories)
        {
            if (null != directories && !Files.isDirectory(directory))
            {
                throw new ParameterException(spec.commandLine(), "not a directory: " + directory);
            }
            places.add(directory.toAbsolutePath().normalize());
        }
        final List<Map<String, Object>> regions = new ArrayList<>();
        for (final Path path : Regions.find(places, isAllUsers, unreadable))
        {
            final Map<String, Object> region = describe(path);
            if (null != region)
            {
                regions.add(region);
            }
        }
        final PrintWriter out = spec.commandLine().getOut();
        if (isJson)
        {
            final Map<String, Object> members = new LinkedHashMap<>();
            members.put("regions", regions);
            members.put("unreadable", unreadable.stream().map(Path::toString).toList());
            out.println(Json.pretty(members));
        }
        else
        {
            print(out, places, regions, unreadable);
        }
        return 0;
    }

    /** Describes the region at a path; null if it was removed since it was found. */
    static Map<String, Object> describe(final Path path)
    {
        final Map<String, Object> region = new LinkedHashMap<>();
        region.put("path", path.toString());
        try (RegionView view = RegionView.open(path))
        {
            final RegionSnapshot snapshot = view.look(0);
            region.put("layoutVersion", RegionDescriptor.LAYOUT_VERSION);
            region.put("length", view.header().geometry().fileLength());
            region.put("memory", memory(path));
            region.put("createdAtMs", view.header().createdAtMs());
            region.put("isOfThisBoot", view.isOfThisBoot());
            region.put("alive", snapshot.count(Life.ALIVE));
            region.put("dead", snapshot.count(Life.DEAD));
            region.put("unknown", snapshot.count(Life.UNKNOWN));
            region.put("services", count(snapshot, PortView.Kind.SERVICE));
            region.put("clients", count(snapshot, PortView.Kind.CLIENT));
            region.put("problem", view.lifeProblem());
        }
        catch (final RegionException ex)
        {
            if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS))
            {
                return null;
            }
            region.put("problem", ex.getMessage());
        }
        return region;
    }

    private static long count(final RegionSnapshot snapshot, final PortView.Kind kind)
    {
        return snapshot.ports().stream().filter((port) -> kind == port.kind()).count();
    }

    /** Memory of a file in bytes, by stat(1), as Java does not report a file's blocks; null if it is not known. */
    private static Long memory(final Path path)
    {
        try
        {
            final Process process = new ProcessBuilder("stat", "-c", "%b", path.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            final String blocks = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim();
            return 0 == process.waitFor() ? Long.parseLong(blocks) * BLOCK_LENGTH : null;
        }
        catch (final IOException | NumberFormatException ex)
        {
            return null;
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private static void print(
        final PrintWriter out,
        final List<Path> places,
        final List<Map<String, Object>> regions,
        final List<Path> unreadable)
    {
        final Table table = new Table("MEMORY", "SIZE", "LAYOUT", "ALIVE", "DEAD", "SERVICES", "CLIENTS", "AGE",
            "<REGION");
        final List<String> problems = new ArrayList<>();
        boolean isAny = false;
        for (final Map<String, Object> region : regions)
        {
            if (null != region.get("problem"))
            {
                problems.add((String)region.get("problem"));
            }
            if (null != region.get("length"))
            {
                isAny = true;
                final Long memory = (Long)region.get("memory");
                table.add(null == memory ? "-" : Units.bytes(memory), Units.bytes((Long)region.get("length")),
                    region.get("layoutVersion"), region.get("alive"),
                    0 == (Integer)region.get("unknown") ? region.get("dead") : "?",
                    region.get("services"), region.get("clients"),
                    (Boolean)region.get("isOfThisBoot") ?
                        Units.age(System.currentTimeMillis() - (Long)region.get("createdAtMs")) : "boot",
                    region.get("path"));
            }
        }
        if (isAny)
        {
            table.lines().forEach(out::println);
        }
        else if (problems.isEmpty())
        {
            out.println("no regions in " + String.join(", ", places.stream().map((place) -> Escaped.line(
                place.toString())).toList()));
        }
        problems.forEach((problem) -> out.println(Escaped.line(problem)));
        unreadable.forEach((directory) -> out.println("not for you to read: " + Escaped.line(directory.toString())));
    }
}
