/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.shm.Access;
import io.jcaps.shm.os.FileStat;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * An open directory. Names are looked up in this directory, even if another one is at its path by now, and symbolic
 * links are not followed. So another user who can rename files here or above cannot redirect a change or a deletion.
 * <p>
 * Any thread may call.
 */
public final class HeldDirectory implements AutoCloseable
{
    /**
     * Appended to the name of a directory that is opened: Java opens any file of a name, and the open of a named pipe
     * waits for its other end. The kernel finds this name only in a directory.
     */
    private static final Path SELF = Path.of(".");
    private static final int MAX_ENTRIES = 20_000;
    private static final Path DESCRIPTORS = Path.of("/proc/thread-self/fd");

    private final Path path;
    private final Path descriptors;
    private final SecureDirectoryStream<Path> stream;
    private final FileStat stat;

    private HeldDirectory(
        final Path path, final Path descriptors, final SecureDirectoryStream<Path> stream, final FileStat stat)
    {
        this.path = path;
        this.descriptors = descriptors;
        this.stream = stream;
        this.stat = stat;
    }

    /**
     * Opens a directory.
     *
     * @param path of the directory; its last component must not be a symbolic link.
     * @return the directory, which the caller closes.
     * @throws IOException if there is none, it cannot be read, or the path leads to another one by now.
     */
    static HeldDirectory open(final Path path) throws IOException
    {
        return open(path, DESCRIPTORS);
    }

    /**
     * Opens a directory.
     *
     * @param path        of the directory.
     * @param descriptors directory in which the kernel, or a test in its place, shows what this process has open.
     * @return the directory, which the caller closes.
     * @throws IOException if that cannot be done.
     */
    static HeldDirectory open(final Path path, final Path descriptors) throws IOException
    {
        final FileStat stat = FileStat.of(path);
        if (null == stat)
        {
            throw new NoSuchFileException(path.toString());
        }
        if (!stat.isDirectory())
        {
            throw new NotDirectoryException(path.toString());
        }
        return hold(path, descriptors, Files.newDirectoryStream(path.resolve(SELF)));
    }

    /**
     * Opens a directory in this one.
     *
     * @param name of the directory, which must not be a symbolic link.
     * @return the directory, which the caller closes.
     * @throws IOException if that cannot be done.
     */
    HeldDirectory openChild(final Path name) throws IOException
    {
        final HeldDirectory child = hold(
            path.resolve(name), descriptors, stream.newDirectoryStream(name.resolve(SELF), LinkOption.NOFOLLOW_LINKS));
        boolean isInThis = false;
        try
        {
            // A symbolic link of that name was followed: NOFOLLOW_LINKS applies only to the last part of the name, the
            // dot.
            final PosixFileAttributes found = attributes(name);
            if (null == found)
            {
                // Treated as missing: another process removed it as the directory of a dead creator.
                throw new NoSuchFileException(child.path.toString(), null, "removed while it was opened");
            }
            isInThis = found.fileKey().equals(child.stat.key());
            if (!isInThis)
            {
                throw new IOException("directory " + child.path + " was replaced while it was opened");
            }
            return child;
        }
        finally
        {
            if (!isInThis)
            {
                child.close();
            }
        }
    }

    private static HeldDirectory hold(
        final Path path, final Path descriptors, final DirectoryStream<Path> opened) throws IOException
    {
        HeldDirectory held = null;
        try
        {
            if (!(opened instanceof SecureDirectoryStream<Path> secure))
            {
                throw new IOException("no operations relative to an open directory on this system: " + path);
            }
            // Java gives no uid of an open directory. The one found at the path is of the same inode as the open one.
            final FileStat stat = FileStat.of(path);
            final Object key =
                secure.getFileAttributeView(PosixFileAttributeView.class).readAttributes().fileKey();
            if (null == stat)
            {
                throw new NoSuchFileException(path.toString());
            }
            if (!key.equals(stat.key()))
            {
                throw new IOException("directory " + path + " was replaced while it was opened");
            }
            held = new HeldDirectory(path, descriptors, secure, stat);
            return held;
        }
        finally
        {
            if (null == held)
            {
                opened.close();
            }
        }
    }

    /**
     * @return the path at which it was opened; another file may be there by now.
     */
    Path path()
    {
        return path;
    }

