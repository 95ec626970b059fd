/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

/**
 * Exit codes of the commands on regions and services; each command's help lists its own.
 */
public final class ExitCodes
{
    /** Done. */
    public static final int OK = 0;
    /** The command failed, or its result is negative: no reply, or a failed check. */
    public static final int FAILED = 1;
    /** Invalid options or parameters. */
    public static final int USAGE = 2;
    /** There is no such region, or no such service, or it may not be used. */
    public static final int NOT_THERE = 3;

    private ExitCodes()
    {
    }
}
