/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * What a run's results look like to people: a table in the terminal, plots, and a page.
 */
package io.jcaps.bench.report;
