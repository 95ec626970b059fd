/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import io.jcaps.Attachment;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.shm.Access;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.ParentLink;

import java.nio.file.Path;

/**
 * The second process of a {@link Trial}: a service that sleeps until a request comes, and replies with 0 bytes. It
 * exits with its parent, or is killed.
 */
public final class TrialPeer
{
    private TrialPeer()
    {
    }

    /**
     * @param args the trial's directory, and the access of its region.
     */
    public static void main(final String[] args)
    {
        final Path directory = Path.of(args[0]);
        ParentLink.run(directory, (parent) -> serve(parent, directory, Access.valueOf(args[1])));
    }

    private static void serve(final ParentLink parent, final Path directory, final Access access)
    {
        final RegionConfig config = new RegionConfig().path(Trial.region(directory)).access(access);
        // No polls before it sleeps: each request has to wake it.
        final PortOptions options = new PortOptions().flags(PortFlags.WORLD).spinCount(0);
        try (Attachment attachment = Caps.attach(config);
            ServicePort service = attachment.service(Trial.NAME, options))
        {
            parent.tell(new Line(Trial.READY).with("sleep", attachment.sleepMode()));
            final Message message = new Message();
            while (true)
            {
                final int state = service.await(message, Long.MAX_VALUE);
                if (MessageState.REQUEST == state)
                {
                    parent.tell(new Line(Trial.CLIENT).with("pid", message.credentials().pid()));
                    message.reply();
                }
                message.release();
            }
        }
    }
}
