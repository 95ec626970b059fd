/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.shm.Access;
import io.jcaps.shm.os.FileStat;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * A file that is being created. It is in a directory of its own beside its later path, mode 0700: other users who can
 * write to the directory around it can rename that directory, but cannot create files in it. It is created, and its
 * owner, group and mode are changed, relative to the open directory, never by path. It then gets its name by
 * {@code link}, which fails if there is a file.
 */
public final class PrivateFile implements AutoCloseable
{
    private static final String SUFFIX = ".tmp";
    private static final Pattern FILE_NAME = Pattern.compile("[0-9a-f]{16}");
    private static final int OTHERS_MASK = 0077;

    private final HeldDirectory parent;
    private final HeldDirectory directory;
    private final Path name;
    private final FileChannel channel;
    private final FileStat stat;

    private PrivateFile(
        final HeldDirectory parent,
        final HeldDirectory directory,
        final Path name,
        final FileChannel channel,
        final FileStat stat)
    {
        this.parent = parent;
        this.directory = directory;
        this.name = name;
        this.channel = channel;
        this.stat = stat;
    }

    /**
     * Creates an empty file that only its owner can open.
     *
     * @param parent directory in which it will be published; stays open until this is closed.
     * @param region path of the region that it belongs to.
     * @param euid   the caller's effective uid.
     * @return the file, which the caller closes; the user of its channel closes that.
     * @throws IOException if that cannot be done; then nothing is left.
     */
    static PrivateFile create(final HeldDirectory parent, final Path region, final int euid) throws IOException
    {
        final Path name = Path.of(String.format("%016x", ThreadLocalRandom.current().nextLong()));
        final Path directoryName = Path.of(region.getFileName() + "~" + name + SUFFIX);
        HeldDirectory directory = null;
        FileChannel channel = null;
        PrivateFile created = null;
        try
        {
            Files.createDirectory(parent.reach(directoryName),
                PosixFilePermissions.asFileAttribute(Access.PRIVATE.directoryPermissions()));
            directory = parent.openChild(directoryName);
            if (euid != directory.stat().uid() || 0 != (directory.stat().mode() & OTHERS_MASK))
            {
                throw new IOException("directory " + directory.path() + " was replaced by another user's");
            }
            channel = directory.create(name);
            final FileStat stat = FileStat.of(directory.path().resolve(name));
            final PosixFileAttributes found = directory.attributes(name);
            if (null == stat || null == found || !found.fileKey().equals(stat.key()))
            {
                throw new NoSuchFileException(directory.path().toString(), null, "moved while it was made");
            }
            created = new PrivateFile(parent, directory, name, channel, stat);
            return created;
        }
        finally
        {
            if (null == created)
            {
                if (null != channel)
                {
                    channel.close();
                }
                remove(parent, directoryName, directory, name);
            }
        }
    }

    /**
     * @param region path of a region.
     * @return pattern of the names of the private directories for its files.
     */
    public static Pattern directoryName(final Path region)
    {
        return Pattern.compile(
            Pattern.quote(region.getFileName().toString()) + "~[0-9a-f]{16}" + Pattern.quote(SUFFIX));
    }

    /**
     * Deletes the private directory of a dead creator. The caller has made sure of the death: it holds the tables'
     * lock.
     *
     * @param parent directory that it is in.
     * @param name   that matches {@link #directoryName}.
     * @return whether something was deleted.
     */
    public static boolean removeLeft(final HeldDirectory parent, final Path name)
    {
        try
        {
            final PosixFileAttributes found = parent.attributes(name);
            if (null == found || found.isSymbolicLink() || found.isOther())
            {
                return false;
            }
            if (found.isRegularFile())
            {
                return parent.delete(name, null);
            }
            try (HeldDirectory directory = parent.openChild(name))
            {
                for (final Path file : directory.names((each) -> FILE_NAME.matcher(each).matches()))
                {
                    directory.delete(file, null);
                }
            }
            parent.deleteDirectory(name);
            return true;
        }
        catch (final IOException ex)
        {
            // It belongs to another user, and only that user can remove it; or the next creator removes it.
            return false;
        }
    }

    /**
     * @return the file as it was when it was made.
     */
    FileStat stat()
    {
        return stat;
    }

    /**
     * @return the file, open to be read and written.
     */
    FileChannel channel()
    {
        return channel;
    }

    /**
     * Opens the file again.
     *
     * @return the file, open to be read and written.
     * @throws IOException if that cannot be done.
     */
    FileChannel reopen() throws IOException
    {
        final FileChannel opened = directory.openFile(name);
        if (!stat.key().equals(directory.attributes(name).fileKey()))
        {
            LockFiles.close(opened, null);
            throw new IOException("another file is at " + directory.path().resolve(name));
        }
        return opened;
    }

    /**
     * Gives the file its mode.
     *
     * @param access who shares it.
     * @param group  new group of the file; null to keep its group.
     * @throws IOException if that cannot be done.
     */
    void setMode(final Access access, final GroupPrincipal group) throws IOException
    {
        final PosixFileAttributeView view = directory.view(name);
        if (null != group && !group.equals(view.readAttributes().group()))
        {
            view.setGroup(group);
        }
        // The mode that a file is created with is masked by the umask; this one is not.
        view.setPermissions(access.filePermissions());
    }

    /**
     * Gives the file its name.
     *
     * @param path in the directory in which this file's directory was made.
     * @throws java.nio.file.FileAlreadyExistsException if there is a file of that name.
     * @throws IOException                              if that cannot be done.
     */
    void publish(final Path path) throws IOException
    {
        Files.createLink(parent.reach(path.getFileName()), directory.reach(name));
        // By path where the kernel does not show open directories. A user that renamed the private directory in the
        // meantime made a link to a file of its own: it is not used, and not deleted, since by now the name may be
        // another file's.
        final PosixFileAttributes found = parent.attributes(path.getFileName());
        if (null == found || !stat.key().equals(found.fileKey()))
        {
            throw new IOException("another file than the one that was made is at " + path +
                ": a user who can write to " + parent.path() + " replaced it");
        }
    }

    /** Deletes the private name and directory. */
    @Override
    public void close()
    {
        remove(parent, directory.path().getFileName(), directory, name);
    }

    private static void remove(
        final HeldDirectory parent, final Path directoryName, final HeldDirectory directory, final Path name)
    {
        try
        {
            if (null != directory)
            {
                directory.delete(name, null);
                directory.close();
            }
            parent.deleteDirectory(directoryName);
        }
        catch (final IOException ex)
        {
            // It was renamed, or not created: the next creator removes it.
        }
    }
}
