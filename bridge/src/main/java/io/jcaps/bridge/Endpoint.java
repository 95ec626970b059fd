/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A host and a UDP port. The port after it is used as well, for replies.
 *
 * @param host name or address.
 * @param port from 1 to 65,534.
 */
public record Endpoint(String host, int port)
{
    private static final int MAX_PORT = 65_534;
    private static final Pattern FORM = Pattern.compile("([^:\\[\\]]+|\\[[0-9a-zA-Z:.%]+]):([0-9]{1,6})");

    /**
     * Checks the port.
     *
     * @param host name or address.
     * @param port from 1 to 65,534.
     */
    public Endpoint
    {
        if (host.isEmpty() || port < 1 || port > MAX_PORT)
        {
            throw new IllegalArgumentException(
                "an endpoint has a host, and a port from 1 to " + MAX_PORT + ": host=" + host + ", port=" + port);
        }
    }

    /**
     * Reads an endpoint.
     *
     * @param text HOST:PORT; an IPv6 address in brackets.
     * @return the endpoint.
     * @throws IllegalArgumentException if it is none.
     */
    public static Endpoint parse(final String text)
    {
        final Matcher matcher = FORM.matcher(text);
        if (!matcher.matches())
        {
            throw new IllegalArgumentException("an endpoint is HOST:PORT, with an IPv6 address in brackets: " + text);
        }
        return new Endpoint(matcher.group(1), Integer.parseInt(matcher.group(2)));
    }

    /** HOST:PORT of the port that replies are sent from. */
    String replies()
    {
        return host + ':' + (port + 1);
    }

    /** HOST:PORT. */
    @Override
    public String toString()
    {
        return host + ':' + port;
    }
}
