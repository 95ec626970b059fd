/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import io.jcaps.tools.bench.BenchCommand;
import io.jcaps.tools.demo.DemoCommand;
import io.jcaps.tools.soak.SoakCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code caps} command: without a subcommand it explains itself.
 */
@Command(
    name = "caps",
    description = "CAPS message passing between processes over shared memory.",
    mixinStandardHelpOptions = true,
    versionProvider = CapsCommand.Version.class,
    subcommands = {DemoCommand.class, BenchCommand.class, SoakCommand.class, HelpCommand.class})
public final class CapsCommand implements Runnable
{
    public static void main(final String[] args)
    {
        System.exit(commandLine().execute(args));
    }

    /**
     * @return the command, ready to be executed.
     */
    public static CommandLine commandLine()
    {
        return new CommandLine(new CapsCommand()).setParameterExceptionHandler(CapsCommand::explain);
    }

    /** The error alone: behind a screenful of options it would be overlooked. */
    private static int explain(final ParameterException ex, final String[] args)
    {
        final CommandLine command = ex.getCommandLine();
        command.getErr().println(ex.getMessage());
        UnmatchedArgumentException.printSuggestions(ex, command.getErr());
        command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return command.getCommandSpec().exitCodeOnInvalidInput();
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
            // The jar knows it; classes in a directory do not.
            final String version = CapsCommand.class.getPackage().getImplementationVersion();
            return new String[] {"caps " + (null == version ? "(not built as a jar)" : version)};
        }
    }
}
