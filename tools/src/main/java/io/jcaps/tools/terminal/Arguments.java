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
 * Checks that the JVM has decoded the command line without a loss. It uses the locale's encoding and replaces bytes
 * that are invalid in it, so that a message or a path would silently change. Any thread may call.
 */
public final class Arguments
{
    /** What the user can do. */
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
     * @param commandLine as the operating system reports it: arguments that end with a zero byte.
     * @param charset     with which the JVM decodes it.
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
