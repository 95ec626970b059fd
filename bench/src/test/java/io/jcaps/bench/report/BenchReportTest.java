/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.suite.Results;
import io.jcaps.bench.suite.ResultsFile;
import io.jcaps.bench.suite.SyntheticResults;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class BenchReportTest
{
    private static final Cell OWN = Cell.roundTrip("jcaps", 32);

    @TempDir
    private Path directory;

    @Test
    void shouldWriteResultsPageAndPlots() throws Exception
    {
        final Results results = SyntheticResults.full();

        BenchReport.write(results, directory);

        assertThat(ResultsFile.read(directory.resolve("results.json")).cells()).hasSameSizeAs(results.cells());
        assertThat(Files.readString(directory.resolve("results.txt")))
            .contains(results.environment().cpu(), "commit 0123456789ab-dirty", "Goals");
        for (final String name : List.of("latency-percentiles", "latency-by-size", "latency-by-size-filled",
            "throughput-by-window", "open-loop-10000", "open-loop-1000000", "latency-blocking", "latency-by-clients"))
        {
            final String svg = Files.readString(directory.resolve(name + ".svg"));
            assertThat(parse(svg).getDocumentElement().getTagName()).isEqualTo("svg");
            assertThat(svg).as("nothing that a viewer would have to fetch")
                .doesNotContain("href=", "<image", "<script", "url(");
            assertThat(svg).as("for a dark page, too").contains("prefers-color-scheme: dark");
        }
    }

    @Test
    void shouldNeedNothingButThePage() throws IOException
    {
        BenchReport.write(SyntheticResults.full(), directory);

        final String page = Files.readString(directory.resolve("report.html"));

        assertThat(page).doesNotContain("<script", "<link", "http://", "https://", "src=\"/", "@import", "url(");
        assertThat(page).contains("data:image/svg+xml;base64,", "0123456789ab-dirty", "caps bench --quick");
    }

    @Test
    void shouldShowTextAsText() throws IOException
    {
        BenchReport.write(new SyntheticResults().addTimes(OWN, 1, 100)
            .addFailure(Cell.roundTrip("tcp", 32), 1, "<i>no \"port\" & no host</i>").build(), directory);

        final String page = Files.readString(directory.resolve("report.html"));

        assertThat(page).contains("no result: &lt;i&gt;no &quot;port&quot; &amp; no host&lt;/i&gt;")
            .contains("Some CPU &lt;x&gt; &amp; more").doesNotContain("<i>", "<b>");
    }

    @Test
    void shouldDrawWhatLittleThereIs() throws IOException
    {
        BenchReport.write(new SyntheticResults().addTimes(OWN, 1, 100)
            .addRate(OWN.pipelined(64), 1, 1000).addRate(OWN.pipelined(8), 1, 1000)
            .addTimes(OWN.payload(PayloadKind.FILLED), 1, 100).build(), directory);

        assertThat(directory.resolve("latency-percentiles.svg")).isNotEmptyFile();
        assertThat(directory.resolve("throughput-by-window.svg")).isNotEmptyFile();
        assertThat(directory.resolve("latency-blocking.svg")).doesNotExist();
        // One size is no plot by size.
        assertThat(directory.resolve("latency-by-size.svg")).doesNotExist();
        assertThat(directory.resolve("latency-by-size-filled.svg")).doesNotExist();
    }

    @Test
    void shouldWriteAPageOfARunThatMeasuredNothing() throws IOException
    {
        BenchReport.write(new SyntheticResults().addFailure(OWN, 1, "no").build(), directory);

        assertThat(directory.resolve("report.html")).content().contains("no result: no");
    }

    @Test
    void shouldSayWhereItCannotWrite() throws IOException
    {
        final Path file = Files.createFile(directory.resolve("file"));

        assertThatThrownBy(() -> BenchReport.write(new SyntheticResults().build(), file))
            .isInstanceOf(IOException.class)
            .hasMessageContaining(file.toString());
    }

    private static Document parse(final String svg) throws Exception
    {
        final DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        // Its document type names a file that need not be read.
        builder.setEntityResolver((publicId, systemId) -> new InputSource(new StringReader("")));
        return builder.parse(new InputSource(new StringReader(svg)));
    }
}
