/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A process is killed that had started others, which are no virtual machines and live on.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChildProcessIT
{
    private static final String NAME = "victim";
    private static final PortOptions OPTIONS = new PortOptions().flags(PortFlags.USER);
    /** Outlives the test, if the test fails to end it, by little. */
    private static final String COMMAND = "sleep 600";

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @Test
    @DisplayName("F10, B2: a child by ProcessBuilder inherits nothing, and its parent's death is seen while it lives")
    void shouldHandNothingOnToChildOfJava() throws IOException
    {
        final Path directory = region.path().getParent();
        final List<String> inherited = killParentOf("spawn");
        assertThat(inherited).as("files in " + directory).isEmpty();
    }

    @Test
    @DisplayName("F10, B2: a child that native code forks may keep files open, but no lock: the death is seen")
    void shouldSeeDeathThoughForkedChildKeepsFilesOpen() throws IOException
    {
        // The JDK opens files so that they stay open across an exec, and only its own children close them.
        killParentOf("system").forEach((file) -> System.out.println("inherited by a native child: " + file));
    }

    /** Files of the region that a child had open. */
    private List<String> killParentOf(final String how) throws IOException
    {
        final Attachment attachment = region.closing(region.attach());
        final ChildJvm parent = region.closing(ChildJvm.start(List.of(), System.getProperty("java.class.path"),
            StepPeer.class, List.of(region.path().toString())));
        parent.ask("open");
        parent.ask("attach");
        parent.ask("service", NAME, "shared");
        final ClientPort client = attachment.client(NAME, OPTIONS);
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[24]);
        final long id = client.put(bytes, 0, Letter.fill(bytes, Letter.number(1, 1, Letter.HOLD, 24)));
        assertThat(parent.number("receive", 1)).isEqualTo(id);

        final long child = parent.number(how, COMMAND);
        if ("system".equals(how))
        {
            // Its own number came first, from itself.
            assertThat(parent.answer()).isEqualTo("started");
        }
        final ProcessHandle process = ProcessHandle.of(child).orElseThrow();
        region.closing(
            () ->
            {
                process.destroyForcibly();
                process.onExit().join();
            });
        // From here on it is what it is to be: a fork has its parent's mappings until it has become another program.
        while (!Files.readString(Path.of("/proc", Long.toString(child), "comm")).startsWith("sleep"))
        {
            Thread.onSpinWait();
        }
        final Path directory = region.path().getParent();
        assertThat(Files.readString(Path.of("/proc", Long.toString(child), "maps")))
            .doesNotContain(directory.toString());
        final List<String> inherited = openFiles(child).stream()
            .filter((file) -> file.startsWith(directory.toString())).toList();

        parent.kill();
        parent.awaitEnd();
        final Message reply = new Message();
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_DIED|RECEIVED");
        reply.release();
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(Status.NOT_CONNECTED);
        attachment.service(NAME, new PortOptions().flags(PortFlags.USER | PortFlags.EXCL)).close();
        assertThat(region.tables().processCount()).isEqualTo(1);
        for (final long pid : new long[]{child, parent.pid()})
        {
            assertThat(Files.readAllLines(Path.of("/proc/locks"))).as("locks of " + pid)
                .noneMatch((line) -> line.matches(".*[A-Z] +" + pid + " .*"));
        }
        assertThat(process.isAlive()).isTrue();
        return inherited;
    }

    private static List<String> openFiles(final long pid) throws IOException
    {
        final List<String> result = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(pid), "fd")))
        {
            for (final Path file : files.toList())
            {
                if (Files.exists(file, LinkOption.NOFOLLOW_LINKS))
                {
                    result.add(Files.readSymbolicLink(file).toString());
                }
            }
        }
        return result;
    }
}
