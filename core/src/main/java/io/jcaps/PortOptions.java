/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortDescriptor;

import java.util.concurrent.TimeUnit;

/**
 * Options by which a port is opened. The port copies them, so an object can be reused. Not thread safe.
 */
public final class PortOptions
{
    /** Stands for any uid or any gid (R1, R5). */
    public static final int ANY = Credentials.NOBODY;
    /** Most polls that an {@code await} makes before it sleeps, unless set: about 50 microseconds. */
    public static final int DEFAULT_SPIN_COUNT = 2_000;

    private int uid = ANY;
    private int gid = ANY;
    private boolean isOwnUid = true;
    private int flags = PortFlags.USER;
    private boolean singleThreaded;
    private boolean spinOnly;
    private int spinCount = DEFAULT_SPIN_COUNT;
    private long connectTimeoutNs = Long.MAX_VALUE;
    private long generation;
    private int prefaultLength;
    private boolean imported;

    /**
     * The user id that a service is registered under (R1), or that a client looks for (R5). Unless set, it is the
     * caller's effective user id.
     *
     * @param uid user id, or {@link #ANY}.
     * @return this.
     */
    public PortOptions uid(final int uid)
    {
        this.uid = uid;
        isOwnUid = false;
        return this;
    }

    int uidOr(final int ownUid)
    {
        return isOwnUid ? ownUid : uid;
    }

    PortOptions copy()
    {
        final PortOptions copy = new PortOptions();
        copy.uid = uid;
        copy.gid = gid;
        copy.isOwnUid = isOwnUid;
        copy.flags = flags;
        copy.singleThreaded = singleThreaded;
        copy.spinOnly = spinOnly;
        copy.spinCount = spinCount;
        copy.connectTimeoutNs = connectTimeoutNs;
        copy.generation = generation;
        copy.prefaultLength = prefaultLength;
        copy.imported = imported;
        return copy;
    }

    /**
     * The group id that a service is registered under (R1), or that a client looks for (R5): {@link #ANY} unless set.
     *
     * @param gid group id, or {@link #ANY}.
     * @return this.
     */
    public PortOptions gid(final int gid)
    {
        this.gid = gid;
        return this;
    }

    /**
     * @return group id or {@link #ANY}.
     */
    public int gid()
    {
        return gid;
    }

    /**
     * Flags of {@link PortFlags}: {@link PortFlags#USER} unless set. Bits above the low 16 are ignored (R8).
     *
     * @param flags any of {@link PortFlags}.
     * @return this.
     */
    public PortOptions flags(final int flags)
    {
        this.flags = flags & PortFlags.USER_MASK;
        return this;
    }

    /**
     * @return any of {@link PortFlags}.
     */
    public int flags()
    {
        return flags;
    }

    /**
     * Promises that only one thread at a time uses the port, {@code close} included, with a happens-before edge from
     * each thread to the next. This saves a compare-and-set per call. False unless set.
     *
     * @param singleThreaded whether the caller promises this.
     * @return this.
     */
    public PortOptions singleThreaded(final boolean singleThreaded)
    {
        this.singleThreaded = singleThreaded;
        return this;
    }

    /**
     * @return whether one thread at a time uses the port.
     */
    public boolean singleThreaded()
    {
        return singleThreaded;
    }

    /**
     * Makes {@code await} spin and never sleep. The peers then omit a fence per message. False unless set. Such a port
     * cannot be in a {@link WaitSet}.
     *
     * @param spinOnly whether to spin.
     * @return this.
     */
    public PortOptions spinOnly(final boolean spinOnly)
    {
        this.spinOnly = spinOnly;
        return this;
    }

    /**
     * @return whether {@code await} never sleeps.
     */
    public boolean spinOnly()
    {
        return spinOnly;
    }

    /**
     * Most polls that an {@code await} makes before it sleeps. Where sleeps turn out to be long, it makes fewer, down
     * to a thirty-second of this number.
     *
     * @param spinCount 0 or more.
     * @return this.
     */
    public PortOptions spinCount(final int spinCount)
    {
        if (spinCount < 0)
        {
            throw new IllegalArgumentException("spinCount must not be negative: spinCount=" + spinCount);
        }
        this.spinCount = spinCount;
        return this;
    }

    /**
     * @return most polls before sleeping.
     */
    public int spinCount()
    {
        return spinCount;
    }

    /**
     * Longest wait for a service to be registered, with {@link PortFlags#WAITSVC}; no limit unless set.
     *
     * @param timeout 0 or more.
     * @param unit    of the timeout.
     * @return this.
     */
    public PortOptions connectTimeout(final long timeout, final TimeUnit unit)
    {
        if (timeout < 0)
        {
            throw new IllegalArgumentException("timeout must not be negative: timeout=" + timeout);
        }
        connectTimeoutNs = unit.toNanos(timeout);
        return this;
    }

