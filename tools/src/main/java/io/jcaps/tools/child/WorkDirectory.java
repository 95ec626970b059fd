/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The working directory of a command and its children, which is removed at the end. Any thread may call.
 */
public final class WorkDirectory
{
    /** Appended to a directory's name: it opens only a directory, even if another file has the name by now. */
    private static final Path SELF = Path.of(".");
    /** File keys of the directories that this process created, by path. */
    private static final Map<Path, Object> MADE = new ConcurrentHashMap<>();

    private WorkDirectory()
    {
    }

    /**
     * Creates a directory of mode 0700.
     *
     * @param parent directory in which it is created; null for /dev/shm, or the directory for temporary files if there
     *               is none.
     * @param prefix of its name.
     * @return its path, absolute.
     * @throws IOException if it cannot be made there.
     */
    public static Path make(final Path parent, final String prefix) throws IOException
    {
        final Path memory = Path.of("/dev/shm");
        final Path usual = Files.isWritable(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir"));
        // Its mode is 0700.
        final Path made = Files.createTempDirectory(null == parent ? usual : parent.toAbsolutePath(), prefix);
        MADE.put(made, key(made));
        return made;
    }

    /**
     * Gives a directory to the group of the directory that it was made in, as that one does itself if it has the setgid
     * bit. Another file that has its path by now is not changed.
     *
     * @param directory that this process made.
     * @throws IOException if that cannot be done, as by a user who is not of that group.
     */
    public static void giveToGroup(final Path directory) throws IOException
    {
        final GroupPrincipal group = Files.readAttributes(
            directory.getParent(), PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS).group();
        try (DirectoryStream<Path> opened = Files.newDirectoryStream(directory.resolve(SELF)))
        {
            final PosixFileAttributeView view =
                ((SecureDirectoryStream<Path>)opened).getFileAttributeView(PosixFileAttributeView.class);
            final PosixFileAttributes found = view.readAttributes();
            if (found.fileKey().equals(MADE.get(directory)) && !found.group().equals(group))
            {
                view.setGroup(group);
            }
        }
    }

    /**
     * Removes a directory and what is in it, as far as that can be done. A user who can write to the parent directory
     * may have replaced it: if this process created a directory at the path, only that one is removed. No link is
     * followed.
     *
     * @param directory that may have been removed already.
     * @return whether it is gone.
     */
    public static boolean remove(final Path directory)
    {
        try
        {
            final Object made = MADE.remove(directory);
            final Object found = key(directory);
            if (null == made || made.equals(found))
            {
                try (DirectoryStream<Path> opened = Files.newDirectoryStream(directory.resolve(SELF)))
                {
                    final SecureDirectoryStream<Path> secure = (SecureDirectoryStream<Path>)opened;
                    if (found.equals(secure.getFileAttributeView(BasicFileAttributeView.class).readAttributes()
                        .fileKey()))
                    {
                        removeAll(secure);
                        Files.delete(directory);
                    }
                }
            }
        }
        catch (final NoSuchFileException ignore)
        {
            return true;
        }
        catch (final IOException ignore)
        {
            // The result reports it.
        }
        return !Files.exists(directory, LinkOption.NOFOLLOW_LINKS);
    }

    private static void removeAll(final SecureDirectoryStream<Path> directory) throws IOException
    {
        final List<Path> names = new ArrayList<>();
        directory.forEach((path) -> names.add(path.getFileName()));
        for (final Path name : names)
        {
            try
            {
                final BasicFileAttributes found = directory.getFileAttributeView(
                    name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS).readAttributes();
                if (!found.isDirectory())
                {
                    directory.deleteFile(name);
                    continue;
                }
                try (SecureDirectoryStream<Path> child =
                    directory.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS))
                {
                    removeAll(child);
                }
                directory.deleteDirectory(name);
            }
            catch (final NoSuchFileException ignore)
            {
                // A child of this process removed it.
            }
        }
    }

    private static Object key(final Path directory) throws IOException
    {
        return Files.readAttributes(directory, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).fileKey();
    }
}
