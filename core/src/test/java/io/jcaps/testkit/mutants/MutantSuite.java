/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit.mutants;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Runs a module's mutants, as many at once as there are processors: all of them, or a sample that a seed draws.
 * <ul>
 * <li>{@code -Dcaps.mutants=N} sets the size of the sample; 0 means all.</li>
 * <li>{@code -Dcaps.mutants.name=TEXT,…} runs those whose name contains one of the texts between the commas.</li>
 * <li>{@code -Dcaps.test.seed=N} draws another sample. By default the list's names are the seed: a list has the same
 * sample until it changes, so that a build that fails was not just unlucky.</li>
 * </ul>
 */
public final class MutantSuite
{
    private static final int SAMPLE_SIZE = 5;

    private final Path project;
    private final List<Mutant> mutants;

    /**
     * @param project directory of the project.
     * @param mutants of the module.
     */
    public MutantSuite(final Path project, final List<Mutant> mutants)
    {
        this.project = project;
        this.mutants = List.copyOf(mutants);
    }

    /**
     * @param directory for the mutants' classes.
     * @return a line for each mutant that was not killed by an assertion.
     * @throws Exception if they cannot be run.
     */
    public List<String> run(final Path directory) throws Exception
    {
        final List<Mutant> chosen = choose();
        final MutantRun run = new MutantRun(project, directory);
        final ExecutorService executor = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        final List<String> failures = new ArrayList<>();
        final int[] counts = new int[MutantVerdict.values().length];
        try
        {
            final List<Future<MutantRun.Result>> results = new ArrayList<>();
            for (final Mutant mutant : chosen)
            {
                results.add(executor.submit((Callable<MutantRun.Result>)() -> run.run(mutant)));
            }
            for (int i = 0; i < chosen.size(); i++)
            {
                final MutantRun.Result result = results.get(i).get();
                final String line = String.format("%-8s %5d ms  %-40s %s: %s", result.verdict(), result.millis(),
                    chosen.get(i).name(), chosen.get(i).violates(), result.text());
                System.out.println(line);
                counts[result.verdict().ordinal()]++;
                if (MutantVerdict.KILLED != result.verdict())
                {
                    failures.add(line);
                }
            }
        }
        finally
        {
            executor.shutdownNow();
        }
        for (final MutantVerdict verdict : MutantVerdict.values())
        {
            System.out.println(verdict + ": " + counts[verdict.ordinal()]);
        }
        return failures;
    }

    private List<Mutant> choose() throws IOException
    {
        final List<Mutant> runnable =
            new ArrayList<>(mutants.stream().filter((mutant) -> null == mutant.equivalent()).toList());
        final String name = System.getProperty("caps.mutants.name");
        if (null != name)
        {
            return runnable.stream().filter((mutant) ->
                Stream.of(name.split(",")).anyMatch(mutant.name()::contains)).toList();
        }
        final int count = Integer.getInteger("caps.mutants", SAMPLE_SIZE);
        if (0 == count || count >= runnable.size())
        {
            return runnable;
        }
        runnable.removeIf((mutant) -> null != mutant.open());
        final long seed = Long.getLong("caps.test.seed", runnable.stream().map(Mutant::name).toList().hashCode());
        System.out.println("a sample of " + count + " of " + runnable.size() + " mutants, -Dcaps.test.seed=" + seed);
        Collections.shuffle(runnable, new Random(seed));
        return runnable.subList(0, count);
    }
}
