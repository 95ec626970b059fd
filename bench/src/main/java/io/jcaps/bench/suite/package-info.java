/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The measurement: what is measured in which order, in which JVMs, and what came of it.
 */
package io.jcaps.bench.suite;
