/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * What each side does with the bytes of a message.
 */
public enum PayloadKind
{
    /**
     * The payload is ready before it is sent, but for its first 8 bytes: a transport that copies must copy all of it,
     * one that does not may leave the rest where it lies. The receiver looks at the first 8 bytes, and at 8 others.
     */
    PREBUILT,
    /** The sender writes each byte for each message, and the receiver reads each byte. */
    FILLED
}
