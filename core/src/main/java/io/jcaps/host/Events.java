/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

/**
 * Receives the rare events at the ports of one attachment, for diagnosis. The path of a message never calls it. Any
 * thread may call, some within a port's gate: it must neither block nor call the port.
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
     * A client has connected, or failed to.
     *
     * @param begun  what {@link #connectBegins()} has returned, not null.
     * @param port   name of the service.
     * @param status result of the attempt, a status; OK if it is connected.
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
     * The thread continues.
     *
     * @param begun  what {@link #waitBegins()} has returned, not null.
     * @param port   name of the port that it waited on.
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
     * @param pid       of the client, as the operating system reports it; that of {@link Credentials#UNKNOWN} if it
     *                  does not.
     */
    default void accepted(final String port, final int linkIndex, final int pid)
    {
    }

    /**
     * A service has refused a client.
     *
     * @param port      name of the service.
     * @param linkIndex of the client's link.
     * @param isForged  true if its identity did not match; false if it has no permission.
     */
    default void refused(final String port, final int linkIndex, final boolean isForged)
    {
    }

    /**
     * A port was closed by its owner.
     *
     * @param port      name of it.
     * @param isService whether it is a service.
     */
    default void closed(final String port, final boolean isService)
    {
    }

    /**
     * A peer's process is proved dead.
     *
     * @param port      name of the port that was connected to it.
     * @param isService whether the dead one was the service.
     * @param linkIndex of the link to it.
     */
    default void peerDied(final String port, final boolean isService, final int linkIndex)
    {
    }

    /**
     * A put has reached the limit of messages in progress; reported again only after another put has succeeded.
     *
     * @param port       name of the port.
     * @param inProgress how many there are.
     */
    default void noBuffers(final String port, final int inProgress)
    {
    }

    /**
     * A claim, put or reply found no memory left in the region.
     *
     * @param port   name of the port.
     * @param length in bytes of what it was for.
     */
    default void noSpace(final String port, final int length)
    {
    }

    /**
     * A link was given up because the other side wrote an invalid value.
     *
     * @param port      name of the port that gave it up.
     * @param linkIndex of it.
     * @param reason    the invalid value.
     */
    default void corrupt(final String port, final int linkIndex, final String reason)
    {
    }
}
