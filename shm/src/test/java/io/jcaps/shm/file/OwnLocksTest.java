/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.shm.os.FileStat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What the kernel shows of this process is played by files. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class OwnLocksTest
{
    private static final long POSITION = 65_536;
    private static final String HEAD = "pos:\t0\nflags:\t0100002\nmnt_id:\t24\nino:\t7\n";
    private static final String LOCK = "lock:\t1: POSIX  ADVISORY  WRITE 321 00:18:7 65536 65536\n";

    @TempDir
    private Path process;
    private Path file;

    @BeforeEach
    void before() throws IOException
    {
        file = Files.createFile(process.resolve("region.lock"));
        Files.createDirectory(process.resolve("fd"));
        Files.createDirectory(process.resolve("fdinfo"));
    }

    private OwnLocks ownLocks() throws IOException
    {
        return new OwnLocks(FileStat.of(file), process);
    }

    private void descriptor(final String number, final Path of, final String info) throws IOException
    {
        Files.createSymbolicLink(process.resolve("fd").resolve(number), of);
        Files.writeString(process.resolve("fdinfo").resolve(number), info);
    }

    @Test
    @DisplayName("F39: a lock is lost when no descriptor of the file lists it")
    void shouldFindLoss() throws IOException
    {
        descriptor("3", process, HEAD + LOCK);
        descriptor("4", file, HEAD);
        assertThat(ownLocks().mayHold(POSITION)).isFalse();
        assertThat(ownLocks().holdsAny()).isFalse();
        descriptor("5", file, HEAD + LOCK);
        assertThat(ownLocks().mayHold(POSITION)).isTrue();
        assertThat(ownLocks().mayHold(POSITION + 1)).isFalse();
        assertThat(ownLocks().holdsAny()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "pos:\t0\nflags:\t0100002\nmnt_i", HEAD + "lock:\t1: POSIX  ADVISORY  WRI", LOCK})
    @DisplayName("B2: a part of what the kernel shows proves no loss")
    void shouldNotBelievePart(final String part) throws IOException
    {
        descriptor("4", file, part);
        assertThat(ownLocks().mayHold(POSITION + 1)).isTrue();
        assertThatThrownBy(ownLocks()::holdsAny).hasMessageContaining("not whole");
    }

    @Test
    @DisplayName("B2: a list without any descriptor, as that of a main thread that has ended, proves no loss")
    void shouldNotBelieveEmptyList() throws IOException
    {
        assertThat(ownLocks().mayHold(POSITION)).isTrue();
        assertThatThrownBy(ownLocks()::holdsAny).hasMessageContaining("no descriptors");
    }

    @Test
    @DisplayName("F39: a descriptor that was closed while the list was read lists no lock")
    void shouldPassOverClosedDescriptor() throws IOException
    {
        descriptor("4", file, HEAD);
        Files.delete(process.resolve("fdinfo").resolve("4"));
        Files.createSymbolicLink(process.resolve("fd").resolve("5"), process.resolve("gone"));
        assertThat(ownLocks().mayHold(POSITION)).isFalse();
    }
}
