/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.Attachment;
import io.jcaps.host.Host;
import io.jcaps.host.LocalRegion;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;

/**
 * An attachment that is as good as a process: it can die, and its peers' watches then find its life lock free.
 */
final class Mortal
{
    final Attachment attachment;
    private final Host host;
    private int processIndex;

    Mortal(final LocalRegion region, final List<Throwable> errors)
    {
        host = region.host();
        final Host watched = (Host)Proxy.newProxyInstance(
            Host.class.getClassLoader(), new Class<?>[]{Host.class}, (proxy, method, args) ->
            {
                if ("holdLife".equals(method.getName()))
                {
                    processIndex = (Integer)args[0];
                }
                try
                {
                    return method.invoke(host, args);
                }
                catch (final InvocationTargetException ex)
                {
                    throw ex.getCause();
                }
            });
        attachment = Attachment.attach(watched, 0, errors::add);
    }

    void die()
    {
        host.dropLife(processIndex);
    }
}
