/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bench;

import io.jcaps.bench.Tuning;
import io.jcaps.bench.contender.Contenders;
import io.jcaps.bench.report.BenchReport;
import io.jcaps.bench.report.ComparisonTable;
import io.jcaps.bench.report.TerminalTable;
import io.jcaps.bench.suite.Environment;
import io.jcaps.bench.suite.Plan;
import io.jcaps.bench.suite.PlanOptions;
import io.jcaps.bench.suite.Results;
import io.jcaps.bench.suite.ResultsFile;
import io.jcaps.bench.suite.Suite;
import io.jcaps.bench.suite.Summary;
import io.jcaps.tools.terminal.DurationConverter;
import io.jcaps.tools.terminal.Screen;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * {@code caps bench}: compares jcaps with other transports on the user's own machine.
 */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    subcommands = {JmhCommand.class, GuardCommand.class, DeathCommand.class},
    description = {
        "Compares jcaps with other transports between two JVMs on this machine, alternating, in several rounds. " +
            "Prints a table, and writes the results as JSON and as a page with plots.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
        "0:measured", "1:nothing could be measured, or jcaps itself failed: the failure is printed", "2:bad options"})
public final class BenchCommand implements Callable<Integer>
{
    private static final long PLAIN_INTERVAL_NS = TimeUnit.SECONDS.toNanos(5);
    private static final String OWN = "jcaps";
    /** Exclusive upper limit of a random seed, short enough to be typed. */
    private static final long MAX_SEED = 1_000_000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--quick", description = "Measure only what the project's goals compare, in less than 3 minutes.")
    private boolean isQuick;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: 5, quick: 3).")
    private Integer rounds;

    @Option(
        names = "--contenders",
        paramLabel = "NAME",
        split = ",",
        description = "Only these contenders.")
    private List<String> contenders;

    @Option(
        names = "--contender-path",
        paramLabel = "JAR",
        split = ":",
        description = "Jars with more contenders, for java.util.ServiceLoader: see io.jcaps.bench.Contender.")
    private List<Path> contenderPath;

    @Option(
        names = "--workloads",
        paramLabel = "NAME",
        split = ",",
        description = "Only these of round-trip, pipelined, open-loop, blocking, clients, crowd, stream, load; or " +
            "remote: transports between two hosts (not part of the default).")
    private List<String> workloads;

    @Option(
        names = "--sizes",
        paramLabel = "BYTES",
        split = ",",
        description = "Sizes of messages of round-trip (default: 32 to 131072).")
    private List<Integer> sizes;

    @Option(
        names = "--windows",
        paramLabel = "N",
        split = ",",
        description = "Most requests in flight, of pipelined (default: 1,8,64,128).")
    private List<Integer> windows;

    @Option(
        names = "--rates",
        paramLabel = "N",
        split = ",",
        description = "Requests per second, of open-loop (default: 10000,100000,1000000).")
    private List<Long> rates;

    @Option(
        names = "--clients",
        paramLabel = "N",
        split = ",",
        description = "Connected clients, of which one talks, of clients (default: 1,8,32,128).")
    private List<Integer> clients;

    @Option(
        names = "--warm-up",
        paramLabel = "TIME",
        converter = DurationConverter.class,
        description = "Time before each measurement, such as 500ms.")
    private Duration warmUp;

    @Option(
        names = "--measure",
        paramLabel = "TIME",
        converter = DurationConverter.class,
        description = "Time of each measurement, such as 2s.")
    private Duration measure;

    @Option(
        names = "--output",
        paramLabel = "DIR",
        description = "Directory for results.json and report.html; must have no results yet (default: " +
            "./bench-results/<time>).")
    private Path output;

    @Option(
        names = "--seed",
        paramLabel = "N",
        description = "Seed of the order of contenders within each round (default: a new one, which is printed).")
    private Long seed;

    @Option(names = "--pin", description = "Pin each of the two sides to a CPU of its own.")
    private boolean isPinned;

    @Option(names = "--prefault", description = "Touch a link's pages when it is opened.")
    private boolean isPrefaulted;

    @Option(names = "--huge-pages", description = "Ask for transparent huge pages.")
    private boolean hasHugePages;

    @Option(
        names = "--jvm-arg",
        paramLabel = "ARG",
        description = "One more argument for each JVM that measures, such as --jvm-arg=-XX:+UseZGC; may be repeated.")
    private List<String> jvmArguments = new ArrayList<>();

    @Option(
        names = "--report",
        paramLabel = "RESULTS.json",
        description = "Measure nothing: print and write the report of an earlier run again.")
    private Path report;

    @Option(
        names = "--resume",
        paramLabel = "DIR",
        description = "Continue the run whose results are in this directory, with the same options and commit; " +
            "start it if there are no results yet.")
    private Path resume;

    @Option(
        names = "--for",
        paramLabel = "TIME",
        converter = DurationConverter.class,
        description =
            "Start no cell that would not end within this time, for a machine that is quiet only for minutes.")
    private Duration longest;

    @Option(
        names = "--compare",
        arity = "2",
        paramLabel = "RESULTS.json",
        description = "Measure nothing: compare the results of two runs, with ratios of the second to the first.")
    private List<Path> comparison;

    private OutputDirectory directory;

    @Override
    public Integer call() throws InterruptedException
    {
        if (null != comparison)
        {
            return compare();
        }
        return null == report ? measure() : report();
    }

    private int compare()
    {
        if (2 != comparison.size())
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--compare': name two files of results");
        }
        try
        {
            final Summary one = new Summary(ResultsFile.read(comparison.get(0)));
            final Summary other = new Summary(ResultsFile.read(comparison.get(1)));
            ComparisonTable.print(one, other, Screen.standardOutput(PLAIN_INTERVAL_NS).stream());
            return CommandLine.ExitCode.OK;
        }
        catch (final IOException ex)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--compare': " + ex.getMessage(), ex);
        }
    }

    private int report()
    {
        try
        {
            final Results results = ResultsFile.read(report);
            if (null != output)
            {
                directory = openOutput();
            }
            final Path target = null == output ? report.toAbsolutePath().getParent() : output;
            BenchReport.write(results, target);
            printSummary(Screen.standardOutput(PLAIN_INTERVAL_NS), results, target);
            return CommandLine.ExitCode.OK;
        }
        catch (final IOException ex)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--report': " + ex.getMessage(), ex);
        }
    }

    private int measure() throws InterruptedException
    {
        final int cpuCount = Runtime.getRuntime().availableProcessors();
        if (isPinned && cpuCount < 2)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--pin': two sides cannot have a CPU each: CPUs that this process may use: " +
                cpuCount);
        }
        final Plan plan = plan();
        seed = null == seed ? ThreadLocalRandom.current().nextLong(MAX_SEED) : seed;
        checkJvmArguments();
        final Results earlier = earlier();
        directory = null == resume ? openOutput() : openResumed();
        final Screen screen = Screen.standardOutput(PLAIN_INTERVAL_NS);
        printPlan(screen, plan, cpuCount);
        final Suite suite = new Suite(plan, seed, jvmArguments, new SuiteProgress(screen));
        if (null != earlier)
        {
            suite.resume(earlier.cells());
        }
        if (null != longest)
        {
            suite.endWithin(longest.toNanos());
        }
        final Thread hook = new Thread(() -> onShutdown(plan, suite), "bench-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        try
        {
            suite.run();
        }
        catch (final RuntimeException ex)
        {
            // While a JVM shuts down, no process can be started.
            awaitShutdown(suite);
            throw ex;
        }
        if (suite.isStopped() || !removeHook(hook))
        {
            // The shutdown hook writes the results so far, and the JVM exits after it.
            Thread.sleep(Long.MAX_VALUE);
        }
        return finish(screen, plan, suite);
    }

    private int finish(final Screen screen, final Plan plan, final Suite suite)
    {
        final Results results = results(plan, suite, suite.isComplete() ? plan.kind() : incomplete(plan, suite));
        screen.endProgress();
        final Summary summary = new Summary(results);
        if (results.cells().stream().allMatch((result) -> null != result.failure()))
        {
            directory.deleteIfMade();
            screen.print("FAILED: nothing could be measured");
            return CommandLine.ExitCode.SOFTWARE;
        }
        try
        {
            BenchReport.write(results, directory.path());
        }
        catch (final IOException ex)
        {
            TerminalTable.print(summary, screen.stream());
            screen.print("FAILED: " + ex.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
        }
        printSummary(screen, results, directory.path());
        final List<String> failed = failedCells(plan, summary);
        if (!failed.isEmpty())
        {
            screen.print("FAILED: " + OWN + " failed in each round of: " + String.join("; ", failed));
        }
        return failed.isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    /** Cells of jcaps that failed in each round. Too few replies are no failure: the table shows them. */
    private static List<String> failedCells(final Plan plan, final Summary summary)
    {
        return plan.points().stream()
            .flatMap(List::stream)
            .filter((cell) -> OWN.equals(cell.contender()))
            .flatMap((cell) -> summary.row(cell).stream())
            .filter((row) -> summary.results().cells().stream()
                .filter((result) -> result.cell().equals(row.cell()))
                .allMatch((result) -> null != result.failure()))
            .map((row) -> SuiteProgress.title(row.cell()) + " (" + row.failure() + ")")
            .toList();
    }

    private void printSummary(final Screen screen, final Results results, final Path target)
    {
        TerminalTable.print(new Summary(results), screen.stream());
        screen.print("");
        screen.print("Report: " + target.resolve(BenchReport.PAGE_FILE).toAbsolutePath().normalize());
        screen.print("Results: " + target.resolve(BenchReport.RESULTS_FILE).toAbsolutePath().normalize());
    }

    private void printPlan(final Screen screen, final Plan plan, final int cpuCount)
    {
        screen.print(String.format("jcaps bench, %s: %d cells in %d rounds, about %s; each cell is two JVMs",
            plan.kind(), plan.cellCount() / plan.roundCount(), plan.roundCount(),
            SuiteProgress.time(plan.estimateNs()) + " min"));
        screen.print("Contenders take turns in random order: --seed=" + seed);
        screen.print("Results go to " + directory.path());
        if (!plan.leftOut().isEmpty())
        {
            screen.print("Quick: left out of what no goal compares them in:");
            screen.print("  " + String.join(", ", plan.leftOut()));
        }
        if (cpuCount < 2)
        {
            screen.print("Only " + cpuCount + " CPU may be used: two sides that spin take it from each other. What is");
            screen.print("measured then is the scheduler's time slices, milliseconds each, and no transport;");
            screen.print("only what blocks can be compared.");
        }
    }

    private Plan plan()
    {
        final PlanOptions options = new PlanOptions()
            .quick(isQuick)
            .tuning(new Tuning(isPinned, isPrefaulted, hasHugePages));
        // First: the other options may name contenders from these jars.
        set("--contender-path", contenderPath, Contenders::addPath);
        set("--rounds", rounds, options::roundCount);
        set("--contenders", contenders, options::contenders);
        set("--workloads", workloads, options::parts);
        set("--sizes", sizes, options::lengths);
        set("--windows", windows, options::windows);
        set("--rates", rates, options::ratesPerSecond);
        set("--clients", clients, options::clientCounts);
        set("--warm-up", warmUp, (time) -> options.warmUpNs(time.toNanos()));
        set("--measure", measure, (time) -> options.measuredNs(time.toNanos()));
        try
        {
            return Plan.of(options);
        }
        catch (final IllegalArgumentException ex)
        {
            throw new ParameterException(spec.commandLine(), ex.getMessage(), ex);
        }
    }

    private <T> void set(final String option, final T value, final Consumer<T> setter)
    {
        if (null == value)
        {
            return;
        }
        try
        {
            setter.accept(value);
        }
        catch (final IllegalArgumentException ex)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '" + option + "': " + ex.getMessage(), ex);
        }
    }

    /** Checks the arguments once: an argument that no JVM accepts would fail in each cell. */
    private void checkJvmArguments() throws InterruptedException
    {
        if (jvmArguments.isEmpty())
        {
            return;
        }
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmArguments);
        command.add("-version");
        try
        {
            final Process process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null"))).start();
            final String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (0 != process.waitFor())
            {
                throw new ParameterException(spec.commandLine(), "Invalid value for option '--jvm-arg': Java says: " +
                    printed.lines().findFirst().orElse("nothing"));
            }
        }
        catch (final IOException ex)
        {
            throw new ParameterException(spec.commandLine(), "Invalid value for option '--jvm-arg': " + ex, ex);
        }
    }

    private static String incomplete(final Plan plan, final Suite suite)
    {
        return plan.kind() + ", incomplete: " + (suite.results().size() - plan.refusals().size()) + " of " +
            plan.cellCount() + " cells";
    }

    /** Results of the resumed run, which decide the order of cells; null if there is none. */
    private Results earlier()
    {
        if (null == resume || !Files.exists(resume.resolve(BenchReport.RESULTS_FILE)))
        {
            return null;
        }
        try
        {
            final Results results = ResultsFile.read(resume.resolve(BenchReport.RESULTS_FILE));
            final Environment now = Environment.collect(new Tuning(isPinned, isPrefaulted, hasHugePages));
            if (!Objects.equals(now.commit(), results.environment().commit()) ||
                !now.cpu().equals(results.environment().cpu()))
            {
                throw new IOException("its results are of another commit or machine: " +
                    results.environment().commit() + ", " + results.environment().cpu());
            }
            seed = results.seed();
            return results;
        }
        catch (final IOException ex)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--resume': " + ex.getMessage(), ex);
        }
    }

    private OutputDirectory openResumed()
    {
        try
        {
            return OutputDirectory.openResumed(resume);
        }
        catch (final IOException ex)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--resume': " + ex.getMessage(), ex);
        }
    }

    private OutputDirectory openOutput()
    {
        final String time = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").format(ZonedDateTime.now(ZoneOffset.UTC));
        try
        {
            return OutputDirectory.open(null == output ? Path.of("bench-results", time) : output);
        }
        catch (final IOException ex)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--output': " + ex.getMessage(), ex);
        }
    }

    private Results results(final Plan plan, final Suite suite, final String kind)
    {
        final List<String> commandLine = new ArrayList<>(List.of("caps"));
        commandLine.addAll(spec.root().commandLine().getParseResult().originalArgs());
        return new Results(
            Environment.collect(new Tuning(isPinned, isPrefaulted, hasHugePages)),
            commandLine, kind, plan.roundCount(), seed, suite.contenders(), suite.results());
    }

    /** Ctrl-C: writes the results so far, marked as incomplete. The measuring JVMs exit with this one. */
    private void onShutdown(final Plan plan, final Suite suite)
    {
        suite.stop();
        if (suite.results().stream().allMatch((result) -> null != result.failure()))
        {
            directory.deleteIfMade();
            System.err.println(System.lineSeparator() + "Stopped before anything was measured.");
            return;
        }
        try
        {
            final String kind = incomplete(plan, suite);
            BenchReport.write(results(plan, suite, kind), directory.path());
            System.err.println(System.lineSeparator() + "Stopped: " + kind + ", are in " + directory.path());
        }
        catch (final IOException ex)
        {
            System.err.println(System.lineSeparator() + "Stopped: " + ex.getMessage());
        }
    }

    private static void awaitShutdown(final Suite suite) throws InterruptedException
    {
        TimeUnit.SECONDS.sleep(1);
        while (suite.isStopped())
        {
            TimeUnit.SECONDS.sleep(1);
        }
    }

    private static boolean removeHook(final Thread hook)
    {
        try
        {
            return Runtime.getRuntime().removeShutdownHook(hook);
        }
        catch (final IllegalStateException ignore)
        {
            // The shutdown has begun: the hook cannot be removed.
            return false;
        }
    }
}
