/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The {@code demo} command: a service that is killed in full flight, two clients that lose nothing by it, and how long
 * a round trip takes.
 */
package io.jcaps.tools.demo;
