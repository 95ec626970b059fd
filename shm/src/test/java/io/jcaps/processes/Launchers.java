/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Commands that start the rest of their arguments elsewhere than here: as another user, or in a namespace of its own.
 * Each was tried once before it is given out; where the machine forbids it the test is left out, and says why.
 */
final class Launchers
{
    private Launchers()
    {
    }

    /**
     * With a tmpfs that only this process and its children see: it is gone when they are. Root needs no more; anybody
     * else becomes root in a user namespace for it, where that is allowed.
     *
     * @param mountPoint empty directory.
     * @param options    of the mount.
     */
    static List<String> withTmpfs(final Path mountPoint, final String options)
    {
        final String script = "mount -t tmpfs -o mode=700," + options + " tmpfs '" + mountPoint + "' && exec \"$@\"";
        return checked(List.of("unshare", isRoot() ? "-m" : "-rm", "sh", "-c", script, "sh"));
    }

    /**
     * In a pid namespace of its own. Needs root.
     *
     * @param mountProc whether its {@code /proc} is that of the namespace; else it is the one from here, with all pids
     *                  as they are here.
     */
    static List<String> inPidNamespace(final boolean mountProc)
    {
        assumeRoot();
        final List<String> command = new ArrayList<>(List.of("unshare", "--pid", "--fork", "--kill-child"));
        if (mountProc)
        {
            command.add("--mount-proc");
        }
        return checked(command);
    }

    /**
     * As in a container: no namespace but that of users is shared, and the directory is found at another place. Needs
     * root.
     *
     * @param directory that is shared.
     * @param place     empty directory, where it is found.
     */
    static List<String> inContainer(final Path directory, final Path place)
    {
        assumeRoot();
        return checked(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--ipc",
            "--uts", "--net", "sh", "-c", "mount --bind '" + directory + "' '" + place + "' && exec \"$@\"", "sh"));
    }

    /** As another user, with exactly these groups. Needs root. */
    static List<String> asUser(final int uid, final int gid, final int... groups)
    {
        assumeRoot();
        final StringBuilder list = new StringBuilder();
        for (final int group : groups)
        {
            list.append(list.isEmpty() ? "" : ",").append(group);
        }
        return checked(List.of("setpriv", "--reuid=" + uid, "--regid=" + gid,
            list.isEmpty() ? "--clear-groups" : "--groups=" + list));
    }

    /** As another user, in a user namespace in which it is root, and no other user is known. Needs root. */
    static List<String> inUserNamespace(final int uid)
    {
        final List<String> command = new ArrayList<>(asUser(uid, uid));
        command.addAll(List.of("unshare", "--user", "--map-root-user"));
        return checked(command);
    }

    /** With a limit on open descriptors. */
    static List<String> withDescriptors(final int limit)
    {
        return checked(List.of("prlimit", "--nofile=" + limit + ":" + limit));
    }

    static void assumeRoot()
    {
        assumeTrue(isRoot(), "only root can do what this test needs");
    }

    static boolean isRoot()
    {
        final String uid = run("id", "-u");
        return uid.startsWith("0\n");
    }

    /** What a command printed, and how it ended unless that was well. */
    static String run(final String... command)
    {
        try
        {
            final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
            return output + (0 == process.exitValue() ? "" : "(exit " + process.exitValue() + ")");
        }
        catch (final IOException ex)
        {
            return ex.getMessage();
        }
        catch (final InterruptedException ex)
        {
            throw new AssertionError(ex);
        }
    }

    private static List<String> checked(final List<String> launcher)
    {
        final List<String> command = new ArrayList<>(launcher);
        command.add("true");
        final String output = run(command.toArray(new String[0]));
        assumeTrue(output.isEmpty(), () -> "not possible here: " + String.join(" ", launcher) + ": " + output);
        return launcher;
    }
}
