/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.mutants;

import io.jcaps.testkit.mutants.Mutant;
import io.jcaps.testkit.mutants.MutantList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static org.assertj.core.api.Assertions.assertThat;

/** The list of mutants fits the sources: a mutant whose lines have changed would be lost otherwise. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class MutantListTest
{
    private static final Path PROJECT = Path.of("..");
    private static final Path LISTS = Path.of("src", "test", "mutants");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| ([a-z-]+) \\| .*`");

    @Test
    @DisplayName("Each mutant changes its source at one place, and names tests that exist")
    void shouldFitTheSources() throws Exception
    {
        MutantList.check(PROJECT, MutantList.read(LISTS));
    }

    @Test
    @DisplayName("Each ordering pair of the protocol has a mutant, and no mutant names another")
    void shouldBreakEachOrdering() throws Exception
    {
        final Set<String> broken = new TreeSet<>();
        for (final Mutant mutant : MutantList.read(LISTS))
        {
            if (null != mutant.label())
            {
                broken.add(mutant.label());
            }
        }
        final String protocol = Files.readString(Path.of("PROTOCOL.md"));
        final Set<String> documented = new TreeSet<>();
        final Matcher matcher = ROW.matcher(protocol.substring(protocol.indexOf("## The pairs")));
        while (matcher.find())
        {
            documented.add(matcher.group(1));
        }
        assertThat(broken).contains("request", "wake").isEqualTo(documented);
    }
}
