/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.remote;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The network between host A, which imports, and host B, which exports. It can be cut at any time.
 * <p>
 * One thread at a time.
 */
public interface HostNetwork extends AutoCloseable
{
    /**
     * Which datagrams a cut drops.
     */
    enum Cut
    {
        /** Those in both directions. */
        BOTH_WAYS,
        /** Those from A to B. */
        TO_B,
        /** Those from B to A. */
        TO_A
    }

    /**
     * System property that is {@code true} where two loopback addresses are to be used even if namespaces are allowed.
     */
    String LOOPBACK_PROPERTY = "jcaps.tools.loopback";

    /**
     * Makes a network: two network namespaces where that is allowed, otherwise two loopback addresses.
     *
     * @param directory that is an argument of each process on this network.
     * @return the network; to be closed.
     * @throws IOException if neither can be made.
     */
    static HostNetwork open(final Path directory) throws IOException
    {
        final HostNetwork namespaces =
            Boolean.getBoolean(LOOPBACK_PROPERTY) ? null : NamespaceNetwork.open(directory);
        return null != namespaces ? namespaces : new RelayNetwork();
    }

    /**
     * @return description for people.
     */
    String description();

    /**
     * @return words in front of a command that start its process on host A.
     */
    List<String> launcherOfA();

    /**
     * @return words in front of a command that start its process on host B.
     */
    List<String> launcherOfB();

    /**
     * @return HOST:PORT at which the bridge of host B listens.
     */
    String bind();

    /**
     * @return HOST:PORT to which the bridge of host A sends.
     */
    String exporter();

    /**
     * @return the network that may import.
     */
    String allowed();

    /**
     * Drops datagrams, until {@link #restore}.
     *
     * @param cut which ones.
     */
    void cut(Cut cut);

    /** Ends all cuts. */
    void restore();

    @Override
    void close();
}
