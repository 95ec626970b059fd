/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Output of commands: terminal, tables, JSON, units and exit codes.
 */
package io.jcaps.tools.terminal;
