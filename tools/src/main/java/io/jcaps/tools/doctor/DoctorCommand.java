/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import io.jcaps.bridge.BridgeDirectory;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.inspect.Diagnostics;
import io.jcaps.shm.inspect.Life;
import io.jcaps.shm.inspect.RegionSnapshot;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.shm.inspect.StaleFiles;
import io.jcaps.tools.bridge.BridgeStatus;
import io.jcaps.tools.region.RegionOption;
import io.jcaps.tools.region.Regions;
import io.jcaps.tools.terminal.Escaped;
import io.jcaps.tools.terminal.ExitCodes;
import io.jcaps.tools.terminal.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;

/**
 * {@code caps doctor}: checks whether regions work on this machine, and what to do if not.
 */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Checks whether regions work on this machine, and how well. Explains each finding and the remedy.",
        "It creates a small region beside yours, exchanges messages with a second process, and removes the region.",
        "It checks the flags of this JVM, which the jar sets, and names the flags that your programs need.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:no check failed; there may be warnings", "1:a check failed", "2:bad options"})
public final class DoctorCommand implements Callable<Integer>
{
    private static final String FLAGS = "JVM flags";
    private static final String AGRONA = "Agrona";
    private static final String NATIVE_ACCESS = "native access";
    private static final String FUTEX = "futex";
    private static final String PIDFD = "pidfd";
    private static final String PEERS = "peers";
    private static final String STALE = "stale regions";
    private static final int FIRST_WARNING_FEATURE = 24;
    private static final int INDENT = 27;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RegionOption region;

    @Option(names = "--all-users", description = "Inspect other users' regions, too.")
    private boolean isAllUsers;

    @Option(names = "--json", description = "Print JSON.")
    private boolean isJson;

    @Override
    public Integer call()
    {
        final Path path = region.path();
        final Path directory = path.getParent();
        final Machine machine = new Machine(Path.of("/"));
        final List<Finding> findings = new ArrayList<>();
        findings.add(flags());
        findings.add(nativeAccess());
        // Without buffers none of what they are needed for can be tried.
        final boolean hasBuffers = null == Diagnostics.bufferProblem();
        if (hasBuffers)
        {
            findings.add(futex());
        }
        findings.add(pidfd());
        findings.add(machine.fileSystem(directory));
        findings.add(machine.space(directory, Geometry.DEFAULT.tablesLength()));
        findings.add(machine.permissions(path, region.access()));
        final Mount mount = machine.mount(directory);
        if (hasBuffers && (null == mount || !mount.options().contains("ro")))
        {
            findings.addAll(new Trial(directory, region.access(), mount).run(Files.exists(path)));
        }
        if (hasBuffers)
        {
            findings.add(inRegion(PEERS, path, DoctorCommand::peers));
            findings.add(inRegion(KeptSlots.CHECK, path, KeptSlots::finding));
        }
        findings.add(machine.removeIpc(directory, uid()));
        findings.add(machine.governor());
        findings.add(machine.hugePages(directory));
        if (hasBuffers)
        {
            findings.add(staleRegions(path));
        }
        findings.add(machine.socketBuffers());
        findings.add(machine.mtu());
        findings.add(machine.driverDirectory(BridgeDirectory.parent(), BridgeStatus.dead().size()));

        final PrintWriter out = spec.commandLine().getOut();
        final boolean isFit = findings.stream().noneMatch((finding) -> Finding.Result.FAIL == finding.result());
        if (isJson)
        {
            final Map<String, Object> members = new LinkedHashMap<>();
            members.put("ok", isFit);
            members.put("region", path.toString());
            final List<Object> list = new ArrayList<>();
            findings.forEach((finding) -> list.add(members(finding)));
            members.put("findings", list);
            out.println(Json.pretty(members));
        }
        else
        {
            findings.forEach((finding) -> print(out, finding));
        }
        return isFit ? ExitCodes.OK : ExitCodes.FAILED;
    }

    private static Finding flags()
    {
        final String agronaProblem = Diagnostics.agronaProblem();
        if (null != agronaProblem)
        {
            return Finding.fail(AGRONA, agronaProblem, "no program with this class path can attach",
                "mvn dependency:tree shows what brings the older one: exclude it there, or put the newer one first");
        }
        final String problem = Diagnostics.bufferProblem();
        final String java = "Java " + Runtime.version().feature();
        return null == problem ?
            Finding.ok(FLAGS, java + ": buffers work; your programs need --add-exports " +
                "java.base/jdk.internal.misc=ALL-UNNAMED") :
            Finding.fail(FLAGS, java + ": " + problem, "no program without that flag can attach",
                "start it with --add-exports java.base/jdk.internal.misc=ALL-UNNAMED");
    }

    private static Finding nativeAccess()
    {
        final int feature = Runtime.version().feature();
        if (feature < FIRST_WARNING_FEATURE)
        {
            return Finding.ok(NATIVE_ACCESS, "Java " + feature + " asks for no permission");
        }
        final boolean isGiven = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .anyMatch((argument) -> argument.startsWith("--enable-native-access"));
        return Finding.ok(NATIVE_ACCESS, "Java " + feature + ": allowed by " + (isGiven ? "a flag" : "the jar") +
            "; your programs are warned without --enable-native-access=ALL-UNNAMED");
    }

    private static Finding futex()
    {
        final String problem = Diagnostics.futexProblem();
        return null == problem ? Finding.ok(FUTEX, "threads that wait sleep until they are woken") :
            Finding.warn(FUTEX, problem, "threads that wait look again each millisecond instead",
                futexAdvice(problem));
    }

