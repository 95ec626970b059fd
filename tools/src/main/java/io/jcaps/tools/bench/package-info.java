/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The {@code bench} command: the comparison of transports, the JMH suite, and the guard that each build runs.
 */
package io.jcaps.tools.bench;
