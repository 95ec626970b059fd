/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

/**
 * Why an exporter refuses a session: FLAGS of REFUSE. The numbers are part of the protocol.
 */
public enum Refusal
{
    /** The other end speaks another version of the protocol. */
    VERSION("it speaks another version of the protocol"),
    /** The proof does not match. */
    KEY("its key is not the same"),
    /** No such service is exported there. */
    NOT_EXPORTED("it does not export that service"),
    /** The address is not on the list of those that may import. */
    NOT_ALLOWED("it does not allow this address"),
    /** The exporter's region has fewer slots, or shorter messages. */
    GEOMETRY("its region has fewer slots or shorter messages than this one"),
    /** The service is itself imported. */
    IMPORTED("its service is itself imported, and an import is not exported again");

    private static final Refusal[] VALUES = values();

    private final String text;

    Refusal(final String text)
    {
        this.text = text;
    }

    /**
     * @param number of a reason, as it is received.
     * @return the reason as the predicate of a sentence about the other end.
     */
    static String text(final int number)
    {
        return number > 0 && number <= VALUES.length ? VALUES[number - 1].text : "unknown reason " + number;
    }

    int number()
    {
        return ordinal() + 1;
    }
}
