/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.remote;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Two network namespaces, joined by a pair of virtual Ethernet devices. Needs root. A cut gives the other host a link
 * address that no device has, so that datagrams vanish and no sender notices.
 * <p>
 * A process keeps each namespace open. It exits with this JVM, however that exits, and the namespace with it.
 */
final class NamespaceNetwork implements HostNetwork
{
    private static final String DEVICE = "caps0";
    private static final String ADDRESS_A = "192.0.2.1";
    private static final String ADDRESS_B = "192.0.2.2";
    private static final String NETWORK = "192.0.2.0/24";
    private static final int PORT = 40_123;
    private static final String NO_DEVICE = "02:00:00:00:00:ff";
    private static final long COMMAND_LIMIT_S = 10;
    // Ctrl-C reaches the whole group of processes, and the network is needed until the children have ended.
    private static final String HOLD = "trap '' INT; echo ready; read -r line";

    private final Process holderA;
    private final Process holderB;

    private NamespaceNetwork(final Process holderA, final Process holderB)
    {
        this.holderA = holderA;
        this.holderB = holderB;
    }

    /**
     * @return the network; null if this process may not make one, or a tool is missing.
     */
    static NamespaceNetwork open(final Path directory)
    {
        Process holderA = null;
        Process holderB = null;
        boolean isOpen = false;
        try
        {
            holderA = hold(directory);
            holderB = hold(directory);
            final NamespaceNetwork network = new NamespaceNetwork(holderA, holderB);
            isOpen = network.connect();
            return isOpen ? network : null;
        }
        catch (final IOException | UncheckedIOException ex)
        {
            return null;
        }
        finally
        {
            if (!isOpen)
            {
                end(holderA);
                end(holderB);
            }
        }
    }

    private static Process hold(final Path directory) throws IOException
    {
        final Process holder = new ProcessBuilder(
            "unshare", "--net", "sh", "-c", HOLD, "hold", directory.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        if ('r' != holder.getInputStream().read())
        {
            end(holder);
            throw new IOException("no network namespace");
        }
        return holder;
    }

    private boolean connect()
    {
        return on(holderA, "ip", "link", "add", "dev", DEVICE, "type", "veth",
                "peer", "name", DEVICE, "netns", Long.toString(holderB.pid())) &&
            begin(holderA, ADDRESS_A) && begin(holderB, ADDRESS_B);
    }

    private static boolean begin(final Process holder, final String address)
    {
        return on(holder, "ip", "address", "add", address + "/24", "dev", DEVICE) &&
            on(holder, "ip", "link", "set", "dev", "lo", "up") &&
            on(holder, "ip", "link", "set", "dev", DEVICE, "up");
    }

    @Override
    public String description()
    {
        return "two network namespaces";
    }

    @Override
    public List<String> launcherOfA()
    {
        return launcher(holderA);
    }

    @Override
    public List<String> launcherOfB()
    {
        return launcher(holderB);
    }

    private static List<String> launcher(final Process holder)
    {
        return List.of("nsenter", "--net=/proc/" + holder.pid() + "/ns/net", "--");
    }

    @Override
    public String bind()
    {
        return ADDRESS_B + ':' + PORT;
    }

    @Override
    public String exporter()
    {
        return bind();
    }

    @Override
    public String allowed()
    {
        return NETWORK;
    }

    @Override
    public void cut(final Cut cut)
    {
        final boolean isDone =
            (Cut.TO_A == cut || on(holderA, "ip", "neigh", "replace", ADDRESS_B, "lladdr", NO_DEVICE,
                "dev", DEVICE, "nud", "permanent")) &&
            (Cut.TO_B == cut || on(holderB, "ip", "neigh", "replace", ADDRESS_A, "lladdr", NO_DEVICE,
                "dev", DEVICE, "nud", "permanent"));
        if (!isDone)
        {
            throw new IllegalStateException("the network could not be cut");
        }
    }

    @Override
    public void restore()
    {
        // Without an entry the kernel asks for the right address again. There is none if the direction was not cut.
        final boolean isToB = on(holderA, "ip", "neigh", "flush", "dev", DEVICE, "nud", "permanent");
        final boolean isToA = on(holderB, "ip", "neigh", "flush", "dev", DEVICE, "nud", "permanent");
        if (!isToA || !isToB)
        {
            throw new IllegalStateException("the network could not be restored");
        }
    }

    @Override
    public void close()
    {
        end(holderA);
        end(holderB);
    }

    private static boolean on(final Process holder, final String... command)
    {
        final List<String> words = new ArrayList<>(launcher(holder));
        words.addAll(List.of(command));
        try
        {
            final Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
            process.getOutputStream().close();
            final String printed;
            try (InputStream in = process.getInputStream())
            {
                printed = new String(in.readAllBytes(), StandardCharsets.UTF_8).trim();
            }
            final boolean isOver = process.waitFor(COMMAND_LIMIT_S, TimeUnit.SECONDS);
            return isOver && (0 == process.exitValue() || printed.contains("Nothing to flush"));
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void end(final Process holder)
    {
        if (null != holder)
        {
            holder.destroyForcibly();
        }
    }
}
