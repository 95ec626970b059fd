/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.host.Credentials;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Ids of other processes in a user namespace (R22, F44).
 */
class ProcFsIdsTest
{
    private static final int PID = 42;

    @TempDir
    private Path root;

    @BeforeEach
    void before() throws IOException
    {
        write("sys/kernel/overflowuid", "65534\n");
        write("sys/kernel/overflowgid", "65534\n");
        write("self/uid_map", "         0       1000          5\n");
        write("self/gid_map", "         0       1000          5\n");
    }

    private void write(final String name, final String text) throws IOException
    {
        final Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private Credentials credentials(final int uid, final int gid) throws IOException
    {
        write(PID + "/status", "Pid:\t" + PID + "\nUid:" + ("\t" + uid).repeat(4) + "\nGid:" +
            ("\t" + gid).repeat(4) + "\nGroups:\t\n");
        return new ProcFs(root).credentials(PID);
    }

    @Test
    @DisplayName("F44: a process with the overflow id, which is not mapped here, is of no known user")
    void shouldNotKnowOverflowId() throws IOException
    {
        assertThat(credentials(65_534, 0)).isSameAs(Credentials.UNKNOWN);
        assertThat(credentials(0, 65_534)).isSameAs(Credentials.UNKNOWN);
        assertThat(credentials(3, 4).euid()).isEqualTo(3);
        write("self/uid_map", "0 1000 65536\n");
        assertThat(credentials(65_534, 0).euid()).as("mapped: a user like others").isEqualTo(65_534);
    }

    @Test
    @DisplayName("F44: a range of mapped ids ends with its count")
    void shouldEndRangeWithCount()
    {
        assertThat(ProcFs.mappedCount("0 1000 5\n10 2000 7\n", 4)).isEqualTo(5);
        assertThat(ProcFs.mappedCount("0 1000 5\n10 2000 7\n", 5)).isZero();
        assertThat(ProcFs.mappedCount("0 1000 5\n10 2000 7\n", 16)).isEqualTo(7);
        assertThat(ProcFs.mappedCount("0 1000 5\n10 2000 7\n", 17)).isZero();
    }
}
