/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.shm.os.FileStat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * What the kernel says of this process's mappings of a file.
 */
public final class Smaps
{
    private static final Path SMAPS = Path.of("/proc/self/smaps");
    private static final Pattern FIRST_LINE = Pattern.compile("[0-9a-f]+-[0-9a-f]+ [-a-z]+ ");

    private Smaps()
    {
    }

    /**
     * @param file  that is mapped.
     * @param field of each mapping, such as {@code Rss}.
     * @return sum in bytes over all mappings of the file; -1 if the kernel does not say.
     */
    public static long bytes(final Path file, final String field) throws IOException
    {
        // Not by its name: the creator of a region has it mapped under a name that was removed.
        final FileStat stat = FileStat.of(file);
        final Pattern ofFile = Pattern.compile(
            FIRST_LINE.pattern() + "[0-9a-f]+ " + Pattern.quote(stat.deviceText() + " " + stat.ino()) + " .*");
        long result = -1;
        boolean isOfFile = false;
        for (final String line : Files.readAllLines(SMAPS))
        {
            if (FIRST_LINE.matcher(line).lookingAt())
            {
                isOfFile = ofFile.matcher(line).matches();
            }
            else if (isOfFile && line.startsWith(field + ":"))
            {
                result = Math.max(0, result) + 1024 * Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return result;
    }
}
