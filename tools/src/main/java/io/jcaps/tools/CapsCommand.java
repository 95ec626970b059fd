/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import io.jcaps.CapsException;
import io.jcaps.Status;
import io.jcaps.layout.RegionException;
import io.jcaps.tools.bench.BenchCommand;
import io.jcaps.tools.bridge.BridgeCommand;
import io.jcaps.tools.demo.DemoCommand;
import io.jcaps.tools.doctor.DoctorCommand;
import io.jcaps.tools.man.ManCommand;
import io.jcaps.tools.port.CallCommand;
import io.jcaps.tools.port.PingCommand;
import io.jcaps.tools.port.ServeCommand;
import io.jcaps.tools.region.InflightCommand;
import io.jcaps.tools.region.ListCommand;
import io.jcaps.tools.region.ReapCommand;
import io.jcaps.tools.region.StatCommand;
import io.jcaps.tools.soak.SoakCommand;
import io.jcaps.tools.terminal.Arguments;
import io.jcaps.tools.terminal.Escaped;
import io.jcaps.tools.terminal.ExitCodes;
import io.jcaps.tools.terminal.OutputFailure;
import io.jcaps.tools.terminal.StandardOutput;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.util.Optional;

/**
 * The {@code caps} command: without a subcommand it prints its help.
 */
@Command(
    name = "caps",
    description = "CAPS message passing between processes over shared memory.",
    mixinStandardHelpOptions = true,
    versionProvider = CapsCommand.Version.class,
    footer = {
        "",
        "Inspect a region with ls, stat and inflight; try a service with ping, call and serve; find and fix problems " +
            "with doctor and reap. caps COMMAND --help explains a command and its exit codes.",
    },
    subcommands = {
        ListCommand.class,
        StatCommand.class,
        InflightCommand.class,
        PingCommand.class,
        CallCommand.class,
        ServeCommand.class,
        BridgeCommand.class,
        DoctorCommand.class,
        ReapCommand.class,
        DemoCommand.class,
        BenchCommand.class,
        SoakCommand.class,
        ManCommand.class,
        CompletionCommand.class,
        HelpCommand.class})
public final class CapsCommand implements Runnable
{
    @Option(
        names = "--verbose",
        scope = ScopeType.INHERIT,
        description = "Print a stack trace with an error.")
    private boolean isVerbose;

    public static void main(final String[] args)
    {
        System.exit(run(args));
    }

    private static int run(final String[] args)
    {
        final String problem = Arguments.problem();
        if (null != problem)
        {
            System.err.println("caps: " + problem);
            return ExitCodes.USAGE;
        }
        final StandardOutput output = StandardOutput.install();
        final PrintWriter writer = output.writer();
        int exitCode;
        try
        {
            exitCode = commandLine().setOut(writer).execute(args);
            writer.flush();
        }
        catch (final OutputFailure ex)
        {
            exitCode = explain("caps", ex);
        }
        return null == output.failure() ? exitCode : output.failure().exitCode();
    }

    private static int explain(final String command, final OutputFailure failure)
    {
        if (!failure.isPipe())
        {
            System.err.println(command + ": " + failure.getMessage());
        }
        return failure.exitCode();
    }

    /**
     * @return the command, ready to be executed.
     */
    public static CommandLine commandLine()
    {
        final CapsCommand command = new CapsCommand();
        return new CommandLine(command)
            .setParameterExceptionHandler(CapsCommand::explain)
            .setExecutionExceptionHandler(command::fail)
            .setExecutionStrategy(CapsCommand::runLast)
            .setCaseInsensitiveEnumValuesAllowed(true);
    }

    /**
     * Executes the command. An OutputFailure of picocli's help does not reach the handler for exceptions, so it is
     * caught here.
     */
    private static int runLast(final ParseResult result)
    {
        try
        {
            return new CommandLine.RunLast().execute(result);
        }
        catch (final OutputFailure ex)
        {
            return explain("caps", ex);
        }
    }

    /** Prints the error alone: after a screenful of options it would be overlooked. */
    private static int explain(final ParameterException ex, final String[] args)
    {
        final CommandLine command = ex.getCommandLine();
        command.getErr().println(Escaped.lines(missingFile(ex).orElse(ex.getMessage())));
        UnmatchedArgumentException.printSuggestions(ex, command.getErr());
        command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    /** picocli treats {@code @FILE} as an argument if there is no such file: finds it for the error. */
    private static Optional<String> missingFile(final ParameterException ex)
    {
        return !(ex instanceof UnmatchedArgumentException) ? Optional.empty() :
            ((UnmatchedArgumentException)ex).getUnmatched().stream().filter((argument) -> argument.startsWith("@"))
                .findFirst().map((argument) -> "there is no such file of options that can be read: " +
                    argument.substring(1));
    }

    /**
     * Prints one line for an error that the user can fix; any other exception is reported as a fault of this program.
     */
    private int fail(final Exception ex, final CommandLine command, final ParseResult result)
    {
        if (ex instanceof OutputFailure)
        {
            return explain(command.getCommandSpec().qualifiedName(), (OutputFailure)ex);
        }
        if (ex instanceof InvalidPathException)
        {
            command.getErr().println(command.getCommandSpec().qualifiedName() + ": " +
                Escaped.line(ex.getMessage()) + ": " + Arguments.ADVICE);
            return ExitCodes.USAGE;
        }
        final boolean isExpected = ex instanceof RegionException || ex instanceof CapsException;
        command.getErr().println(command.getCommandSpec().qualifiedName() + ": " +
            Escaped.line(isExpected ? ex.getMessage() : ex.toString()));
        if (isVerbose)
        {
            ex.printStackTrace(command.getErr());
        }
        else if (!isExpected)
        {
            command.getErr().println("--verbose prints where that came from");
        }
        command.getErr().flush();
        return exitCode(ex);
    }

    private static int exitCode(final Exception ex)
    {
        if (ex instanceof CapsException)
        {
            return switch (((CapsException)ex).status())
            {
                case Status.NOT_FOUND, Status.ACCESS_DENIED, Status.TIMED_OUT -> ExitCodes.NOT_THERE;
                case Status.INVALID -> ExitCodes.USAGE;
                default -> ExitCodes.FAILED;
            };
        }
        return ex instanceof RegionException ? ExitCodes.NOT_THERE : ExitCodes.FAILED;
    }

    @Override
    public void run()
    {
        CommandLine.usage(this, System.out);
    }

    static final class Version implements IVersionProvider
    {
        @Override
        public String[] getVersion()
        {
            // Only a jar has the version; classes in a directory have none.
            final String version = CapsCommand.class.getPackage().getImplementationVersion();
            return new String[] {"caps " + (null == version ? "(not built as a jar)" : version)};
        }
    }
}
