/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.shm.os.JnaDirectory;
import io.jcaps.shm.os.JvmRegistry;
import io.jcaps.shm.os.NativeCalls;
import io.jcaps.testkit.JvmCommand;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.File;
import java.io.IOException;
import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * JNA in other people's JVMs: where it cannot be loaded threads poll, with the reason; where it can, it is.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class JnaLoadingIT
{
    private static final List<String> NO_CACHE_HOME = List.of("env", "-u", "XDG_CACHE_HOME");

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    private String modeOf(final String classPath, final String... jvmOptions) throws IOException
    {
        final List<String> all = new ArrayList<>(PeerJvm.JVM_OPTIONS);
        all.addAll(List.of(jvmOptions));
        final PeerJvm peer = fixture.closing(PeerJvm.start(NO_CACHE_HOME, all, classPath));
        final String opened = peer.ask("open " + fixture.path() + " PRIVATE");
        assertThat(opened).as("attach never fails for want of JNA").doesNotStartWith("!");
        return peer.ask("mode");
    }

    @Test
    @DisplayName("F50: a JNA library of another version, found first, for which JNA throws Error: polls, and says so")
    void shouldPollWhenJnaIsIncompatible() throws IOException
    {
        // What com.sun.jna.Native does then, first on the class path.
        final Path stub = Files.createDirectories(fixture.directory().resolve("stub/com/sun/jna"));
        Files.writeString(stub.resolve("Native.java"), """
            package com.sun.jna;
            public final class Native
            {
                static
                {
                    if (true)
                    {
                        throw new Error(System.lineSeparator() + "There is an incompatible JNA native library");
                    }
                }
                public static void register(final Class<?> type, final NativeLibrary library)
                {
                }
                public static int getLastError()
                {
                    return 0;
                }
            }
            """);
        Files.writeString(stub.resolve("NativeLibrary.java"), """
            package com.sun.jna;
            public final class NativeLibrary implements AutoCloseable
            {
                public static NativeLibrary getInstance(final String name, final java.util.Map<String, ?> options)
                {
                    return new NativeLibrary();
                }
                public void close()
                {
                }
            }
            """);
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none",
            stub.resolve("Native.java").toString(), stub.resolve("NativeLibrary.java").toString())).isZero();
        final String mode = modeOf(
            fixture.directory().resolve("stub") + File.pathSeparator + PeerJvm.join(PeerJvm.neededClassPath(false)),
            "-Djna.boot.library.path=/opt/other");
        assertThat(mode).startsWith("parked polling").contains("java.lang.Error: There is an incompatible JNA native",
            "jna.boot.library.path=/opt/other");
    }

    @Test
    @DisplayName("F50: an older JNA that another library brought: polls, and names its version and jar and the remedy")
    void shouldNameOldJna() throws IOException
    {
        // As older ones are, without NativeLibrary.close().
        final Path stub = Files.createDirectories(fixture.directory().resolve("old/com/sun/jna"));
        Files.writeString(stub.resolve("NativeLibrary.java"), """
            package com.sun.jna;
            public final class NativeLibrary
            {
                public static NativeLibrary getInstance(final String name, final java.util.Map<String, ?> options)
                {
                    return new NativeLibrary();
                }
            }
            """);
        Files.writeString(stub.resolve("Native.java"), """
            package com.sun.jna;
            public final class Native
            {
                public static void register(final Class<?> type, final NativeLibrary library)
                {
                }
                public static int getLastError()
                {
                    return 0;
                }
            }
            """);
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none",
            stub.resolve("Native.java").toString(), stub.resolve("NativeLibrary.java").toString())).isZero();
        final Path old = fixture.directory().resolve("old");
        assertThat(modeOf(old + File.pathSeparator + PeerJvm.join(PeerJvm.neededClassPath(false))))
            .startsWith("parked polling").contains("JNA on the class path is too old", "version unknown")
            .contains("in file:" + old, "lacks 'void com.sun.jna.NativeLibrary.close()'", "put JNA 5.19.1 or later");
    }

    @Test
    @DisplayName("F50: a home without exec: JNA is loaded from java.io.tmpdir")
    void shouldLoadFromTemporaryDirectory() throws Exception
    {
        final Path home = fixture.mountTmpfs("noexec");
        assertThat(modeOf(PeerJvm.join(PeerJvm.neededClassPath(true)), "-Duser.home=" + home)).isEqualTo("futex");
    }

    @Test
    @DisplayName("F50: no directory allows execution: polls, and names each and the property that JNA reads")
    void shouldPollWithoutADirectory() throws Exception
    {
        final Path mount = fixture.mountTmpfs("noexec");
        assertThat(modeOf(PeerJvm.join(PeerJvm.neededClassPath(true)), "-Duser.home=" + mount,
            "-Djava.io.tmpdir=" + mount)).startsWith("parked polling").contains(
            mount + "/.cache/JNA/temp does not allow execution", mount + " does not allow execution",
            "-Djna.tmpdir=<directory>");
    }

    @Test
    @DisplayName("F50: a user without a passwd entry, whose home is '?': no directory of that name is made")
    void shouldMakeNoDirectoryOfAQuestionMark() throws IOException
    {
        assertThat(modeOf(PeerJvm.join(PeerJvm.neededClassPath(true)), "-Duser.home=?")).isEqualTo("futex");
        assertThat(Path.of("?")).doesNotExist();
    }

    @Test
    @DisplayName("F50: the program's own choice is left to JNA, and the property is unchanged afterwards")
    void shouldLeaveTheChoiceOfTheProgram() throws IOException
    {
        final Path own = fixture.directory().resolve("own");
        assertThat(modeOf(PeerJvm.join(PeerJvm.neededClassPath(true)), "-Djna.tmpdir=" + own)).isEqualTo("futex");
        assertThat(own).as("made by JNA").isDirectory();

        final String before = System.getProperty(JnaDirectory.PROPERTY);
        assertThat(NativeCalls.load()).isNull();
        assertThat(System.getProperty(JnaDirectory.PROPERTY)).isEqualTo(before);
    }

    @Test
    @DisplayName("F50: programs of several class loaders load JNA at the same time, none from another's directory")
    void shouldLoadBelowSeveralClassLoadersAtOneTime() throws Exception
    {
        // Each in a directory of its own below java.io.tmpdir, which is deleted when its library is loaded.
        final Path home = fixture.mountTmpfs("noexec");
        final Path temporary = Files.createDirectory(fixture.directory().resolve("tmp"));
        final List<String> command = new ArrayList<>(NO_CACHE_HOME);
        command.add(JvmCommand.java());
        command.addAll(PeerJvm.JVM_OPTIONS);
        command.addAll(List.of("-Duser.home=" + home, "-Djava.io.tmpdir=" + temporary, "-XX:-UsePerfData",
            "-cp", PeerJvm.join(PeerJvm.neededClassPath(true)), ManyLoaders.class.getName()));
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        fixture.closing(process::destroyForcibly);
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(output.lines()).hasSize(ManyLoaders.COUNT + 1).allMatch("null"::equals);
        assertThat(process.waitFor()).isZero();
        try (Stream<Path> left = Files.list(temporary))
        {
            assertThat(left).isEmpty();
        }
    }

    @Test
    @DisplayName("F50: a program that loads JNA while another class loader's is being loaded waits for it")
    void shouldWaitForOtherClassLoader() throws Exception
    {
        final Path other = fixture.directory().resolve("other");
        final FutureTask<Object> load = ManyLoaders.load(System.getProperty("java.class.path"), () ->
        {
        });
        final Thread thread = new Thread(load);
        final Object monitor = JvmRegistry.find("jna");
        final String before = System.getProperty(JnaDirectory.PROPERTY);
        synchronized (monitor)
        {
            System.setProperty(JnaDirectory.PROPERTY, other.toString());
            try
            {
                thread.start();
                LockInfo blocked = null;
                while (thread.isAlive() &&
                    (null == blocked || blocked.getIdentityHashCode() != System.identityHashCode(monitor)))
                {
                    final ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(thread.getId());
                    blocked = null == info ? null : info.getLockInfo();
                }
                assertThat(thread.isAlive()).as("it waits").isTrue();
            }
            finally
            {
                if (null == before)
                {
                    System.clearProperty(JnaDirectory.PROPERTY);
                }
                else
                {
                    System.setProperty(JnaDirectory.PROPERTY, before);
                }
            }
        }
        assertThat(load.get()).isNull();
        assertThat(other).as("another's directory").doesNotExist();
    }

    /** Several programs in one JVM, each below a class loader of its own. */
    public static final class ManyLoaders
    {
        static final int COUNT = 8;

        private ManyLoaders()
        {
        }

        public static void main(final String[] args) throws Exception
        {
            final CountDownLatch areReady = new CountDownLatch(COUNT);
            final List<FutureTask<Object>> loads = new ArrayList<>();
            for (int i = 0; i < COUNT; i++)
            {
                loads.add(load(System.getProperty("java.class.path"), () ->
                {
                    areReady.countDown();
                    while (0 != areReady.getCount())
                    {
                        Thread.onSpinWait();
                    }
                }));
                final Thread thread = new Thread(loads.get(i));
                thread.setDaemon(true);
                thread.start();
            }
            for (final FutureTask<Object> load : loads)
            {
                System.out.println(load.get());
            }
            System.out.println(System.getProperty(JnaDirectory.PROPERTY));
        }

        /** Loads the calls below a class loader of their own. */
        static FutureTask<Object> load(final String classPath, final Runnable before) throws Exception
        {
            final List<URL> urls = new ArrayList<>();
            for (final String entry : classPath.split(File.pathSeparator))
            {
                urls.add(Path.of(entry).toUri().toURL());
            }
            final ClassLoader loader =
                new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
            final Method load = loader.loadClass(NativeCalls.class.getName()).getMethod("load");
            return new FutureTask<>(() ->
            {
                before.run();
                return load.invoke(null);
            });
        }
    }
}
