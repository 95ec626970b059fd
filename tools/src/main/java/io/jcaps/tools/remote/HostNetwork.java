/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.remote;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The network between host A, which imports, and host B, which exports. It can be cut while datagrams are on their way.
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
     * @param directory that processes on this network have among their arguments.
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
     * @return what it is, for people.
     */
    String description();

    /**
     * @return what starts a process on host A: words in front of its command.
     */
    List<String> launcherOfA();

    /**
     * @return what starts a process on host B: words in front of its command.
     */
    List<String> launcherOfB();

    /**
     * @return where the bridge of host B listens.
     */
    String bind();

    /**
     * @return where the bridge of host A finds it.
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

    /** Drops nothing any more. */
    void restore();

    @Override
    void close();
}
