/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.AbortResult;
import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.file.Path;

/**
 * The ten calls of the original documentation, with its arguments, results and errors. It has no protocol of its own:
 * each call is one or two of {@link Attachment}, {@link ServicePort} and {@link ClientPort}.
 * <p>
 * As in C, -1 is a failure, and {@link #errno()} returns its Linux number. Every failure is reported this way, misuse
 * included; a failed call changes nothing. Any thread may call, on any port.
 */
public final class CapsSys implements AutoCloseable
{
    /** Not permitted. */
    public static final int EPERM = 1;
    /** No such service. */
    public static final int ENOENT = 2;
    /** Interrupted. */
    public static final int EINTR = 4;
    /** Nothing is there; the same as {@link #EWOULDBLOCK}. */
    public static final int EAGAIN = 11;
    /** Nothing is there. */
    public static final int EWOULDBLOCK = EAGAIN;
    /** Access denied. */
    public static final int EACCES = 13;
    /** There is such a service. */
    public static final int EEXIST = 17;
    /** An argument or an id is not valid. */
    public static final int EINVAL = 22;
    /** The region has no memory left. */
    public static final int ENOSPC = 28;
    /** CAPS is switched off. */
    public static final int EOPNOTSUPP = 95;
    /** The limit of messages in progress is reached, or a table is full. */
    public static final int ENOBUFS = 105;
    /** The other side is gone, or this is a forked child. */
    public static final int ENOTCONN = 107;
    /** Another process held the lock of the region's tables until the time limit: it may be stopped. */
    public static final int ETIMEDOUT = 110;

    /** The user's bits of the flags. */
    public static final int CAPF_UFLAGS = PortFlags.USER_MASK;
    /** Clients with the service's uid may connect. */
    public static final int CAPF_USER = PortFlags.USER;
    /** Clients in the service's group may connect. */
    public static final int CAPF_GROUP = PortFlags.GROUP;
    /** Every client may connect. */
    public static final int CAPF_WORLD = PortFlags.WORLD;
    /** Refuse to register beside a living service. */
    public static final int CAPF_EXCL = PortFlags.EXCL;
    /** USER, GROUP and WORLD. */
    public static final int CAPF_ANYCLIENT = PortFlags.ANYCLIENT;
    /** Reserved. */
    public static final int CAPF_WCRED = PortFlags.WCRED;
    /** Keep no trace of the port in a forked child. */
    public static final int CAPF_NOFORK = PortFlags.NOFORK;
    /** Wait until the service is registered. */
    public static final int CAPF_WAITSVC = PortFlags.WAITSVC;

    /** A request, at the service. */
    public static final int CAPMS_REQUEST = MessageState.REQUEST;
    /** Reserved. */
    public static final int CAPMS_REQUEST_RETRY = MessageState.REQUEST_RETRY;
    /** A reply, at the client. */
    public static final int CAPMS_REPLY = MessageState.REPLY;
    /** Reserved. */
    public static final int CAPMS_REPLY_RETRY = MessageState.REPLY_RETRY;
    /** A disposal, at the service. */
    public static final int CAPMS_DISPOSE = MessageState.DISPOSE;

    /** Never returned. */
    public static final int CAPS_ABORT_NOTIMPL = AbortResult.NOT_IMPLEMENTED;
    /** The reply was already there. */
    public static final int CAPS_ABORT_RETURNED = AbortResult.RETURNED;
    /** The service never saw the message. */
    public static final int CAPS_ABORT_BEFORESERVER = AbortResult.BEFORE_SERVER;
    /** The service had received the message. */
    public static final int CAPS_ABORT_ATSERVER = AbortResult.AT_SERVER;
    /** Flag of abort: the message comes back now, also from the service. */
    public static final int CAPF_ABORT_HARD = 0x0001;

    private static final int FAILED = -1;
    private static final UnsafeBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final Attachment attachment;
    private final int messageLimit;
    private final PortIds ports = new PortIds();
    private final ThreadLocal<Call> calls = ThreadLocal.withInitial(Call::new);

    private CapsSys(final Attachment attachment)
    {
        this.attachment = attachment;
        messageLimit = null == attachment ? Geometry.MAX_MESSAGE_LIMIT : attachment.messageLimit();
    }

