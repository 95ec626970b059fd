/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The measurement: the plan, the JVMs of each cell, and the results.
 */
package io.jcaps.bench.suite;
