/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The parts of a comparison of transports: a cell describes a measurement, a contender runs it, in two JVMs.
 */
package io.jcaps.bench;
