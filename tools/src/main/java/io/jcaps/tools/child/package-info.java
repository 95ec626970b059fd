/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * JVMs that a command starts beside its own, and what they and it say to each other.
 */
package io.jcaps.tools.child;
