/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.CapsException;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.host.Credentials;

/**
 * Decides who may register a service (R3), and which clients a service admits (R6). Any thread may call.
 */
public final class AccessRules
{
    private AccessRules()
    {
    }

    /**
     * Checks that a user or a group is given: to register a service for (R1), or to look for.
     *
     * @param uid user id, or any.
     * @param gid group id, or any.
     * @throws CapsException with {@link Status#INVALID} if both are any.
     */
    public static void checkNotBothAny(final int uid, final int gid)
    {
        if (PortOptions.ANY == uid && PortOptions.ANY == gid)
        {
            throw new CapsException(Status.INVALID, "uid or gid may be any, but not both");
        }
    }

    /**
     * Checks that a process may register a service (R3).
     *
     * @param service to register.
     * @param self    credentials of the process.
     * @throws CapsException with {@link Status#NOT_PERMITTED} if it may not.
     */
    public static void checkOwner(final PortSpec service, final Credentials self)
    {
        if (!mayOwn(self, service.uid(), PortOptions.ANY))
        {
            throw new CapsException(Status.NOT_PERMITTED, "uid must be that of the caller, " +
                Credentials.idText(self.euid()) + ", or any: uid=" + Credentials.idText(service.uid()) +
                ", name=" + service.name());
        }
        if (!mayOwn(self, PortOptions.ANY, service.gid()))
        {
            throw new CapsException(Status.NOT_PERMITTED, "gid must be one of the caller's groups, or any: gid=" +
                Credentials.idText(service.gid()) + ", name=" + service.name());
        }
    }

    /**
     * Whether a process may register a service under these ids (R3).
     *
     * @param process credentials of the process.
     * @param uid     user id, or any.
     * @param gid     group id, or any.
     * @return false if it may not.
     */
    static boolean mayOwn(final Credentials process, final int uid, final int gid)
    {
        return 0 == process.euid() || (PortOptions.ANY == uid || process.euid() == uid) &&
            (PortOptions.ANY == gid || process.isMember(gid));
    }

    /**
     * Whether a service admits a client (R6).
     *
     * @param client       credentials of the client's process.
     * @param clientFlags  flags of the client's port.
     * @param uid          that the service is registered under, or any.
     * @param gid          that the service is registered under, or any.
     * @param serviceFlags flags of the service's port.
     * @return false if it does not.
     */
    public static boolean isAllowed(
        final Credentials client, final int clientFlags, final int uid, final int gid, final int serviceFlags)
    {
        final int flags = clientFlags & serviceFlags;
        return (flags & PortFlags.WORLD) != 0 ||
            (flags & PortFlags.USER) != 0 && PortOptions.ANY != uid && client.euid() == uid ||
            (flags & PortFlags.GROUP) != 0 && PortOptions.ANY != gid && client.isMember(gid);
    }
}
