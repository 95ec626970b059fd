/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import com.sun.management.OperatingSystemMXBean;
import io.jcaps.bench.Tuning;
import net.openhft.affinity.Affinity;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The machine and the software of a run, without which its numbers mean nothing.
 *
 * @param timeUtc              when it began, as ISO 8601 writes it.
 * @param commit               of the checkout in the working directory, with "-dirty" if files of it were changed; null
 *                             if it is none.
 * @param projectVersion       of this project; "unknown" if it does not run from its jar.
 * @param cpu                  the processor's name.
 * @param cpuCount             processors that this process may use.
 * @param cpuFlagsOfInterest   flags of the processor that matter for clocks and copies; null if not known.
 * @param governor             of the processors' frequency; "none" if the system reports none.
 * @param kernel               name and version, and the clock that it counts time by.
 * @param clockCostNs          nanoseconds of one look at the clock, which each time contains.
 * @param clockStepNs          nanoseconds of the clock's least step.
 * @param operatingSystem      name and version of the distribution.
 * @param jvm                  name, version and vendor.
 * @param jvmArguments         that the JVMs of every contender got.
 * @param pinning              "off", or which side keeps to which processor.
 * @param transparentHugePages the setting for mapped files in memory, and for all other memory; "unknown" if not told.
 * @param memory               of the machine, in text; "unknown" if not told.
 * @param loadAverage          of the minute before the run; negative if not known.
 * @param isVirtual            whether the processor reports a hypervisor.
 */
