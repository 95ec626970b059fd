/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;

/**
 * State that exists once in a JVM, however many class loaders have loaded this library: a map whose keys and values are
 * of {@code java} types.
 * <p>
 * It is the result of a completed future that is registered as an MBean. The platform's MBean server belongs to the
 * JVM, not to a class loader; its names are strings; every object that this library registers is of a JDK class, so it
 * keeps no class loader alive. System properties would not do: a program may replace them ({@code
 * System.setProperties}), and code that lists or stores them fails at a value that is not a string.
 */
public final class JvmRegistry
{
    private static final String NAME_PREFIX = "io.jcaps:type=JvmRegistry,version=2,name=";

    private JvmRegistry()
    {
    }

    /**
     * @param name of the map, valid as the value of a key of an {@link ObjectName}.
     * @return the map of this JVM; it is also the monitor under which it is used.
     */
    @SuppressWarnings("unchecked")
    public static Map<Object, Object> find(final String name)
    {
        try
        {
            final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
            final ObjectName objectName = new ObjectName(NAME_PREFIX + name);
            if (!server.isRegistered(objectName))
            {
                try
                {
                    server.registerMBean(new StandardMBean(
                        CompletableFuture.completedFuture(new HashMap<>()), Future.class, false), objectName);
                }
                catch (final InstanceAlreadyExistsException ex)
                {
                    // Another class loader's, just now.
                    assert server.isRegistered(objectName);
                }
            }
            return (Map<Object, Object>)server.invoke(objectName, "get", new Object[0], new String[0]);
        }
        catch (final JMException ex)
        {
            throw new IllegalStateException("the JVM's MBean server does not hold what class loaders share: " +
                NAME_PREFIX + name, ex);
        }
    }
}
