/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The counters of ports as Micrometer's meters. Needs {@code io.micrometer:micrometer-core}, which is not a dependency
 * of the library.
 */
package io.jcaps.shm.metrics;
