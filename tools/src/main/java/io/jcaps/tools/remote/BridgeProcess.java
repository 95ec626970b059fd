/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.remote;

import io.jcaps.Attachment;
import io.jcaps.bridge.Bridge;
import io.jcaps.bridge.BridgeConfig;
import io.jcaps.bridge.BridgeEvent;
import io.jcaps.bridge.Endpoint;
import io.jcaps.bridge.Network;
import io.jcaps.bridge.session.SessionCounter;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.ParentLink;
import io.jcaps.tools.child.WorkDirectory;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * A bridge in a process of its own.
 * <p>
 * Commands: {@code stop}. Reports: {@code ready}, {@code bridge} (an event), {@code over} (its counters), {@code
 * failed}.
 */
public final class BridgeProcess
{
    private static final String EXPORT = "export";
    private static final String IMPORT = "import";

    private BridgeProcess()
    {
    }

    /**
     * @param directory   that the command works in.
     * @param region      of host B.
     * @param network     between the hosts.
     * @param lostAfterMs of the bridge.
     * @param services    to export.
     * @return arguments of an exporter.
     */
    public static List<String> exporter(
        final Path directory,
        final Path region,
        final HostNetwork network,
        final long lostAfterMs,
        final List<String> services)
    {
        return List.of(directory.toString(), region.toString(), EXPORT, network.bind(), network.allowed(),
            Long.toString(lostAfterMs), String.join(",", services));
    }

    /**
     * @param directory   that the command works in.
     * @param region      of host A.
     * @param network     between the hosts.
     * @param lostAfterMs of the bridge.
     * @param services    to import.
     * @return arguments of an importer.
     */
    public static List<String> importer(
        final Path directory,
        final Path region,
        final HostNetwork network,
        final long lostAfterMs,
        final List<String> services)
    {
        return List.of(directory.toString(), region.toString(), IMPORT, network.exporter(), network.allowed(),
            Long.toString(lostAfterMs), String.join(",", services));
    }

    /**
     * Removes the directory of the media driver that a killed bridge leaves.
     *
     * @param pid of the bridge.
     */
    public static void removeRemains(final long pid)
    {
        final Path directory = driverDirectory(pid);
        if (Files.exists(directory))
        {
            WorkDirectory.remove(directory);
        }
    }

    private static Path driverDirectory(final long pid)
    {
        final Path memory = Path.of("/dev/shm");
        return (Files.isDirectory(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir")))
            .resolve("caps-bridge-" + pid + "-0");
    }

    /**
     * @param args made by {@link #exporter} or {@link #importer}.
     */
    public static void main(final String[] args)
    {
        final Path directory = Path.of(args[0]);
        ParentLink.run(List.of(directory, driverDirectory(ProcessHandle.current().pid())), (parent) ->
        {
            try (Attachment attachment = Caps.attach(new RegionConfig().path(Path.of(args[1]))))
            {
                run(parent, attachment, config(args));
            }
        });
    }

    private static BridgeConfig config(final String[] args)
    {
        final BridgeConfig config = new BridgeConfig()
            .allow(Network.parse(args[4])).lostAfter(Duration.ofMillis(Long.parseLong(args[5])));
        final Endpoint endpoint = Endpoint.parse(args[3]);
        final String[] services = args[6].split(",");
        if (EXPORT.equals(args[2]))
        {
            config.bind(endpoint);
            for (final String service : services)
            {
                config.exportService(service);
            }
        }
        else
        {
            for (final String service : services)
            {
                config.importService(service, endpoint);
            }
        }
        return config;
    }

    private static void run(final ParentLink parent, final Attachment attachment, final BridgeConfig config)
        throws InterruptedException
    {
        try (Bridge bridge = Bridge.launch(attachment, config, (event) -> tell(parent, event)))
        {
            parent.tell(new Line("ready"));
            while (!"stop".equals(parent.take().word()))
            {
                // A bridge has no other command.
                continue;
            }
            final Line over = new Line("over");
            for (final SessionCounter counter : SessionCounter.values())
            {
                over.with(counter.name().toLowerCase(Locale.ROOT), bridge.total(counter));
            }
            parent.tell(over);
        }
    }

    private static void tell(final ParentLink parent, final BridgeEvent event)
    {
        parent.tell(new Line("bridge")
            .with("kind", event.kind().name())
            .with("service", event.service())
            .with("detail", event.detail()));
    }
}