    /**
     * Attaches this process to a region.
     *
     * @param region path of the region's file, which is created if it is missing.
     * @return this process's view; to be closed. If CAPS is switched off (R10), each attempt to open a port fails with
     * {@link #EOPNOTSUPP}.
     * @throws RegionException if no region can be used, and none can be created; the message has the cause.
     * @throws CapsException   as {@link Caps#attach(RegionConfig)} does.
     */
    public static CapsSys open(final Path region)
    {
        final RegionConfig config = new RegionConfig().path(region);
        return new CapsSys(config.enabled() ? Caps.attach(config) : null);
    }

    /**
     * {@code caps_sys_service}: registers a service (R1 to R4).
     *
     * @param name  1 to 63 characters of {@code 0-9 A-Z a-z _ .}.
     * @param uid   or -1 for any, but not both.
     * @param gid   or -1 for any, but not both.
     * @param upcid ignored, as in the original (R11): see {@link io.jcaps.PortAgent} and {@link io.jcaps.WaitSet}.
     * @param flags {@link #CAPF_USER} and so on; bits above the low 16 are ignored.
     * @return port id, positive; -1 with {@link #EINVAL}, {@link #EPERM}, {@link #EEXIST}, {@link #ENOBUFS},
     * {@link #ENOTCONN} or {@link #EOPNOTSUPP}.
     */
    public int service(final String name, final int uid, final int gid, final int upcid, final int flags)
    {
        if (null == attachment)
        {
            return fail(EOPNOTSUPP);
        }
        try
        {
            return ports.add(attachment.service(name, new PortOptions().uid(uid).gid(gid).flags(flags)));
        }
        catch (final CapsException ex)
        {
            return fail(ex);
        }
    }

    /**
     * {@code caps_sys_client}: connects to a service (R5, R6).
     *
     * @param name  of the service.
     * @param uid   to look for, or -1 for any, but not both.
     * @param gid   to look for, or -1 for any, but not both.
     * @param upcid ignored, as in the original (R11).
     * @param flags {@link #CAPF_USER} and so on; with {@link #CAPF_WAITSVC} the call waits for the service.
     * @return port id, positive; -1 with {@link #EINVAL}, {@link #ENOENT}, {@link #EACCES}, {@link #EINTR},
     * {@link #ENOBUFS}, {@link #ENOSPC}, {@link #ENOTCONN} or {@link #EOPNOTSUPP}.
     */
    public int client(final String name, final int uid, final int gid, final int upcid, final int flags)
    {
        if (null == attachment)
        {
            return fail(EOPNOTSUPP);
        }
        try
        {
            return ports.add(attachment.client(name, new PortOptions().uid(uid).gid(gid).flags(flags)));
        }
        catch (final CapsException ex)
        {
            return fail(ex);
        }
    }

    /**
     * {@code caps_sys_close}: ends a port (R23, R24, R26).
     *
     * @param portid of the port.
     * @return 0; -1 with {@link #EINVAL}.
     */
    public int close(final int portid)
    {
        final SysPort port = ports.remove(portid);
        if (null == port)
        {
            return fail(EINVAL);
        }
        port.port().close();
        // In a forked child the id of a port with NOFORK was never known (R27).
        return Status.INVALID == port.port().endStatus() ? fail(EINVAL) : 0;
    }

    /**
     * {@code caps_sys_setgen}: sets a port's own generation (R28).
     *
     * @param portid of the port.
     * @param gen    any number.
     * @return 0; -1 with {@link #EINVAL} or {@link #ENOTCONN}.
     */
    public int setgen(final int portid, final long gen)
    {
        final SysPort port = ports.get(portid);
        return null == port ? fail(EINVAL) : result(port.port().generation(gen));
    }

    /**
     * {@code caps_sys_getgen}: returns the generation of a client port's service, also after the service has closed or
     * died (R28).
     *
     * @param portid of the port.
     * @return the generation, which may be -1; -1 also on failure, with {@link #EINVAL} or {@link #ENOTCONN}.
     */
    public long getgen(final int portid)
    {
        final SysPort port = ports.get(portid);
        if (null == port || !(port.port() instanceof ClientPort client))
        {
            return fail(EINVAL);
        }
        final int endStatus = client.endStatus();
        return Status.OK == endStatus ? client.serviceGeneration() : result(endStatus);
    }

