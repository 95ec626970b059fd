/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A tmpfs of 16 MiB that fills up. Each case is a JVM of its own: one that touched a page without memory
 * would be ended, and that is seen. Needs root, or user namespaces, to mount the tmpfs.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class FullFileSystemIT
{
    private static final String CALLS_PROPERTY = "caps.test.full.calls";
    private static final String SEED_PROPERTY = "caps.test.seed";

    private Path mountPoint;
    private List<String> launcher;

    @BeforeEach
    void before() throws IOException
    {
        mountPoint = Files.createTempDirectory("jcaps-full-");
        launcher = Launchers.withTmpfs(mountPoint, "size=16m");
    }

    @AfterEach
    void after() throws IOException
    {
        // Of the mounts nothing is left: they were the child's alone.
        Files.delete(mountPoint);
    }

    private String run(final String part, final Object... arguments)
    {
        final List<String> words = new ArrayList<>(List.of(part, mountPoint.toString()));
        for (final Object argument : arguments)
        {
            words.add(argument.toString());
        }
        try (ChildJvm child = ChildJvm.start(launcher, System.getProperty("java.class.path"), FullFileSystem.class,
            words, "-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + System.getProperty("java.io.tmpdir") +
            "/hs_err_pid%p.log"))
        {
            final String output = child.outputToEnd();
            System.out.println("FullFileSystemIT: " + part + ": " + output.replace('\n', ','));
            return output;
        }
    }

    @Test
    @DisplayName("F11: full before attach: a clean error at each page that creation needs, and no file remains")
    void shouldFailCleanlyIfFullBeforeAttach()
    {
        assertThat(run("attach")).endsWith("ok\nexit 0");
    }

    @Test
    @DisplayName("F12: full at connect: NO_SPACE at each page that a link needs, nothing remains, others continue")
    void shouldNotConnectIfFull()
    {
        assertThat(run("connect")).endsWith("ok\nexit 0");
    }

    @Test
    @DisplayName("F12: full at claim, put and call: NO_SPACE, no slot or message is lost, and with room they succeed")
    void shouldClaimNothingIfFull()
    {
        assertThat(run("claim")).endsWith("ok\nexit 0");
    }

    @Test
    @DisplayName("F12, R20: full at reply: NO_SPACE, the request waits, others are served, and it is replied to later")
    void shouldLetRequestWaitIfFull()
    {
        assertThat(run("reply")).endsWith("ok\nexit 0");
    }

    @Test
    @DisplayName("F12: when all was prefaulted, a million calls on a full file system without an error")
    void shouldGoOnIfFullAfterPrefault()
    {
        final long seed = Long.getLong(SEED_PROPERTY, System.nanoTime());
        System.out.println("FullFileSystemIT: -D" + SEED_PROPERTY + "=" + seed);
        assertThat(run("prefaulted", Long.getLong(CALLS_PROPERTY, 1_000_000), seed)).endsWith("ok\nexit 0");
    }
}
