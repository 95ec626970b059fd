/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit.mutants;

/** The result of a mutant's run. */
public enum MutantVerdict
{
    /** A test failed by an assertion or an exception. */
    KILLED,
    /** All tests that must notice it passed. */
    SURVIVED,
    /** It was noticed only because a test did not end. */
    HUNG,
    /** The source with the fault does not compile. */
    INVALID
}