    /**
     * {@code caps_sys_put}: sends a request (R12 to R15). Memory of {@link #alloc} is put without a copy; any other
     * bytes are copied once, into the region.
     *
     * @param portid  of a client port.
     * @param msg     to send; may be null if the size is 0.
     * @param msgsize in bytes, 0 to 131,072.
     * @return message id, positive; -1 with {@link #EINVAL}, {@link #ENOTCONN}, {@link #ENOBUFS} or {@link #ENOSPC}.
     */
    public long put(final int portid, final DirectBuffer msg, final int msgsize)
    {
        final SysPort port = ports.get(portid);
        if (null == port || !(port.port() instanceof ClientPort client) || !isReadable(msg, msgsize))
        {
            return fail(EINVAL);
        }
        return result(port.isAllocated(msg) ?
            port.put(msg, msgsize) : client.put(null == msg ? NOTHING : msg, 0, msgsize));
    }

    /**
     * {@code caps_sys_reply}: replies to a request (R20). Memory of {@link #alloc} for that request is sent without a
     * copy; any other bytes are copied once, into the region.
     *
     * @param portid  of a service port.
     * @param msg     to send; may be null if the size is 0.
     * @param msgsize in bytes, 0 to 131,072.
     * @param msgid   of a request that this port received; its payload need not have been retrieved (R17).
     * @return 0; -1 with {@link #EINVAL}, {@link #ENOTCONN} or {@link #ENOSPC}.
     */
    public int reply(final int portid, final DirectBuffer msg, final int msgsize, final long msgid)
    {
        final SysPort port = ports.get(portid);
        if (null == port || !(port.port() instanceof ServicePort service) || !isReadable(msg, msgsize))
        {
            return fail(EINVAL);
        }
        return result(port.isAllocated(msg) ?
            port.reply(msg, msgsize, msgid) : service.reply(msgid, null == msg ? NOTHING : msg, 0, msgsize));
    }

    /**
     * {@code caps_sys_get}: takes the next message, and never blocks (R16 to R19).
     *
     * @param portid  of the port.
     * @param msg     to copy the payload to; may be null if maxsize is 0.
     * @param maxsize longest payload in bytes that is wanted, 0 or more. A longer message stays first in line, and
     *                nothing of it is copied.
     * @param msgid   to fill; may be null.
     * @param cred    to fill with the sender's credentials (R22); may be null.
     * @return length of the payload in bytes, also if it is longer than maxsize; -1 with {@link #EINVAL},
     * {@link #EWOULDBLOCK} or {@link #ENOTCONN}.
     */
    public int get(
        final int portid,
        final MutableDirectBuffer msg,
        final int maxsize,
        final CapsMsgId msgid,
        final CapsCred cred)
    {
        final SysPort port = ports.get(portid);
        if (null == port || !isWritable(msg, maxsize))
        {
            return fail(EINVAL);
        }
        final Message message = calls.get().message;
        return retrieve(port, port.port().get(message, maxsize), message, msg, msgid, cred);
    }

    /**
     * {@code caps_sys_wait}: takes the next message, and waits for it (R16).
     *
     * @param portid  of the port.
     * @param msg     as {@link #get} does.
     * @param maxsize as {@link #get} does.
     * @param msgid   as {@link #get} does.
     * @param cred    as {@link #get} does.
     * @return as {@link #get} does, but with {@link #EINTR} instead of {@link #EWOULDBLOCK}: the thread was
     * interrupted, its interrupt status is cleared.
     */
    public int wait(
        final int portid,
        final MutableDirectBuffer msg,
        final int maxsize,
        final CapsMsgId msgid,
        final CapsCred cred)
    {
        final SysPort port = ports.get(portid);
        if (null == port || !isWritable(msg, maxsize))
        {
            return fail(EINVAL);
        }
        final Message message = calls.get().message;
        return retrieve(
            port, port.port().await(message, maxsize, Long.MAX_VALUE), message, msg, msgid, cred);
    }

    /**
     * {@code caps_sys_abort}: aborts a request (R29). Its outcome must still be taken.
     *
     * @param portid of a client port.
     * @param msgid  of a message in progress.
     * @param flags  {@link #CAPF_ABORT_HARD} or 0.
     * @return {@link #CAPS_ABORT_RETURNED}, {@link #CAPS_ABORT_BEFORESERVER} or {@link #CAPS_ABORT_ATSERVER}; -1 with
     * {@link #EINVAL} or {@link #ENOTCONN}.
     */
    public int abort(final int portid, final long msgid, final int flags)
    {
        final SysPort port = ports.get(portid);
        if (null == port || !(port.port() instanceof ClientPort client))
        {
            return fail(EINVAL);
        }
        return result(client.abort(msgid, (flags & CAPF_ABORT_HARD) != 0));
    }

