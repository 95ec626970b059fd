/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import java.lang.reflect.Field;

/** Uses up the ids of a client's lease, of which it has 33 million. */
final class IdsOfLease
{
    private IdsOfLease()
    {
    }

    /** Leaves the client that many ids of its lease. */
    static void leave(final ClientPort client, final int count) throws ReflectiveOperationException
    {
        final Object link = field(client, "link").get(client);
        field(link, "nextSequence").setLong(link, field(link, "leaseEnd").getLong(link) - count);
    }

    private static Field field(final Object object, final String name) throws ReflectiveOperationException
    {
        final Field field = object.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
