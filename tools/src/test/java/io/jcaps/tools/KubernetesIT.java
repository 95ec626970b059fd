/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import io.jcaps.tools.child.WorkDirectory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What the page on Kubernetes shows: its commands, in namespaces like those of the containers of a pod. Needs root.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class KubernetesIT
{
    private static final Path PAGE = Path.of("..", "docs", "kubernetes.md");
    private static final Pattern CONTAINER =
        Pattern.compile("- name: (\\w+)\n +image: .*\n +securityContext: \\{runAsUser: (\\d+)}\n");
    private static final Pattern COMMAND = Pattern.compile("command: \\[(.*)]");
    private static final Pattern MOUNT =
        Pattern.compile("volumeMounts: \\[\\{name: region, mountPath: /region(?:, subPath: (\\w+))?}]");
    private static final String NAMESPACES =
        "unshare --mount --pid --fork --kill-child --mount-proc --ipc --uts --net ";

    private Path directory;

    @BeforeEach
    void setUp() throws IOException
    {
        directory = WorkDirectory.make(null, "jcaps-pod-");
        Files.setAttribute(directory, "unix:mode", 0755);
    }

    @AfterEach
    void tearDown()
    {
        assertThat(WorkDirectory.remove(directory)).isTrue();
    }

    @Test
    @DisplayName("A pod as the page shows it: the client in one container reaches the service in the other")
    void shouldReachAServiceInTheOtherContainer() throws IOException, InterruptedException
    {
        final String page = Files.readString(PAGE);
        final String script = volume() +
            container(page, "directory", "") + " && { " +
            container(page, "service", "") + " >/dev/null & } && i=0; " +
            "until " + container(page, "client", " -q -c 1") + " >/dev/null 2>&1 || test $i = 50; " +
            "do i=$((i+1)); sleep 0.1; done; " +
            container(page, "client", " -c 2 -i 0 --send --size 9") + "; echo \"client=$?\"";
        final String output = run(script);
        assertThat(output).contains("seq=2 bytes=9", "2 sent, 2 received", "client=0");
    }

    @Test
    @DisplayName("F23: a pod that mounts the whole volume, where any user could replace the directory: refused")
    void shouldRefuseTheWholeVolume() throws IOException, InterruptedException
    {
        final String script = volume() + "mkdir -m 2770 " + directory + "/v/jcaps; export CAPS_REGION=" + directory +
            "/v/jcaps/region; " + NAMESPACES +
            "setpriv --reuid=1000 --regid=1000 --groups=2000 $caps serve echo --echo --access group --world";
        assertThat(run(script)).contains("a directory above can be changed by others", directory + "/v has mode 2777");
    }

    @Test
    @DisplayName("Without the directory in the volume the error and the doctor name the remedy")
    void shouldSayWhatTheVolumeLacks() throws IOException, InterruptedException
    {
        final String script = volume() + "export CAPS_REGION=" + directory + "/v/region; " + NAMESPACES +
            "setpriv --reuid=1000 --regid=1000 --groups=2000 $caps serve echo --echo --access group --world; " +
            NAMESPACES + "setpriv --reuid=1000 --regid=1000 --groups=2000 $caps doctor --access group";
        assertThat(run(script)).contains("mkdir -m 0700, or -m 2770 for a group",
            "mkdir -m 2770 " + directory + "/v/jcaps", "subPath: jcaps", "--access group");
    }

    private String volume()
    {
        final String mountPoint = "'" + directory + "/v'";
        return "mkdir " + mountPoint + " && mount -t tmpfs -o size=64m tmpfs " + mountPoint + " && chgrp 2000 " +
            mountPoint + " && chmod 2777 " + mountPoint + " && mkdir '" + directory +
            "/m' || { echo impossible; exit; }; export CAPS_REGION='" + directory + "/m/region'; ";
    }

    /** A container's command, as its user, in namespaces of its own. */
    private String container(final String page, final String name, final String options)
    {
        final Matcher container = CONTAINER.matcher(page);
        while (container.find())
        {
            if (name.equals(container.group(1)))
            {
                final Matcher command = COMMAND.matcher(page);
                assertThat(command.find(container.end())).isTrue();
                final StringBuilder words = new StringBuilder();
                for (final String word : command.group(1).split(", "))
                {
                    final String text = word.substring(1, word.length() - 1)
                        .replace("/region/", directory + "/v/");
                    words.append("caps".equals(text) ? "$caps" : "'" + text + "'").append(' ');
                }
                final Matcher mount = MOUNT.matcher(page);
                assertThat(mount.find(container.end())).isTrue();
                // As the kubelet does with subPath.
                final String bind = null == mount.group(1) ? "" : "sh -c 'mount --bind " + directory + "/v/" +
                    mount.group(1) + " " + directory + "/m && exec \"$@\"' sh ";
                return NAMESPACES + bind + "setpriv --reuid=" + container.group(2) + " --regid=" + container.group(2) +
                    " --groups=2000 " + words + options;
            }
        }
        throw new AssertionError("no container " + name + " in " + PAGE);
    }

    private static String run(final String script) throws IOException, InterruptedException
    {
        // In a pid namespace: what the script has started is gone when the script is.
        final Process process = new ProcessBuilder(new ArrayList<>(List.of(
            "unshare", "-m", "--propagation", "private", "--pid", "--fork", "--mount-proc", "sh", "-c",
            "caps='" + String.join(" ", CapsRun.command()) + "'; " + script))).redirectErrorStream(true).start();
        process.getOutputStream().close();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
        assumeTrue(!output.startsWith("unshare: ") && !output.contains("impossible\n"),
            "this test needs root, to mount file systems: " + output);
        return output;
    }
}
