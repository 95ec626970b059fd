/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;

/**
 * The watch as an attachment's own thread runs it. Agrona's runner ends at the first {@link Error}, such as a heap that
 * was full for a moment: nobody would hear of a death any more. So it is told, and the next round comes as ever.
 */
final class WatchRounds implements Agent
{
    private final Watch watch;
    private final ErrorHandler errorHandler;

    WatchRounds(final Watch watch, final ErrorHandler errorHandler)
    {
        this.watch = watch;
        this.errorHandler = errorHandler;
    }

    @Override
    public int doWork()
    {
        try
        {
            return watch.doWork();
        }
        catch (final Error ex)
        {
            errorHandler.onError(ex);
            return 0;
        }
    }

    @Override
    public String roleName()
    {
        return watch.roleName();
    }
}
