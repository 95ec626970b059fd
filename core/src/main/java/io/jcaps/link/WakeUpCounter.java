/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

/**
 * Counts the system calls that wake a link's peer. Used within the gate of the port.
 */
public sealed interface WakeUpCounter permits ClientLink, ServiceLink
{
    /**
     * @param count number of system calls.
     */
    void countWakeUps(int count);
}
