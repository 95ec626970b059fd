/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.LangUtil;

/**
 * Runs the steps of a close or of a round of the watch, each even if an earlier one failed, and keeps their failures.
 * Not thread safe.
 */
final class Failures
{
    private Throwable first;

    void run(final Runnable step)
    {
        try
        {
            step.run();
        }
        catch (final Throwable ex)
        {
            add(ex);
        }
    }

    void add(final Throwable failure)
    {
        if (null == first)
        {
            first = failure;
        }
        else if (first != failure)
        {
            first.addSuppressed(failure);
        }
    }

    boolean hasAny()
    {
        return null != first;
    }

    /** Throws the first failure, with the others as suppressed exceptions; does nothing if there was none. */
    void rethrow()
    {
        if (null != first)
        {
            LangUtil.rethrowUnchecked(first);
        }
    }
}
