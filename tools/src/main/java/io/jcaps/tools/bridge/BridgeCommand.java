/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bridge;

import io.jcaps.Attachment;
import io.jcaps.bridge.Bridge;
import io.jcaps.bridge.BridgeConfig;
import io.jcaps.bridge.BridgeEvent;
import io.jcaps.bridge.BridgeException;
import io.jcaps.bridge.Endpoint;
import io.jcaps.bridge.Network;
import io.jcaps.bridge.session.SessionCounter;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.region.RegionOption;
import io.jcaps.tools.terminal.DurationConverter;
import io.jcaps.tools.terminal.Escaped;
import io.jcaps.tools.terminal.ExitCodes;
import io.jcaps.tools.terminal.Interruption;
import io.jcaps.tools.terminal.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;

/**
 * {@code caps bridge}: exports services to other hosts and imports theirs.
 */
@Command(
    name = "bridge",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Exports services of this machine's region and imports those of other machines, until Ctrl-C. The region is " +
            "created if there is none.",
        "For each import a local service of the same name is registered while the remote one is up; its clients need " +
            "no change. A request whose connection is lost ends as UNREACHABLE, with RECEIVED set if the remote " +
            "service may have acted on it.",
        "Options can be kept in a file: caps bridge @FILE.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
        "0:ended by Ctrl-C or SIGTERM",
        "1:it cannot start: a port is in use, a name does not resolve, no media driver; or all bridges refuse it",
        "2:bad options",
        "3:the region cannot be used"})
public final class BridgeCommand implements Callable<Integer>
{
    private static final int MAX_UNPRINTED = 1_000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RegionOption region;

    @Option(
        names = "--export",
        paramLabel = "NAME",
        description = "Let other machines import this service; can be given again. Needs --bind.")
    private List<String> exports = List.of();

    @Option(
        names = "--import",
        paramLabel = "NAME@HOST:PORT[,HOST:PORT...]",
        converter = Import.Converter.class,
        description = "Import a service from the first of these bridges that answers; can be given again.")
    private List<Import> imports = List.of();

    @Option(
        names = "--bind",
        paramLabel = "HOST:PORT",
        description = "Offer exports at this UDP port and the next one. 0.0.0.0 means all addresses.")
    private String bind;

    @Option(
        names = "--key",
        paramLabel = "FILE",
        description = "A secret of at least 16 bytes, the same at both ends. It prevents connections by mistake. It " +
            "does not encrypt: on a network that you do not trust, use a tunnel.")
    private Path key;

    @Option(
        names = "--allow",
        paramLabel = "NET",
        description = "Addresses that may import, such as 10.1.0.0/16; can be given again (default: this machine).")
    private List<String> networks = List.of();

    @Option(
        names = "--lost-after",
        paramLabel = "TIME",
        converter = DurationConverter.class,
        description = "The other end is lost after this time without a sign of life; the smaller value of both ends " +
            "applies (default: 2s).")
    private Duration lostAfter = BridgeConfig.DEFAULT_LOST_AFTER;

    @Option(
        names = "--driver",
        paramLabel = "DIR",
        description = "Use the Aeron media driver of this directory, instead of one in this process.")
    private Path driver;

    @Option(names = "--json", description = "Print JSON, one object per line.")
    private boolean isJson;

    @Override
    public Integer call() throws IOException
    {
        final BridgeConfig config = config();
        final Interruption interruption = new Interruption();
        final BlockingQueue<BridgeEvent> events = new ArrayBlockingQueue<>(MAX_UNPRINTED);
        int exitCode = ExitCodes.FAILED;
        // Events are printed by this thread: a terminal that is stopped must not stop the bridge.
        try (Attachment caps = Caps.attach(new RegionConfig().path(region.path()).access(region.access()));
            Bridge bridge = Bridge.launch(caps, config, events::offer))
        {
            final Map<String, Object> members = new LinkedHashMap<>();
            members.put("event", "begun");
            members.put("region", caps.place());
            members.put("pid", ProcessHandle.current().pid());
            say(members, "bridge of " + caps.place() + ", pid " + ProcessHandle.current().pid());
            final String refusal = print(events, interruption);
            interruption.clear();
            finish(bridge);
            if (null == refusal)
            {
                exitCode = ExitCodes.OK;
            }
            else
            {
                spec.commandLine().getErr().println(spec.qualifiedName() + ": nothing can be imported: " + refusal);
            }
        }
        catch (final BridgeException ex)
        {
            spec.commandLine().getErr().println(
                spec.qualifiedName() + ": " + Escaped.line(ex.getMessage()));
        }
        finally
        {
            spec.commandLine().getOut().flush();
            interruption.end(exitCode);
        }
        return exitCode;
    }

