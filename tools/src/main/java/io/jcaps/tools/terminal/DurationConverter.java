/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads durations as people write them: {@code 500ms}, {@code 1.5s}.
 */
public final class DurationConverter implements ITypeConverter<Duration>
{
    private static final Pattern PATTERN = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(us|ms|s|min)");
    private static final Map<String, Long> NS_BY_UNIT =
        Map.of("us", 1_000L, "ms", 1_000_000L, "s", 1_000_000_000L, "min", 60_000_000_000L);

    @Override
    public Duration convert(final String value)
    {
        final Matcher matcher = PATTERN.matcher(value);
        if (!matcher.matches())
        {
            throw new TypeConversionException("'" + value + "' is not a duration such as 500ms, 2s or 1.5s");
        }
        final BigDecimal nsPerUnit = BigDecimal.valueOf(NS_BY_UNIT.get(matcher.group(2)));
        return Duration.ofNanos(new BigDecimal(matcher.group(1)).multiply(nsPerUnit).longValue());
    }
}
