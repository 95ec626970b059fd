/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The smallest pair: an echo service, and a client that measures its round trips.
 */
package io.jcaps.examples.ping;
