/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Standard output that reports when it cannot be written: the first failed write throws {@link OutputFailure}, so that
 * a command ends when its reader has gone, and never loses its output silently. Later writes are dropped, so that they
 * do not disturb the closing of ports.
 * <p>
 * Any thread may write.
 */
public final class StandardOutput extends OutputStream
{
    private static final Path FILE = Path.of("/proc/self/fd/1");

    private final OutputStream out;
    private final Path file;
    private volatile OutputFailure failure;

    /**
     * @param out  to write to.
     * @param file symbolic link to it, such as /proc/self/fd/1.
     */
    StandardOutput(final OutputStream out, final Path file)
    {
        this.out = out;
        this.file = file;
    }

    /**
     * Replaces {@link System#out}.
     *
     * @return the new standard output.
     */
    public static StandardOutput install()
    {
        final StandardOutput output = new StandardOutput(new FileOutputStream(FileDescriptor.out), FILE);
        System.setOut(new PrintStream(output, true, charset()));
        return output;
    }

    /**
     * @return encoding of text: that of the locale. Without a locale (cron, containers) that would be ASCII; then
     * UTF-8, so that no character is lost.
     */
    public static Charset charset()
    {
        for (final String property : new String[] {"stdout.encoding", "sun.stdout.encoding", "native.encoding"})
        {
            final String name = System.getProperty(property);
            if (null != name && Charset.isSupported(name))
            {
                return orUtf8(Charset.forName(name));
            }
        }
        return orUtf8(Charset.defaultCharset());
    }

    private static Charset orUtf8(final Charset charset)
    {
        return StandardCharsets.US_ASCII.equals(charset) ? StandardCharsets.UTF_8 : charset;
    }

    /**
     * @return a writer for text, which flushes at each line.
     */
    public PrintWriter writer()
    {
        return new PrintWriter(new OutputStreamWriter(this, charset()), true);
    }

    /**
     * @return the first failure; null if there was none.
     */
    public OutputFailure failure()
    {
        return failure;
    }

    @Override
    public void write(final int value)
    {
        write(new byte[] {(byte)value}, 0, 1);
    }

    @Override
    public void write(final byte[] bytes, final int offset, final int length)
    {
        if (null != failure)
        {
            return;
        }
        try
        {
            out.write(bytes, offset, length);
        }
        catch (final IOException ex)
        {
            failure = new OutputFailure(isPipe(), ex.getMessage());
            throw failure;
        }
    }

    /** Decides by the kind of file, as the text of an error is in the language of the locale. */
    private boolean isPipe()
    {
        try
        {
            final String target = Files.readSymbolicLink(file).toString();
            return target.startsWith("pipe:") || target.startsWith("socket:");
        }
        catch (final IOException | UnsupportedOperationException ex)
        {
            return false;
        }
    }
}
