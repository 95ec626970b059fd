/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Results as a JSON file, for other programs and for generating the report again.
 */
public final class ResultsFile
{
    private static final String FORMAT = "jcaps-bench-results";
    private static final int VERSION = 3;
    private static final Gson GSON = new GsonBuilder()
        .registerTypeAdapter(double.class, new NumberOrNull())
        // Also applied by the type of the written value, whatever the field's type.
        .registerTypeAdapter(Double.class, new NumberOrNull())
        .setPrettyPrinting()
        .disableHtmlEscaping()
        .create();

    private ResultsFile()
    {
    }

    /**
     * Writes a file. An existing file is replaced when the new one is complete, and kept if that fails.
     *
     * @param results to write.
     * @param path    of the file; its directory must exist.
     * @throws IOException if it cannot be written; the message says where.
     */
    public static void write(final Results results, final Path path) throws IOException
    {
        final Path unfinished = path.resolveSibling(path.getFileName() + ".tmp");
        try
        {
            try (Writer writer = Files.newBufferedWriter(unfinished, StandardCharsets.UTF_8))
            {
                GSON.toJson(new Document(FORMAT, VERSION, results), writer);
                writer.write('\n');
            }
            Files.move(unfinished, path, StandardCopyOption.REPLACE_EXISTING);
        }
        catch (final IOException ex)
        {
            throw new IOException("cannot write the results: " + path + ": " + reason(ex), ex);
        }
        finally
        {
            Files.deleteIfExists(unfinished);
        }
    }

    /**
     * @param path of a file that {@link #write} has written.
     * @return its results.
     * @throws IOException if it cannot be read, or is not such a file; the message says which and where.
     */
    public static Results read(final Path path) throws IOException
    {
        final Document document;
        try (Reader reader = Files.newBufferedReader(path, StandardCharsets.UTF_8))
        {
            document = GSON.fromJson(reader, Document.class);
        }
        catch (final CharacterCodingException ex)
        {
            throw notOurs(path, "it is not text", ex);
        }
        catch (final IOException ex)
        {
            throw new IOException("cannot read the results: " + path + ": " + reason(ex), ex);
        }
        catch (final RuntimeException ex)
        {
            // Exceptions of Gson and, wrapped by it, of the records: the inner one says what is wrong.
            final Throwable cause = null == ex.getCause() ? ex : ex.getCause();
            // Gson's second line sends the reader to a page for programmers.
            throw notOurs(path, String.valueOf(cause.getMessage()).lines().findFirst().orElse(""), ex);
        }
        if (null == document || !FORMAT.equals(document.format))
        {
            throw notOurs(path, "it does not say format=" + FORMAT, null);
        }
        if (VERSION != document.version)
        {
            throw notOurs(path, "this program reads version " + VERSION + ": version=" + document.version, null);
        }
        if (null == document.results)
        {
            throw notOurs(path, "it has no results", null);
        }
        checkHistograms(document.results, path);
        return document.results;
    }

    private static void checkHistograms(final Results results, final Path path) throws IOException
    {
        for (final CellResult result : results.cells())
        {
            try
            {
                if (null != result.histogram())
                {
                    Histograms.decode(result.histogram());
                }
            }
            catch (final RuntimeException ex)
            {
                throw notOurs(path, "a histogram is damaged: round=" + result.round() + " cell=" + result.cell(), ex);
            }
        }
    }

    private static IOException notOurs(final Path path, final String why, final Exception cause)
    {
        return new IOException("not a results file of this benchmark: " + path + ": " + why, cause);
    }

    private static String reason(final IOException ex)
    {
        return ex instanceof NoSuchFileException ? "no such file or directory" : String.valueOf(ex.getMessage());
    }

    private record Document(String format, int version, Results results)
    {
    }

    /** JSON has no NaN. */
    private static final class NumberOrNull extends TypeAdapter<Double>
    {
        @Override
        public void write(final JsonWriter writer, final Double value) throws IOException
        {
            if (value.isNaN())
            {
                // Written even where nulls are left out: a missing number would be read as 0.
                final boolean serializedNulls = writer.getSerializeNulls();
                writer.setSerializeNulls(true);
                writer.nullValue();
                writer.setSerializeNulls(serializedNulls);
            }
            else
            {
                writer.value(value);
            }
        }

        @Override
        public Double read(final JsonReader reader) throws IOException
        {
            if (JsonToken.NULL == reader.peek())
            {
                reader.nextNull();
                return Double.NaN;
            }
            return reader.nextDouble();
        }
    }
}
