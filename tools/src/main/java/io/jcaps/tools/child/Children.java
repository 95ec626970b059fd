/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The children of one command, and their output. A child that exits without a request, or reports a failure, makes the
 * command fail.
 * <p>
 * One thread uses it; any may close it.
 */
public final class Children
{
    private final long silenceLimitNs;
    private final BlockingQueue<Child.Event> events = new LinkedBlockingQueue<>();
    private final Map<Child, Deque<Line>> unread = new HashMap<>();
    private final Map<Child, Line> progressByChild = new HashMap<>();
    private final Map<Child, String> ignoredWords = new HashMap<>();
    private final Set<Child> endingChildren = new HashSet<>();
    private Runnable onProgress = () -> {};

    // Guarded by this, because a shutdown closes the children while the command runs.
    private final List<Child> children = new ArrayList<>();
    private boolean isClosed;

    /**
     * @param silenceLimitNs nanoseconds without a line from any child after which a wait fails.
     */
    public Children(final long silenceLimitNs)
    {
        this.silenceLimitNs = silenceLimitNs;
    }

    /**
     * Starts a child.
     *
     * @param name for people.
     * @param type with its main method.
     * @param args for it.
     * @return the child.
     * @throws InterruptedException if this was closed.
     */
    public Child start(final String name, final Class<?> type, final String... args) throws InterruptedException
    {
        return start(name, type, List.of(), List.of(args));
    }

    /**
     * Starts a child.
     *
     * @param name     for people.
     * @param type     with its main method.
     * @param launcher words in front of its command.
     * @param args     for it.
     * @return the child.
     * @throws InterruptedException if this was closed.
     */
    public Child start(
        final String name, final Class<?> type, final List<String> launcher, final List<String> args)
        throws InterruptedException
    {
        synchronized (this)
        {
            if (isClosed)
            {
                throw new InterruptedException();
            }
            final Child child = new Child(name, type, events, false, launcher, List.of(), args);
            children.add(child);
            unread.put(child, new ArrayDeque<>());
            return child;
        }
    }

    /**
     * @param onProgress called when a child has said {@code progress}.
     */
    public void onProgress(final Runnable onProgress)
    {
        this.onProgress = onProgress;
    }

    /**
     * @param child that may have reported progress.
     * @return its last report; null if there is none since {@link #forgetProgress}.
     */
    public Line progress(final Child child)
    {
        return progressByChild.get(child);
    }

    /** Drops the children's progress reports. */
    public void forgetProgress()
    {
        progressByChild.clear();
    }

    /**
     * @param child that may exit from now on without a failure.
     */
    public void mayEnd(final Child child)
    {
        endingChildren.add(child);
    }

    /**
     * @param child that prints lines which are not needed.
     * @param word  first word of the lines that are dropped.
     */
    public void ignore(final Child child, final String word)
    {
        ignoredWords.put(child, word);
    }

    /**
     * Waits until a child that was told to stop has exited; fails if its exit code is not 0.
     *
     * @param child that ends.
     */
    public void end(final Child child)
    {
        mayEnd(child);
        final int exitCode = child.join();
        check(0 == exitCode, child.name() + " ended with exit code " + exitCode);
    }

    /**
     * @param child that will print a line.
     * @param word  expected first word of its next line.
     * @return the line with that word.
     * @throws InterruptedException if the thread is interrupted.
     */
    public Line expect(final Child child, final String word) throws InterruptedException
    {
        final Line line = next(child, silenceLimitNs);
        check(word.equals(line.word()), child.name() + " should have reported " + word + ", but reported " + line);
        return line;
    }

    /**
     * @param child          that will print a line.
     * @param silenceLimitNs nanoseconds without a line of any child after which the wait fails.
     * @return its next line.
     * @throws InterruptedException if the thread is interrupted.
     */
    public Line next(final Child child, final long silenceLimitNs) throws InterruptedException
    {
        final Deque<Line> lines = unread.get(child);
        while (lines.isEmpty())
        {
            check(await(silenceLimitNs), "no line came from the " + child.name() + " for " +
                TimeUnit.NANOSECONDS.toSeconds(silenceLimitNs) + " s: does it hang, or is the machine busy?");
        }
        return lines.remove();
    }

    /**
     * Waits for one line of any child.
     *
     * @param timeoutNs longest time in nanoseconds.
     * @return whether there was one.
     * @throws InterruptedException if the thread is interrupted.
     */
    public boolean await(final long timeoutNs) throws InterruptedException
    {
        final Child.Event event = events.poll(timeoutNs, TimeUnit.NANOSECONDS);
        if (null == event)
        {
            return false;
        }
        final Child child = event.child();
        switch (event.line().word())
        {
            case "progress" ->
            {
                progressByChild.put(child, event.line());
                onProgress.run();
            }
            case "failed" -> throw new ChildFailure(event.line().text("what"));
            case Child.ENDED -> check(endingChildren.contains(child),
                child.name() + " exited without a request, exit code " + child.join());
            default ->
            {
                if (!event.line().word().equals(ignoredWords.get(child)))
                {
                    unread.get(child).add(event.line());
                }
            }
        }
        return true;
    }

    /**
     * @return whether they were closed.
     */
    public synchronized boolean isClosed()
    {
        return isClosed;
    }

    /**
     * Kills the children that still run, and waits until they have exited.
     *
     * @return false if they were closed before.
     */
    public synchronized boolean close()
    {
        if (isClosed)
        {
            return false;
        }
        isClosed = true;
        children.forEach(Child::kill);
        children.forEach(Child::join);
        return true;
    }

    private static void check(final boolean holds, final String otherwise)
    {
        if (!holds)
        {
            throw new ChildFailure(otherwise);
        }
    }
}
