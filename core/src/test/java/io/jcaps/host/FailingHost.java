/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import org.agrona.concurrent.UnsafeBuffer;

import java.util.function.Supplier;

/**
 * A host at which the N-th call from some moment on fails. A call that releases a resource has released it when it
 * fails.
 */
public final class FailingHost extends ForwardingHost
{
    private static final int NEVER = -1;

    private int failingCall = NEVER;
    private int callCount;
    private Supplier<Throwable> failure;

    /**
     * @param host that makes the calls that do not fail.
     */
    public FailingHost(final Host host)
    {
        super(host);
    }

    /**
     * Counts calls from 0 again, and lets one of them fail.
     *
     * @param callIndex of the call.
     * @param failure   makes the throwable; null for a call that returns null or false, as if there were nothing.
     */
    public void failAt(final int callIndex, final Supplier<Throwable> failure)
    {
        failingCall = callIndex;
        callCount = 0;
        this.failure = failure;
    }

    /**
     * Ends the failures: no call fails any more.
     *
     * @return whether one has.
     */
    public boolean stopFailing()
    {
        final boolean hasFailed = NEVER != failingCall && callCount > failingCall;
        failingCall = NEVER;
        return hasFailed;
    }

    /** Whether this call must return null or false; throws if it must throw. */
    private boolean fails()
    {
        final boolean isNow = callCount++ == failingCall;
        if (isNow && null != failure)
        {
            throwUnchecked(failure.get());
        }
        return isNow;
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void throwUnchecked(final Throwable ex) throws T
    {
        throw (T)ex;
    }

    @Override
    public UnsafeBuffer link(final int linkIndex)
    {
        fails();
        return super.link(linkIndex);
    }

    @Override
    public UnsafeBuffer part(final UnsafeBuffer whole, final int offset, final int length)
    {
        fails();
        return super.part(whole, offset, length);
    }

    @Override
    public boolean back(final int linkIndex, final int offset, final int length)
    {
        return !fails() && super.back(linkIndex, offset, length);
    }

    @Override
    public void trim(final int linkIndex)
    {
        fails();
        super.trim(linkIndex);
    }

    @Override
    public void touch(final int linkIndex, final int offset, final int length)
    {
        fails();
        super.touch(linkIndex, offset, length);
    }

    @Override
    public boolean follow(final int processIndex)
    {
        return !fails() && super.follow(processIndex);
    }

    @Override
    public boolean isFollowed(final int processIndex)
    {
        return !fails() && super.isFollowed(processIndex);
    }

    @Override
    public UnsafeBuffer errors(final int processIndex)
    {
        return fails() ? null : super.errors(processIndex);
    }

    @Override
    public boolean lockTables(final long timeoutNs)
    {
        return !fails() && super.lockTables(timeoutNs);
    }

    @Override
    public void unlockTables()
    {
        super.unlockTables();
        fails();
    }

    @Override
    public boolean holdLife(final int processIndex)
    {
        return !fails() && super.holdLife(processIndex);
    }

    @Override
    public void dropLife(final int processIndex)
    {
        super.dropLife(processIndex);
        fails();
    }

    @Override
    public boolean holdsLife(final int processIndex)
    {
        if (null != failure)
        {
            fails();
        }
        return super.holdsLife(processIndex);
    }

    @Override
    public boolean isAlive(final int processIndex)
    {
        if (null != failure)
        {
            fails();
        }
        return super.isAlive(processIndex);
    }

    @Override
    public Credentials self()
    {
        fails();
        return super.self();
    }

    @Override
    public long startTicks()
    {
        fails();
        return super.startTicks();
    }

    @Override
    public Credentials attest(final int processIndex)
    {
        return fails() ? Credentials.UNKNOWN : super.attest(processIndex);
    }

    @Override
    public boolean isOwnProcess()
    {
        fails();
        return super.isOwnProcess();
    }

    @Override
    public boolean isCurrent()
    {
        fails();
        return super.isCurrent();
    }

    @Override
    public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
    {
        fails();
        super.sleep(wakeOffset, expected, timeoutNs);
    }

    /** Wakes no thread when it fails. */
    @Override
    public void wake(final int wakeOffset, final int limit)
    {
        fails();
        super.wake(wakeOffset, limit);
    }

    @Override
    public void cancelAwait()
    {
        super.cancelAwait();
        fails();
    }

    @Override
    public void close()
    {
        super.close();
        fails();
    }
}
