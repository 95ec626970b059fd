/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.host.SteppingHost;

/**
 * A process within this JVM that can die before any store.
 */
final class CrashProcess
{
    final SteppingHost host;
    private Attachment attachment;
    private WaitSet waitSet;
    private boolean isClosed;

    CrashProcess(final TestRegion region)
    {
        host = new SteppingHost(new ForwardingHost(region.host())
        {
            /** A scene has one thread: the holder of the lock does not release it while this one waits. */
            @Override
            public boolean lockTables(final long timeoutNs)
            {
                return super.lockTables(0);
            }
        });
    }

    CrashProcess attach()
    {
        attachment = Attachment.attach(host, 0, (error) ->
        {
            throw new AssertionError(error);
        });
        return this;
    }

    Attachment attachment()
    {
        return attachment;
    }

    boolean isDead()
    {
        return host.isDead();
    }

    /** Whether the process is attached, and neither dead nor closed. */
    boolean isLiving()
    {
        return null != attachment && !isClosed && !isDead();
    }

    /** Runs an action, lets another process act before one store, and dies before another; false if it ended before. */
    boolean dies(final long storeIndex, final Runnable act, final long otherIndex, final Runnable otherAct)
    {
        host.dieBefore(storeIndex, otherIndex, otherAct);
        try
        {
            act.run();
        }
        catch (final SteppingHost.Death ignore)
        {
            // As wanted. Code that catches it goes on without a store: the host itself says who is dead.
        }
        host.beforeStore(null);
        if (isDead())
        {
            bury();
        }
        return isDead();
    }

    void bury()
    {
        host.bury();
        if (null != attachment)
        {
            attachment.abandon();
        }
    }

    WaitSet makeWaitSet()
    {
        waitSet = attachment.waitSet();
        return waitSet;
    }

    WaitSet waitSet()
    {
        return waitSet;
    }

    boolean hasWaitSet()
    {
        return isLiving() && null != waitSet;
    }

    void closeWaitSet()
    {
        waitSet.close();
        waitSet = null;
    }

    void watch()
    {
        if (isLiving())
        {
            attachment.watch().doWork();
        }
    }

    void close()
    {
        if (isLiving())
        {
            attachment.close();
            isClosed = true;
        }
    }
}
