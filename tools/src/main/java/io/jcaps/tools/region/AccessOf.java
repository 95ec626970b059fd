/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.shm.Access;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/**
 * Who shares the regions of a directory, by its mode: a command attaches to what others made, and asks no user for what
 * can be seen.
 */
public final class AccessOf
{
    private AccessOf()
    {
    }

    /**
     * @param directory of a region.
     * @return whom its mode lets in; private if that cannot be seen.
     */
    public static Access directory(final Path directory)
    {
        try
        {
            final Set<PosixFilePermission> mode = Files.getPosixFilePermissions(directory);
            if (mode.contains(PosixFilePermission.GROUP_WRITE))
            {
                return Access.GROUP;
            }
            return mode.contains(PosixFilePermission.OTHERS_EXECUTE) ? Access.WORLD : Access.PRIVATE;
        }
        catch (final IOException ex)
        {
            return Access.PRIVATE;
        }
    }
}
