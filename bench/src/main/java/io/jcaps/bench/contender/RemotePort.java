/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The port at which a server of another host listens, on the loopback address; its client reads it from a file.
 */
final class RemotePort
{
    static final String HOST = "127.0.0.1";

    private static final String FILE_NAME = "port";
    private static final int TRIES = 100;

    private RemotePort()
    {
    }

    /** A UDP port that is free, as is the one after it. */
    static int free() throws IOException
    {
        final InetAddress address = InetAddress.getByName(HOST);
        for (int i = 0; i < TRIES; i++)
        {
            try (DatagramSocket first = new DatagramSocket(0, address);
                DatagramSocket second = new DatagramSocket(first.getLocalPort() + 1, address))
            {
                return first.getLocalPort();
            }
            catch (final SocketException | IllegalArgumentException ex)
            {
                // The second port is in use, or the first is the last one.
                Thread.onSpinWait();
            }
        }
        throw new IOException("no two free UDP ports next to each other, in " + TRIES + " tries");
    }

    static String endpoint(final int port)
    {
        return HOST + ':' + port;
    }

    /** Writes the file under another name and renames it when it is complete. */
    static void write(final Path directory, final int port) throws IOException
    {
        final Path file = Files.writeString(directory.resolve(FILE_NAME + ".new"), Integer.toString(port));
        Files.move(file, directory.resolve(FILE_NAME), StandardCopyOption.ATOMIC_MOVE);
    }

    static int read(final Path directory) throws IOException
    {
        return Integer.parseInt(Files.readString(directory.resolve(FILE_NAME)));
    }
}