    /**
     * Prints events until the user ends the command: then returns null. Or until no import is possible any more: then
     * returns the reason.
     */
    private String print(final BlockingQueue<BridgeEvent> events, final Interruption interruption)
    {
        final Admission admission = new Admission(
            exports.isEmpty() ? imports.stream().mapToInt((one) -> one.endpoints().length).sum() : 0);
        BridgeEvent last = null;
        try
        {
            while (!interruption.isRequested())
            {
                final BridgeEvent event = events.take();
                if (!event.equals(last))
                {
                    // A session that fails repeatedly in the same way is printed once.
                    say(event);
                }
                last = event;
                if (admission.isRefused(event))
                {
                    return Escaped.line(event.detail());
                }
            }
        }
        catch (final InterruptedException ignore)
        {
            // Interrupted by the user's signal.
        }
        return null;
    }

    private BridgeConfig config() throws IOException
    {
        final BridgeConfig config = new BridgeConfig().driverDirectory(driver);
        try
        {
            exports.forEach(config::exportService);
            imports.forEach((one) -> config.importService(one.name(), one.endpoints()));
            networks.forEach((network) -> config.allow(Network.parse(network)));
            config.lostAfter(lostAfter);
            if (null != bind)
            {
                config.bind(Endpoint.parse(bind));
            }
            if (null != key)
            {
                config.key(secret());
            }
            config.conclude();
        }
        catch (final IllegalArgumentException ex)
        {
            throw new ParameterException(spec.commandLine(), ex.getMessage());
        }
        return config;
    }

    /** The file's bytes, without the end of its last line, which editors add. */
    private byte[] secret() throws IOException
    {
        if (!Files.isRegularFile(key) || !Files.isReadable(key))
        {
            throw new IllegalArgumentException("there is no such key that can be read: " + key);
        }
        final Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(key);
        if (permissions.contains(PosixFilePermission.OTHERS_READ))
        {
            throw new IllegalArgumentException("everybody can read the key: chmod 600 " + key);
        }
        if (permissions.contains(PosixFilePermission.OTHERS_WRITE))
        {
            throw new IllegalArgumentException("everybody can change the key: chmod 600 " + key);
        }
        final byte[] bytes = Files.readAllBytes(key);
        int length = bytes.length;
        while (length > 0 && ('\n' == bytes[length - 1] || '\r' == bytes[length - 1]))
        {
            length--;
        }
        return Arrays.copyOf(bytes, length);
    }

    private void say(final BridgeEvent event)
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("event", event.kind().name().toLowerCase(Locale.ROOT));
        members.put("direction", event.isImport() ? "import" : "export");
        members.put("service", event.service());
        members.put("peer", event.peer());
        members.put("detail", event.detail());
        say(members, line(event));
    }

    /** A sentence of what is known: an importer that was not admitted may not have named a service. */
    static String line(final BridgeEvent event)
    {
        return (event.isImport() ? "import" : "export") + (event.service().isEmpty() ? "" : " " + event.service()) +
            (event.peer().isEmpty() ? "" : (event.isImport() ? " from " : " to ") + event.peer()) + ": " +
            event.kind().name().toLowerCase(Locale.ROOT) + (event.detail().isEmpty() ? "" : ", " + event.detail());
    }

    private void say(final Map<String, Object> members, final String line)
    {
        final PrintWriter out = spec.commandLine().getOut();
        out.println(isJson ? Json.line(members) : Escaped.line(line));
        out.flush();
    }

    private void finish(final Bridge bridge)
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("event", "over");
        final StringBuilder line = new StringBuilder("over:");
        for (final SessionCounter counter : SessionCounter.values())
        {
            final String name = counter.name().toLowerCase(Locale.ROOT);
            members.put(name, bridge.total(counter));
            line.append(' ').append(bridge.total(counter)).append(' ').append(name.replace('_', ' ')).append(',');
        }
        line.setLength(line.length() - 1);
        say(members, line.toString());
    }
}
