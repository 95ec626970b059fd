/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * A host that runs a hook at each acquiring load: just before the load, which then sees the hook's stores, or just
 * after it. {@link SteppingHost} does the same for stores.
 */
public final class LoadHost extends ForwardingHost
{
    /** Runs at a load. */
    @FunctionalInterface
    public interface Hook
    {
        /**
         * @param buffer that is read.
         * @param index  of the long in it.
         */
        void at(UnsafeBuffer buffer, int index);
    }

    private static final Hook NOTHING = (buffer, index) ->
    {
    };

    private final UnsafeBuffer tables;
    private final UnsafeBuffer[] links;
    private Hook before = NOTHING;
    private Hook after = NOTHING;

    /**
     * @param host that makes the calls.
     */
    public LoadHost(final Host host)
    {
        super(host);
        tables = new Hooked(host.tables(), 0, host.tables().capacity());
        links = new UnsafeBuffer[host.header().geometry().linkCount()];
    }

    /**
     * @param hook runs just before each load; null for none.
     */
    public void beforeLoad(final Hook hook)
    {
        before = null == hook ? NOTHING : hook;
    }

    /**
     * @param hook runs just after each load; null for none.
     */
    public void afterLoad(final Hook hook)
    {
        after = null == hook ? NOTHING : hook;
    }

    @Override
    public UnsafeBuffer tables()
    {
        return tables;
    }

    @Override
    public UnsafeBuffer link(final int linkIndex)
    {
        if (null == links[linkIndex])
        {
            final UnsafeBuffer whole = host.link(linkIndex);
            links[linkIndex] = new Hooked(whole, 0, whole.capacity());
        }
        return links[linkIndex];
    }

    @Override
    public UnsafeBuffer part(final UnsafeBuffer whole, final int offset, final int length)
    {
        return new Hooked(whole, offset, length);
    }

    private final class Hooked extends UnsafeBuffer
    {
        Hooked(final UnsafeBuffer whole, final int offset, final int length)
        {
            super(whole, offset, length);
        }

        @Override
        public long getLongAcquire(final int index)
        {
            before.at(this, index);
            final long value = super.getLongAcquire(index);
            after.at(this, index);
            return value;
        }
    }
}
