/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import org.agrona.concurrent.AtomicBuffer;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * Puts a {@link GuardBuffer} around all memory that a host gives out, its lengths in requests for memory included.
 */
public final class GuardedHost implements InvocationHandler
{
    private final Host host;
    private final AtomicBuffer tables;
    private final GuardBuffer[] links;

    private GuardedHost(final Host host)
    {
        this.host = host;
        tables = new GuardBuffer(host.tables(), 0, host.tables().capacity());
        links = new GuardBuffer[host.header().geometry().linkCount()];
    }

    /**
     * @param host to guard.
     * @return one that does the same within its memory.
     */
    public static Host guard(final Host host)
    {
        return (Host)Proxy.newProxyInstance(
            Host.class.getClassLoader(), new Class<?>[]{Host.class}, new GuardedHost(host));
    }

    @Override
    public Object invoke(final Object proxy, final Method method, final Object[] arguments) throws Throwable
    {
        switch (method.getName())
        {
            case "tables":
                return tables;
            case "link":
                return link((int)arguments[0]);
            case "part":
                return new GuardBuffer((AtomicBuffer)arguments[0], (int)arguments[1], (int)arguments[2]);
            default:
                try
                {
                    return method.invoke(host, arguments);
                }
                catch (final InvocationTargetException ex)
                {
                    throw ex.getCause();
                }
        }
    }

    private synchronized GuardBuffer link(final int linkIndex)
    {
        if (null == links[linkIndex])
        {
            final AtomicBuffer link = host.link(linkIndex);
            links[linkIndex] = new GuardBuffer(link, 0, link.capacity());
        }
        return links[linkIndex];
    }
}
