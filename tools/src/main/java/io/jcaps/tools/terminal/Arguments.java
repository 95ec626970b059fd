/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether the command line reached this program as it was typed. The JVM decodes it by the locale's encoding and
 * replaces what that does not know: a message or a path would silently become another one. Any thread may call.
 */
public final class Arguments
{
    /** What to do about it. */
    public static final String ADVICE = "set LC_ALL to a locale with UTF-8, as LC_ALL=C.UTF-8";

    private Arguments()
    {
    }

    /**
     * @return what is wrong with this process's command line, for its user; null if nothing.
     */
    public static String problem()
    {
        final String name = System.getProperty("sun.jnu.encoding");
        if (null == name || !Charset.isSupported(name))
        {
            return null;
        }
        try
        {
            return problem(Files.readAllBytes(Path.of("/proc/self/cmdline")), Charset.forName(name));
        }
        catch (final IOException ex)
        {
            return null;
        }
    }

    /**
     * @param commandLine as the operating system has it: arguments that end with a zero byte.
     * @param charset     that the JVM decodes it by.
     * @return what is wrong with it; null if nothing.
     */
    static String problem(final byte[] commandLine, final Charset charset)
    {
        try
        {
            charset.newDecoder().decode(ByteBuffer.wrap(commandLine));
            return null;
        }
        catch (final CharacterCodingException ex)
        {
            return "an argument has bytes that " + charset + ", the encoding of this locale, does not have: " +
                (StandardCharsets.UTF_8.equals(charset) ? "give them to call by standard input, not by --text" :
                ADVICE);
        }
    }
}
