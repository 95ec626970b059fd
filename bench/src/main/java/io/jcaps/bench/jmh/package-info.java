/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The JMH benchmarks: single operations, and a round trip with the other side in another JVM.
 */
package io.jcaps.bench.jmh;
