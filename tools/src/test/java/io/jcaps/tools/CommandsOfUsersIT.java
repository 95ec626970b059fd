/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Commands of one user, Alice, on a machine on which another one, Bob, was there before with regions of his own: in
 * the place of hers, and beside it. Each process runs as its user. Needs root, to start them, and gets a
 * {@code /dev/shm} of its own.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CommandsOfUsersIT
{
    private static final String ALICE = "54321";
    private static final String BOB = "54322";
    /** Where the commands of a user without a name look, if nothing else is said. */
    private static final String ALICES_PLACE = "/dev/shm/jcaps-" + ALICE;
    private static final String BOBS_PLACE = "/dev/shm/jcaps-" + BOB;

    @Test
    @DisplayName("F23: serve --exec in a squatter's region: refused, so Bob has no command of Alice's run")
    void shouldNotServeInASquattersRegion() throws IOException, InterruptedException
    {
        final String output = run(bobServes(ALICES_PLACE) +
            as(ALICE, "$caps serve job --exec 'touch /dev/shm/executed'") + " >/dev/shm/job 2>&1 & job=$!; " +
            "while kill -0 $job && ! grep -q serving /dev/shm/job; do sleep 0.1; done; " +
            as(BOB, "$caps call job --text x --uid 54321 --access world --region " + ALICES_PLACE + "/default") +
            "; echo \"call=$?\"; kill $job; wait $job; echo \"serve=$?\"; cat /dev/shm/job; ls /dev/shm");
        assertThat(output).contains("another user's directory: " + ALICES_PLACE + " belongs to uid " + BOB,
            "serve=3", "call=3").doesNotContain("executed\n");
    }

    @Test
    @DisplayName("F23: call without a region in the squatter's place: the request is not sent to Bob")
    void shouldNotCallInASquattersRegion() throws IOException, InterruptedException
    {
        final String output = run(bobServes(ALICES_PLACE) +
            as(ALICE, "$caps call bobs --text password --uid 54322") + "; echo \"call=$?\"; " +
            as(ALICE, "$caps ping bobs --uid 54322 -c 1") + "; echo \"ping=$?\"; " +
            as(ALICE, "$caps stat") + "; echo \"stat=$?\"; cat /dev/shm/log");
        assertThat(output).contains("call=3", "ping=3", "stat=3", "serving bobs").doesNotContain("message ");
    }

    @Test
    @DisplayName("F23: no command chooses Bob's region for Alice: --all-users lists it, --access joins it")
    void shouldNotChooseAnotherUsersRegion() throws IOException, InterruptedException
    {
        final String region = BOBS_PLACE + "/default";
        final String output = run(bobServes(BOBS_PLACE) +
            as(ALICE, "$caps call bobs --text password --uid 54322") + "; echo \"chosen=$?\"; " +
            as(ALICE, "$caps ls /dev/shm") + "; echo \"ls=$?\"; " +
            as(ALICE, "$caps call bobs --text password --uid 54322 --region " + region) + "; echo \"private=$?\"; " +
            as(ALICE, "$caps stat --region " + region) + "; echo \"stat=$?\"; echo ---; cat /dev/shm/log; echo ---; " +
            as(ALICE, "$caps ls --all-users /dev/shm") + "; " +
            as(ALICE, "$caps stat --all-users --region " + region) + "; " +
            as(ALICE, "$caps call bobs --text trusted --uid 54322 --access world --region " + region) +
            "; echo \" joined=$?\"; cat /dev/shm/log");
        final String[] parts = output.split("---\n");
        assertThat(parts[0]).contains("no region: " + ALICES_PLACE + "/default does not exist", "chosen=3",
            "no regions in /dev/shm", "ls=0", "another user's directory: " + BOBS_PLACE, "private=3", "stat=3");
        assertThat(parts[1]).contains("serving bobs").doesNotContain("message ");
        assertThat(parts[2]).contains(region, "bobs", "trusted joined=0", "7 bytes, replied 7");
    }

    /** Bob makes a directory, and a service in it that admits all users. */
    private static String bobServes(final String place)
    {
        return as(BOB, "mkdir -m 0755 " + place) + "; touch /dev/shm/log; " +
            as(BOB, "$caps serve bobs --echo --log --world --access world --region " + place + "/default") +
            " >/dev/shm/log 2>&1 & i=0; until grep -q serving /dev/shm/log || test $i = 300; " +
            "do i=$((i+1)); sleep 0.1; done; ";
    }

    private static String as(final String uid, final String command)
    {
        return "setpriv --reuid=" + uid + " --regid=" + uid + " --clear-groups " + command;
    }

    private static String run(final String script) throws IOException, InterruptedException
    {
        // In a pid namespace: what the script has started is gone when the script is.
        final Process process = new ProcessBuilder(new ArrayList<>(List.of(
            "unshare", "-m", "--propagation", "private", "--pid", "--fork", "--mount-proc", "sh", "-c",
            "unset CAPS_REGION; caps='" + String.join(" ", CapsRun.command()) + "'; " +
                "mount -t tmpfs -o mode=1777 tmpfs /dev/shm || { echo impossible; exit; }; " + script)))
            .redirectErrorStream(true).start();
        process.getOutputStream().close();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
        assumeTrue(!output.startsWith("unshare: ") && !output.contains("impossible\n"),
            "this test needs root, to start processes of other users: " + output);
        return output;
    }
}
