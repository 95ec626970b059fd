/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads a user or group id: 0 to 4294967294, which the library keeps as an {@code int} of the same bits, or -1 for any.
 */
public final class IdConverter implements ITypeConverter<Integer>
{
    private static final long MAX_ID = 0xFFFF_FFFEL;
    private static final int ANY = -1;

    @Override
    public Integer convert(final String value)
    {
        if (value.matches("\\d{1,10}") && Long.parseLong(value) <= MAX_ID)
        {
            return (int)Long.parseLong(value);
        }
        if ("-1".equals(value))
        {
            return ANY;
        }
        throw new TypeConversionException("'" + value + "' is not an id from 0 to " + MAX_ID + ", or -1 for any");
    }

    /**
     * @param id as the library keeps it.
     * @return the id for output: 0 to 4294967294, or -1 for any.
     */
    public static long number(final int id)
    {
        return ANY == id ? ANY : Integer.toUnsignedLong(id);
    }
}
