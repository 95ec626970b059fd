/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.man;

import io.jcaps.tools.terminal.Screen;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * {@code caps man}: shows a page of the manual.
 */
@Command(
    name = "man",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Shows a page of the manual: on a terminal with man, if it is installed, otherwise as plain text.",
        "Without a page it lists all pages. Calls may be named without caps_sys_: caps man put.",
        "The classes of the Java API are on one page: caps man ClientPort.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:shown", "1:the pages could not be written", "2:no such page, or bad options"})
public final class ManCommand implements Callable<Integer>
{
    private static final int MAX_SECTION = 9;

    @Spec
    private CommandSpec spec;

    @Parameters(
        arity = "0..2",
        paramLabel = "[SECTION] PAGE",
        hideParamSyntax = true,
        description = "Page, such as caps_sys_put. If several have that name, give the section first: 7 caps.")
    private List<String> words = new ArrayList<>();

    @Option(
        names = "--text",
        description = "Print plain text, also on a terminal.")
    private boolean isText;

    @Option(
        names = "--export",
        paramLabel = "DIR",
        description = "Write all pages there: DIR/man1 and so on for man, DIR/html for a browser.")
    private Path directory;

    /**
     * @return the pages by name, each once.
     */
    public static List<String> pageNames()
    {
        return ManualPage.ALL.stream().map(ManualPage::name).distinct().toList();
    }

    @Override
    public Integer call()
    {
        if (null != directory)
        {
            return export();
        }
        if (words.isEmpty())
        {
            list();
        }
        else
        {
            show(page());
        }
        return CommandLine.ExitCode.OK;
    }

    private ManualPage page()
    {
        final String name = words.get(words.size() - 1);
        final ManualPage page = ManualPage.find(name, 1 == words.size() ? 0 : section(words.get(0)));
        if (null == page)
        {
            final boolean isCommand = spec.parent().subcommands().containsKey(name);
            throw new ParameterException(spec.commandLine(), "No page of the manual: " + String.join(" ", words) +
                (isCommand ? ": it is a command: caps " + name + " --help, or caps man 1 caps" :
                ": caps man lists those that there are"));
        }
        return page;
    }

    private int section(final String word)
    {
        if (1 == word.length() && word.charAt(0) >= '1' && word.charAt(0) <= '0' + MAX_SECTION)
        {
            return word.charAt(0) - '0';
        }
        throw new ParameterException(spec.commandLine(),
            "No section of the manual: " + word + ": a page and its section are named as in: caps man 7 caps");
    }

    private void list()
    {
        final PrintWriter out = spec.commandLine().getOut();
        for (final ManualPage page : ManualPage.ALL)
        {
            out.printf("%-20s %s%n", page.title(), page.purpose());
        }
        out.println();
        out.println("caps man PAGE shows one; where two have one name: caps man 7 caps");
        out.flush();
    }

    private void show(final ManualPage page)
    {
        if (isText || !Screen.isTerminal() || !isShownBy(List.of("man"), page))
        {
            final PrintWriter out = spec.commandLine().getOut();
            out.print(page.text());
            out.flush();
        }
    }

    /**
     * Shows a page with a program, and waits until that has exited.
     *
     * @param command to which the page's file is added: its path has a slash, by which all kinds of {@code man} know
     *                that it is a file.
     * @param page    to show.
     * @return whether the program exists and has shown the page.
     */
    static boolean isShownBy(final List<String> command, final ManualPage page)
    {
        try
        {
            final Path directory = Files.createTempDirectory("caps-man-");
            final Path file = directory.resolve(page.fileName());
            try
            {
                Files.write(file, page.roff());
                final List<String> arguments = new ArrayList<>(command);
                arguments.add(file.toString());
                final Process process = new ProcessBuilder(arguments).inheritIO().start();
                // Ctrl-C is for the pager, which continues: this process must not exit before it.
                final Thread hook = new Thread(() -> waitFor(process), "caps-man-shutdown");
                Runtime.getRuntime().addShutdownHook(hook);
                final boolean isShown = 0 == waitFor(process);
                removeHook(hook);
                return isShown;
            }
            finally
            {
                Files.deleteIfExists(file);
                Files.deleteIfExists(directory);
            }
        }
        catch (final IOException ex)
        {
            // No such program, or no space for the file: the page is printed as text.
            return false;
        }
    }

    private static int waitFor(final Process process)
    {
        while (true)
        {
            try
            {
                return process.waitFor();
            }
            catch (final InterruptedException ignore)
            {
                // No code of this program interrupts this thread.
            }
        }
    }

    private static void removeHook(final Thread hook)
    {
        try
        {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        catch (final IllegalStateException ignore)
        {
            // The shutdown has begun: the hook cannot be removed.
        }
    }

    private int export()
    {
        if (!words.isEmpty())
        {
            throw new ParameterException(spec.commandLine(),
                "--export writes all pages: name none: " + String.join(" ", words));
        }
        try
        {
            final Path html = Files.createDirectories(directory.resolve("html"));
            for (final ManualPage page : ManualPage.ALL)
            {
                final Path section = Files.createDirectories(directory.resolve("man" + page.section()));
                Files.write(section.resolve(page.fileName()), page.roff());
                Files.write(html.resolve(page.htmlFileName()), page.html());
            }
            Files.write(html.resolve(ManualPage.STYLE_SHEET), ManualPage.read(ManualPage.STYLE_SHEET));
        }
        catch (final IOException ex)
        {
            spec.commandLine().getErr().println("cannot write the manual: " + ex);
            return CommandLine.ExitCode.SOFTWARE;
        }
        final PrintWriter out = spec.commandLine().getOut();
        out.println(ManualPage.ALL.size() + " pages, for man and as HTML, are in " + directory);
        out.println("man -M " + directory + " caps_sys_put shows one; in a browser: " +
            directory.resolve("html").resolve(ManualPage.ALL.get(0).htmlFileName()));
        out.flush();
        return CommandLine.ExitCode.OK;
    }
}
