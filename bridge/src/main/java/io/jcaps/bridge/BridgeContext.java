/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.aeron.Aeron;
import io.jcaps.bridge.session.SessionContext;

/**
 * What all streams of a bridge share until its Aeron client closes. Immutable.
 *
 * @param aeron    the client.
 * @param sessions what the sessions over the streams use.
 * @param config   of the bridge.
 * @param listener of what happens.
 */
record BridgeContext(Aeron aeron, SessionContext sessions, BridgeConfig config, BridgeListener listener)
{
}