public record Environment(
    String timeUtc,
    String commit,
    String projectVersion,
    String cpu,
    int cpuCount,
    String cpuFlagsOfInterest,
    String governor,
    String kernel,
    double clockCostNs,
    double clockStepNs,
    String operatingSystem,
    String jvm,
    List<String> jvmArguments,
    String pinning,
    String transparentHugePages,
    String memory,
    double loadAverage,
    boolean isVirtual)
{
    private static final String UNKNOWN = "unknown";
    private static final String HYPERVISOR = "hypervisor";
    private static final List<String> FLAGS_OF_INTEREST = List.of(
        "constant_tsc", "nonstop_tsc", "rdtscp", "erms", "fsrm", "avx2", "avx512f", "clflushopt", "movdir64b",
        HYPERVISOR);
    private static final int COMMIT_DIGITS = 12;

    /**
     * @throws NullPointerException if a part is missing that cannot be null.
     */
    public Environment
    {
        Objects.requireNonNull(timeUtc, "timeUtc");
        Objects.requireNonNull(projectVersion, "projectVersion");
        Objects.requireNonNull(cpu, "cpu");
        Objects.requireNonNull(governor, "governor");
        Objects.requireNonNull(kernel, "kernel");
        Objects.requireNonNull(operatingSystem, "operatingSystem");
        Objects.requireNonNull(jvm, "jvm");
        jvmArguments = List.copyOf(jvmArguments);
        Objects.requireNonNull(pinning, "pinning");
        Objects.requireNonNull(transparentHugePages, "transparentHugePages");
        Objects.requireNonNull(memory, "memory");
    }

    /**
     * @return processor, kernel, JVM, commit and day in one line.
     */
    public String line()
    {
        return cpu + ", " + cpuCount + " CPUs" + (isVirtual ? " of a virtual machine" : "") + ", " +
            kernel.replaceAll("-.*|,.*", "") + ", " + jvm.replaceAll("[+,].*", "") + "; " +
            (null == commit ? "no commit" : "commit " + commit) + ", " + day();
    }

    /**
     * @return day on which the run began, as ISO 8601 writes it.
     */
    public String day()
    {
        return timeUtc.substring(0, Math.min(10, timeUtc.length()));
    }

    /**
     * Inspects this machine. Unknown values are left out; no failure here makes a run fail.
     *
     * @param tuning of the run.
     * @return the environment.
     */
    public static Environment collect(final Tuning tuning)
    {
        final List<String> cpuInfo = lines("/proc/cpuinfo");
        // x86 calls them flags, ARM features.
        final String flagText = value(cpuInfo, "flags", ':', value(cpuInfo, "Features", ':', ""));
        final List<String> flags = List.of(flagText.split(" "));
        final String version = Environment.class.getPackage().getImplementationVersion();
        return new Environment(
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
            findCommit(),
            null == version ? UNKNOWN : version,
            value(cpuInfo, "model name", ':', System.getProperty("os.arch")),
            Runtime.getRuntime().availableProcessors(),
            findFlagsOfInterest(flags),
            firstLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "none"),
            findKernel(),
            Clock.costNs(),
            Clock.stepNs(),
            value(lines("/etc/os-release"), "PRETTY_NAME", '=', System.getProperty("os.name")).replace("\"", ""),
            findJvm(),
            CellRunner.JVM_ARGUMENTS,
            findPinning(tuning),
            findTransparentHugePages(),
            findMemory(),
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
            flags.contains(HYPERVISOR));
    }

    /** Null if there is no git, or no checkout. */
    private static String findCommit()
    {
        try
        {
            final Process process = new ProcessBuilder(
                "git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=" + COMMIT_DIGITS)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
            process.getOutputStream().close();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return 0 == process.waitFor() && !output.isEmpty() ? output : null;
        }
        catch (final IOException ex)
        {
            return null;
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private static String findFlagsOfInterest(final List<String> flags)
    {
        final String found = FLAGS_OF_INTEREST.stream().filter(flags::contains).collect(Collectors.joining(" "));
        return found.isEmpty() ? null : found;
    }

    private static String findKernel()
    {
        final String name = System.getProperty("os.name") + " " + System.getProperty("os.version");
        final String clock = firstLine("/sys/devices/system/clocksource/clocksource0/current_clocksource", "");
        return clock.isEmpty() ? name : name + ", clock source " + clock;
    }

    private static String findJvm()
    {
        return System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version") + ", " +
            System.getProperty("java.vm.vendor");
    }

    private static String findPinning(final Tuning tuning)
    {
        if (!tuning.pin())
        {
            return "off";
        }
        // The same processors that the two sides choose: see Pinning.
        final BitSet allowed = Affinity.getAffinity();
        final int client = allowed.length() - 1;
        final int server = client > 0 ? allowed.previousSetBit(client - 1) : -1;
        return server < 0 ? "asked for, but this process may use too few CPUs: " + allowed :
            "client on CPU " + client + ", server on CPU " + server;
    }

    private static String findTransparentHugePages()
    {
        final String files = chosen(firstLine("/sys/kernel/mm/transparent_hugepage/shmem_enabled", UNKNOWN));
        final String other = chosen(firstLine("/sys/kernel/mm/transparent_hugepage/enabled", UNKNOWN));
        return UNKNOWN.equals(files) && UNKNOWN.equals(other) ? UNKNOWN :
            "files in memory: " + files + ", other memory: " + other;
    }

    /** The current one of a list of settings, which is in brackets. */
    private static String chosen(final String settings)
    {
        final int start = settings.indexOf('[');
        final int end = settings.indexOf(']');
        return 0 <= start && start < end ? settings.substring(start + 1, end) : settings;
    }

    private static String findMemory()
    {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system ?
            String.format(Locale.ROOT, "%.1f GiB", system.getTotalMemorySize() / (double)(1 << 30)) : UNKNOWN;
    }

    private static String value(
        final List<String> lines, final String name, final char separator, final String defaultValue)
    {
        for (final String line : lines)
        {
            final int end = line.indexOf(separator);
            if (end > 0 && line.substring(0, end).strip().equals(name))
            {
                return line.substring(end + 1).strip();
            }
        }
        return defaultValue;
    }

    private static String firstLine(final String path, final String defaultValue)
    {
        final List<String> lines = lines(path);
        return lines.isEmpty() ? defaultValue : lines.get(0).strip();
    }

    /** Lines of a file; empty if it does not exist or cannot be read. */
    private static List<String> lines(final String path)
    {
        try
        {
            return Files.readAllLines(Path.of(path), StandardCharsets.UTF_8);
        }
        catch (final IOException ex)
        {
            return List.of();
        }
    }
}
