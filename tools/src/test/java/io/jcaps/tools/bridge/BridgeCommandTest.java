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
import io.jcaps.bridge.BridgeEvent.Kind;
import io.jcaps.bridge.Endpoint;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.CapsCommand;
import io.jcaps.tools.terminal.ExitCodes;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What caps bridge says to those who make a mistake.
 */
class BridgeCommandTest
{
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path directory;

    private int run(final String... args)
    {
        final CommandLine command = CapsCommand.commandLine();
        command.setErr(new PrintWriter(err, true));
        return command.execute(args);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--lost-after 2s | something to export or to import",
        "--export orders | need an address to be offered at",
        "--import orders@h:1 --bind 127.0.0.1:4000 | nothing is exported",
        "--export o --bind 127.0.0.1:4000 --import o@h:1 | an import is not exported again",
        "--import orders | is not NAME@HOST:PORT",
        "--import orders@host | an endpoint is HOST:PORT",
        "--import orders@h:0 | an endpoint has a host",
        "--import orders@h:65535 | a port from 1 to 65534",
        "--import orders@::1:4000 | an IPv6 address in brackets",
        "--import or-ders@h:1 | R2",
        "--export o --bind 127.0.0.1:4000 --allow host | a network is ADDRESS",
        "--export o --bind 127.0.0.1:4000 --allow 10.1.0 | a network is ADDRESS",
        "@/nowhere/options | there is no such file of options that can be read: /nowhere/options",
        "--import o@h:1 --lost-after 1ms | lostAfter must be from 100 ms",
        "--import o@h:1 --key /nowhere/key | there is no such key"})
    @DisplayName("Bad options: exit code 2 and one sentence that says why; no region is made")
    void shouldRejectOptions(final String options, final String message)
    {
        final Path region = directory.resolve("region");
        assertThat(run(("bridge --region " + region + ' ' + options).split(" "))).isEqualTo(ExitCodes.USAGE);
        assertThat(err.toString()).contains(message);
        assertThat(region).doesNotExist();
    }

    @Test
    @DisplayName("Wrong key: exit code 1 and the reason; no directory of the bridge is left")
    void shouldEndWhenNothingCanBeImported() throws IOException
    {
        final Path key = directory.resolve("key");
        Files.writeString(key, "sixteen bytes or more");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        final int port = freePort();
        final BridgeConfig config = new BridgeConfig().exportService("o").bind(new Endpoint("127.0.0.1", port))
            .key("another key of bytes".getBytes(StandardCharsets.US_ASCII));
        try (Attachment caps = Caps.attach(new RegionConfig().path(directory.resolve("exporting")));
            Bridge exporter = Bridge.launch(caps, config, (event) -> Thread.onSpinWait()))
        {
            assertThat(run("bridge", "--region", directory.resolve("region").toString(),
                "--import", "o@127.0.0.1:" + port, "--key", key.toString())).isEqualTo(ExitCodes.FAILED);
            assertThat(exporter.linkCount()).isZero();
        }
        assertThat(err.toString()).contains("nothing can be imported: refused: its key is not the same");
        try (Stream<Path> files = Files.list(BridgeDirectory.parent()))
        {
            assertThat(files.map((file) -> file.getFileName().toString()))
                .noneMatch((name) -> name.startsWith("caps-bridge-" + ProcessHandle.current().pid() + '-'));
        }
    }

    private static int freePort() throws IOException
    {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0)))
        {
            return Math.min(socket.getLocalPort(), 65_534);
        }
    }

    @Test
    @DisplayName("Refusals end a bridge only if all refuse it, none has admitted it, and it has nothing else to do")
    void shouldGoOnWhileThereIsSomethingToDo()
    {
        final BridgeEvent fromB = event(Kind.ENDED, "b:1", "refused: its key is not the same");
        final BridgeEvent fromC = event(Kind.ENDED, "c:1", "the other end has version 2 of the protocol, this one 1");
        final Admission two = new Admission(2);
        assertThat(two.isRefused(fromB)).isFalse();
        assertThat(two.isRefused(fromB)).isFalse();
        assertThat(two.isRefused(event(Kind.ENDED, "c:1", "no answer"))).isFalse();
        assertThat(two.isRefused(fromC)).isTrue();
        final Admission admitted = new Admission(1);
        assertThat(admitted.isRefused(event(Kind.CONNECTED, "b:1", ""))).isFalse();
        assertThat(admitted.isRefused(fromB)).isFalse();
        assertThat(new Admission(0).isRefused(fromB)).isFalse();
    }

    @Test
    @DisplayName("An event is one sentence; a service that is not known yet leaves no gap in it")
    void shouldPrintWhatIsKnown()
    {
        assertThat(BridgeCommand.line(event(Kind.UP, "b:1", ""))).isEqualTo("import orders from b:1: up");
        assertThat(BridgeCommand.line(new BridgeEvent(Kind.ENDED, false, "", "10.0.0.1:5", "refused: VERSION")))
            .isEqualTo("export to 10.0.0.1:5: ended, refused: VERSION");
    }

    private static BridgeEvent event(final Kind kind, final String peer, final String detail)
    {
        return new BridgeEvent(kind, true, "orders", peer, detail);
    }

    @Test
    @DisplayName("A key that is too short, or that other users can read or change, is rejected")
    void shouldRejectKey() throws IOException
    {
        final Path key = directory.resolve("key");
        Files.writeString(key, "0123456789abcde\n");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        assertThat(run("bridge", "--import", "o@h:1", "--key", key.toString())).isEqualTo(ExitCodes.USAGE);
        assertThat(err.toString()).contains("at least 16 bytes: length=15");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(run("bridge", "--import", "o@h:1", "--key", key.toString())).isEqualTo(ExitCodes.USAGE);
        assertThat(err.toString()).contains("everybody can read the key");

        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw--w--w-"));
        assertThat(run("bridge", "--import", "o@h:1", "--key", key.toString())).isEqualTo(ExitCodes.USAGE);
        assertThat(err.toString()).contains("everybody can change the key");
    }

    @Test
    @DisplayName("A port in use, a name that does not resolve: exit code 1 and the reason")
    void shouldReportWhyItCannotBegin() throws IOException
    {
        final String region = directory.resolve("region").toString();
        try (DatagramSocket socket = new DatagramSocket(null))
        {
            socket.bind(new InetSocketAddress("127.0.0.1", 0));
            final String bind = "127.0.0.1:" + socket.getLocalPort();
            assertThat(run("bridge", "--region", region, "--export", "o", "--bind", bind)).isEqualTo(ExitCodes.FAILED);
            assertThat(err.toString()).contains("cannot bind " + bind);
        }
        assertThat(run("bridge", "--region", region, "--import", "o@no-such-host.invalid:1"))
            .isEqualTo(ExitCodes.FAILED);
        assertThat(err.toString()).contains("no host of that name: no-such-host.invalid:1");
    }
}
