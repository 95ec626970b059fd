/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import org.agrona.LangUtil;

/**
 * Steps of which each is taken even if an earlier one failed, as in a close. Not thread safe.
 */
public final class Failures
{
    private Throwable first;

    /**
     * Takes a step.
     *
     * @param step to take.
     * @return whether it did not fail.
     */
    public boolean run(final Runnable step)
    {
        try
        {
            step.run();
            return true;
        }
        catch (final Throwable ex)
        {
            add(ex);
            return false;
        }
    }

    /**
     * @param failure of a step.
     */
    public void add(final Throwable failure)
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

    /**
     * @return whether a step has failed.
     */
    public boolean hasAny()
    {
        return null != first;
    }

    /**
     * Throws the first failure, with the others as suppressed exceptions; does nothing if there was none.
     */
    public void rethrow()
    {
        if (null != first)
        {
            LangUtil.rethrowUnchecked(first);
        }
    }
}
