/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.portofc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Calls of a C program that Java does not have.
 */
final class Self
{
    private Self()
    {
    }

    /** {@code geteuid()}: Java has no such call; the owner of the process's directory is that user. */
    static int euid()
    {
        try
        {
            return (Integer)Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException("cannot read the user id: there is no /proc", ex);
        }
    }
}
