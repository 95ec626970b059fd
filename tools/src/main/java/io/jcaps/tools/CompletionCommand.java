/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.concurrent.Callable;

/**
 * {@code caps completion}: the script by which a shell completes this command.
 */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {
        "Prints a script that completes this command's options.",
        "bash: source <(caps completion bash)   zsh: the same with zsh, after compinit or without it.",
        "The command must be found as caps on the PATH.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:printed", "2:a shell that is not known"})
final class CompletionCommand implements Callable<Integer>
{
    /**
     * Shells that are known. The one script is for both: zsh reads bash's by its bashcompinit, which the script calls.
     */
    enum Shell
    {
        bash,
        zsh
    }

    @Spec
    private CommandSpec spec;

    @Parameters(
        index = "0",
        paramLabel = "SHELL",
        arity = "0..1",
        defaultValue = "bash",
        description = "One of: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Shell shell;

    @Override
    public Integer call()
    {
        final CommandLine root = spec.root().commandLine();
        root.getOut().print(AutoComplete.bash(root.getCommandName(), root));
        root.getOut().flush();
        return CommandLine.ExitCode.OK;
    }
}
