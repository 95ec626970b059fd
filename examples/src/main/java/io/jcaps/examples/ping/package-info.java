/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The smallest pair: an echo, and how long it takes there and back.
 */
package io.jcaps.examples.ping;
