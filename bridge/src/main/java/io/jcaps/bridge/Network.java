/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * A network of addresses: {@code 10.1.0.0/16}, or one address.
 */
public final class Network
{
    private final byte[] address;
    private final int prefixLength;

    private Network(final byte[] address, final int prefixLength)
    {
        this.address = address;
        this.prefixLength = prefixLength;
    }

    /**
     * Reads a network.
     *
     * @param text an address, or an address with the length of its prefix; never a name.
     * @return the network.
     * @throws IllegalArgumentException if it is none.
     */
    public static Network parse(final String text)
    {
        final int slash = text.indexOf('/');
        final String host = slash < 0 ? text : text.substring(0, slash);
        try
        {
            if (host.matches("\\d+(\\.\\d+){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*"))
            {
                final byte[] address = InetAddress.getByName(host).getAddress();
                final int length = slash < 0 ? Byte.SIZE * address.length : Integer.parseInt(text.substring(slash + 1));
                if (length >= 0 && length <= Byte.SIZE * address.length)
                {
                    return new Network(address, length);
                }
            }
        }
        catch (final UnknownHostException | NumberFormatException ignore)
        {
            // Reported below.
        }
        throw new IllegalArgumentException("a network is ADDRESS or ADDRESS/BITS, such as 10.1.0.0/16: " + text);
    }

    /**
     * @param other an address.
     * @return whether it is in this network.
     */
    public boolean contains(final InetAddress other)
    {
        final byte[] bytes = other.getAddress();
        final int rest = Byte.SIZE * address.length - prefixLength;
        return bytes.length == address.length &&
            new BigInteger(1, bytes).shiftRight(rest).equals(new BigInteger(1, address).shiftRight(rest));
    }
}
