/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bench;

import io.jcaps.bench.suite.Guard;
import io.jcaps.bench.suite.Plan;
import io.jcaps.bench.suite.Suite;
import io.jcaps.tools.terminal.Screen;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * {@code caps bench guard}: the check for regressions that each build runs.
 */
@Command(
    name = "guard",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Checks for regressions in well under 2 minutes. No call may allocate. A round trip, a window of 64 and a " +
            "round trip of sleepers must stay below a multiple of the floor, which is probed within each of them. " +
            "A ratio counts only if the probes agree; otherwise it is reported as not judged, which is not a " +
            "failure. A failed measurement is repeated.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
        "0:no regression in what could be judged: the rest is printed",
        "1:a call allocates, a ratio is above its limit in each round of two tries, or jcaps failed",
        "2:bad options"})
final class GuardCommand implements Callable<Integer>
{
    private static final long PLAIN_INTERVAL_NS = TimeUnit.SECONDS.toNanos(5);
    private static final int TRY_COUNT = 2;
    private static final int MAX_ROUND_COUNT = 100;

    @Spec
    private CommandSpec spec;

    @Option(
        names = "--rounds",
        paramLabel = "N",
        description = "Rounds (default: ${DEFAULT-VALUE}).",
        defaultValue = "" + Guard.ROUND_COUNT)
    private int rounds;

    @Override
    public Integer call()
    {
        if (rounds < 1 || rounds > MAX_ROUND_COUNT)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--rounds': must be from 1 to " + MAX_ROUND_COUNT + ": " + rounds);
        }
        final Screen screen = Screen.standardOutput(PLAIN_INTERVAL_NS);
        final Plan plan = Guard.plan(rounds);
        screen.print(String.format("jcaps bench guard: %d cells in %d rounds, about %s min",
            plan.cellCount() / plan.roundCount(), plan.roundCount(), SuiteProgress.time(plan.estimateNs())));
        for (int i = 1; i <= TRY_COUNT; i++)
        {
            final Guard.Verdict verdict = measure(screen, plan);
            if (verdict.failures().isEmpty())
            {
                screen.print("Nothing allocates, and no ratio that was judged is above its limit.");
                return CommandLine.ExitCode.OK;
            }
            final String word = i < TRY_COUNT ? "again, because of: " : "FAILED: ";
            verdict.failures().forEach((failure) -> screen.print(word + failure));
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static Guard.Verdict measure(final Screen screen, final Plan plan)
    {
        final Suite suite = new Suite(plan, System.nanoTime(), List.of(), new SuiteProgress(screen));
        final Thread hook = new Thread(suite::stop, "guard-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        suite.run();
        try
        {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        catch (final IllegalStateException ignore)
        {
            // The shutdown has begun: the hook cannot be removed.
        }
        final Guard.Verdict verdict = Guard.judge(plan, suite.results());
        verdict.lines().forEach(screen::print);
        return verdict;
    }
}
