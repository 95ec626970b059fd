/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * How each side writes and reads the bytes of a message.
 */
public enum PayloadKind
{
    /**
     * The payload is prebuilt, except for its first 8 bytes. A transport that copies must copy all of it; another one
     * may leave the rest in place. The receiver reads the first 8 bytes, and 8 others.
     */
    PREBUILT,
    /** The sender writes each byte for each message, and the receiver reads each byte. */
    FILLED
}
