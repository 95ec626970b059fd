/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.bridge.BridgeEvent;

/**
 * Receives what a session reports. Called on the session's thread, rarely; must not block.
 */
@FunctionalInterface
public interface SessionListener
{
    /**
     * Something happened.
     *
     * @param kind   what it is.
     * @param detail in a few words; may be empty.
     */
    void on(BridgeEvent.Kind kind, String detail);
}
