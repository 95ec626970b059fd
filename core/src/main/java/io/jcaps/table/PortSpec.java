/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.host.Credentials;

/**
 * The content of a port's entry when it is published: the name and ids under which a service is registered, or for
 * which a client looks. Immutable.
 *
 * @param name       valid (R2); empty for a wait set.
 * @param uid        user id, or any.
 * @param gid        group id, or any.
 * @param flags      the user's in the low 16 bits, the library's above.
 * @param generation initial one (R28).
 */
public record PortSpec(String name, int uid, int gid, int flags, long generation)
{
    /** For people: name, uid and gid. */
    @Override
    public String toString()
    {
        return "name=" + name + ", uid=" + Credentials.idText(uid) + ", gid=" + Credentials.idText(gid);
    }
}
