/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * A service and a client for the shell.
 */
package io.jcaps.tools.port;
