/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

/**
 * An event of an import, or of a session of an export.
 *
 * @param kind     what it is.
 * @param isImport whether it is about an import; else about an export.
 * @param service  that it is about; empty if that is not known yet.
 * @param peer     address of the other end.
 * @param detail   in words; may be empty.
 */
public record BridgeEvent(Kind kind, boolean isImport, String service, String peer, String detail)
{
    /**
     * What happened.
     */
    public enum Kind
    {
        /** Both ends have admitted each other. */
        CONNECTED,
        /** The stand-in was registered; at the exporter, the service was found. */
        UP,
        /** The remote service has closed or died; at the exporter, the local service. */
        DOWN,
        /** A remote client was connected to the service. */
        OPENED,
        /** Something failed, and is tried again. */
        TROUBLE,
        /** The session is over; an import begins another. */
        ENDED
    }
}
