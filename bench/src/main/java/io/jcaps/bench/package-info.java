/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * JMH benchmarks, and the latency harness that measures between two processes.
 */
package io.jcaps.bench;
