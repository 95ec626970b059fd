/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * What a comparison of transports consists of: a cell says what is measured, a contender does it, in two JVMs.
 */
package io.jcaps.bench;
