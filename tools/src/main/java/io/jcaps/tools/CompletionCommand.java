/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.inspect.PortView;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.tools.man.ManCommand;
import io.jcaps.tools.region.RegionOption;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code caps completion}: the script by which a shell completes this command.
 */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {
        "Prints a script that completes this command's options, the names of services after ping and call, and the " +
            "manual's pages after man.",
        "bash: source <(caps completion bash)   zsh: source <(caps completion zsh), with or without compinit.",
        "The command must be found as caps on the PATH.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:printed", "2:unknown shell"})
final class CompletionCommand implements Callable<Integer>
{
    /**
     * The supported shells. One script serves both: it calls zsh's bashcompinit, which reads bash's completions.
     */
    enum Shell
    {
        bash,
        zsh
    }

    /** A valid name of a service (R2): the names come from other processes, and the shell evaluates them. */
    private static final Pattern NAME = Pattern.compile("[0-9A-Za-z_.]+");
    /** Words that picocli's script does not know of. The shell splits --region=FILE into three words. */
    private static final String NAMES_SCRIPT = """

        function _complete_caps_names() {
          _complete_caps
          local curr_word=${COMP_WORDS[COMP_CWORD]} prev_word=${COMP_WORDS[COMP_CWORD-1]} names="" i
          [[ "${curr_word}" == -* ]] && return
          case ${prev_word} in
            =|ARGUMENTS) return ;;
          esac
          case ${COMP_WORDS[1]} in
            ping|call)
              local options=()
              for (( i = 2; i < COMP_CWORD; i++ )); do
                case ${COMP_WORDS[i]} in
                  -r|--region|--access)
                    options+=("${COMP_WORDS[i]}")
                    [[ "${COMP_WORDS[i+1]}" == "=" ]] && i=$((i+1))
                    i=$((i+1))
                    options+=("${COMP_WORDS[i]}")
                    ;;
                esac
              done
              names=$("${COMP_WORDS[0]}" completion --services "${options[@]}" 2>/dev/null)
              ;;
            man) names="PAGES" ;;
            *) return ;;
          esac
          local IFS=$' \t\n'
          COMPREPLY+=( $(compgen -W "${names}" -- "${curr_word}") )
        }

        complete -F _complete_caps_names -o default caps caps.sh caps.bash
        """;

    @Spec
    private CommandSpec spec;

    @Parameters(
        index = "0",
        paramLabel = "SHELL",
        arity = "0..1",
        defaultValue = "bash",
        description = "One of: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Shell shell;

    @Mixin
    private RegionOption region;

    @Option(
        names = "--services",
        description = "Instead, print the names of a region's services: the script asks for them.")
    private boolean isServices;

    @Override
    public Integer call()
    {
        final CommandLine root = spec.root().commandLine();
        final PrintWriter out = root.getOut();
        if (isServices)
        {
            try (RegionView view = RegionView.open(region.path(), region.access()))
            {
                view.look(0).ports().stream()
                    .filter((port) -> PortView.Kind.SERVICE == port.kind() && port.isOpen())
                    .map(PortView::name).filter((name) -> NAME.matcher(name).matches()).distinct().sorted()
                    .forEach(out::println);
            }
            catch (final RegionException ignore)
            {
                // A completion must not print an error into the command line: it completes nothing.
                return CommandLine.ExitCode.OK;
            }
        }
        else
        {
            out.print(AutoComplete.bash(root.getCommandName(), root));
            out.print(NAMES_SCRIPT.replace("PAGES", String.join(" ", ManCommand.pageNames()))
                .replace("ARGUMENTS", optionsWithArgument(root)));
        }
        out.flush();
        return CommandLine.ExitCode.OK;
    }

    /** The options of ping and call whose argument is the next word, as alternatives of a shell's pattern. */
    private static String optionsWithArgument(final CommandLine root)
    {
        return Stream.of("ping", "call").map((name) -> root.getSubcommands().get(name).getCommandSpec())
            .flatMap((command) -> command.options().stream())
            .filter((option) -> option.arity().max() > 0)
            .flatMap((option) -> Stream.of(option.names())).distinct().collect(Collectors.joining("|"));
    }
}
