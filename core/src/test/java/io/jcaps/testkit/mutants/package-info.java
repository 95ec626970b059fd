/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/** Mutation tests: one-line faults, put into the sources one at a time, each with the test that must notice it. */
package io.jcaps.testkit.mutants;
