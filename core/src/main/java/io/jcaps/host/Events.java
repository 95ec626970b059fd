/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

/**
 * Receives the rare events at the ports of one attachment, for diagnosis. No message is reported here. Called by any
 * thread, in some cases within a port's gate: the methods must neither block nor call the port.
 */
public interface Events
{
    /** Ignores every event. */
    Events NONE = new Events()
    {
    };

    /**
     * A client begins to connect.
     *
     * @return the value to pass to {@link #connectEnds}; null if the event is not recorded.
     */
    default Object connectBegins()
    {
        return null;
    }

    /**
     * A client has connected, or has failed to connect.
     *
     * @param begun  the value that {@link #connectBegins()} returned, not null.
     * @param port   name of the service.
     * @param status result of the attempt; OK if the client is connected.
     */
    default void connectEnds(final Object begun, final String port, final int status)
    {
    }

    /**
     * A thread has polled long enough and is about to sleep.
     *
     * @return the value to pass to {@link #waitEnds}; null if the event is not recorded.
     */
    default Object waitBegins()
    {
        return null;
    }

    /**
     * The wait is over, and the thread continues.
     *
     * @param begun  the value that {@link #waitBegins()} returned, not null.
     * @param port   name of the port on which the thread waited.
     * @param result result of the wait: a message state, or a status.
     */
    default void waitEnds(final Object begun, final String port, final int result)
    {
    }

    /**
     * A service has admitted a client.
     *
     * @param port      name of the service.
     * @param linkIndex of the client's link.
     * @param pid       process id of the client as the client itself sees it ({@link Credentials#ownPid()}); 0 if the
     *                  operating system does not report it.
     */
    default void accepted(final String port, final int linkIndex, final int pid)
    {
    }

    /**
     * A service has refused a client.
     *
     * @param port      name of the service.
     * @param linkIndex of the client's link.
     * @param isForged  true if the client's identity did not match (R22); false if it has no permission (R6).
     */
    default void refused(final String port, final int linkIndex, final boolean isForged)
    {
    }

    /**
     * A port was closed by its owner.
     *
     * @param port      name of the port.
     * @param isService whether the port is a service.
     */
    default void closed(final String port, final boolean isService)
    {
    }

    /**
     * A peer's process is proved dead.
     *
     * @param port      name of the port that was connected to it.
     * @param isService whether the dead peer was the service.
     * @param linkIndex of the link to the peer.
     */
    default void peerDied(final String port, final boolean isService, final int linkIndex)
    {
    }

    /**
     * A claim or put has reached the limit of messages in progress (R14); reported again only after a put has
     * succeeded.
     *
     * @param port       name of the port.
     * @param inProgress number of messages in progress.
     */
    default void noBuffers(final String port, final int inProgress)
    {
    }

    /**
     * A claim, put or reply found no memory left in the region.
     *
     * @param port   name of the port.
     * @param length in bytes of the payload.
     */
    default void noSpace(final String port, final int length)
    {
    }

    /**
     * A link was given up because the other side wrote an invalid value.
     *
     * @param port      name of the port that gave it up.
     * @param linkIndex of the link.
     * @param reason    the invalid value.
     */
    default void corrupt(final String port, final int linkIndex, final String reason)
    {
    }
}
