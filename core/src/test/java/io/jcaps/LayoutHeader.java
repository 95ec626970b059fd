/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.ErrorLogDescriptor;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.layout.SlotDescriptor;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the C header that libcaps takes every number of the layout from: each constant of each descriptor, under the
 * name of its class. Run it after a change of a descriptor; {@link LayoutHeaderTest} compares the checked-in file.
 */
public final class LayoutHeader
{
    private LayoutHeader()
    {
    }

    /**
     * @param args path of the file to write.
     * @throws IOException if that cannot be done.
     */
    public static void main(final String[] args) throws IOException
    {
        Files.writeString(Path.of(args[0]), text());
    }

    /**
     * @return the whole header.
     */
    static String text()
    {
        final StringBuilder text = new StringBuilder("""
            /*
             * Copyright 2026 The jcaps authors.
             * SPDX-License-Identifier: Apache-2.0
             *
             * Generated from the descriptors in io.jcaps.layout by LayoutHeader: do not edit. Offsets and lengths are
             * in bytes. What each word means, who writes it and how, stands in the descriptor of the same name.
             */
            #ifndef CAPS_LAYOUT_H
            #define CAPS_LAYOUT_H

            """);
        append(text, "REGION", RegionDescriptor.class);
        append(text, "PROCESS", ProcessDescriptor.class);
        append(text, "PORT", PortDescriptor.class);
        append(text, "LINK_ENTRY", LinkEntryDescriptor.class);
        append(text, "LINK", LinkDescriptor.class);
        append(text, "SLOT", SlotDescriptor.class);
        append(text, "ERROR_LOG", ErrorLogDescriptor.class);
        append(text, "GEOMETRY", Geometry.class);
        append(text, "OUTCOME", Outcome.class);
        text.append("/* PortCounter: place of each number behind PORT_COUNTERS_OFFSET, in words of 8 bytes. */\n");
        for (final PortCounter counter : PortCounter.values())
        {
            define(text, "PORT_COUNTER_" + counter.name(), counter.ordinal());
        }
        text.append("\n/* ClientCounter, ServiceCounter: offset of each number in a link. */\n");
        for (final ClientCounter counter : ClientCounter.values())
        {
            define(text, "CLIENT_COUNTER_" + counter.name(), counter.offset());
        }
        for (final ServiceCounter counter : ServiceCounter.values())
        {
            define(text, "SERVICE_COUNTER_" + counter.name(), counter.offset());
        }
        return text.append("\n#endif\n").toString();
    }

    private static void append(final StringBuilder text, final String prefix, final Class<?> descriptor)
    {
        text.append("/* ").append(descriptor.getSimpleName()).append(" */\n");
        for (final Field field : descriptor.getDeclaredFields())
        {
            final int modifiers = field.getModifiers();
            if (Modifier.isPublic(modifiers) && Modifier.isStatic(modifiers) && field.getType().isPrimitive())
            {
                try
                {
                    define(text, prefix + '_' + field.getName(), ((Number)field.get(null)).longValue());
                }
                catch (final IllegalAccessException ex)
                {
                    throw new IllegalStateException(field.toString(), ex);
                }
            }
        }
        text.append('\n');
    }

    private static void define(final StringBuilder text, final String name, final long value)
    {
        final boolean isLong = value != (int)value;
        text.append("#define ").append(name).append(' ')
            .append(isLong ? "INT64_C(0x" + Long.toHexString(value) + ")" :
                value < 0 ? "(" + value + ")" : Long.toString(value))
            .append('\n');
    }
}
