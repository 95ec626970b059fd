/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A child's connection to its parent, over standard input and output. When the parent exits, however that happens, the
 * input ends: the child then removes the directories that the parent no longer can, and exits at once.
 * <p>
 * Any thread may call.
 */
public final class ParentLink
{
    private static final int ORPHANED = 3;

    private final BlockingQueue<Line> lines = new LinkedBlockingQueue<>();
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final List<Path> directories;

    /**
     * @param directories to be removed if the parent goes without doing it.
     */
    private ParentLink(final List<Path> directories)
    {
        this.directories = directories;
        final Thread thread = new Thread(this::read, "parent-link");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * The work of a child.
     */
    @FunctionalInterface
    public interface Work
    {
        /**
         * @param parent of the child.
         * @throws Exception if it failed: it is reported to the parent.
         */
        void run(ParentLink parent) throws Exception;
    }

    /**
     * Runs a child: a failure is reported to the parent.
     *
     * @param directory to be removed if the parent goes without doing it.
     * @param work      of the child.
     */
    public static void run(final Path directory, final Work work)
    {
        run(List.of(directory), work);
    }

    /**
     * Runs a child: a failure is reported to the parent.
     *
     * @param directories to be removed if the parent goes without doing it.
     * @param work        of the child.
     */
    public static void run(final List<Path> directories, final Work work)
    {
        final ParentLink parent = new ParentLink(directories);
        int exitCode = 0;
        try
        {
            work.run(parent);
        }
        catch (final ChildFailure ex)
        {
            parent.tell(new Line("failed").with("what", ex.getMessage()));
            exitCode = 1;
        }
        catch (final Throwable ex)
        {
            // Any exception and any error is reported to the parent.
            ex.printStackTrace();
            parent.tell(new Line("failed").with("what", ex.toString()));
            exitCode = 1;
        }
        System.exit(exitCode);
    }

    public void tell(final Line line)
    {
        out.println(line);
    }

    /**
     * @return the next line from the parent; null if there is none.
     */
    public Line poll()
    {
        return lines.poll();
    }

    /**
     * @return the next line from the parent; waits for it.
     * @throws InterruptedException if the thread is interrupted.
     */
    public Line take() throws InterruptedException
    {
        return lines.take();
    }

    private void read()
    {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)))
        {
            for (String text = reader.readLine(); null != text; text = reader.readLine())
            {
                final Line line = Line.parse(text);
                if (null != line)
                {
                    lines.add(line);
                }
            }
        }
        catch (final IOException ignore)
        {
            // A read that fails is the end of the input, too.
        }
        directories.forEach(WorkDirectory::remove);
        Runtime.getRuntime().halt(ORPHANED);
    }
}
