/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringTokenizer;

/**
 * Explains why a mapping fails in a process that called {@code mlockall(MCL_FUTURE)}: the kernel then locks all of each
 * mapping at once, and refuses it when {@code RLIMIT_MEMLOCK} is reached. The error that Java reports is a text for
 * EAGAIN, which names no limit. Any thread may call.
 */
public final class LockedMemory
{
    private static final Path SELF = Path.of("/proc/self");
    private static final long KIB = 1024;

    private LockedMemory()
    {
    }

    /**
     * @param length of the mapping that failed, in bytes.
     * @return text to append to the error: which limit was reached and what to do; empty if another cause made the
     * mapping fail.
     */
    public static String advice(final long length)
    {
        try
        {
            return advice(read("status"), read("limits"), length);
        }
        catch (final IOException | NumberFormatException ex)
        {
            return "";
        }
    }

    /**
     * @param status text of {@code /proc/self/status}.
     * @param limits text of {@code /proc/self/limits}.
     * @param length of the mapping that failed, in bytes.
     * @return as {@link #advice(long)}.
     */
    public static String advice(final String status, final String limits, final long length)
    {
        final String lockedKiB = value(status, "VmLck:");
        final String limit = value(limits, "Max locked memory ");
        if (null == lockedKiB || null == limit || "unlimited".equals(limit))
        {
            return "";
        }
        final long locked = Long.parseLong(lockedKiB) * KIB;
        return 0 == locked || locked + length <= Long.parseLong(limit) ? "" : ": this process locks its memory, has " +
            locked + " bytes locked, and may lock " + limit + ": raise RLIMIT_MEMLOCK (ulimit -l, systemd: " +
            "LimitMEMLOCK=), call mlockall with MCL_ONFAULT, or use a smaller Geometry";
    }

    /** The first word after a line's beginning; null if there is no such line. */
    private static String value(final String text, final String beginning)
    {
        for (final String line : text.split("\n"))
        {
            if (line.startsWith(beginning))
            {
                final StringTokenizer words = new StringTokenizer(line.substring(beginning.length()));
                return words.hasMoreTokens() ? words.nextToken() : null;
            }
        }
        return null;
    }

    private static String read(final String name) throws IOException
    {
        return new String(Files.readAllBytes(SELF.resolve(name)), StandardCharsets.ISO_8859_1);
    }
}
