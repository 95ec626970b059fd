/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

/**
 * What {@link CapsSys#get} returns of a message: the original's {@code struct caps_msgid}.
 */
public final class CapsMsgId
{
    /** Message id (R12). */
    public long id;
    /** {@link CapsSys#CAPMS_REQUEST}, {@link CapsSys#CAPMS_REPLY} or {@link CapsSys#CAPMS_DISPOSE} (R18). */
    public int state;
    /**
     * How a reply came about (B1): 0 if the service replied, else one of {@link io.jcaps.Outcome}'s kinds, with
     * {@link io.jcaps.Outcome#RECEIVED} beside it if the service had received the message. Not in the original.
     */
    public int outcome;

    /**
     * Creates an object that {@link CapsSys#get} fills.
     */
    public CapsMsgId()
    {
    }

    /** {@inheritDoc} */
    @Override
    public String toString()
    {
        return "CapsMsgId{id=" + id + ", state=" + state + ", outcome=" + outcome + '}';
    }
}
