/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

/**
 * What one check found. Immutable.
 *
 * @param check   name of the check.
 * @param result  of the check.
 * @param found   what the check found, with its value.
 * @param meaning its consequence; null if it has none.
 * @param advice  what to do; null if nothing.
 */
record Finding(String check, Result result, String found, String meaning, String advice)
{
    /** Result of a check. */
    enum Result
    {
        OK,
        /** It works, but slower, or only for a time. */
        WARN,
        /** It does not work. */
        FAIL
    }

    static Finding ok(final String check, final String found)
    {
        return new Finding(check, Result.OK, found, null, null);
    }

    static Finding warn(final String check, final String found, final String meaning, final String advice)
    {
        return new Finding(check, Result.WARN, found, meaning, advice);
    }

    static Finding fail(final String check, final String found, final String meaning, final String advice)
    {
        return new Finding(check, Result.FAIL, found, meaning, advice);
    }
}
