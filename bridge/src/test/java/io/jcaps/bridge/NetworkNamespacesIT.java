/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.testkit.JvmCommand;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Two bridges in network namespaces of their own, joined by a network bridge in a third one. Needs root, and is skipped
 * with the reason elsewhere.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@Tag("full")
class NetworkNamespacesIT
{
    private static final String LOST_AFTER_MS = "500";
    private static final int PORT = 40_123;

    private final String id = "cb" + ProcessHandle.current().pid() % 100_000;
    private final String hub = id + "h";
    private final List<Process> processes = new ArrayList<>();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100_000]);
    private final Message reply = new Message();
    private Path directory;
    private Attachment attachmentA;
    private Attachment attachmentB;
    private ServicePort service;

    private static int run(final String command) throws Exception
    {
        return new ProcessBuilder(command.split(" ")).redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    private static void must(final String command) throws Exception
    {
        assertThat(run(command)).as(command).isZero();
    }

    private static boolean canHaveNamespaces(final String name) throws Exception
    {
        try
        {
            return 0 == run("ip netns add " + name) && 0 == run("ip -n " + name + " link add br0 type bridge");
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    @BeforeEach
    void begin() throws Exception
    {
        assumeTrue(canHaveNamespaces(hub), "skipped: no root, no ip(8), or a kernel without network bridges");
        must("ip -n " + hub + " link set br0 up");
        for (final String host : List.of("a", "b"))
        {
            must("ip netns add " + id + host);
            must("ip -n " + id + host + " link set lo up");
            must("ip -n " + hub + " link add name v" + host + " type veth peer name eth0 netns " + id + host);
            must("ip -n " + hub + " link set v" + host + " master br0 up");
            must("ip -n " + id + host + " addr add 10.99.0." + ("a".equals(host) ? 1 : 2) + "/24 dev eth0");
            must("ip -n " + id + host + " link set eth0 up");
        }
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "caps-netns",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        attachmentA = Caps.attach(new RegionConfig().path(directory.resolve("a")));
        attachmentB = Caps.attach(new RegionConfig().path(directory.resolve("b")));
        service = attachmentB.service(TwoHosts.NAME);
        final Thread echo = new Thread(this::echo);
        echo.setDaemon(true);
        echo.start();
        start("b", "export", "10.99.0.2:" + PORT, LOST_AFTER_MS, "10.99.0.0/24");
        start("a", "import", "10.99.0.2:" + PORT, LOST_AFTER_MS);
    }

    private void start(final String host, final String... arguments) throws IOException
    {
        final List<String> words = new ArrayList<>(List.of(directory.resolve(host).toString()));
        words.addAll(List.of(arguments));
        final List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", id + host));
        command.addAll(JvmCommand.of(
            List.of(), List.of(), System.getProperty("java.class.path"), BridgePeer.class, words));
        processes.add(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT).start());
    }

    private void echo()
    {
        final Message request = new Message();
        for (int state = 0; state >= 0;)
        {
            state = service.await(request, Long.MAX_VALUE);
            // A request of one byte is never answered.
            if (MessageState.REQUEST == state && request.length() > 1)
            {
                request.reply(request.buffer(), 0, request.length());
            }
        }
    }

    @AfterEach
    void end() throws Exception
    {
        for (final Process process : processes)
        {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
            IoUtil.delete(Path.of("/dev/shm/caps-bridge-" + process.pid() + "-0").toFile(), true);
        }
        if (null != service)
        {
            service.close();
            attachmentA.close();
            attachmentB.close();
            IoUtil.delete(directory.toFile(), true);
        }
        for (final String name : List.of(id + "a", id + "b", hub))
        {
            run("ip netns del " + name);
        }
    }

    private ClientPort connect()
    {
        while (true)
        {
            try
            {
                return attachmentA.client(TwoHosts.NAME, new PortOptions().waitForService());
            }
            catch (final CapsException ex)
            {
                assertThat(ex.status()).isEqualTo(Status.NOT_CONNECTED);
            }
        }
    }

    private void exchange(final ClientPort client, final int length)
    {
        for (int i = 0; i < 100; i++)
        {
            assertThat(client.call(bytes, 0, length, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            assertThat(Outcome.text(reply.outcome())).isEqualTo("REPLIED");
            assertThat(reply.length()).isEqualTo(length);
            reply.release();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        bridge -n HUB link set dev va isolated on | bridge -n HUB link set dev va isolated off
        ip -n HUB link set va down | ip -n HUB link set va up
        """)
    @DisplayName("Network cut with requests in flight: UNREACHABLE with RECEIVED; restored, the clients continue")
    void shouldGoOnAfterCut(final String cut, final String restore) throws Exception
    {
        final ClientPort client = connect();
        exchange(client, 1_000);
        final long id = client.put(bytes, 0, 1);
        // Both ports, for isolation is between isolated ports.
        must(cut.replace("HUB", hub));
        run(cut.replace("HUB", hub).replace("dev va", "dev vb"));
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("UNREACHABLE|RECEIVED");
        reply.release();
        must(restore.replace("HUB", hub));
        run(restore.replace("HUB", hub).replace("dev va", "dev vb"));
        exchange(connect(), 1_000);
    }

    @Test
    @DisplayName("MTU of 1280, less than Aeron's datagrams: messages of all lengths cross")
    void shouldCrossSmallMtu() throws Exception
    {
        must("ip -n " + hub + " link set br0 mtu 1280");
        for (final String host : List.of("a", "b"))
        {
            must("ip -n " + hub + " link set v" + host + " mtu 1280");
            must("ip -n " + this.id + host + " link set eth0 mtu 1280");
        }
        final ClientPort client = connect();
        for (final int length : List.of(8, 1_300, 1_400, 100_000))
        {
            exchange(client, length);
        }
    }

    @Test
    @DisplayName("Packets lost by the kernel, 5 %: 0 lost, 0 duplicated; skipped where the kernel has no netem")
    void shouldSurviveLossByKernel() throws Exception
    {
        assumeTrue(0 == run("ip netns exec " + hub + " tc qdisc add dev va root netem loss 5%"),
            "skipped: no tc(8), or a kernel without netem");
        exchange(connect(), 20_000);
    }
}
