/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * What commands print to.
 */
package io.jcaps.tools.terminal;
