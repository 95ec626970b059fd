/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.table.AccessRules;
import io.jcaps.table.Connection;
import io.jcaps.table.PortSpec;
import io.jcaps.table.Registry;
import io.jcaps.wait.Waiter;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Opens the ports and wait sets of one attachment (R1, R5, B4). If a step fails, nothing is left of the port in the
 * tables. Any thread may call.
 */
final class PortOpener
{
    // Longest sleep of a client that waits for a service, because the service's process may be unable to wake it.
    private static final long SEARCH_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(30);

    private final Host host;
    private final Registry registry;
    private final OpenPorts openPorts;

    PortOpener(final OpenPorts openPorts)
    {
        this.openPorts = openPorts;
        host = openPorts.context.host;
        registry = openPorts.context.registry;
    }

    ServicePort service(final String name, final PortOptions options)
    {
        return open(() -> register(name, options));
    }

    WaitSet waitSet()
    {
        return open(this::makeWaitSet);
    }

    ClientPort client(final String name, final PortOptions options)
    {
        return open(() -> connectAndReport(name, options));
    }

    /** Makes a call for whose end the attachment's close waits. */
    private <T> T open(final Supplier<T> call)
    {
        openPorts.beginCall();
        try
        {
            return call.get();
        }
        finally
        {
            openPorts.context.calls.end();
        }
    }

    private ServicePort register(final String name, final PortOptions options)
    {
        final Credentials self = host.self();
        final PortSpec spec = spec(name, options, self);
        checkPrefaultLength(options);
        AccessRules.checkOwner(spec, self);
        final PortEntry entry = new PortEntry(host.tables(), host.header().geometry());
        long portIncarnation = 0;
        ServicePort port = null;
        boolean isRegistered = false;
        try
        {
            registry.lock();
            try
            {
                portIncarnation = registry.register(entry, spec);
                // Under the lock: if this fails, no client has found the service.
                port = new ServicePort(openPorts, entry.index(), portIncarnation, spec, options);
                registry.announce();
            }
            finally
            {
                registry.unlock();
            }
            openPorts.add(port);
            registry.wakeSearchers();
            isRegistered = true;
            return port;
        }
        finally
        {
            if (!isRegistered && null != port)
            {
                openPorts.discard(port);
            }
            else if (!isRegistered && 0 != portIncarnation)
            {
                entry.free(portIncarnation);
            }
        }
    }

    private WaitSet makeWaitSet()
    {
        final PortEntry entry = new PortEntry(host.tables(), host.header().geometry());
        long portIncarnation = 0;
        boolean isOpen = false;
        try
        {
            final WaitSet waitSet;
            registry.lock();
            try
            {
                portIncarnation = registry.openWaitSet(entry);
                waitSet = new WaitSet(openPorts, entry.index(), portIncarnation);
            }
            finally
            {
                registry.unlock();
            }
            openPorts.add(waitSet);
            isOpen = true;
            return waitSet;
        }
        finally
        {
            if (!isOpen && 0 != portIncarnation)
            {
                entry.free(portIncarnation);
            }
        }
    }

    private ClientPort connectAndReport(final String name, final PortOptions options)
    {
        checkPrefaultLength(options);
        final Object begun = host.events().connectBegins();
        if (null == begun)
        {
            return findAndConnect(name, options);
        }
        int status = Status.CLOSED;
        try
        {
            final ClientPort port = findAndConnect(name, options);
            status = Status.OK;
            return port;
        }
        catch (final CapsException ex)
        {
            status = ex.status();
            throw ex;
        }
        finally
        {
            host.events().connectEnds(begun, name, status);
        }
    }

    private ClientPort findAndConnect(final String name, final PortOptions options)
    {
        try (WaitingClient waiting = new WaitingClient(host, registry))
        {
            return findAndConnect(name, options, waiting);
        }
    }

    private ClientPort findAndConnect(final String name, final PortOptions options, final WaitingClient waiting)
    {
        final boolean isWaiting = (options.flags() & PortFlags.WAITSVC) != 0;
        final boolean isTimed = Waiter.isTimed(options.connectTimeoutNs());
        final long deadlineNs = Waiter.deadline(options.connectTimeoutNs());
        while (true)
        {
            openPorts.checkUsable();
            final int registrations = registry.registrations();
            final Credentials self = host.self();
            final PortSpec spec = spec(name, options, self);
            final ClientPort port = connect(spec, options, self);
            if (null != port)
            {
                return port;
            }
            if (!isWaiting)
            {
                throw new CapsException(Status.NOT_FOUND, "no such service is registered: " + describe(spec));
            }
            waiting.show(spec);
            if (!openPorts.context.sleepers.sleep(
                RegionDescriptor.REGISTRATIONS_OFFSET, registrations, deadlineNs, isTimed, SEARCH_INTERVAL_NS))
            {
                openPorts.checkUsable();
                throw new CapsException(
                    Thread.currentThread().isInterrupted() ? Status.INTERRUPTED : Status.TIMED_OUT,
                    "while waiting for a service: " + describe(spec));
            }
        }
    }

    /** Tries once to connect: null if there is no such service. */
    private ClientPort connect(final PortSpec spec, final PortOptions options, final Credentials self)
    {
        final Connection connection = new Connection(host, registry, openPorts.context.peers);
        if (!connection.open(spec, self))
        {
            return null;
        }
        ClientPort port = null;
        boolean isConnected = false;
        try
        {
            port = new ClientPort(openPorts, connection, spec.name(), options, serviceCredentials(connection, spec));
            connection.announce();
            openPorts.add(port);
            isConnected = true;
            return port;
        }
        finally
        {
            if (!isConnected && null != port)
            {
                openPorts.discard(port);
            }
            else if (!isConnected)
            {
                connection.undo();
            }
        }
    }

    private Credentials serviceCredentials(final Connection connection, final PortSpec spec)
    {
        try
        {
            return connection.attestService(spec);
        }
        catch (final CapsException ex)
        {
            openPorts.context.errors.onError(ex);
            throw ex;
        }
    }

    /** The content of the entry of a port that these options open. */
    private PortSpec spec(final String name, final PortOptions options, final Credentials self)
    {
        final int uid = options.uidOr(self.euid());
        AccessRules.checkNotBothAny(uid, options.gid());
        final int flags = options.flags() | (options.spinOnly() ? PortFlags.SPINS : 0) |
            (host.canWake() ? 0 : PortFlags.CANNOT_WAKE) |
            (options.imported() ? PortFlags.IMPORTED : 0);
        return new PortSpec(name, uid, options.gid(), flags, options.generation());
    }

    private void checkPrefaultLength(final PortOptions options)
    {
        final int messageLimit = host.header().geometry().messageLimit();
        if (options.prefaultLength() > messageLimit)
        {
            throw new CapsException(Status.INVALID, "prefaultLength must be at most the region's message limit, " +
                messageLimit + ": prefaultLength=" + options.prefaultLength() + ", region=" + host.place());
        }
    }

    private String describe(final PortSpec spec)
    {
        return spec + ", region=" + host.place();
    }
}
