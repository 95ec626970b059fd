/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

/**
 * Exit codes of the commands that look at regions and talk to services; each command's help names those that it has.
 */
public final class ExitCodes
{
    /** Done. */
    public static final int OK = 0;
    /** It was done, and the answer is no: no reply, a check that failed. Or it could not be done. */
    public static final int FAILED = 1;
    /** Options or parameters cannot be. */
    public static final int USAGE = 2;
    /** There is no such region, or no such service, or it may not be used. */
    public static final int NOT_THERE = 3;

    private ExitCodes()
    {
    }
}
