/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * The directory in which JNA unpacks its library. JNA's own choice is a directory below the user's home, or a name
 * below {@code /tmp} that another user may have created. JNA checks neither its owner nor whether a library can be
 * loaded from there: a home that is mounted without exec does not allow it, and for a user without a passwd entry the
 * JVM's home is {@code ?}, so that JNA creates a directory of that name in the current one.
 * <p>
 * A user who can replace the library before it is loaded runs code in this process. So a directory is used only if no
 * user but this one and root can change it or a directory above it. The first choice is the directory below the home,
 * which may be another user's if the environment is, as after {@code sudo -E}; the second is a new one in {@code
 * java.io.tmpdir}.
 */
public final class JnaDirectory implements AutoCloseable
{
    /** System property with which a program names the directory; JNA reads no other. */
    public static final String PROPERTY = "jna.tmpdir";

    private static final String CACHE = "JNA/temp";
    private static final String TEMPORARY_PREFIX = "jcaps-jna-";
    private static final FileAttribute<?> OWN =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path chosen;
    private final boolean isTemporary;
    private final String problem;

    private JnaDirectory(final Path chosen, final boolean isTemporary, final String problem)
    {
        this.chosen = chosen;
        this.isTemporary = isTemporary;
        this.problem = problem;
    }

    /** Finds the directory from this JVM's properties and environment. */
    static JnaDirectory find()
    {
        if (null != System.getProperty(PROPERTY) || null != System.getProperty("jna.boot.library.path") ||
            Boolean.getBoolean("jna.nounpack"))
        {
            // The program has chosen.
            return new JnaDirectory(null, false, null);
        }
        try
        {
            return find(System.getenv("XDG_CACHE_HOME"), System.getProperty("user.home"),
                System.getProperty("java.io.tmpdir"), ProcessInfo.find().self().euid());
        }
        catch (final InvalidPathException ex)
        {
            // A name with characters that the locale does not have.
            return new JnaDirectory(null, false, "no directory to load its library from: " + ex.getMessage() +
                ": set LC_ALL, or name a directory by -D" + PROPERTY + "=<directory>");
        }
    }

    /**
     * @param cacheHome of the environment; null if it has none.
     * @param home      as in the system property {@code user.home}.
     * @param temporary as in the system property {@code java.io.tmpdir}.
     * @param euid      the caller's effective uid.
     */
    static JnaDirectory find(final String cacheHome, final String home, final String temporary, final int euid)
    {
        final List<String> tried = new ArrayList<>();
        final Path cache = null != cacheHome && !cacheHome.isBlank() ? Path.of(cacheHome) : Path.of(home, ".cache");
        // A relative home is not used: it is that of a user without a passwd entry.
        if (cache.isAbsolute() && Files.isDirectory(cache.getParent()))
        {
            final Path directory = cache.resolve(CACHE);
            if (isTrusted(directory, euid, tried) && isMade(directory, tried) &&
                isTrustedWhole(directory, euid, tried) && isUsable(directory, directory, tried))
            {
                return new JnaDirectory(directory, false, null);
            }
        }
        final Path parent = Path.of(temporary);
        if (!parent.isAbsolute())
        {
            tried.add("java.io.tmpdir=" + temporary + " is not absolute");
        }
        else if (isTrustedWhole(parent, euid, tried))
        {
            final Path directory = make(parent, tried);
            if (null != directory)
            {
                if (isUsable(directory, parent, tried))
                {
                    return new JnaDirectory(directory, true, null);
                }
                delete(directory);
            }
        }
        return new JnaDirectory(null, false, "no directory to load its library from: " + String.join(", ", tried) +
            ": name one that allows execution by -D" + PROPERTY + "=<directory>");
    }

    /**
     * @return the directory for JNA; null if JNA needs none.
     */
    Path chosen()
    {
        return chosen;
    }

    /**
     * @return why there is none; null if there is one, or if the program has set the property.
     */
    String problem()
    {
        return problem;
    }

    /**
     * Called when the library is loaded: removes the directory created in {@code java.io.tmpdir}. A second call does
     * nothing.
     */
    @Override
    public void close()
    {
        if (isTemporary)
        {
            delete(chosen);
        }
    }

    /** What is missing of it is not looked at. */
    private static boolean isTrusted(final Path directory, final int euid, final List<String> tried)
    {
        return isTrusted(directory, tried,
            () -> TrustedPath.problem(directory, euid, TrustedPath.NONE, TrustedPath.NONE));
    }

    /** Nothing of it is missing: another user could make that part in a directory such as {@code /tmp}. */
    private static boolean isTrustedWhole(final Path directory, final int euid, final List<String> tried)
    {
        return isTrusted(directory, tried, () -> TrustedPath.problemOfWhole(directory, euid));
    }

    /** Says which other user can change where a path leads. */
    private interface Look
    {
        String problem() throws IOException;
    }

    private static boolean isTrusted(final Path directory, final List<String> tried, final Look look)
    {
        try
        {
            final String problem = look.problem();
            if (null == problem)
            {
                return true;
            }
            tried.add("others can change what is in " + directory + " (" + problem + ')');
        }
        catch (final IOException | UnsupportedOperationException | SecurityException ex)
        {
            tried.add(directory + " cannot be checked (" + ex + ')');
        }
        return false;
    }

    private static boolean isMade(final Path directory, final List<String> tried)
    {
        try
        {
            if (!Files.isDirectory(directory))
            {
                Files.createDirectories(directory, OWN);
            }
            return true;
        }
        catch (final IOException | UnsupportedOperationException | SecurityException ex)
        {
            tried.add(directory + " cannot be made (" + ex + ')');
            return false;
        }
    }

    private static Path make(final Path parent, final List<String> tried)
    {
        try
        {
            return Files.createTempDirectory(parent, TEMPORARY_PREFIX, OWN);
        }
        catch (final IOException | UnsupportedOperationException | SecurityException ex)
        {
            tried.add(parent + " cannot be written (" + ex + ')');
            return null;
        }
    }

    private static boolean isUsable(final Path directory, final Path named, final List<String> tried)
    {
        try
        {
            final File file = Files.createTempFile(directory, "jcaps", ".so", OWN).toFile();
            try
            {
                // access(2) also reports a mount without exec, where the file's mode alone would allow execution.
                if (file.canExecute())
                {
                    return true;
                }
                tried.add(named + " does not allow execution");
            }
            finally
            {
                file.delete();
            }
        }
        catch (final IOException | UnsupportedOperationException | SecurityException ex)
        {
            tried.add(named + " cannot be written (" + ex + ')');
        }
        return false;
    }

    /** A directory that no other user can write to, nor rename. */
    private static void delete(final Path directory)
    {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory))
        {
            for (final Path file : files)
            {
                if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                {
                    Files.deleteIfExists(file);
                }
            }
            Files.deleteIfExists(directory);
        }
        catch (final IOException ex)
        {
            // The directory stays, empty or with JNA's library.
        }
    }
}
