/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.child.WorkDirectory;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import java.io.IOException;
import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A small region for each test, with the service {@code orders} of this process, for tests of what commands show.
 */
public final class OrdersRegion implements BeforeEachCallback, AfterEachCallback
{
    /** Name of the service. */
    public static final String SERVICE = "orders";
    /** Slots of each of its clients. */
    public static final int SLOT_COUNT = 4;

    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[10]);
    private Path directory;
    private Attachment attachment;
    private ServicePort service;

    @Override
    public void beforeEach(final ExtensionContext context) throws IOException
    {
        directory = WorkDirectory.make(null, "jcaps-orders-");
        attachment = Caps.attach(new RegionConfig().path(path()).geometry(new Geometry(4, 8, 8, SLOT_COUNT, 100)));
        service = attachment.service(SERVICE, new PortOptions());
    }

    @Override
    public void afterEach(final ExtensionContext context)
    {
        attachment.close();
        assertThat(WorkDirectory.remove(directory)).isTrue();
    }

    /**
     * @return where the region is.
     */
    public Path path()
    {
        return directory.resolve("own").resolve("region");
    }

    /**
     * @return this process in the region.
     */
    public Attachment attachment()
    {
        return attachment;
    }

    /**
     * @return the service.
     */
    public ServicePort service()
    {
        return service;
    }

    /**
     * @return a new client of the service.
     */
    public ClientPort client()
    {
        return attachment.client(SERVICE, new PortOptions());
    }

    /**
     * Puts a request, which the service receives.
     *
     * @param client  that puts it.
     * @param length  of the request.
     * @param request to be the request.
     */
    public void receive(final ClientPort client, final int length, final Message request)
    {
        assertThat(client.put(bytes, 0, length)).isPositive();
        while (MessageState.REQUEST != service.get(request))
        {
            // Disposals of earlier requests and clients come first.
            assertThat(request.isView()).isFalse();
        }
    }
}
