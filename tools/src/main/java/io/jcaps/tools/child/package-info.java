/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * JVMs that a command starts, and the lines that it exchanges with them.
 */
package io.jcaps.tools.child;
