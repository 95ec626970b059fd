/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/**
 * What is called in the C library, through JNA. Apart from those who call, so that they can be loaded without JNA.
 * <p>
 * Any thread may call; nothing but {@link #load()} before that has answered null.
 */
final class NativeCalls
{
    private static boolean isLoaded;

    private NativeCalls()
    {
    }

    /**
     * @return null if the calls can be made, else why not.
     */
    static synchronized String load()
    {
        if (!isLoaded)
        {
            try
            {
                Native.register(NativeCalls.class, NativeLibrary.getProcess());
                isLoaded = true;
            }
            catch (final LinkageError | RuntimeException ex)
            {
                // No JNA on the class path, no place from which it could load its library, or native code forbidden.
                return "JNA cannot be used: " + ex;
            }
        }
        return null;
    }

    /**
     * @return errno of this thread's last call that failed.
     */
    static int error()
    {
        return Native.getLastError();
    }

    static native long syscall(
        long number, long address, long operation, long value, long timeout, long address2, long value3);

    static native int madvise(long address, long length, int advice);

    static native int poll(long descriptors, long descriptorCount, int timeoutMs);

    static native int eventfd(int value, int flags);

    static native long write(int descriptor, long address, long length);

    static native int close(int descriptor);
}
