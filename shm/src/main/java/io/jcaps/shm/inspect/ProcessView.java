/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

/**
 * A process of a region, at the time of the snapshot. Immutable.
 *
 * @param index       of its entry.
 * @param incarnation of its attachment.
 * @param pid         as the process wrote it, in its own pid namespace.
 * @param euid        effective user id, as the process wrote it.
 * @param isC         whether it uses libcaps, as the process wrote it; otherwise it is a JVM.
 * @param startTicks  start of the process in ticks since boot; 0 if not known.
 * @param life        whether it lives, as the operating system reports it.
 */
public record ProcessView(int index, long incarnation, int pid, int euid, boolean isC, long startTicks, Life life)
{
}
