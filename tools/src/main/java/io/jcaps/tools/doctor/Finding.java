/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

/**
 * What one check found. Immutable.
 *
 * @param check   what was looked at.
 * @param result  whether it is as it should be.
 * @param found   what was there, with its value.
 * @param meaning what follows from it; null if nothing does.
 * @param advice  what to do; null if nothing.
 */
record Finding(String check, Result result, String found, String meaning, String advice)
{
    /** Whether something is as it should be. */
    enum Result
    {
        OK,
        /** It works, but slower, or not for long. */
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
