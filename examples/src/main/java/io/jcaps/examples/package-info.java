/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Small programs that come in pairs, a service and its client.
 */
package io.jcaps.examples;
