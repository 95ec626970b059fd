/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The counters of ports as Micrometer's meters. Needs {@code io.micrometer:micrometer-core}, which the library itself
 * does not bring.
 */
package io.jcaps.shm.metrics;
