/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The users that share a region. A user who can open the file can store anywhere in it, so all of them trust each
 * other's code.
 * <p>
 * Directories and files that are created get exactly these modes, whatever the umask.
 */
public enum Access
{
    /** One user: directory 0700, files 0600. The directory must be the caller's own or root's. */
    PRIVATE("rwx------", "rw-------"),
    /**
     * One group: directory 0770, files 0660 and of the directory's group. Where the directory is writable by its
     * group, as it may be with this access alone, files of any member are trusted like the directory owner's.
     */
    GROUP("rwxrwx---", "rw-rw----"),
    /** All users: directory 0755, files 0666. The directory's owner is the authority; only the owner can create. */
    WORLD("rwxr-xr-x", "rw-rw-rw-");

    private final String directoryMode;
    private final String fileMode;

    Access(final String directoryMode, final String fileMode)
    {
        this.directoryMode = directoryMode;
        this.fileMode = fileMode;
    }

    public Set<PosixFilePermission> directoryPermissions()
    {
        return PosixFilePermissions.fromString(directoryMode);
    }

    public Set<PosixFilePermission> filePermissions()
    {
        return PosixFilePermissions.fromString(fileMode);
    }
}
