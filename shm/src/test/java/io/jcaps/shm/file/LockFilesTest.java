/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.Access;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.RegionFixture;
import io.jcaps.shm.ShmHost;
import io.jcaps.shm.inspect.RegionErrors;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.ProcessInfo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * A member of the group gives a region's lock file another name, and a program that is attached looks at what has that
 * name (F23, F39): the kernel would drop the program's locks when the look is over.
 */
class LockFilesTest
{
    private static final int INDEX = 3;

    @RegisterExtension
    final RegionFixture fixture = new RegionFixture();

    private Path link;

    /** How a program looks at a file. */
    private enum Look
    {
        IS_REGION
        {
            @Override
            void at(final Path path)
            {
                assertThat(RegionView.isRegion(path)).isFalse();
            }
        },
        VIEW
        {
            @Override
            void at(final Path path)
            {
                RegionView.open(path).close();
            }
        },
        VIEW_OF_TRUSTED
        {
            @Override
            void at(final Path path)
            {
                RegionView.open(path, Access.PRIVATE).close();
            }
        },
        ERRORS
        {
            @Override
            void at(final Path path) throws IOException
            {
                RegionErrors.read(path);
            }
        },
        ATTACH
        {
            @Override
            void at(final Path path)
            {
                ShmHost.open(new RegionConfig().path(path).geometry(RegionFixture.SMALL)).close();
            }
        };

        abstract void at(Path path) throws IOException;
    }

    @BeforeEach
    void before()
    {
        link = fixture.directory().resolve("link");
    }

    private ShmHost hold()
    {
        final ShmHost host = fixture.open();
        assertThat(host.holdLife(INDEX)).isTrue();
        return host;
    }

    @ParameterizedTest(name = "{0} in a directory of mode {1}")
    @CsvSource({"IS_REGION, rwx------", "VIEW, rwx------", "VIEW_OF_TRUSTED, rwx------", "ERRORS, rwx------",
        "ATTACH, rwx------", "IS_REGION, rwxrwxrwx", "VIEW, rwxrwxrwx", "ERRORS, rwxrwxrwx"})
    @DisplayName("F23, F39: a look at another name of the lock file of a region in use drops no lock")
    void shouldKeepLocksWhenOtherNameIsLookedAt(final Look look, final String mode) throws IOException
    {
        final ShmHost host = hold();
        final Path directory = Files.createDirectory(fixture.directory().resolve("other"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(mode));
        final Path other = directory.resolve("link");
        Files.createLink(other, fixture.lockPath());
        if (Look.IS_REGION == look)
        {
            look.at(other);
        }
        else
        {
            assertThatThrownBy(() -> look.at(other)).isInstanceOf(RegionException.class).hasMessageContainingAll(
                other.toString(), "is the lock file of a region that this program uses", "2 names");
        }
        assertThat(host.holdsLife(INDEX)).isTrue();
    }

    @Test
    @DisplayName("F23, F39: a file that was opened before it became the lock file of a region in use stays open")
    void shouldKeepLocksWhenFileWasOpenBefore() throws IOException
    {
        fixture.open().close();
        Files.createLink(link, fixture.lockPath());
        final RegionChannel channel = RegionChannel.openToRead(link, ProcessInfo.find().self().euid());
        final ShmHost host = hold();
        channel.close();
        channel.close();
        assertThat(host.holdsLife(INDEX)).isTrue();
    }

    @Test
    @DisplayName("F23, F39: another name of the lock file, swapped in after the search, drops no lock")
    void shouldKeepLocksWhenFileIsReplacedByLockFile() throws IOException
    {
        final ShmHost host = hold();
        final Path path = Files.createFile(fixture.directory().resolve("found"));
        final FileStat found = FileStat.of(path);
        Files.createLink(link, fixture.lockPath());
        Files.move(link, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        assertThat(RegionChannel.open(path, found, ProcessInfo.find().self().euid())).isNull();
        assertThat(host.holdsLife(INDEX)).isTrue();
    }

    @Test
    @DisplayName("F23: a file that is no lock file is closed, also if it is not known which one it is")
    void shouldCloseOtherFiles() throws IOException
    {
        final ShmHost host = hold();
        final Path path = Files.createFile(fixture.directory().resolve("found"));
        for (final FileStat file : new FileStat[]{null, FileStat.of(path)})
        {
            final FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            LockFiles.close(channel, file);
            assertThat(channel.isOpen()).isFalse();
        }
        assertThat(host.holdsLife(INDEX)).isTrue();
    }
}
