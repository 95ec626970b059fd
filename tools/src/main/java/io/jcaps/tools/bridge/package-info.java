/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * A bridge to the services of other hosts, as a process of its own.
 */
package io.jcaps.tools.bridge;
