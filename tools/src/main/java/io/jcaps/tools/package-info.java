/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The {@code caps} command.
 */
package io.jcaps.tools;
