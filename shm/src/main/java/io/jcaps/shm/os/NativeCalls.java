/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The calls into the C library, through JNA. They are a class of their own, so that their callers load without JNA.
 * <p>
 * JNA refers to mapped methods, and so to their class loader. The class loader of a program that can be deployed again
 * must not stay in use. Below such a class loader the methods are therefore unmapped when the last attachment has
 * closed and no thread is in a call. A later call returns -1. Below the system's class loader they stay mapped, and no
 * call is counted.
 * <p>
 * Any thread may call. Before {@link #load()} or {@link #retain()} has returned null, only these two may be called.
 */
public final class NativeCalls
{
    /** Options that give this class a library object of its own: another user of JNA may hold the default one. */
    private static final Map<String, Object> OWN = Map.of("jcaps", "calls");
    private static final boolean IS_DEPLOYED = isDeployed(NativeCalls.class.getClassLoader());
    private static final String NEEDED = "5.19.1";
    private static final int STRIPE_COUNT = 16;
    /** In elements of 4 bytes: two cache lines. */
    private static final int STRIPE_LENGTH = 32;
    private static final int FAILED = -1;

    /** Number of threads in calls, in stripes; counted only below a class loader that can be unloaded. */
    private static final AtomicIntegerArray CALLS = new AtomicIntegerArray(STRIPE_COUNT * STRIPE_LENGTH);
    private static final Stripe[] STRIPES = stripes();

    private static volatile boolean isMapped;
    private static boolean wasMapped;
    // The last user has released the calls, but a thread was in one: that thread tries again when it leaves.
    private static volatile boolean isUnmapPending;
    // The first failure: later ones only report that a class was not initialized.
    private static String failure;
    private static int userCount;

    /** Counts a thread that is in a call, until it is closed. */
    private static final class Stripe implements AutoCloseable
    {
        // Index of its count in CALLS.
        private final int index;

        Stripe(final int index)
        {
            this.index = index;
        }

        @Override
        public void close()
        {
            if (IS_DEPLOYED)
            {
                CALLS.decrementAndGet(index);
                if (isUnmapPending)
                {
                    unmap();
                }
            }
        }
    }

    private NativeCalls()
    {
    }

    /**
     * @return null if the calls can be made, otherwise the reason.
     */
    public static synchronized String load()
    {
        if (!isMapped && null == failure)
        {
            // JNA has its library already, if it was mapped before: no directory is needed, so none that is full or
            // gone by now matters.
            failure = wasMapped ? map() : loadLibrary();
            isMapped = null == failure;
            wasMapped |= isMapped;
        }
        return failure;
    }

    /**
     * Each class loader has a JNA of its own, and all of them read the one property: one after the other, or one would
     * take the directory of another, which may be deleted by then, for the program's choice.
     */
    private static String loadLibrary()
    {
        synchronized (JvmRegistry.find("jna"))
        {
            try (JnaDirectory directory = JnaDirectory.find())
            {
                return null != directory.problem() ? "JNA has " + directory.problem() : load(directory.chosen());
            }
        }
    }

    /**
     * As {@link #load()}; if it returns null, the calls can be made until {@link #release()}.
     *
     * @return null if the calls can be made, otherwise the reason.
     */
    public static synchronized String retain()
    {
        final String problem = load();
        if (null == problem)
        {
            userCount++;
        }
        return problem;
    }

    /** Ends one {@link #retain()} that returned null. */
    public static synchronized void release()
    {
        userCount--;
        if (IS_DEPLOYED && 0 == userCount)
        {
            unmap();
        }
    }

    private static synchronized void unmap()
    {
        if (0 != userCount || !isMapped)
        {
            isUnmapPending = false;
            return;
        }
        isUnmapPending = true;
        // Set before the counts are read: a thread that enters a call from now on finds this, or is counted.
        isMapped = false;
        for (int i = 0; i < STRIPE_COUNT; i++)
        {
            if (0 != CALLS.get(i * STRIPE_LENGTH))
            {
                // A thread is in a call, or about to find the calls unmapped: it tries again when it leaves.
                isMapped = true;
                return;
            }
        }
        isUnmapPending = false;
        Native.unregister(NativeFunctions.class);
    }

    private static boolean isDeployed(final ClassLoader loader)
    {
        for (ClassLoader each = ClassLoader.getSystemClassLoader(); null != each; each = each.getParent())
        {
            if (each == loader)
            {
                return false;
            }
        }
        return null != loader;
    }

    private static String load(final Path directory)
    {
        if (null == directory)
        {
            return map();
        }
        // Set only while JNA loads, which is when it reads the property: the program may use JNA itself later.
        System.setProperty(JnaDirectory.PROPERTY, directory.toString());
        try
        {
            return map();
        }
        finally
        {
            // Unless the program has set it in the meantime.
            System.getProperties().remove(JnaDirectory.PROPERTY, directory.toString());
        }
    }

    private static String map()
    {
        if (!IS_DEPLOYED)
        {
            return register();
        }
        // JNA leaves thread-local values to the thread that maps, and the caller's thread outlives the class loader.
        final String[] result = {"the thread that maps the native calls has ended"};
        final Thread thread = new Thread(() -> result[0] = register(), "jcaps-native");
        thread.setDaemon(true);
        thread.start();
        boolean isInterrupted = false;
        while (thread.isAlive())
        {
            try
            {
                thread.join();
            }
            catch (final InterruptedException ex)
            {
                isInterrupted = true;
            }
        }
        if (isInterrupted)
        {
            Thread.currentThread().interrupt();
        }
        return result[0];
    }

    private static String register()
    {
        try
        {
            // The functions are found when they are registered, and those of the process stay where they are: the
            // library is closed again. JNA would keep a thread for it as long as the JVM lives, and with the thread the
            // class loader, as of a program that was deployed again.
            try (NativeLibrary library = NativeLibrary.getInstance(null, OWN))
            {
                Native.register(NativeFunctions.class, library);
            }
            return null;
        }
        catch (final VirtualMachineError ex)
        {
            throw ex;
        }
        catch (final NoSuchMethodError ex)
        {
            // Of the classes used here, only those of JNA may be of another version.
            return tooOld(ex);
        }
        catch (final RuntimeException | Error ex)
        {
            // No JNA on the class path, no place from which it could load its library, native code forbidden; or a
            // library of another JNA was found first, for which JNA throws a plain Error.
            return reason(ex);
        }
    }

    private static String tooOld(final NoSuchMethodError ex)
    {
        final String version = Native.class.getPackage().getImplementationVersion();
        final CodeSource source = Native.class.getProtectionDomain().getCodeSource();
        return "JNA on the class path is too old: version " + (null == version ? "unknown" : version) + " in " +
            (null == source ? "?" : source.getLocation()) + " lacks " + ex.getMessage() + ": put JNA " + NEEDED +
            " or later before it";
    }

    private static String reason(final Throwable ex)
    {
        final String text = ex.toString().strip().replaceAll("\\s+", " ");
        final String bootPath = System.getProperty("jna.boot.library.path");
        return "JNA cannot be used: " + text +
            (null == bootPath ? "" : ": it was looked for in jna.boot.library.path=" + bootPath + " first") +
            (text.contains(JnaDirectory.PROPERTY) || null == System.getProperty(JnaDirectory.PROPERTY) ? "" :
            ", " + JnaDirectory.PROPERTY + '=' + System.getProperty(JnaDirectory.PROPERTY));
    }

    /**
     * @return errno of this thread's last call that failed.
     */
    public static int error()
    {
        return Native.getLastError();
    }

    private static Stripe[] stripes()
    {
        final Stripe[] result = new Stripe[STRIPE_COUNT];
        for (int i = 0; i < STRIPE_COUNT; i++)
        {
            result[i] = new Stripe(i * STRIPE_LENGTH);
        }
        return result;
    }

    /** Null if the calls are not mapped. */
    private static Stripe enter()
    {
        if (!IS_DEPLOYED)
        {
            return STRIPES[0];
        }
        final Stripe stripe = STRIPES[(int)(Thread.currentThread().getId() & STRIPE_COUNT - 1)];
        CALLS.incrementAndGet(stripe.index);
        if (!isMapped)
        {
            stripe.close();
            return null;
        }
        return stripe;
    }

    static long syscall(
        final long number, final long address, final long operation, final long value, final long timeout,
        final long address2, final long value3)
    {
        try (Stripe stripe = enter())
        {
            return null == stripe ? FAILED :
                NativeFunctions.syscall(number, address, operation, value, timeout, address2, value3);
        }
    }

    public static int fcntl(final int descriptor, final int command, final long address)
    {
        try (Stripe stripe = enter())
        {
            return null == stripe ? FAILED : NativeFunctions.fcntl(descriptor, command, address);
        }
    }

    public static int madvise(final long address, final long length, final int advice)
    {
        try (Stripe stripe = enter())
        {
            return null == stripe ? FAILED : NativeFunctions.madvise(address, length, advice);
        }
    }

    static int poll(final long descriptors, final long descriptorCount, final int timeoutMs)
    {
        try (Stripe stripe = enter())
        {
            return null == stripe ? FAILED : NativeFunctions.poll(descriptors, descriptorCount, timeoutMs);
        }
    }

    static int eventfd(final int value, final int flags)
    {
        try (Stripe stripe = enter())
        {
            return null == stripe ? FAILED : NativeFunctions.eventfd(value, flags);
        }
    }

    static long write(final int descriptor, final long address, final long length)
    {
        try (Stripe stripe = enter())
        {
            return null == stripe ? FAILED : NativeFunctions.write(descriptor, address, length);
        }
    }

    public static int open(final String path, final int flags)
    {
        try (Stripe stripe = enter())
        {
            return null == stripe ? FAILED : NativeFunctions.open(path, flags);
        }
    }

    public static int close(final int descriptor)
    {
        try (Stripe stripe = enter())
        {
            return null == stripe ? FAILED : NativeFunctions.close(descriptor);
        }
    }
}
