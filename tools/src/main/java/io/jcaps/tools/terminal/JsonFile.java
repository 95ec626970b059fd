/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import com.google.gson.GsonBuilder;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * The file for a command's summary, if the user names one. Any thread may call.
 */
public final class JsonFile
{
    private final Path file;
    private final boolean isNew;

    /**
     * Checks at once whether the file can be written, not only at the end of a long run.
     *
     * @param file to write; null for none.
     * @throws IOException if it cannot be written.
     */
    public JsonFile(final Path file) throws IOException
    {
        this.file = file;
        isNew = null != file && Files.notExists(file);
        if (null != file)
        {
            Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
        }
    }

    /**
     * Writes the summary.
     *
     * @param members of the one object in it.
     * @throws IOException if it cannot be written after all.
     */
    public void write(final Map<String, Object> members) throws IOException
    {
        if (null != file)
        {
            final String text = new GsonBuilder().serializeNulls().setPrettyPrinting().disableHtmlEscaping().create()
                .toJson(members);
            Files.write(file, (text + '\n').getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Removes an empty file that did not exist before. */
    public void abandon()
    {
        if (isNew)
        {
            try
            {
                Files.deleteIfExists(file);
            }
            catch (final IOException ignore)
            {
                // The empty file stays.
            }
        }
    }
}
