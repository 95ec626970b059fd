/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

/**
 * What the operating system reports of a process in a region.
 */
public enum Life
{
    /** A process holds the life lock: it is alive, however slow. */
    ALIVE,
    /** No process holds the life lock, or the entry was freed: the process can store nothing any more. */
    DEAD,
    /** The lock file is missing, is another one than the region's, or may not be opened. */
    UNKNOWN
}
