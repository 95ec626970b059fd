/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ResultsFileTest
{
    private static final Cell CELL = Cell.roundTrip("jcaps", 32);

    @TempDir
    private Path directory;

    @Test
    void shouldReadWhatItWrote() throws IOException
    {
        final Results results = new SyntheticResults()
            .addTimes(CELL, 1, 100, 200, 300)
            .addProbed(CELL, 3, 99.5, 100)
            .addFailure(CELL, 2, "it \"failed\" <there>")
            .add(SyntheticResults.result(CELL.crowd(2), 1, 30, 1000, null, new long[]{10, 20}, 0.5, Double.NaN, null))
            .build();
        final Path path = directory.resolve("results.json");

        ResultsFile.write(results, path);

        assertSame(ResultsFile.read(path), results);
        assertThat(directory).isDirectoryContaining(path::equals).isDirectoryNotContaining("glob:**.tmp");
    }

    @Test
    void shouldBeJsonForAnyReader() throws IOException
    {
        final Path path = directory.resolve("results.json");

        ResultsFile.write(new SyntheticResults().addFailure(CELL, 1, "no").build(), path);

        assertThat(path).content().doesNotContain("NaN").contains("\"clientAllocatedPerReply\": null");
    }

    @Test
    void shouldReplaceAnEarlierFile() throws IOException
    {
        final Path path = directory.resolve("results.json");
        ResultsFile.write(new SyntheticResults().addTimes(CELL, 1, 100).build(), path);
        final Results results = new SyntheticResults().addTimes(CELL, 1, 999).build();

        ResultsFile.write(results, path);

        assertSame(ResultsFile.read(path), results);
    }

    @Test
    void shouldSayWhereItCannotWrite()
    {
        final Path path = directory.resolve("missing").resolve("results.json");

        assertThatThrownBy(() -> ResultsFile.write(new SyntheticResults().build(), path))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("cannot write the results")
            .hasMessageContaining(path.toString());
    }

    @Test
    void shouldSayWhereThereIsNothingToRead()
    {
        final Path path = directory.resolve("results.json");

        assertThatThrownBy(() -> ResultsFile.read(path))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("cannot read the results")
            .hasMessageContaining(path.toString())
            .hasMessageContaining("no such file");
    }

    @Test
    void shouldRefuseFilesThatAreNotOurs() throws IOException
    {
        final String ours = "{\"format\": \"jcaps-bench-results\", \"version\": ";

        assertRefused("", "format");
        assertRefused("hello, world", "");
        assertRefused("[1, 2]", "");
        assertRefused("{\"format\": \"other\"}", "format=jcaps-bench-results");
        assertRefused(ours + "99}", "version=99");
        assertRefused(ours + "1}", "version=1");
        assertRefused(ours + "2}", "version=2");
        assertRefused(ours + "3}", "no results");
        assertRefused(ours + "3, \"results\": {}}", "environment");
        assertRefused(new String(new byte[]{(byte)0xFF, (byte)0xFE, 0}, StandardCharsets.ISO_8859_1),
            "");
    }

    @Test
    void shouldRefuseADamagedHistogram() throws IOException
    {
        final Path path = directory.resolve("results.json");
        final Results results = new SyntheticResults()
            .add(SyntheticResults.result(CELL, 7, 1, 1, "c29tZXRoaW5nIGVsc2U=", null, 0, 0, null)).build();
        ResultsFile.write(results, path);

        assertThatThrownBy(() -> ResultsFile.read(path))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("histogram")
            .hasMessageContaining("round=7");
    }

    @Test
    void shouldRefuseACellOfAContenderThatIsNotListed()
    {
        final CellResult result = CellResult.failed(CELL, 1, "no");

        assertThatThrownBy(() -> new Results(
            SyntheticResults.environment(), List.of(), "custom", 1, 0, List.of(), List.of(result)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("contender=jcaps");
    }

    private static void assertSame(final Results actual, final Results expected)
    {
        // By equals, for which NaN is NaN.
        assertThat(actual).usingRecursiveComparison().withEqualsForType(Double::equals, Double.class)
            .isEqualTo(expected);
    }

    private void assertRefused(final String content, final String why) throws IOException
    {
        final Path path = directory.resolve("other.json");
        Files.writeString(path, content, StandardCharsets.ISO_8859_1);

        assertThatThrownBy(() -> ResultsFile.read(path))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("not a results file of this benchmark: " + path)
            .hasMessageContaining(why);
    }
}
