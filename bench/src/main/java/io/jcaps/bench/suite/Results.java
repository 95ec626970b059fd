/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import java.util.List;
import java.util.Objects;

/**
 * All that one run of the suite has found, and what is needed to judge it or to repeat it.
 *
 * @param environment the machine, and the Java on it.
 * @param commandLine that started the run.
 * @param kind        "quick", "full" or "custom".
 * @param roundCount  how often each cell was measured.
 * @param seed        of the order of contenders within the rounds.
 * @param contenders  that took part, in the order in which they are shown.
 * @param cells       what each cell gave in each round, failures included.
 */
public record Results(
    Environment environment,
    List<String> commandLine,
    String kind,
    int roundCount,
    long seed,
    List<ContenderInfo> contenders,
    List<CellResult> cells)
{
    /**
     * @throws NullPointerException     if a part is missing.
     * @throws IllegalArgumentException if a cell is of a contender that is not among the contenders.
     */
    public Results
    {
        Objects.requireNonNull(environment, "environment");
        Objects.requireNonNull(kind, "kind");
        commandLine = List.copyOf(commandLine);
        contenders = List.copyOf(contenders);
        cells = List.copyOf(cells);
        for (final CellResult result : cells)
        {
            final String name = Objects.requireNonNull(result.cell(), "cell").contender();
            if (contenders.stream().noneMatch((contender) -> contender.name().equals(name)))
            {
                throw new IllegalArgumentException("a cell of a contender that is not listed: contender=" + name);
            }
        }
    }

    /**
     * A transport as it took part.
     *
     * @param name          by which it is chosen.
     * @param title         that people know it by.
     * @param configuration how it was set up.
     * @param jvmArguments  of its JVMs, beside those that all have.
     */
    public record ContenderInfo(String name, String title, String configuration, List<String> jvmArguments)
    {
        /**
         * @throws NullPointerException if a part is missing.
         */
        public ContenderInfo
        {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(title, "title");
            Objects.requireNonNull(configuration, "configuration");
            jvmArguments = List.copyOf(jvmArguments);
        }
    }
}
