/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Two hosts and the network between them, on this machine: what {@code demo} and {@code soak} need to show a bridge.
 */
package io.jcaps.tools.remote;
