/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.remote;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

/**
 * The networks that demo and soak cut: what a cut drops, and that it is over once the network is restored.
 */
class HostNetworkTest
{
    private static final int TIMEOUT_MS = 600_000;

    @TempDir
    Path temp;

    @Test
    @DisplayName("B7: the relay between two loopback addresses drops only the datagrams of a cut")
    void shouldRelayAndCut() throws IOException
    {
        try (RelayNetwork network = new RelayNetwork();
            DatagramSocket ofB = socket(address(network.bind()));
            DatagramSocket ofA = socket(new InetSocketAddress("127.0.0.1", 0)))
        {
            send(ofA, "1", address(network.exporter()));
            final DatagramPacket first = receive(ofB);
            assertThat(text(first)).isEqualTo("1");
            send(ofB, "2", first.getSocketAddress());
            assertThat(text(receive(ofA))).isEqualTo("2");

            network.cut(HostNetwork.Cut.TO_B);
            send(ofA, "lost", address(network.exporter()));
            send(ofB, "3", first.getSocketAddress());
            assertThat(text(receive(ofA))).isEqualTo("3");
            awaitDropped(network, 1);

            network.restore();
            send(ofA, "4", address(network.exporter()));
            assertThat(text(receive(ofB))).as("the one before it was dropped").isEqualTo("4");

            network.cut(HostNetwork.Cut.TO_A);
            send(ofB, "lost", first.getSocketAddress());
            send(ofA, "5", address(network.exporter()));
            assertThat(text(receive(ofB))).isEqualTo("5");
            awaitDropped(network, 2);
            network.restore();
            send(ofB, "6", first.getSocketAddress());
            assertThat(text(receive(ofA))).as("the one before it was dropped").isEqualTo("6");
        }
    }

    @Test
    @DisplayName("B7: two namespaces: a host cannot send while it is cut off, and can again once it is restored")
    void shouldCutNamespaces() throws IOException, InterruptedException
    {
        try (NamespaceNetwork network = NamespaceNetwork.open(temp))
        {
            assumeThat(network).as("needs root, ip, unshare and nsenter").isNotNull();
            assertThat(neighbours(network.launcherOfA())).doesNotContain("PERMANENT");
            network.cut(HostNetwork.Cut.BOTH_WAYS);
            assertThat(neighbours(network.launcherOfA())).contains("192.0.2.2", "PERMANENT");
            assertThat(neighbours(network.launcherOfB())).contains("192.0.2.1", "PERMANENT");
            network.restore();
            assertThat(neighbours(network.launcherOfA())).doesNotContain("PERMANENT");
            assertThat(neighbours(network.launcherOfB())).doesNotContain("PERMANENT");
        }
    }

    /** What is on its way when the network is restored would not be dropped. */
    private static void awaitDropped(final RelayNetwork network, final long count)
    {
        await().atMost(TIMEOUT_MS, TimeUnit.MILLISECONDS).until(() -> network.droppedCount() == count);
    }

    private static String neighbours(final List<String> launcher) throws IOException, InterruptedException
    {
        final List<String> command = new ArrayList<>(launcher);
        command.addAll(List.of("ip", "neigh", "show"));
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        return printed;
    }

    private static DatagramSocket socket(final InetSocketAddress address) throws IOException
    {
        final DatagramSocket socket = new DatagramSocket(address);
        socket.setSoTimeout(TIMEOUT_MS);
        return socket;
    }

    private static InetSocketAddress address(final String endpoint)
    {
        final int colon = endpoint.indexOf(':');
        return new InetSocketAddress(endpoint.substring(0, colon), Integer.parseInt(endpoint.substring(colon + 1)));
    }

    private static void send(final DatagramSocket socket, final String text, final SocketAddress to)
        throws IOException
    {
        final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        socket.send(new DatagramPacket(bytes, bytes.length, to));
    }

    private static DatagramPacket receive(final DatagramSocket socket) throws IOException
    {
        final DatagramPacket packet = new DatagramPacket(new byte[16], 16);
        socket.receive(packet);
        return packet;
    }

    private static String text(final DatagramPacket packet)
    {
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
    }
}
