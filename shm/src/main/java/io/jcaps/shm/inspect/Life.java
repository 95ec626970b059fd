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
    /** Somebody holds its life lock: it is there, however slow it is. */
    ALIVE,
    /** Nobody holds its life lock, or its entry was given up: it can store nothing any more. */
    DEAD,
    /** The lock file is missing, is another one than the region's, or may not be opened. */
    UNKNOWN
}
