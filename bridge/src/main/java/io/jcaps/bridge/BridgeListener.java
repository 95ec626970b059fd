/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

/**
 * Receives what a bridge reports: rare events. Called on the bridge's thread; must not block.
 */
@FunctionalInterface
public interface BridgeListener
{
    /**
     * Something happened.
     *
     * @param event what.
     */
    void onEvent(BridgeEvent event);
}
