/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Reports of a run's results: tables in the terminal, plots, and a page.
 */
package io.jcaps.bench.report;
