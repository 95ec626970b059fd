/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bridge;

import io.jcaps.bridge.Endpoint;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Arrays;

/**
 * The value of an option --import.
 *
 * @param name      of the service.
 * @param endpoints of the bridges that export it.
 */
record Import(String name, Endpoint[] endpoints)
{
    /**
     * Reads NAME@HOST:PORT[,HOST:PORT...].
     */
    static final class Converter implements ITypeConverter<Import>
    {
        @Override
        public Import convert(final String value)
        {
            final int at = value.indexOf('@');
            if (at <= 0)
            {
                throw new TypeConversionException("'" + value + "' is not NAME@HOST:PORT");
            }
            try
            {
                return new Import(value.substring(0, at), Arrays.stream(value.substring(at + 1).split(",", -1))
                    .map(Endpoint::parse).toArray(Endpoint[]::new));
            }
            catch (final IllegalArgumentException ex)
            {
                throw new TypeConversionException(ex.getMessage());
            }
        }
    }
}
