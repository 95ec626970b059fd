/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.CloseHelper;

import java.nio.file.Path;
import java.util.List;

/**
 * A client in this JVM, connected to an {@link EchoService} in another one. One thread.
 */
final class EchoPair implements AutoCloseable
{
    private final BenchRegion ownRegion;
    private final Attachment attachment;
    private final ChildJvm child;
    private final ClientPort port;

    EchoPair(final RoundTripOptions options)
    {
        BenchRegion ownRegion = null;
        Attachment attachment = null;
        ChildJvm child = null;
        try
        {
            ownRegion = null == options.region() ? new BenchRegion() : null;
            final Path path = null == ownRegion ? options.region() : ownRegion.path();
            attachment = Caps.attach(null == ownRegion ? new RegionConfig().path(path) : ownRegion.config());
            child = ChildJvm.start(
                EchoService.class, RoundTripOptions.parse(options.arguments()).region(path).arguments());
            port = attachment.client(EchoService.NAME, options.clientPortOptions());
        }
        catch (final RuntimeException ex)
        {
            CloseHelper.quietCloseAll(child, attachment, ownRegion);
            throw ex;
        }
        this.ownRegion = ownRegion;
        this.attachment = attachment;
        this.child = child;
    }

    ClientPort port()
    {
        return port;
    }

    /**
     * Ends both sides, and compares what they counted: the service has received each message, and each disposal.
     *
     * @throws IllegalStateException if it has not.
     */
    void end(final long messageCount)
    {
        port.close();
        final List<String> lines = child.end();
        final String expected = EchoService.counts(messageCount, messageCount, 0);
        if (!List.of(expected).equals(lines))
        {
            throw new IllegalStateException("the service should have counted " + expected + ", it said: " + lines);
        }
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(child, attachment, ownRegion);
    }
}
