/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.Attachment;
import io.jcaps.shm.Access;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionFixture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

class StaleFilesTest
{
    @RegisterExtension
    final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("A dead creator's private file goes, files of other names and the region stay")
    void shouldRemovePrivateFilesOnly() throws IOException
    {
        attach().close();
        final Path left = Files.createFile(fixture.directory().resolve("region~0123456789abcdef.tmp"));
        Files.createFile(fixture.directory().resolve("region~mine.tmp"));
        Files.createFile(fixture.directory().resolve("other~0123456789abcdef.tmp"));

        assertThat(StaleFiles.find(fixture.path(), Access.PRIVATE, false)).containsExactly(left);
        assertThat(left).exists();
        assertThat(StaleFiles.remove(fixture.path(), Access.PRIVATE, false)).containsExactly(left);
        assertThat(fixture.names())
            .containsExactly("other~0123456789abcdef.tmp", "region", "region.lock", "region~mine.tmp");
        assertThat(StaleFiles.remove(fixture.path(), Access.PRIVATE, false)).isEmpty();
    }

    @Test
    @DisplayName("A region without living processes is removed only on request")
    void shouldRemoveAnUnusedRegionIfWanted() throws IOException
    {
        attach().close();
        assertThat(StaleFiles.remove(fixture.path(), Access.PRIVATE, false)).isEmpty();
        assertThat(StaleFiles.remove(fixture.path(), Access.PRIVATE, true)).containsExactly(fixture.path(),
            fixture.lockPath());
        assertThat(fixture.names()).isEmpty();
        // Nothing is in the way of the next one.
        attach();
        assertThat(fixture.names()).containsExactly("region", "region.lock");
    }

    @Test
    @DisplayName("A region with a living process is never removed")
    void shouldLeaveARegionInUse() throws IOException
    {
        attach();
        assertThat(StaleFiles.find(fixture.path(), Access.PRIVATE, true)).isEmpty();
        assertThat(StaleFiles.remove(fixture.path(), Access.PRIVATE, true)).isEmpty();
        assertThat(fixture.names()).containsExactly("region", "region.lock");
    }

    @Test
    @DisplayName("F18, F47: an unused region and its lock file stay if a process lives in the region that it replaced")
    void shouldLeaveALockFileInUse() throws IOException
    {
        attach();
        Files.delete(fixture.path());
        attach().close();
        assertThat(StaleFiles.remove(fixture.path(), Access.PRIVATE, true)).isEmpty();
        assertThat(fixture.names()).containsExactly("region", "region.lock");
    }

    @Test
    @DisplayName("A region without its lock file stays: its processes cannot be determined")
    void shouldLeaveARegionWithoutItsLockFile() throws IOException
    {
        attach().close();
        Files.delete(fixture.lockPath());
        assertThat(StaleFiles.remove(fixture.path(), Access.PRIVATE, true)).isEmpty();
        assertThat(fixture.names()).containsExactly("region");
    }

    private Attachment attach()
    {
        return fixture.closing(Caps.attach(fixture.config()));
    }
}