    /**
     * Makes a client wait, without a limit, if there is no such service: adds {@link PortFlags#WAITSVC} to the flags
     * and keeps the others. A later call of {@link #flags(int)} replaces them all.
     *
     * @return this.
     */
    public PortOptions waitForService()
    {
        flags |= PortFlags.WAITSVC;
        connectTimeoutNs = Long.MAX_VALUE;
        return this;
    }

    /**
     * Makes a client wait if there is no such service: adds {@link PortFlags#WAITSVC} to the flags and keeps the
     * others. A later call of {@link #flags(int)} replaces them all.
     *
     * @param timeout longest wait, 0 or more.
     * @param unit    of the timeout.
     * @return this.
     */
    public PortOptions waitForService(final long timeout, final TimeUnit unit)
    {
        connectTimeout(timeout, unit);
        flags |= PortFlags.WAITSVC;
        return this;
    }

    /**
     * @return longest wait for a service in nanoseconds; {@link Long#MAX_VALUE} for no limit.
     */
    public long connectTimeoutNs()
    {
        return connectTimeoutNs;
    }

    /**
     * The port's own generation (R28), which is published together with the port: no client finds the service with
     * another one before. 0 unless set; {@link Port#generation(long)} changes it later.
     *
     * @param generation any number.
     * @return this.
     */
    public PortOptions generation(final long generation)
    {
        this.generation = generation;
        return this;
    }

    /**
     * @return the port's generation when it is opened.
     */
    public long generation()
    {
        return generation;
    }

    /**
     * Prepares each link before its first message: allocates memory for a payload of up to this many bytes in each slot
     * half that this side writes, and touches each page that has memory. 0, which is off, unless set.
     * <p>
     * This makes the first message of each slot faster, but not the later ones. It costs memory: this length times the
     * link's slots for each side that sets it, at most 16 MiB a side. It costs time: some milliseconds for each 10 MiB.
     * A client spends it when it is opened, a service within the call that accepts a client, such as {@code get}.
     * Payloads of up to 32 bytes are in memory that each link has anyway.
     * <p>
     * If a client finds too little memory, it is not opened ({@link Status#NO_SPACE}), and its link is freed with the
     * memory that it got. A service accepts the client nevertheless, and allocates memory when it replies.
     *
     * @param prefaultLength in bytes, 0 to 131,072; no more than the region's limit, or the port is not opened.
     * @return this.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public PortOptions prefaultLength(final int prefaultLength)
    {
        if (prefaultLength < 0 || prefaultLength > Geometry.MAX_MESSAGE_LIMIT)
        {
            throw new IllegalArgumentException("prefaultLength must be from 0 to " + Geometry.MAX_MESSAGE_LIMIT +
                ": prefaultLength=" + prefaultLength);
        }
        this.prefaultLength = prefaultLength;
        return this;
    }

    /**
     * @return bytes of payload for which each slot is prepared; 0 for none.
     */
    public int prefaultLength()
    {
        return prefaultLength;
    }

    /**
     * Marks a service that stands in for one on another host (B7). Tools show the mark, and a bridge does not export
     * such a service again. False unless set; of no meaning at a client.
     *
     * @param imported whether the service is imported.
     * @return this.
     */
    public PortOptions imported(final boolean imported)
    {
        this.imported = imported;
        return this;
    }

    /**
     * @return whether the service stands in for one on another host.
     */
    public boolean imported()
    {
        return imported;
    }

    /**
     * Checks a name by R2.
     *
     * @param name to check.
     * @throws CapsException with {@link Status#INVALID} if it is not valid.
     */
    static void checkName(final String name)
    {
        if (null == name)
        {
            throw new CapsException(Status.INVALID, "name must not be null");
        }
        if (name.isEmpty() || name.length() > PortDescriptor.MAX_NAME_LENGTH)
        {
            throw new CapsException(Status.INVALID, "name must have 1 to " + PortDescriptor.MAX_NAME_LENGTH +
                " characters: it has " + name.length() + ": name=" + name);
        }
        for (int i = 0; i < name.length(); i++)
        {
            final char c = name.charAt(i);
            if (!(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_' || c == '.'))
            {
                throw new CapsException(Status.INVALID, "name may contain 0-9 A-Z a-z _ . only: character " + i +
                    " is 0x" + Integer.toHexString(c) + ": name=" + name);
            }
        }
    }

    /** For logs: uid, gid, flags in hexadecimal, generation and time limit of the connect. */
    @Override
    public String toString()
    {
        return "PortOptions{uid=" + (isOwnUid ? "own" : text(uid)) + ", gid=" + text(gid) + ", flags=0x" +
            Integer.toHexString(flags) + ", generation=" + generation + ", connectTimeoutNs=" + connectTimeoutNs + '}';
    }

    private static String text(final int id)
    {
        return ANY == id ? "any" : Integer.toUnsignedString(id);
    }
}
