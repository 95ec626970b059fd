/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A program that is deployed again and again in one JVM, each time below a class loader of its own.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RedeployIT
{
    private static final int DEPLOY_COUNT = 12;
    private static final short POLLIN = 1;

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @Test
    @DisplayName("F50: after the close JNA keeps no reference to its thread, and so none to the class loader")
    void shouldLeaveNothingToClean() throws Exception
    {
        try (URLClassLoader loader = newClassLoader())
        {
            assertThat(deploy(loader)).isEqualTo("futex");
            final Class<?> cleanerClass = loader.loadClass("com.sun.jna.internal.Cleaner");
            assertThat(cleanerClass.getClassLoader()).isSameAs(loader);
            final Object cleaner = cleanerClass.getMethod("getCleaner").invoke(null);
            final Field first = cleanerClass.getDeclaredField("firstCleanable");
            first.setAccessible(true);
            // What a call needed for a string is cleaned by a collection. A library that is registered never would be.
            while (null != first.get(cleaner))
            {
                System.gc();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
        }
    }

    @Test
    @DisplayName("F50: native calls are mapped while an attachment is open, again for the next, and not after the last")
    void shouldUnmapCalls() throws Exception
    {
        try (URLClassLoader loader = newClassLoader())
        {
            final Class<?> functions = loader.loadClass("io.jcaps.shm.os.NativeFunctions");
            final Method isMapped = loader.loadClass("com.sun.jna.Native").getMethod("registered", Class.class);
            final Class<?> calls = loader.loadClass("io.jcaps.shm.os.NativeCalls");
            final Method retain = calls.getDeclaredMethod("retain");
            final Method release = calls.getDeclaredMethod("release");
            final Method poll = calls.getDeclaredMethod("poll", long.class, long.class, int.class);
            final Method eventfd = calls.getDeclaredMethod("eventfd", int.class, int.class);
            final Method write = calls.getDeclaredMethod("write", int.class, long.class, long.class);
            final Method close = calls.getDeclaredMethod("close", int.class);
            for (final Method method : List.of(retain, release, poll, eventfd, write, close))
            {
                method.setAccessible(true);
            }
            for (int i = 0; i < 3; i++)
            {
                assertThat(deploy(loader)).isEqualTo("futex");
                assertThat(isMapped.invoke(null, functions)).isEqualTo(false);
                assertThat(poll.invoke(null, 0L, 0L, 0)).as("a late call").isEqualTo(-1);
            }
            assertThat(retain.invoke(null)).isNull();
            final int descriptor = (Integer)eventfd.invoke(null, 0, 0);
            final UnsafeBuffer one = new UnsafeBuffer(BufferUtil.allocateDirectAligned(Long.BYTES, Long.BYTES));
            one.putLong(0, 1);
            final UnsafeBuffer pollfd = new UnsafeBuffer(BufferUtil.allocateDirectAligned(Long.BYTES, Long.BYTES));
            pollfd.putInt(0, descriptor);
            pollfd.putShort(Integer.BYTES, POLLIN);
            final AtomicReference<Object> result = new AtomicReference<>();
            final Thread sleeper = new Thread(() -> result.set(invoke(poll, pollfd.addressOffset(), 1L, -1)));
            sleeper.start();
            while (!Arrays.toString(sleeper.getStackTrace()).contains("NativeFunctions.poll"))
            {
                Thread.onSpinWait();
            }
            // The thread in the call returns to what is mapped, and unmaps it when it leaves.
            release.invoke(null);
            assertThat(isMapped.invoke(null, functions)).isEqualTo(true);
            assertThat(write.invoke(null, descriptor, one.addressOffset(), (long)Long.BYTES)).isEqualTo(8L);
            sleeper.join();
            assertThat(result.get()).isEqualTo(1);
            assertThat(isMapped.invoke(null, functions)).isEqualTo(false);
            assertThat(retain.invoke(null)).isNull();
            assertThat(close.invoke(null, descriptor)).isEqualTo(0);
            release.invoke(null);
        }
    }

    private static Object invoke(final Method method, final Object... arguments)
    {
        try
        {
            return method.invoke(null, arguments);
        }
        catch (final ReflectiveOperationException ex)
        {
            return ex;
        }
    }

    @Test
    @Tag("full")
    @DisplayName("F50: of 12 deployments no thread is left, and no class loader")
    void shouldLeaveNoThread() throws Exception
    {
        final List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < DEPLOY_COUNT; i++)
        {
            try (URLClassLoader loader = newClassLoader())
            {
                deploy(loader);
                loaders.add(new WeakReference<>(loader));
            }
        }
        // JNA's thread looks every 30 seconds whether it is needed.
        while (Thread.getAllStackTraces().keySet().stream().anyMatch((thread) ->
            "JNA Cleaner".equals(thread.getName()) || "jcaps-watch".equals(thread.getName())))
        {
            System.gc();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        while (loaders.stream().anyMatch((loader) -> null != loader.get()))
        {
            System.gc();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    @SuppressWarnings("unchecked")
    private String deploy(final ClassLoader loader) throws ReflectiveOperationException
    {
        final Thread thread = Thread.currentThread();
        final ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try
        {
            return ((Function<String, String>)loader.loadClass(DeployedPeer.class.getName()).getConstructor()
                .newInstance()).apply(region.path().toString());
        }
        finally
        {
            thread.setContextClassLoader(before);
        }
    }

    private static URLClassLoader newClassLoader() throws IOException
    {
        final List<URL> urls = new ArrayList<>();
        for (final String entry : System.getProperty("java.class.path").split(File.pathSeparator))
        {
            urls.add(Path.of(entry).toUri().toURL());
        }
        return new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }
}
