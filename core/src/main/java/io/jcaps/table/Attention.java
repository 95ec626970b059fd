/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What the threads of one process tell a service port about its links: the watch, which found a client dead; a thread
 * that ended the last view of a dropped link; the port itself, which could not accept or drop a client. One word. Each
 * change is one atomic operation, so none of them can undo another. Any thread may call.
 */
public final class Attention
{
    /** The links are to be looked at in the next poll. */
    private static final int DUE = 1;
    /** Something failed for a cause that may pass: due again in the watch's next round, not before. */
    private static final int RETRY = 2;
    private static final VarHandle WORD;

    static
    {
        try
        {
            WORD = MethodHandles.lookup().findVarHandle(Attention.class, "word", int.class);
        }
        catch (final ReflectiveOperationException ex)
        {
            throw new ExceptionInInitializerError(ex);
        }
    }

    @SuppressWarnings("FieldMayBeFinal") // changed by WORD
    private volatile int word = DUE;

    /** Calls for a look at the links. */
    public void raise()
    {
        // [attention] atomic or, a release: the thread that takes the word sees what the caller found. Pairs with
        // take().
        WORD.getAndBitwiseOr(this, DUE);
    }

    /** Calls for a look in the watch's next round. */
    public void raiseLater()
    {
        WORD.getAndBitwiseOr(this, RETRY);
    }

    /**
     * @return whether the links are to be looked at.
     */
    public boolean isDue()
    {
        return (word & DUE) != 0;
    }

    /**
     * A round of the watch: what had failed is due again.
     *
     * @return whether there was such.
     */
    public boolean isDueAgain()
    {
        if ((word & RETRY) == 0)
        {
            return false;
        }
        raise();
        return true;
    }

    /** Takes all that was raised, before the look that it calls for: what comes after it calls for the next one. */
    public void take()
    {
        // [attention] atomic exchange, an acquire: pairs with raise(). A read and a store would lose what the watch
        // raises in between, and it raises each death once.
        WORD.getAndSet(this, 0);
    }
}