    /** What to do about the reason why there is no futex. */
    static String futexAdvice(final String problem)
    {
        if (problem.contains("jna.boot.library.path"))
        {
            return "start without -Djna.boot.library.path, or with a directory whose library is of the JNA in use";
        }
        if ("switched off".equals(problem))
        {
            return "start without -Djcaps.futex=false";
        }
        if (problem.contains("too old"))
        {
            return "mvn dependency:tree shows what brings the older one: exclude it there, or put the newer one first";
        }
        return "let JNA load its library: a directory for temporary files that is not mounted noexec, or " +
            "-Djna.tmpdir=...; a seccomp filter that lets futex through";
    }

    private static Finding pidfd()
    {
        final String problem = Diagnostics.processEndProblem();
        return null == problem ? Finding.ok(PIDFD, "the kernel reports when a process has ended") :
            Finding.warn(PIDFD, problem, "a death is noticed some 30 ms later, by looking",
                problem.startsWith("JNA") ? futexAdvice(problem) :
                "Linux 5.3 or later, and a seccomp filter that lets pidfd_open through");
    }

    /** Runs a check on the region, opened with the user's rights. */
    private Finding inRegion(final String check, final Path path, final Function<RegionView, Finding> finder)
    {
        if (!Files.exists(path))
        {
            return Finding.ok(check, path + " is not there yet");
        }
        try (RegionView view = view(path))
        {
            return finder.apply(view);
        }
        catch (final RegionException ex)
        {
            return Finding.warn(check, ex.getMessage(), "its processes are not known",
                "see caps stat --region " + path);
        }
    }

    /** Checks whether the kernel shows the processes of the region to this one. */
    private static Finding peers(final RegionView view)
    {
        final RegionSnapshot snapshot = view.look(0);
        final int hidden = Diagnostics.hiddenProcesses(view, snapshot);
        final int alive = snapshot.count(Life.ALIVE);
        if (0 != hidden)
        {
            return Finding.warn(PEERS, hidden + " of " + alive + " processes in " + view.path() +
                " are hidden from this one, as in another container's pid namespace",
                "their identity is unknown: USER and GROUP do not admit them, nor this process there",
                "share the pid namespace (Kubernetes: shareProcessNamespace), or open both sides with WORLD " +
                    "and control access by the directory's mode");
        }
        final int unknown = snapshot.count(Life.UNKNOWN);
        return 0 == unknown ? Finding.ok(PEERS, "processes alive in " + view.path() + ": " + alive) :
            Finding.warn(PEERS, view.lifeProblem(),
                "it is not known of " + unknown + " of the processes in " + view.path() + " whether they live",
                "run this as the owner of the region's directory, or with --access if you trust that owner");
    }

    private Finding staleRegions(final Path own)
    {
        final List<String> dead = new ArrayList<>();
        final List<Path> paths = new ArrayList<>(Regions.find(Regions.usualPlaces(), isAllUsers, new ArrayList<>()));
        if (!paths.contains(own) && Files.exists(own))
        {
            paths.add(own);
        }
        for (final Path path : paths)
        {
            try (RegionView view = path.equals(own) ? view(own) : RegionView.open(path))
            {
                final RegionSnapshot snapshot = view.look(0);
                if (0 == snapshot.count(Life.ALIVE) && 0 == snapshot.count(Life.UNKNOWN) || !view.isOfThisBoot())
                {
                    dead.add(path.toString());
                }
                else if (snapshot.count(Life.DEAD) > 0 || hasLeftFiles(path))
                {
                    dead.add(path + " (in use, with things of dead processes)");
                }
            }
            catch (final RegionException ex)
            {
                dead.add(ex.getMessage());
            }
        }
        return dead.isEmpty() ? Finding.ok(STALE, "none of " + paths.size() + " that you can read") :
            Finding.warn(STALE, String.join("; ", dead),
                "no process lives in them, but they take memory; a program that starts uses its own again",
                "caps inflight shows what was under way; caps reap --all --region FILE removes one");
    }

    /** Opens the region, with its lock file if the user may open that. */
    private RegionView view(final Path own)
    {
        try
        {
            return region.view(own, isAllUsers);
        }
        catch (final RegionException ex)
        {
            return RegionView.open(own);
        }
    }

    private boolean hasLeftFiles(final Path path)
    {
        try
        {
            return !StaleFiles.find(path, region.access(), false).isEmpty();
        }
        catch (final RegionException ex)
        {
            // Only its owner can remove it.
            return false;
        }
    }

    private static int uid()
    {
        try
        {
            return (Integer)Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        }
        catch (final IOException | UnsupportedOperationException ex)
        {
            return Integer.MAX_VALUE;
        }
    }

    private static Map<String, Object> members(final Finding finding)
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("check", finding.check());
        members.put("result", finding.result().name().toLowerCase(Locale.ROOT));
        members.put("found", finding.found());
        members.put("meaning", finding.meaning());
        members.put("advice", finding.advice());
        return members;
    }

    private static void print(final PrintWriter out, final Finding finding)
    {
        final String colour = switch (finding.result())
        {
            case OK -> "fg(green)";
            case WARN -> "fg(yellow)";
            case FAIL -> "fg(red)";
        };
        final String mark = String.format("%-4s", finding.result().name().toLowerCase(Locale.ROOT));
        out.println(Ansi.AUTO.string("@|bold," + colour + ' ' + mark + "|@") +
            String.format("  %-19s  %s", finding.check(), Escaped.line(finding.found())));
        if (null != finding.meaning())
        {
            out.println(" ".repeat(INDENT) + Escaped.line(finding.meaning()));
            out.println(" ".repeat(INDENT) + "-> " + Escaped.line(finding.advice()));
        }
    }
}