    /**
     * Allocates memory of the region for a message, which is then put or replied without a copy. Not in the original,
     * which accepts any memory.
     *
     * @param portid of a client port for a request, of a service port for a reply.
     * @param msgid  0 for a request, otherwise the request that is to be replied to.
     * @param size   in bytes, 0 to 131,072.
     * @return the memory, valid until it was put, replied or given to {@link #free}, or the port is closed; null with
     * {@link #EINVAL}, {@link #ENOBUFS}, {@link #ENOSPC} or {@link #ENOTCONN}.
     */
    public MutableDirectBuffer alloc(final int portid, final long msgid, final int size)
    {
        final SysPort port = ports.get(portid);
        if (null == port || size < 0 || size > messageLimit || (0 == msgid) != (port.port() instanceof ClientPort))
        {
            fail(EINVAL);
            return null;
        }
        final MutableDirectBuffer[] buffer = calls.get().buffer;
        final int status = port.alloc(msgid, size, buffer);
        result(status);
        final MutableDirectBuffer result = buffer[0];
        buffer[0] = null;
        return result;
    }

    /**
     * Releases memory of {@link #alloc} that will not be sent. Not in the original.
     *
     * @param portid of the port that it was allocated for.
     * @param msg    as {@link #alloc} returned it; it has no bytes afterwards.
     * @return 0; -1 with {@link #EINVAL} if it is not allocated, or was put, replied or freed already.
     */
    public int free(final int portid, final DirectBuffer msg)
    {
        final SysPort port = ports.get(portid);
        return null == port || null == msg ? fail(EINVAL) : result(port.free(msg));
    }

    /**
     * Why the calling thread's last failed call failed.
     *
     * @return {@link #EINVAL} and so on; 0 if none has failed yet.
     */
    public int errno()
    {
        return calls.get().errno;
    }

    /**
     * Closes each port and leaves the region. A second call does nothing.
     */
    @Override
    public void close()
    {
        ports.clear();
        if (null != attachment)
        {
            attachment.close();
        }
    }

    private int retrieve(
        final SysPort port,
        final int state,
        final Message message,
        final MutableDirectBuffer msg,
        final CapsMsgId msgid,
        final CapsCred cred)
    {
        if (state < 0)
        {
            if (Status.INTERRUPTED == state)
            {
                Thread.interrupted();
            }
            return result(state);
        }
        if (CAPMS_DISPOSE == state)
        {
            port.forgetDisposed(message.id());
        }
        final int length = message.length();
        if (null != msgid)
        {
            msgid.id = message.id();
            msgid.state = state;
            msgid.outcome = message.outcome();
        }
        if (null != cred)
        {
            cred.fill(message.credentials());
        }
        if (message.isView())
        {
            try
            {
                if (length > 0)
                {
                    final int status = message.copyTo(msg, 0);
                    if (Status.OK != status)
                    {
                        // Another thread has closed the port in between.
                        return result(status);
                    }
                }
            }
            finally
            {
                message.release();
            }
        }
        return length;
    }

    private boolean isReadable(final DirectBuffer msg, final int size)
    {
        return size >= 0 && size <= messageLimit && (null == msg ? 0 == size : size <= msg.capacity());
    }

    private static boolean isWritable(final MutableDirectBuffer msg, final int maxsize)
    {
        return maxsize >= 0 && (null == msg ? 0 == maxsize : maxsize <= msg.capacity() || msg.isExpandable());
    }

    private int result(final int status)
    {
        return (int)result((long)status);
    }

    private long result(final long status)
    {
        return status >= 0 ? status : fail(Status.CLOSED == status ? EINVAL : (int)-status);
    }

    private int fail(final CapsException ex)
    {
        if (Status.INTERRUPTED == ex.status())
        {
            Thread.interrupted();
        }
        return fail(Status.CLOSED == ex.status() ? EINVAL : -ex.status());
    }

    private int fail(final int errno)
    {
        calls.get().errno = errno;
        return FAILED;
    }

    /** The state that a thread keeps between calls. */
    private static final class Call
    {
        private final Message message = new Message();
        private final MutableDirectBuffer[] buffer = new MutableDirectBuffer[1];
        private int errno;
    }
}
