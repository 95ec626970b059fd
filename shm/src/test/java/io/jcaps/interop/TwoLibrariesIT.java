/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.interop;

import com.sun.jna.NativeLibrary;
import io.jcaps.Attachment;
import io.jcaps.PortOptions;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.inspect.Life;
import io.jcaps.shm.inspect.RegionView;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Both libraries in one process: the kernel counts file locks by process, so the second is refused, and the first goes
 * on.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class TwoLibrariesIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("libcaps in a JVM whose Java library uses the region: EBUSY, and the JVM stays alive in the region")
    void shouldRefuseTheCLibrary() throws Exception
    {
        final NativeLibrary library = NativeLibrary.getInstance(Library.program("libcaps.so.0").toString());
        final Path region = directory.resolve("own").resolve("region");
        try (Attachment caps = Caps.attach(new RegionConfig().path(region)))
        {
            for (int i = 0; i < 3; i++)
            {
                final Object[] arguments = {region.toString(), 0, null};
                final int result = library.getFunction("caps_sys_open", 0, "UTF-8").invokeInt(arguments);
                assertThat(result).as(() -> describe(region)).isEqualTo(-1);
                assertThat(library.getFunction("caps_error").invokeString(new Object[0], false))
                    .contains("another CAPS library");
            }
            assertThat(caps.service("t", new PortOptions()).isClosed()).isFalse();
            try (RegionView view = RegionView.open(region))
            {
                assertThat(view.look(0).processes()).singleElement()
                    .satisfies((process) -> assertThat(process.life()).isEqualTo(Life.ALIVE));
            }
        }
    }

    @Test
    @DisplayName("The Java library in a process in which libcaps uses the region: an exception, and libcaps continues")
    void shouldRefuseTheJavaLibrary() throws Exception
    {
        final NativeLibrary library = NativeLibrary.getInstance(Library.program("libcaps.so.0").toString());
        final Path region = directory.resolve("own").resolve("region");
        final Object[] arguments = {region.toString(), 0, null};
        final int result = library.getFunction("caps_sys_open").invokeInt(arguments);
        assertThat(result).as(() -> library.getFunction("caps_error").invokeString(new Object[0], false)).isZero();
        try
        {
            assertThatThrownBy(() -> Caps.attach(new RegionConfig().path(region)))
                .isInstanceOf(RegionException.class).hasMessageContaining("another CAPS library");
            final Object[] service = {"t", -1, Integer.parseInt(
                Files.getAttribute(directory, "unix:gid").toString()), 0, 1};
            final int port = library.getFunction("caps_sys_service").invokeInt(service);
            assertThat(port).as(library.getFunction("caps_error").invokeString(new Object[0], false)).isPositive();
        }
        finally
        {
            library.getFunction("caps_sys_leave").invokeInt(new Object[0]);
        }
    }

    /** What the kernel says of this process's locks on the region. */
    private static String describe(final Path region)
    {
        try
        {
            return "process " + ProcessHandle.current().pid() + ", lock file " +
                Files.readAttributes(Path.of(region + ".lock"), "unix:dev,ino") + ", locks:\n" +
                Files.readString(Path.of("/proc/locks"));
        }
        catch (final IOException ex)
        {
            return ex.toString();
        }
    }
}
