/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

/**
 * Functions of the C library, by their names, which JNA maps. Only {@link NativeCalls} calls them.
 */
final class NativeFunctions
{
    private NativeFunctions()
    {
    }

    static native long syscall(
        long number, long address, long operation, long value, long timeout, long address2, long value3);

    static native int fcntl(int descriptor, int command, long address);

    static native int madvise(long address, long length, int advice);

    static native int poll(long descriptors, long descriptorCount, int timeoutMs);

    static native int eventfd(int value, int flags);

    static native long write(int descriptor, long address, long length);

    static native int open(String path, int flags);

    static native int close(int descriptor);
}
