/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.Attachment;
import org.agrona.concurrent.NanoClock;

/**
 * What all sessions of a bridge share. Immutable.
 *
 * @param attachment  to the region of this host.
 * @param key         of both ends.
 * @param lostAfterNs time without a beat, or its echo, after which the other end is lost; it may ask for less.
 * @param calls       for what may block.
 * @param clock       that never goes back.
 */
public record SessionContext(Attachment attachment, SharedKey key, long lostAfterNs, Calls calls, NanoClock clock)
{
}
