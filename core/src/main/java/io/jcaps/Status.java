/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * Results that a caller must expect. Each is the negative of Linux's number for the same thing, so none is ever a
 * message id, a length or a {@link MessageState}.
 */
public final class Status
{
    /** Done. */
    public static final int OK = 0;
    /** The caller may not do this (R3): {@code EPERM}. */
    public static final int NOT_PERMITTED = -1;
    /** No such service is registered (R5): {@code ENOENT}. */
    public static final int NOT_FOUND = -2;
    /** The waiting thread was interrupted; its interrupt status stays set (R16): {@code EINTR}. */
    public static final int INTERRUPTED = -4;
    /** This port was closed by its own side (R26): {@code EBADF}. */
    public static final int CLOSED = -9;
    /** There is no message to receive at this moment (R16): {@code EWOULDBLOCK}. */
    public static final int WOULD_BLOCK = -11;
    /** The service does not admit this client (R6), found out at connect, or by the service later: {@code EACCES}. */
    public static final int ACCESS_DENIED = -13;
    /** A living service of that name, uid and gid exists (R4): {@code EEXIST}. */
    public static final int EXISTS = -17;
    /** An argument, an id or a name is not valid (R1, R2, R20): {@code EINVAL}. */
    public static final int INVALID = -22;
    /** The region has no memory left: {@code ENOSPC}. Nothing was changed. */
    public static final int NO_SPACE = -28;
    /** CAPS is switched off (R10): {@code EOPNOTSUPP}. */
    public static final int NOT_SUPPORTED = -95;
    /** The limit of messages in progress is reached (R14), or a table is full: {@code ENOBUFS}. Nothing was changed. */
    public static final int NO_BUFFERS = -105;
    /** The other side is closed or dead, and every message to it has had its outcome (R15, R23): {@code ENOTCONN}. */
    public static final int NOT_CONNECTED = -107;
    /** The caller's time limit passed (B5): {@code ETIMEDOUT}. */
    public static final int TIMED_OUT = -110;

    private Status()
    {
    }

    /**
     * The name of a result.
     *
     * @param status one of the constants of this class, or any other number.
     * @return its name.
     */
    public static String text(final long status)
    {
        if (status > 0)
        {
            return "OK(" + status + ")";
        }
        return switch ((int)status)
        {
            case OK -> "OK";
            case NOT_PERMITTED -> "NOT_PERMITTED";
            case NOT_FOUND -> "NOT_FOUND";
            case INTERRUPTED -> "INTERRUPTED";
            case CLOSED -> "CLOSED";
            case WOULD_BLOCK -> "WOULD_BLOCK";
            case ACCESS_DENIED -> "ACCESS_DENIED";
            case EXISTS -> "EXISTS";
            case INVALID -> "INVALID";
            case NO_SPACE -> "NO_SPACE";
            case NOT_SUPPORTED -> "NOT_SUPPORTED";
            case NO_BUFFERS -> "NO_BUFFERS";
            case NOT_CONNECTED -> "NOT_CONNECTED";
            case TIMED_OUT -> "TIMED_OUT";
            default -> "UNKNOWN(" + status + ")";
        };
    }
}
