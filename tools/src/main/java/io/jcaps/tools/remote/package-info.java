/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Two simulated hosts and the network between them, with which {@code demo} and {@code soak} test bridges.
 */
package io.jcaps.tools.remote;
