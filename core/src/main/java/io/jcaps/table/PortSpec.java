/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.host.Credentials;

/**
 * The content of a port's entry when it is published: for a service what it is registered under, for a client what it
 * looks for. Immutable.
 *
 * @param name       valid (R2); empty for a wait set.
 * @param uid        user id, or any.
 * @param gid        group id, or any.
 * @param flags      the user's in the low 16 bits, the library's above.
 * @param generation to begin with.
 */
public record PortSpec(String name, int uid, int gid, int flags, long generation)
{
    /** For people: what identifies a service. */
    @Override
    public String toString()
    {
        return "name=" + name + ", uid=" + Credentials.idText(uid) + ", gid=" + Credentials.idText(gid);
    }
}
