/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bridge;

import io.jcaps.Attachment;
import io.jcaps.bridge.Bridge;
import io.jcaps.bridge.BridgeConfig;
import io.jcaps.bridge.BridgeDirectory;
import io.jcaps.bridge.BridgeEvent;
import io.jcaps.bridge.Endpoint;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.testkit.JvmCommand;
import io.jcaps.tools.CapsCommand;
import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.region.Regions;
import io.jcaps.tools.terminal.ExitCodes;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a bridge writes of itself, and what it leaves when it is killed.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class BridgeDirectoryTest
{
    @TempDir
    private Path directory;

    /** A bridge as a process: region. It ends with its input. */
    static final class Peer
    {
        private Peer()
        {
        }

        public static void main(final String[] args) throws IOException
        {
            try (Attachment caps = Caps.attach(new RegionConfig().path(Path.of(args[0])));
                Bridge bridge = Bridge.launch(caps,
                    new BridgeConfig().importService("orders", Endpoint.parse("127.0.0.1:9")), Peer::ignore))
            {
                System.out.println(bridge.linkCount());
                System.out.println(System.in.read());
            }
        }

        private static void ignore(final BridgeEvent event)
        {
            // Nobody answers.
        }
    }

    private static String run(final int exitCode, final String... args)
    {
        final StringWriter out = new StringWriter();
        final CommandLine command = CapsCommand.commandLine();
        command.setOut(new PrintWriter(out, true));
        assertThat(command.execute(args)).isEqualTo(exitCode);
        return out.toString();
    }

    @Test
    @DisplayName("F23: a directory whose listing never ends, as another user renames files in it, keeps no command")
    void shouldEndListing() throws IOException
    {
        final Path own = Files.createDirectory(directory.resolve("caps-bridge-1-0"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        final Path others = Files.createDirectory(directory.resolve("caps-bridge-1-1"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.setPosixFilePermissions(others, PosixFilePermissions.fromString("rwxrwx---"));
        final AtomicInteger count = new AtomicInteger();
        final Stream<Path> listing = Stream.generate(() ->
        {
            assertThat(count.get()).as("names that were read").isLessThan(1_000_000);
            return List.of(own, others, directory.resolve("other")).get(count.getAndIncrement() % 3);
        });
        assertThat(BridgeStatus.own(listing)).containsExactly(own);
    }

    @Test
    @DisplayName("B7: caps stat shows a bridge, and that it was killed; caps reap removes its directory, and no other")
    void shouldShowAndReapBridge() throws Exception
    {
        final Path region = directory.resolve("own").resolve("region");
        final Process process = new ProcessBuilder(JvmCommand.of(List.of(), List.of(),
            System.getProperty("java.class.path"), Peer.class, List.of(region.toString())))
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try
        {
            assertThat(process.getInputStream().read()).isEqualTo('0');
            final Path left = BridgeDirectory.parent().resolve("caps-bridge-" + process.pid() + "-0");
            while (!Files.exists(left.resolve(BridgeDirectory.STATUS)))
            {
                Thread.onSpinWait();
            }
            assertThat(run(ExitCodes.OK, "stat", "--region", region.toString()))
                .containsPattern("import +" + process.pid() + " +orders +127.0.0.1:9 +down");
            assertThat(BridgeStatus.dead()).doesNotContain(left);
            process.destroyForcibly().waitFor();
            assertThat(BridgeStatus.dead()).contains(left);
            assertThat(run(ExitCodes.OK, "stat", "--region", region.toString())).containsPattern("127.0.0.1:9 +dead");
            assertThat(run(ExitCodes.OK, "stat", "--region", region.toString(), "--json"))
                .contains("\"isAlive\": false");
            assertThat(run(ExitCodes.OK, "reap", "--dry-run", "--region", region.toString()))
                .contains("would remove " + left);
            assertThat(left).exists();
            assertThat(run(ExitCodes.OK, "reap", "--region", region.toString())).contains("removed " + left);
            assertThat(left).doesNotExist();
        }
        finally
        {
            process.destroyForcibly().waitFor();
        }
    }

    private static Path dead(final String name, final String mode) throws IOException
    {
        final Path made = Files.createDirectory(BridgeDirectory.parent().resolve(name),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(mode));
        return made;
    }

    private static void age(final Path made) throws IOException
    {
        Files.setLastModifiedTime(made, FileTime.fromMillis(0));
    }

    @Test
    @DisplayName("F23: caps reap removes a bridge's directory, and does not follow links in it")
    void shouldFollowNoLink() throws Exception
    {
        final Path kept = Files.writeString(directory.resolve("kept"), "kept");
        final Path made = dead("caps-bridge-4000000001-0", "rwx------");
        Files.createSymbolicLink(made.resolve("driver"), directory);
        age(made);

        assertThat(BridgeStatus.dead()).contains(made);
        BridgeStatus.delete(made);

        assertThat(made).doesNotExist();
        assertThat(kept).exists();
    }

    @Test
    @DisplayName("F23: a directory that another user made, or can write to, is not treated as a bridge's")
    void shouldIgnoreWhatIsNotOwn() throws Exception
    {
        final List<Path> made = new ArrayList<>();
        try
        {
            made.add(dead("caps-bridge-4000000002-0", "rwxrwx---"));
            made.add(dead("caps-bridge-99999999999999999999-0", "rwx------"));
            made.add(Files.createSymbolicLink(
                BridgeDirectory.parent().resolve("caps-bridge-4000000003-0"), directory));
            if (0 == Regions.euid())
            {
                final Path foreign = dead("caps-bridge-4000000004-0", "rwxr-xr-x");
                made.add(foreign);
                Files.writeString(foreign.resolve(BridgeDirectory.STATUS), "0\t0\t" + directory + "\t0\n");
                age(foreign);
                Files.setAttribute(foreign, "unix:uid", 54_321);
            }
            age(made.get(0));
            age(made.get(1));

            assertThat(BridgeStatus.dead()).doesNotContainAnyElementsOf(made);
            assertThat(BridgeStatus.all()).extracting(BridgeStatus::directory).doesNotContainAnyElementsOf(made);
        }
        finally
        {
            for (final Path each : made)
            {
                WorkDirectory.remove(each);
                Files.deleteIfExists(each);
            }
        }
    }
}