    /**
     * For the calls that Java has by path only. The kernel resolves a descriptor's name in {@code /proc} to the open
     * directory itself.
     *
     * @param name of a file in the directory.
     * @return a path that leads to that name in the open directory, whatever is at the directory's path; below that
     * path where {@code /proc} does not show descriptors.
     */
    Path reach(final Path name)
    {
        // Java does not say which descriptor is this directory's. Another one of the same directory serves as well.
        try (DirectoryStream<Path> open = Files.newDirectoryStream(descriptors))
        {
            for (final Path descriptor : open)
            {
                if (stat.isSameFile(FileStat.ofTarget(descriptor)))
                {
                    return descriptor.resolve(name);
                }
            }
        }
        catch (final IOException | DirectoryIteratorException ex)
        {
            return path.resolve(name);
        }
        return path.resolve(name);
    }

    /**
     * @return the directory as it was when it was opened.
     */
    FileStat stat()
    {
        return stat;
    }

    /**
     * @return attributes of the directory itself, to be read and changed.
     */
    PosixFileAttributeView view()
    {
        return stream.getFileAttributeView(PosixFileAttributeView.class);
    }

    /**
     * @param name of a file in the directory.
     * @return its attributes, to be read and changed.
     */
    PosixFileAttributeView view(final Path name)
    {
        return stream.getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * @param name of a file in the directory.
     * @return its attributes; null if it is not there.
     * @throws IOException if the operating system does not report them.
     */
    public PosixFileAttributes attributes(final Path name) throws IOException
    {
        try
        {
            return view(name).readAttributes();
        }
        catch (final NoSuchFileException ex)
        {
            return null;
        }
    }

    /**
     * Lists the directory, 20,000 entries of it at most: Linux continues the listing of a tmpfs as long as a process
     * renames files there.
     *
     * @param filter of names.
     * @return names of files in the directory, sorted, each once.
     * @throws IOException if it cannot be read.
     */
    public List<Path> names(final Predicate<String> filter) throws IOException
    {
        // An open stream can be read only once.
        try (DirectoryStream<Path> files = stream.newDirectoryStream(SELF, LinkOption.NOFOLLOW_LINKS))
        {
            return names(files, filter);
        }
        catch (final DirectoryIteratorException ex)
        {
            throw ex.getCause();
        }
    }

    static List<Path> names(final Iterable<Path> files, final Predicate<String> filter)
    {
        final TreeSet<Path> names = new TreeSet<>();
        int count = 0;
        for (final Path file : files)
        {
            if (++count > MAX_ENTRIES)
            {
                break;
            }
            if (filter.test(file.getFileName().toString()))
            {
                names.add(file.getFileName());
            }
        }
        return List.copyOf(names);
    }

    /**
     * Creates a file that only its owner can open.
     *
     * @param name of the file, which must not be there.
     * @return the file, open to be read and written.
     * @throws IOException if that cannot be done.
     */
    FileChannel create(final Path name) throws IOException
    {
        return fileChannel(stream.newByteChannel(name,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS),
            PosixFilePermissions.asFileAttribute(Access.PRIVATE.filePermissions())));
    }

    /**
     * Opens a file that is there.
     *
     * @param name of the file, which must not be a symbolic link.
     * @return the file, open to be read and written.
     * @throws IOException if that cannot be done.
     */
    FileChannel openFile(final Path name) throws IOException
    {
        final Set<OpenOption> options =
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        return fileChannel(stream.newByteChannel(name, options));
    }

    private static FileChannel fileChannel(final SeekableByteChannel channel) throws IOException
    {
        if (channel instanceof FileChannel file)
        {
            return file;
        }
        channel.close();
        throw new IOException("files opened relative to a directory cannot be mapped on this system");
    }

    /**
     * Deletes a file, which is not a directory.
     *
     * @param name of the file.
     * @param file that must have the name; null for any file.
     * @return false if it is not there.
     * @throws IOException if it cannot be deleted.
     */
    public boolean delete(final Path name, final FileStat file) throws IOException
    {
        final PosixFileAttributes found = attributes(name);
        if (null == found || null != file && !found.fileKey().equals(file.key()))
        {
            return false;
        }
        try
        {
            stream.deleteFile(name);
            return true;
        }
        catch (final NoSuchFileException ex)
        {
            return false;
        }
    }

    /**
     * Deletes an empty directory.
     *
     * @param name of the directory.
     * @throws IOException if it cannot be deleted.
     */
    void deleteDirectory(final Path name) throws IOException
    {
        stream.deleteDirectory(name);
    }

    /** Closes the directory. A second call does nothing. */
    @Override
    public void close()
    {
        try
        {
            stream.close();
        }
        catch (final IOException ex)
        {
            // The descriptor is gone in any case.
        }
    }
}
