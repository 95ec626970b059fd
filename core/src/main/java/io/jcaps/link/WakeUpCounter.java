/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

/**
 * Counts how often a link's peer was woken. Used within the gate of the port.
 */
public sealed interface WakeUpCounter permits ClientLink, ServiceLink
{
    /**
     * @param count of system calls made to wake the peer.
     */
    void countWakeUps(int count);
}
