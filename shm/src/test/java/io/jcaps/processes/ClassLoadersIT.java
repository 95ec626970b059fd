/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

import static io.jcaps.sys.CapsSys.CAPF_USER;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two copies of the library in one JVM, each below a class loader of its own, and a process that watches.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClassLoadersIT
{
    /** More than the watch's rounds until each peer was looked at. */
    private static final int WATCH_ROUNDS = 10;
    private static final long WATCH_INTERVAL_MS = 30;

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("F35: each copy serves the other, none takes the other for dead, and one's end is not the other's")
    void shouldServeEachOther(final boolean isFirstClosedFirst) throws Exception
    {
        final int uid = region.ownUid();
        final ChildJvm outside = region.closing(
            ChildJvm.start(List.of(), System.getProperty("java.class.path"), FaultPeer.class, List.of()));
        assertThat(outside.ask("attach", region.path(), "PRIVATE")).isEqualTo("attached");
        try (URLClassLoader loader1 = newClassLoader(); URLClassLoader loader2 = newClassLoader())
        {
            final List<Function<String, String>> copies = List.of(newPeer(loader1), newPeer(loader2));
            assertThat(copies.get(0).getClass()).isNotSameAs(copies.get(1).getClass());
            assertThat(copies.get(0).getClass()).isNotSameAs(FaultPeer.class);
            for (int i = 0; i < 2; i++)
            {
                assertThat(copies.get(i).apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
                assertThat(copies.get(i).apply("service s name" + i + " " + CAPF_USER + " " + uid + " -1"))
                    .isEqualTo("OK");
                assertThat(copies.get(i).apply("echo s")).isEqualTo("echoing");
            }
            for (int i = 0; i < 2; i++)
            {
                final String ask = "name" + (1 - i) + " " + CAPF_USER + " " + uid + " -1";
                assertThat(copies.get(i).apply("client c " + ask)).isEqualTo("OK");
                assertThat(copies.get(i).apply("peer c"))
                    .startsWith("pid=" + ProcessHandle.current().pid() + " ");
                assertThat(outside.ask("client", "c" + i, "name" + i, CAPF_USER, uid, -1)).isEqualTo("OK");
            }
            // Long enough for each watch to look at each of its peers some times, the others in this process included.
            for (int round = 0; round < WATCH_ROUNDS; round++)
            {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(WATCH_INTERVAL_MS));
                for (int i = 0; i < 2; i++)
                {
                    assertThat(copies.get(i).apply("call c hello")).isEqualTo("hello");
                    assertThat(outside.ask("call", "c" + i, "hello")).isEqualTo("hello");
                }
            }
            assertThat(region.tables().processCount()).isEqualTo(3);

            final int first = isFirstClosedFirst ? 0 : 1;
            final int last = 1 - first;
            assertThat(copies.get(first).apply("detach")).isEqualTo("detached");
            assertThat(copies.get(last).apply("call c hello")).isEqualTo("NOT_CONNECTED");
            assertThat(outside.ask("call", "c" + first, "hello")).isEqualTo("NOT_CONNECTED");
            // Had the first one's end dropped the JVM's locks, all others would treat the second one as dead:
            // the watches, and to the next process that attaches and reaps.
            for (int round = 0; round < WATCH_ROUNDS; round++)
            {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(WATCH_INTERVAL_MS));
                assertThat(outside.ask("call", "c" + last, "hello")).isEqualTo("hello");
            }
            final ChildJvm newcomer = region.closing(
                ChildJvm.start(List.of(), System.getProperty("java.class.path"), FaultPeer.class, List.of()));
            assertThat(newcomer.ask("attach", region.path(), "PRIVATE")).isEqualTo("attached");
            assertThat(newcomer.ask("client", "c", "name" + last, CAPF_USER, uid, -1)).isEqualTo("OK");
            assertThat(newcomer.ask("call", "c", "hello")).isEqualTo("hello");
            assertThat(newcomer.ask("client", "d", "name" + first, CAPF_USER, uid, -1)).isEqualTo("NOT_FOUND");

            // The one that was closed comes back beside the other.
            assertThat(copies.get(first).apply("attach " + region.path() + " PRIVATE")).isEqualTo("attached");
            assertThat(copies.get(first).apply("client c name" + last + " " + CAPF_USER + " " + uid + " -1"))
                .isEqualTo("OK");
            assertThat(copies.get(first).apply("call c hello")).isEqualTo("hello");
            assertThat(copies.get(last).apply("detach")).isEqualTo("detached");
            assertThat(copies.get(first).apply("call c hello")).isEqualTo("NOT_CONNECTED");
            assertThat(outside.ask("call", "c" + last, "hello")).isEqualTo("NOT_CONNECTED");
            assertThat(copies.get(first).apply("detach")).isEqualTo("detached");
        }
    }

    @SuppressWarnings("unchecked")
    private static Function<String, String> newPeer(final ClassLoader loader) throws ReflectiveOperationException
    {
        return (Function<String, String>)loader.loadClass(FaultPeer.class.getName()).getConstructor().newInstance();
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
