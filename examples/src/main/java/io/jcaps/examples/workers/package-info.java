/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * A pool of threads on one service port, which replies out of order.
 */
package io.jcaps.examples.workers;
