/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Regions for users: how to attach to one ({@link io.jcaps.shm.Caps}), and how it is set up
 * ({@link io.jcaps.shm.RegionConfig}). {@code ShmHost} provides the protocol with memory, locks, credentials and sleep.
 */
package io.jcaps.shm;
