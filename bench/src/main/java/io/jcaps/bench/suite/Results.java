/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import java.util.List;
import java.util.Objects;

/**
 * The results of one run of the suite, with all that is needed to judge or repeat it.
 *
 * @param environment the machine, and the Java on it.
 * @param commandLine that started the run.
 * @param kind        "quick", "full" or "custom".
 * @param roundCount  how often each cell was measured.
 * @param seed        of the order of contenders within the rounds.
 * @param contenders  that took part, in the order in which they are shown.
 * @param cells       result of each cell in each round, failures included.
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
     * A transport of the run.
     *
     * @param name          name for options.
     * @param title         name for people.
     * @param configuration its configuration.
     * @param jvmArguments  of its JVMs in addition to those of all contenders.
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
