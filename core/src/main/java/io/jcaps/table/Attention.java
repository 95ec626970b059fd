/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Makes a service port look at its links. It is raised by the watch, which has found a client dead; by a thread that
 * has ended the last view of a dropped link; and by the port itself, if it could not accept or drop a client. It is one
 * word, and each change is one atomic operation, so none can undo another. Any thread may call.
 */
public final class Attention
{
    /** The next poll looks at the links. */
    private static final int DUE = 1;
    /** A step failed for a cause that may pass: it is due again in the watch's next round, not before. */
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

    /** Makes the next poll look at the links. */
    public void raise()
    {
        // [attention] atomic or, a release: the thread that takes the word sees what the caller found. Pairs with
        // take().
        WORD.getAndBitwiseOr(this, DUE);
    }

    /** Makes a look due in the watch's next round. */
    public void raiseLater()
    {
        WORD.getAndBitwiseOr(this, RETRY);
    }

    /**
     * @return whether a look at the links is due.
     */
    public boolean isDue()
    {
        return (word & DUE) != 0;
    }

    /**
     * Called in each round of the watch: a step that failed is due again.
     *
     * @return whether a step had failed.
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

    /** Takes all that was raised, before the look: whatever is raised after this makes the next look due. */
    public void take()
    {
        // [attention] atomic exchange, an acquire: pairs with raise(). A read and a store would lose what the watch
        // raises in between, and it raises each death once.
        WORD.getAndSet(this, 0);
    }
}
