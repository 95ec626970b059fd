/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.port;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.region.RegionOption;
import io.jcaps.tools.terminal.IdConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The options that name a command's service.
 */
final class ServiceOption
{
    @Mixin
    private RegionOption region;

    @Parameters(index = "0", paramLabel = "NAME", description = "Name of the service.")
    private String name;

    @Option(
        names = "--uid",
        paramLabel = "UID",
        converter = IdConverter.class,
        description = "User id that it is registered under, -1 for any (default: yours; then any of your group; then " +
            "0 and 0).")
    private Integer uid;

    @Option(
        names = "--gid",
        paramLabel = "GID",
        converter = IdConverter.class,
        description = "Group id that it is registered under, -1 for any.")
    private Integer gid;

    String name()
    {
        return name;
    }

    /** Attaches to an existing region. */
    Attachment attach()
    {
        final Path path = region.find();
        return Caps.attach(
            new RegionConfig().path(path).createIfMissing(false).access(region.access()));
    }

    /**
     * Connects.
     *
     * @param caps attached.
     * @param wait longest wait for the service; null for no wait.
     */
    ClientPort connect(final Attachment caps, final Duration wait)
    {
        final PortOptions options = new PortOptions().flags(PortFlags.ANYCLIENT);
        if (null == uid && null == gid && null == wait)
        {
            return caps.genericClient(name, options);
        }
        if (null != uid)
        {
            options.uid(uid);
        }
        else if (null != gid)
        {
            options.uid(PortOptions.ANY);
        }
        if (null != gid)
        {
            options.gid(gid);
        }
        if (null != wait)
        {
            options.waitForService(wait.toNanos(), TimeUnit.NANOSECONDS);
        }
        return caps.client(name, options);
    }
}
