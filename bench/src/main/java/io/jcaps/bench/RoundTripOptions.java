/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.PortOptions;
import io.jcaps.layout.Geometry;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a measurement sends, how often, and how both sides wait. Set what differs from the defaults. A program takes the
 * same as arguments, {@code --length=1024 --in-place=true}, and so they are handed to the other JVM. Not thread safe.
 */
public final class RoundTripOptions
{
    private Path region;
    private int length = 32;
    private boolean inPlace;
    private WaitMode waitMode = WaitMode.SPIN;
    private WaitMode serviceWaitMode;
    private boolean singleThreaded = true;
    private int spinCount = PortOptions.DEFAULT_SPIN_COUNT;
    private int warmUpCount = 300_000;
    private int messageCount = 1_000_000;

    /**
     * Reads options from a program's arguments.
     *
     * @param args each as {@code --name=value}.
     * @return the options.
     * @throws IllegalArgumentException if a name or a value is none; the message says which.
     */
    public static RoundTripOptions parse(final List<String> args)
    {
        final RoundTripOptions options = new RoundTripOptions();
        for (final String arg : args)
        {
            final int end = arg.indexOf('=');
            if (end < 0)
            {
                throw new IllegalArgumentException("an argument must read --name=value: argument=" + arg);
            }
            final String value = arg.substring(end + 1);
            switch (arg.substring(0, end))
            {
                case "--region" -> options.region(Path.of(value));
                case "--length" -> options.length(Integer.parseInt(value));
                case "--in-place" -> options.inPlace(Boolean.parseBoolean(value));
                case "--wait" -> options.waitMode(WaitMode.valueOf(value.toUpperCase(Locale.ROOT)));
                case "--service-wait" -> options.serviceWaitMode(WaitMode.valueOf(value.toUpperCase(Locale.ROOT)));
                case "--single-threaded" -> options.singleThreaded(Boolean.parseBoolean(value));
                case "--spin-count" -> options.spinCount(Integer.parseInt(value));
                case "--warm-up" -> options.warmUpCount(Integer.parseInt(value));
                case "--messages" -> options.messageCount(Integer.parseInt(value));
                default -> throw new IllegalArgumentException("no such option: argument=" + arg);
            }
        }
        return options;
    }

    /**
     * @return the options as {@link #parse} takes them.
     */
    public List<String> arguments()
    {
        final List<String> args = new ArrayList<>();
        if (null != region)
        {
            args.add("--region=" + region);
        }
        args.add("--length=" + length);
        args.add("--in-place=" + inPlace);
        args.add("--wait=" + waitMode);
        args.add("--service-wait=" + serviceWaitMode());
        args.add("--single-threaded=" + singleThreaded);
        args.add("--spin-count=" + spinCount);
        args.add("--warm-up=" + warmUpCount);
        args.add("--messages=" + messageCount);
        return args;
    }

    /**
     * @return path of the region file; null for one that is made for the measurement, and deleted after it.
     */
    public Path region()
    {
        return region;
    }

    /**
     * @param region path of the region file, or null.
     * @return this.
     */
    public RoundTripOptions region(final Path region)
    {
        this.region = region;
        return this;
    }

    /**
     * @return payload of each message in bytes: 32 unless set.
     */
    public int length()
    {
        return length;
    }

    /**
     * @param length in bytes, 0 to {@link Geometry#MAX_MESSAGE_LIMIT}.
     * @return this.
     */
    public RoundTripOptions length(final int length)
    {
        if (length < 0 || length > Geometry.MAX_MESSAGE_LIMIT)
        {
            throw new IllegalArgumentException(
                "length must be from 0 to " + Geometry.MAX_MESSAGE_LIMIT + ": length=" + length);
        }
        this.length = length;
        return this;
    }

    /**
     * @return whether both sides claim memory and write there; otherwise they put and reply copies. False unless set.
     */
    public boolean inPlace()
    {
        return inPlace;
    }

    /**
     * @param inPlace true to claim.
     * @return this.
     */
    public RoundTripOptions inPlace(final boolean inPlace)
    {
        this.inPlace = inPlace;
        return this;
    }

    /**
     * @return how the client waits: {@link WaitMode#SPIN} unless set.
     */
    public WaitMode waitMode()
    {
        return waitMode;
    }

    /**
     * @param waitMode of the client.
     * @return this.
     */
    public RoundTripOptions waitMode(final WaitMode waitMode)
    {
        this.waitMode = waitMode;
        return this;
    }

    /**
     * @return how the service waits: as the client does, unless set.
     */
    public WaitMode serviceWaitMode()
    {
        return null == serviceWaitMode ? waitMode : serviceWaitMode;
    }

    /**
     * @param serviceWaitMode of the service.
     * @return this.
     */
    public RoundTripOptions serviceWaitMode(final WaitMode serviceWaitMode)
    {
        this.serviceWaitMode = serviceWaitMode;
        return this;
    }

    /**
     * @return whether both ports are opened for one thread: true unless set.
     */
    public boolean singleThreaded()
    {
        return singleThreaded;
    }

    /**
     * @param singleThreaded see {@link PortOptions#singleThreaded(boolean)}.
     * @return this.
     */
    public RoundTripOptions singleThreaded(final boolean singleThreaded)
    {
        this.singleThreaded = singleThreaded;
        return this;
    }

    /**
     * @return polls of an {@code await} before it sleeps.
     */
    public int spinCount()
    {
        return spinCount;
    }

    /**
     * @param spinCount 0 or more.
     * @return this.
     */
    public RoundTripOptions spinCount(final int spinCount)
    {
        this.spinCount = spinCount;
        return this;
    }

    /**
     * @return messages sent before the measurement begins.
     */
    public int warmUpCount()
    {
        return warmUpCount;
    }

    /**
     * @param warmUpCount 0 or more.
     * @return this.
     */
    public RoundTripOptions warmUpCount(final int warmUpCount)
    {
        checkNotNegative("warmUpCount", warmUpCount);
        this.warmUpCount = warmUpCount;
        return this;
    }

    /**
     * @return messages that are measured.
     */
    public int messageCount()
    {
        return messageCount;
    }

    /**
     * @param messageCount 0 or more.
     * @return this.
     */
    public RoundTripOptions messageCount(final int messageCount)
    {
        checkNotNegative("messageCount", messageCount);
        this.messageCount = messageCount;
        return this;
    }

    PortOptions clientPortOptions()
    {
        return portOptions(waitMode);
    }

    PortOptions servicePortOptions()
    {
        return portOptions(serviceWaitMode());
    }

    private PortOptions portOptions(final WaitMode mode)
    {
        return new PortOptions()
            .spinOnly(WaitMode.BLOCK != mode)
            .singleThreaded(singleThreaded)
            .spinCount(spinCount);
    }

    private static void checkNotNegative(final String name, final int value)
    {
        if (value < 0)
        {
            throw new IllegalArgumentException(name + " must not be negative: " + name + "=" + value);
        }
    }
}
