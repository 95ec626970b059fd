/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.jcaps.bridge.session.SharedKey;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a bridge exports and imports, and how. Not thread safe; a bridge takes what it needs when it is launched.
 */
public final class BridgeConfig
{
    /** Default of {@link #lostAfter(Duration)}: 2 s. */
    public static final Duration DEFAULT_LOST_AFTER = Duration.ofSeconds(2);

    private static final Duration MIN_LOST_AFTER = Duration.ofMillis(100);
    private static final Duration MAX_LOST_AFTER = Duration.ofHours(1);
    private static final int MIN_KEY_LENGTH = 16;

    final Set<String> exports = new HashSet<>();
    final Map<String, List<Endpoint>> imports = new LinkedHashMap<>();
    final List<Network> allowed = new ArrayList<>();
    Endpoint bind;
    SharedKey key = SharedKey.none();
    Duration lostAfter = DEFAULT_LOST_AFTER;
    Path driverDirectory;

    /**
     * Nothing is exported or imported yet.
     */
    public BridgeConfig()
    {
    }

    BridgeConfig(final BridgeConfig other)
    {
        exports.addAll(other.exports);
        imports.putAll(other.imports);
        allowed.addAll(other.allowed);
        bind = other.bind;
        key = other.key;
        lostAfter = other.lostAfter;
        driverDirectory = other.driverDirectory;
    }

    /**
     * Exports a service of this host's region: that of the bridge's own user. Nothing is exported unless named.
     *
     * @param name of the service.
     * @return this.
     */
    public BridgeConfig exportService(final String name)
    {
        checkName(name);
        exports.add(name);
        return this;
    }

    private static void checkName(final String name)
    {
        reject(!name.matches("[0-9A-Za-z_.]{1,63}"),
            "a name has 1 to 63 characters of 0-9 A-Z a-z _ . (R2): name=" + name);
    }

    /**
     * Imports a service: a stand-in for it is registered in this host's region while it is up.
     *
     * @param name      of the service, there and here.
     * @param endpoints of the bridges that export it, in the order in which they are tried.
     * @return this.
     */
    public BridgeConfig importService(final String name, final Endpoint... endpoints)
    {
        checkName(name);
        reject(0 == endpoints.length, "an import needs an endpoint: name=" + name);
        reject(null != imports.put(name, List.of(endpoints)),
            "a service is imported once, with all its endpoints: name=" + name);
        return this;
    }

    /**
     * The address that exports are offered at; needed if there are any. The port after it is used as well.
     *
     * @param bind host and port; with 0.0.0.0 all addresses of the host.
     * @return this.
     */
    public BridgeConfig bind(final Endpoint bind)
    {
        this.bind = bind;
        return this;
    }

    /**
     * A secret that both ends must have. It keeps out those who connect by mistake. It does not hide or protect what
     * is sent.
     *
     * @param secret at least 16 bytes.
     * @return this.
     */
    public BridgeConfig key(final byte[] secret)
    {
        reject(secret.length < MIN_KEY_LENGTH,
            "a key has at least " + MIN_KEY_LENGTH + " bytes: length=" + secret.length);
        key = new SharedKey(secret);
        return this;
    }

    /**
     * Lets the addresses of a network import; without a call, this host's loopback addresses alone.
     *
     * @param network to allow.
     * @return this.
     */
    public BridgeConfig allow(final Network network)
    {
        allowed.add(network);
        return this;
    }

    /**
     * Time without a sign of life after which the other end is lost. A session uses the smaller value of its two ends.
     *
     * @param lostAfter from 100 ms to an hour.
     * @return this.
     */
    public BridgeConfig lostAfter(final Duration lostAfter)
    {
        reject(lostAfter.compareTo(MIN_LOST_AFTER) < 0 || lostAfter.compareTo(MAX_LOST_AFTER) > 0,
            "lostAfter must be from 100 ms to an hour: lostAfter=" + lostAfter);
        this.lostAfter = lostAfter;
        return this;
    }

    /**
     * Uses a media driver that runs already, instead of one in this process. Its image liveness and connection timeouts
     * must be longer than {@link #lostAfter(Duration)}.
     *
     * @param driverDirectory of the driver.
     * @return this.
     */
    public BridgeConfig driverDirectory(final Path driverDirectory)
    {
        this.driverDirectory = driverDirectory;
        return this;
    }

    /**
     * Checks that the settings agree with each other. A launch does so, too.
     *
     * @return this.
     * @throws IllegalArgumentException if a setting is missing, or contradicts another; the message has the value.
     */
    public BridgeConfig conclude()
    {
        reject(exports.isEmpty() && imports.isEmpty(), "a bridge needs something to export or to import");
        reject(!exports.isEmpty() && null == bind, "exports need an address to be offered at: bind");
        reject(exports.isEmpty() && null != bind, "nothing is exported at that address: bind=" + bind);
        exports.forEach((name) ->
            reject(imports.containsKey(name), "an import is not exported again: name=" + name));
        if (allowed.isEmpty())
        {
            allowed.add(Network.parse("127.0.0.0/8"));
            allowed.add(Network.parse("::1"));
        }
        return this;
    }

    private static void reject(final boolean isWrong, final String reason)
    {
        if (isWrong)
        {
            throw new IllegalArgumentException(reason);
        }
    }
}
