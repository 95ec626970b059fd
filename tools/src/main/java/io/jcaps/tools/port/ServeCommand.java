/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.port;

import io.jcaps.Attachment;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.region.RegionOption;
import io.jcaps.tools.terminal.DurationConverter;
import io.jcaps.tools.terminal.Escaped;
import io.jcaps.tools.terminal.ExitCodes;
import io.jcaps.tools.terminal.Interruption;
import io.jcaps.tools.terminal.Json;
import org.agrona.concurrent.UnsafeBuffer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * {@code caps serve}: a service for shell scripts.
 */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Registers a service and answers requests until Ctrl-C. The region is created if there is none.",
        "With --exec, sh -c runs a command for each request, one at a time. The request is its standard input, and " +
            "its output is the reply. CAPS_CLIENT_PID and CAPS_CLIENT_UID name the client. If the command fails, " +
            "takes longer than --limit, or prints more than a message can hold, the reply is empty and standard " +
            "error has the reason. When the service ends, it ends the command and all processes that the command " +
            "has started.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
        "0:ended by Ctrl-C, SIGTERM or --count", "1:the service could not be registered, or failed", "2:bad options",
        "3:the region cannot be used"})
public final class ServeCommand implements Callable<Integer>
{
    @Spec
    private CommandSpec spec;

    @Mixin
    private RegionOption region;

    @Parameters(index = "0", paramLabel = "NAME", description = "Name of the service.")
    private String name;

    @ArgGroup(exclusive = true, multiplicity = "1")
    private Way way;

    @Option(names = "--group", description = "Admit clients of your group, too: the group of this process.")
    private boolean isForGroup;

    @Option(names = "--world", description = "Admit every client that can use the region.")
    private boolean isForWorld;

    @Option(names = "--exclusive", description = "Fail if there is a service of that name.")
    private boolean isExclusive;

    @Option(names = {"-c", "--count"}, paramLabel = "N", description = "End after N requests.")
    private Long count;

    @Option(
        names = "--limit",
        paramLabel = "TIME",
        converter = DurationConverter.class,
        description = "End a command that takes longer, such as 500ms or 2s; its reply is empty (default: no limit).")
    private Duration limit;

    @Option(names = {"-v", "--log"}, description = "Print a line for each request.")
    private boolean isLog;

    @Option(names = "--json", description = "Print JSON, one object per line.")
    private boolean isJson;

    private static final class Way
    {
        @Option(names = "--echo", required = true, description = "Reply with the request.")
        private boolean isEcho;

        @Option(names = "--exec", paramLabel = "CMD", required = true, description = "Reply with CMD's output.")
        private String command;
    }

    @Override
    public Integer call() throws IOException
    {
        if (null != count && count <= 0)
        {
            throw new ParameterException(
                spec.commandLine(), "Invalid value for option '--count': must be positive: " + count);
        }
        final Interruption interruption = new Interruption();
        final RegionConfig config = new RegionConfig().path(region.path()).access(region.access());
        final PortOptions options = new PortOptions().flags(PortFlags.USER | (isForGroup ? PortFlags.GROUP : 0) |
            (isForWorld ? PortFlags.WORLD : 0) | (isExclusive ? PortFlags.EXCL : 0));
        if (isForGroup)
        {
            // A service of any group admits no client by its group (R6).
            options.gid(gid());
        }
        int exitCode = ExitCodes.FAILED;
        try (Attachment caps = Caps.attach(config);
            ServicePort port = caps.service(name, options))
        {
            final Map<String, Object> members = new LinkedHashMap<>();
            members.put("service", name);
            members.put("region", caps.place());
            members.put("pid", ProcessHandle.current().pid());
            say(members, "serving " + name + " in " + caps.place() + ", pid " + ProcessHandle.current().pid());
            serve(port, caps.messageLimit(), interruption);
            interruption.clear();
            exitCode = ExitCodes.OK;
        }
        finally
        {
            spec.commandLine().getOut().flush();
            interruption.end(exitCode);
        }
        return exitCode;
    }

    private int gid()
    {
        try
        {
            return (Integer)Files.getAttribute(Path.of("/proc/self"), "unix:gid");
        }
        catch (final IOException | UnsupportedOperationException ex)
        {
            throw new ParameterException(spec.commandLine(), "Invalid value for option '--group': the group that " +
                "this runs as is read from /proc/self, which is not there: " + ex);
        }
    }

    private void serve(final ServicePort port, final int messageLimit, final Interruption interruption)
        throws IOException
    {
        final Message request = new Message();
        final long last = null == count ? Long.MAX_VALUE : count;
        for (long served = 0; served < last && !interruption.isRequested();)
        {
            final int state = port.await(request, Long.MAX_VALUE);
            if (MessageState.REQUEST == state)
            {
                served++;
                reply(request, messageLimit);
            }
            else if (Status.INTERRUPTED == state)
            {
                return;
            }
            else if (state < 0)
            {
                throw new IOException("the service ended: " + Status.text(state));
            }
        }
    }

    private void reply(final Message request, final int messageLimit) throws IOException
    {
        final long id = request.id();
        final int pid = request.credentials().pid();
        final int length = request.length();
        final byte[] bytes = new byte[length];
        request.buffer().getBytes(0, bytes);
        final byte[] answer = way.isEcho ? bytes : execute(bytes, request, messageLimit);
        if (null == answer)
        {
            // The user ended the service: the close notifies the client.
            return;
        }
        final int result = request.reply(new UnsafeBuffer(answer), 0, answer.length);
        // The client has closed or died: that is no failure of the service.
        if (Status.OK != result && Status.INVALID != result)
        {
            spec.commandLine().getErr().println("message " + id + " was not replied: " + Status.text(result));
        }
        if (isLog || isJson)
        {
            final Map<String, Object> members = new LinkedHashMap<>();
            members.put("id", id);
            members.put("clientPid", pid);
            members.put("length", length);
            members.put("replyLength", answer.length);
            members.put("result", Status.text(result));
            say(members, "message " + id + " of process " + pid + ": " + length + " bytes, replied " + answer.length +
                (Status.OK == result ? "" : ": " + Status.text(result)));
        }
    }

    /** Returns the output of the command; null if the user ended it. */
    private byte[] execute(final byte[] input, final Message request, final int messageLimit) throws IOException
    {
        final long limitNs = null == limit ? Long.MAX_VALUE : limit.toNanos();
        try
        {
            return new ShellCommand(way.command, messageLimit, limitNs).run(input, request.credentials());
        }
        catch (final ShellCommand.Failure ex)
        {
            spec.commandLine().getErr().println(
                "the command " + ex.getMessage() + ", the reply is empty: " + way.command);
            return new byte[0];
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private void say(final Map<String, Object> members, final String line)
    {
        final PrintWriter out = spec.commandLine().getOut();
        out.println(isJson ? Json.line(members) : Escaped.line(line));
        out.flush();
    }
}
