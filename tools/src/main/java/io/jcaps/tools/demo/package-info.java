/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The {@code demo} command: a service that is killed with requests in flight, two clients that get exactly one outcome
 * each time, and the latency of a round trip.
 */
package io.jcaps.tools.demo;
