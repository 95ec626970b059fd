/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import java.nio.file.Path;
import java.util.List;

/**
 * A line of {@code /proc/mounts}. Immutable.
 *
 * @param point   where it is mounted.
 * @param type    of file system.
 * @param options as the kernel lists them.
 */
record Mount(Path point, String type, List<String> options)
{
    /**
     * The mount of a path.
     *
     * @param mounts text of {@code /proc/mounts}.
     * @param path   absolute, normalized.
     * @return the longest mount point above it, the last one mounted there; null if none is.
     */
    static Mount of(final String mounts, final Path path)
    {
        Mount found = null;
        for (final String line : mounts.split("\n"))
        {
            final String[] fields = line.split(" ");
            if (fields.length < 4 || !fields[1].startsWith("/"))
            {
                continue;
            }
            // The kernel writes blanks and some other characters in octal.
            final Path point = Path.of(
                fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"));
            if (path.startsWith(point) && (null == found || point.getNameCount() >= found.point.getNameCount()))
            {
                found = new Mount(point, fields[2], List.of(fields[3].split(",")));
            }
        }
        return found;
    }

    /** The value of an option {@code name=value}; null if it is not there. */
    String option(final String name)
    {
        for (final String option : options)
        {
            if (option.startsWith(name + '='))
            {
                return option.substring(name.length() + 1);
            }
        }
        return null;
    }
}
