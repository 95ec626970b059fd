/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Messaging within one machine: an attachment to a region, its service and client ports, and what they exchange.
 */
package io.jcaps;
