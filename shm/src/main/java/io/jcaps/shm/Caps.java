/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.Status;
import org.agrona.ErrorHandler;

/**
 * The entry point of the library: attaches a process to a region of this machine. Any thread may call.
 */
public final class Caps
{
    private Caps()
    {
    }

    /**
     * Attaches to the default region, and creates it if there is none: see {@link RegionConfig}.
     *
     * @return the attachment; to be closed.
     */
    public static Attachment attach()
    {
        return attach(new RegionConfig());
    }

    /**
     * Attaches to a region, and creates it if there is none and the configuration allows it.
     *
     * @param config of the region.
     * @return the attachment; to be closed.
     * @throws io.jcaps.layout.RegionException if there is no region that can be used, and none can be created; the
     *                                         message has the cause, and what to do.
     * @throws CapsException                   with {@link Status#NOT_SUPPORTED} if CAPS is switched off (R10), or as
     *                                         {@link Attachment#attach} does.
     */
    public static Attachment attach(final RegionConfig config)
    {
        return attach(config, Caps::onError);
    }

    /**
     * Attaches to a region, and passes background failures to an error handler.
     *
     * @param config       of the region.
     * @param errorHandler called by the attachment's watch thread.
     * @return the attachment; to be closed.
     */
    public static Attachment attach(final RegionConfig config, final ErrorHandler errorHandler)
    {
        if (!config.enabled())
        {
            throw new CapsException(Status.NOT_SUPPORTED, "CAPS is switched off: jcaps.enabled=false");
        }
        return Attachment.attach(
            ShmHost.open(config), config.watchIntervalNs(), config.watchThreadFactory(), errorHandler);
    }

    private static void onError(final Throwable throwable)
    {
        final Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, throwable);
    }
}
