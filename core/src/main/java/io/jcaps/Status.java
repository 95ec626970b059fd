/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * Results that a caller must expect. Each but {@link #OK} is the negative of Linux's error number for the same thing,
 * so it is never a message id, a length or a {@link MessageState}.
 */
public final class Status
{
    /** Done. */
    public static final int OK = 0;
    /** The caller may not do this (R3): {@code EPERM}. */
    public static final int NOT_PERMITTED = -1;
    /** No such service is registered (R5): {@code ENOENT}. */
    public static final int NOT_FOUND = -2;
    /** The waiting thread was interrupted, and its interrupt status stays set (R16): {@code EINTR}. */
    public static final int INTERRUPTED = -4;
    /** This side has closed the port or its attachment (R26): {@code EBADF}. */
    public static final int CLOSED = -9;
    /** No message and no disposal is there to be received (R16): {@code EWOULDBLOCK}. */
    public static final int WOULD_BLOCK = -11;
    /**
     * The service does not admit this client (R6), or is not of the user or group that the client looks for (R22):
     * {@code EACCES}. A connect reports it, or a later call.
     */
    public static final int ACCESS_DENIED = -13;
    /** A living service of that name, uid and gid exists (R4): {@code EEXIST}. */
    public static final int EXISTS = -17;
    /** An argument, an id or a name is not valid (R1, R2, R20, R29): {@code EINVAL}. */
    public static final int INVALID = -22;
    /** The region has no memory left: {@code ENOSPC}. Nothing was changed. */
    public static final int NO_SPACE = -28;
    /** CAPS is switched off (R10): {@code EOPNOTSUPP}. */
    public static final int NOT_SUPPORTED = -95;
    /**
     * The limit of messages in progress is reached (R14), a table is full, or the region has no message ids left:
     * {@code ENOBUFS}. Nothing was changed.
     */
    public static final int NO_BUFFERS = -105;
    /**
     * The service is closed or dead: {@code ENOTCONN}. A put returns it at once (R15), {@code get} and {@code await}
     * once each message has had its outcome (R23). Also: the process lost its life lock, it is not the one that opened
     * the port (R27), or the region was removed.
     */
    public static final int NOT_CONNECTED = -107;
    /** The caller's time limit has passed (B5), or the one for the tables' lock: {@code ETIMEDOUT}. */
    public static final int TIMED_OUT = -110;

    private Status()
    {
    }

    /**
     * Names a result.
     *
     * @param status one of the constants of this class, or any other number.
     * @return its name; {@code OK} with the number if that is positive, {@code UNKNOWN} with it if that is no status.
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
