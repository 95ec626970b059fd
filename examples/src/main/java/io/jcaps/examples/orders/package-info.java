/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * A gateway and a matching engine: orders written in place, and the outcome of each when the engine dies.
 */
package io.jcaps.examples.orders;
