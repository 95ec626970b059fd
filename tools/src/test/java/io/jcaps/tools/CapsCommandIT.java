/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import io.jcaps.PortFlags;
import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.terminal.ExitCodes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.awaitility.Awaitility.await;

/**
 * The commands on one region, each a JVM of its own.
 */
@Timeout(value = CapsRun.WATCHDOG_MINUTES, unit = TimeUnit.MINUTES)
class CapsCommandIT
{
    /** Holds its request until the service's process is gone. */
    private static final String HOLD = "while [ -d /proc/$PPID ]; do sleep 0.1; done";

    private final List<Process> processes = new ArrayList<>();
    private Path directory;
    private String region;

    @BeforeEach
    void setUp() throws IOException
    {
        directory = WorkDirectory.make(null, "jcaps-command-");
        region = directory.resolve("region").toString();
    }

    @AfterEach
    void tearDown() throws InterruptedException
    {
        for (final Process process : processes)
        {
            process.destroyForcibly().waitFor();
        }
        assertThat(WorkDirectory.remove(directory)).isTrue();
    }

    @Test
    @DisplayName("A service that echoes is listed, pinged, called and inspected, and ends at SIGTERM")
    void shouldServePingCallAndStat() throws IOException, InterruptedException
    {
        final Process serve = serve("echo", "--echo");

        final CapsRun ping = run("ping", "echo", "--send", "--count", "3", "--interval", "0", "--size", "100");
        assertThat(ping.exitCode()).isZero();
        assertThat(ping.output()).contains("PING echo, pid " + serve.pid() + ", 100 bytes", "seq=3 bytes=100 time=",
            "3 sent, 3 received, 0% loss", "min/avg/max/stddev = ", "p50/p90/p99/p99.9 = ");
        final CapsRun summary = run("ping", "echo", "--send", "-c", "2", "-i", "0", "--json");
        assertThat(CapsRun.number(summary.output(), "received")).isEqualTo(2);
        assertThat(CapsRun.number(summary.output(), "minNs")).isPositive();

        assertThat(run("call", "echo", "--text", "hello").output()).isEqualTo("hello");
        assertThat(run("call", "echo", "--text", "hello", "--json").output()).contains("\"text\": \"hello\"");

        final CapsRun stat = run("stat");
        assertThat(stat.exitCode()).isZero();
        assertThat(stat.output()).contains("1 alive, 0 dead", Long.toString(serve.pid()));
        assertThat(stat.output().lines()).allMatch((line) -> line.length() < 80);
        assertThat(run("stat", "--json").output())
            .contains("\"name\": \"echo\"", "\"state\": \"open\"", "\"library\": \"java\"");
        setLibraryOfFirstProcess(ProcessDescriptor.LIBRARY_C);
        assertThat(stat.output()).doesNotContain("libcaps");
        assertThat(run("stat").output()).contains("by libcaps: pid " + serve.pid());
        assertThat(run("stat", "--json").output()).contains("\"library\": \"c\"");
        final CapsRun watch = run("stat", "--watch", "--interval", "50ms", "--count", "2");
        assertThat(watch.exitCode()).isZero();
        assertThat(watch.output().lines().filter((line) -> line.startsWith("echo ")).count()).isEqualTo(2);

        assertThat(new ProcessBuilder("kill", "-STOP", Long.toString(serve.pid())).start().waitFor()).isZero();
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES).until(() -> run("stat").output().contains(
            "1 alive (1 stopped)") && run("stat").output().contains("process " + serve.pid() + " is stopped"));
        assertThat(new ProcessBuilder("kill", "-CONT", Long.toString(serve.pid())).start().waitFor()).isZero();

        final CapsRun list = new CapsRun("ls", directory.toString());
        assertThat(list.output()).contains(region);

        serve.destroy();
        assertThat(serve.waitFor()).isZero();
        assertThat(run("ping", "echo", "-c", "1").exitCode()).isEqualTo(ExitCodes.NOT_THERE);
    }

    private void setLibraryOfFirstProcess(final int library) throws IOException
    {
        try (FileChannel channel = FileChannel.open(Path.of(region), StandardOpenOption.WRITE))
        {
            final ByteBuffer word = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            word.putInt(0, library);
            channel.write(word, RegionDescriptor.HEADER_LENGTH + ProcessDescriptor.LIBRARY_OFFSET);
        }
    }

    @Test
    @DisplayName("R6: serve admits its own user; with --group also its user's group, under which it is registered")
    void shouldServeGroup() throws IOException, InterruptedException
    {
        serve("shared", "--echo", "--group");
        serve("own", "--echo");
        final String ports = run("stat", "--json").output();
        final Object gid = Files.getAttribute(Path.of("/proc/self"), "unix:gid");
        assertThat(ports.substring(ports.indexOf("\"shared\""))).containsPattern(
            "\\A[^{}]*\"gid\": " + gid + ",\\s+\"flags\": " + (PortFlags.USER | PortFlags.GROUP) + ",");
        assertThat(ports.substring(ports.indexOf("\"own\""))).containsPattern(
            "\\A[^{}]*\"gid\": -1,\\s+\"flags\": " + PortFlags.USER + ",");
    }

    @Test
    @DisplayName("Under a read-only mount live and dead processes are distinguished (needs root, for the mount)")
    void shouldLookUnderAReadOnlyMount() throws IOException, InterruptedException
    {
        final Process serve = serve("echo", "--echo");
        final String look = "mount -o bind '" + directory + "' '" + directory + "' && " +
            "mount -o remount,bind,ro '" + directory + "' || { echo impossible; exit; }; " +
            String.join(" ", CapsRun.command("stat", "--region", region));
        final List<String> command = List.of("unshare", "-m", "--propagation", "private", "sh", "-c", look);
        final String alive = new CapsRun(new ProcessBuilder(command).redirectErrorStream(true).start()).output();
        assumeTrue(!alive.startsWith("unshare: ") && !alive.contains("impossible"), "needs root: " + alive);
        assertThat(alive).contains("1 alive, 0 dead").doesNotContain("not known");

        serve.destroyForcibly().waitFor();
        final String dead = new CapsRun(new ProcessBuilder(command).redirectErrorStream(true).start()).output();
        assertThat(dead).contains("0 alive, 1 dead").doesNotContain("not known");
    }

    @Test
    @Tag("full")
    @DisplayName("R5: a waiting client is shown with the service that it looks for, until it is connected")
    void shouldShowWaitingClient() throws IOException, InterruptedException
    {
        serve("other", "--echo");
        final Process call = start("call", "late", "--wait", "300s", "--text", "hello");
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> run("stat").output().contains("WAITING FOR"));
        final CapsRun stat = run("stat");
        assertThat(stat.output().lines().dropWhile((line) -> !line.startsWith("WAITING FOR")).skip(1).findFirst())
            .hasValueSatisfying((line) ->
                assertThat(line).startsWith("late").contains(Long.toString(call.pid()), "any"));
        assertThat(run("stat", "--json").output()).containsPattern(
            "\"waiting\": \\[\\s*\\{\\s*\"service\": \"late\",\\s*\"pid\": " + call.pid() + ",\\s*\"life\": \"ALIVE\"");
        final Process late = serve("late", "--echo");
        assertThat(new CapsRun(call).output()).isEqualTo("hello");
        assertThat(run("stat").output()).doesNotContain("WAITING FOR")
            .contains("late, pid " + late.pid() + ": 1 client has gone, 0 by death");
        assertThat(run("stat", "--json").output()).containsPattern("\"name\": \"late\",[^{}]*\"clientsGone\": 1,");
        assertThat(run("stat", "--json").output()).contains("\"waiting\": []");
    }

    @Test
    @Tag("full")
    @DisplayName("The shell completes the names of services and of the manual's pages")
    void shouldCompleteNames() throws IOException, InterruptedException
    {
        serve("echo_one", "--echo");
        serve("echo.two", "--echo");
        serve("other", "--echo");
        final String script = "caps() { " + String.join(" ", CapsRun.command()) + " \"$@\"; }\n" +
            "compopt() { :; }\nsource <(caps completion bash)\n" +
            "complete_words() { COMP_WORDS=(caps \"$@\"); COMP_CWORD=$#; COMPREPLY=(); _complete_caps_names; " +
            "echo \"<${COMPREPLY[*]}>\"; }\n" +
            "complete_words ping --region '" + region + "' ec\n" +
            "complete_words call --region = '" + region + "' o\n" +
            "complete_words ping --region /no/such/region ec\n" +
            "complete_words ping --region '" + region + "' --send ec\n" +
            "complete_words call --region '" + region + "' --json o\n" +
            "complete_words ping --region '" + region + "' --count e\n" +
            "complete_words man caps_sys_pu\n";
        final Process bash;
        try
        {
            bash = new ProcessBuilder("bash", "-c", script).redirectErrorStream(true).start();
        }
        catch (final IOException ex)
        {
            abort("no bash: " + ex);
            return;
        }
        assertThat(new CapsRun(bash).output().lines()).containsExactly("<echo.two echo_one>", "<other>", "<>",
            "<echo.two echo_one>", "<other>", "<>", "<caps_sys_put>");
    }

    @Test
    @DisplayName("A command's output is the reply, its failure an empty one that standard error explains")
    void shouldServeACommand() throws IOException, InterruptedException
    {
        final Process serve =
            serve("upper", "--exec", "read line; test \"$line\" = fail && exit 3; echo \"<$line>\"");
        assertThat(run("call", "upper", "--text", "text").output()).isEqualTo("<text>\n");
        assertThat(run("call", "upper", "--text", "fail").output()).isEmpty();
        assertThat(line(serve)).contains("ended with exit code 3");
    }

    @Test
    @Tag("full")
    @DisplayName("SIGTERM ends the command and all that it has started, and its client gets SERVICE_CLOSED")
    void shouldEndTheWholeTreeOfACommand() throws IOException, InterruptedException
    {
        // The inner shell ends at once: its sleep has no parent in the tree.
        final Path pids = directory.resolve("pids");
        final Process serve = serve("slow", "--exec",
            "sh -c 'sleep 3601 & echo $! >>" + pids + "'; (trap \"\" TERM; sleep 3602; sleep 3603) & echo $! >>" +
            pids + "; sleep 3604; echo x");
        final Process call = start("call", "slow", "--text", "x");
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> Files.exists(pids) && 2 == Files.readAllLines(pids).size());

        serve.destroy();
        assertThat(serve.waitFor()).isZero();
        assertThat(new CapsRun(call).output()).contains("no reply: SERVICE_CLOSED");
        for (final String pid : Files.readAllLines(pids))
        {
            await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES).until(
                () -> ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isEmpty());
        }
        Files.delete(pids);
    }

    @Test
    @DisplayName("A command that takes longer than the limit is ended, and its reply is empty")
    void shouldEndACommandThatTakesTooLong() throws IOException, InterruptedException
    {
        final Process serve = serve("slow", "--limit", "100ms", "--exec", "sleep 3; echo x");
        final CapsRun call = run("call", "slow", "--text", "x");
        assertThat(call.exitCode()).isZero();
        assertThat(call.output()).isEmpty();
        assertThat(line(serve)).contains("took longer than 100 ms");
    }

    @Test
    @Tag("full")
    @DisplayName("F17: when all are dead, messages in flight are shown with their bytes, then reaped, first dry")
    void shouldLookAtTheDeadAndReapThem() throws IOException, InterruptedException
    {
        final Process serve = serve("slow", "--exec", HOLD);
        final Process call = start("call", "slow", "--text", "an order");
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> run("inflight").output().contains("received"));
        final CapsRun alive = run("inflight", "--over", "20ms");
        assertThat(alive.output()).contains("service yes", ">", Long.toString(call.pid()), "1 message in flight");

        // Stopped first: a client that lives when its service dies takes its automatic reply, and nothing is in flight.
        assertThat(new ProcessBuilder("kill", "-STOP", Long.toString(call.pid())).start().waitFor()).isZero();
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> run("stat").output().contains("process " + call.pid() + " is stopped"));
        serve.destroyForcibly().waitFor();
        call.destroyForcibly().waitFor();
        final CapsRun dead = run("inflight", "--hex");
        assertThat(dead.exitCode()).isZero();
        assertThat(dead.output()).contains("0 alive, 2 dead", "+" + call.pid(), "+" + serve.pid(), "|an order|",
            "61 6e 20 6f 72 64 65 72", "1 message in flight");
        assertThat(run("inflight", "--json", "--hex").output())
            .contains("\"isReceived\": true", "\"hex\": \"616e206f72646572\"");
        assertThat(run("stat").output()).contains("DEAD").contains("slow");

        final String dry = run("reap", "--dry-run").output();
        assertThat(dry).contains("would remove process", "would remove service", "would remove client",
            "would remove link");
        assertThat(run("reap", "--dry-run").output()).as("a dry run changes nothing").isEqualTo(dry);
        assertThat(run("reap").output()).isEqualTo(dry.replace("would remove", "removed"));
        assertThat(run("reap").output()).contains("nothing to remove");
        assertThat(run("inflight").output()).contains("0 messages in flight");

        assertThat(run("reap", "--all", "--dry-run").output()).contains("would remove " + region);
        assertThat(directory.resolve("region")).exists();
        assertThat(run("reap", "--all").output()).contains("removed " + region, "removed " + region + ".lock");
        assertThat(Files.list(directory)).isEmpty();
    }

    @Test
    @DisplayName("A reap changes nothing that belongs to living processes")
    void shouldLeaveTheLivingAlone() throws IOException, InterruptedException
    {
        serve("echo", "--echo");
        assertThat(run("reap", "--all").output()).contains("nothing to remove");
        assertThat(run("call", "echo", "--text", "still there").output()).isEqualTo("still there");
    }

    @Test
    @DisplayName("A call without a reply in time reports whether the service may have acted, and exits with 1")
    void shouldTellThatNoReplyCame() throws IOException, InterruptedException
    {
        serve("slow", "--exec", HOLD);
        final CapsRun call = run("call", "slow", "--text", "x", "--timeout", "200ms");
        assertThat(call.exitCode()).isEqualTo(ExitCodes.FAILED);
        assertThat(call.output()).contains("no reply: TIMED_OUT").doesNotContain("Exception");
        final CapsRun ping = run("ping", "slow", "--send", "-c", "1", "-W", "200ms");
        assertThat(ping.exitCode()).isEqualTo(ExitCodes.FAILED);
        assertThat(ping.output()).contains("1 sent, 0 received, 100% loss");
    }

    @Test
    @Tag("full")
    @DisplayName("A command that runs until Ctrl-C ends when the reader of its output has gone")
    void shouldEndWhenItsReaderHasGone() throws IOException, InterruptedException
    {
        serve("echo", "--echo");
        for (final String[] args : List.of(
            new String[] {"ping", "echo", "--interval", "10ms"},
            new String[] {"ping", "echo", "--interval", "10ms", "--send"},
            new String[] {"stat", "--watch", "--interval", "50ms"},
            new String[] {"stat", "--watch", "--interval", "50ms", "--json"}))
        {
            final Process process = start(args);
            assertThat(process.getInputStream().read()).isNotNegative();
            process.getInputStream().close();
            assertThat(process.waitFor(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue()).as("what a shell reports for SIGPIPE").isEqualTo(141);
        }
    }

    @Test
    @DisplayName("A ping sends no message, so that no service can fail at one")
    void shouldPingWithoutAMessage() throws IOException, InterruptedException
    {
        final Path called = directory.resolve("called");
        final Process serve = serve("strict", "--exec", "touch " + called);
        final CapsRun ping = run("ping", "strict", "--count", "3", "--interval", "0");
        assertThat(ping.exitCode()).isZero();
        assertThat(ping.output()).contains("PING strict, pid " + serve.pid(), "seq=3 pid=" + serve.pid() + " time=",
            "3 sent, 3 received, 0% loss", "p50/p90/p99/p99.9 = ");
        assertThat(called).doesNotExist();
        run("ping", "strict", "--send", "--count", "1");
        assertThat(called).exists();
        Files.delete(called);
    }

    @Test
    @Tag("full")
    @DisplayName("A full disk and a closed standard output are reported, and the exit code is 1, also of call")
    void shouldReportThatItsOutputIsLost() throws IOException, InterruptedException
    {
        serve("echo", "--echo");
        for (final String output : List.of(">/dev/full", ">&-", "1</dev/null"))
        {
            assertThat(shell(output, "call", "echo", "--text", "hello")).as(output)
                .contains("cannot write to standard output", "the reply of 5 bytes is lost", "exit code 1");
            assertThat(shell(output, "stat")).contains("cannot write to standard output", "exit code 1")
                .doesNotContain("\tat ");
        }
        assertThat(shell(">/dev/full", "ping", "--help")).contains("cannot write to standard output", "exit code 1")
            .doesNotContain("\tat ");
    }

    /** What standard error gets, with the exit code after it. */
    private String shell(final String output, final String... args) throws IOException, InterruptedException
    {
        final List<String> command = new ArrayList<>(List.of(
            "sh", "-c", "\"$@\" 2>&1 " + output + "; echo \"exit code $?\"", "sh"));
        command.addAll(CapsRun.command(withRegion(args)));
        return new CapsRun(new ProcessBuilder(command).redirectErrorStream(true).start()).output();
    }

    private CapsRun run(final String... args) throws IOException, InterruptedException
    {
        return new CapsRun(withRegion(args));
    }

    private Process start(final String... args) throws IOException
    {
        final Process process = CapsRun.start(withRegion(args));
        processes.add(process);
        return process;
    }

    private Process serve(final String... args) throws IOException
    {
        final String[] all = new String[args.length + 1];
        all[0] = "serve";
        System.arraycopy(args, 0, all, 1, args.length);
        final Process process = start(all);
        assertThat(line(process)).startsWith("serving " + args[0] + " in " + region);
        return process;
    }

    private String[] withRegion(final String... args)
    {
        final List<String> all = new ArrayList<>(List.of(args));
        all.addAll(1, List.of("--region", region));
        return all.toArray(new String[0]);
    }

    /** A line of what it prints, read byte by byte so that nothing after it is lost. */
    private static String line(final Process process) throws IOException
    {
        final StringBuilder line = new StringBuilder();
        for (int read = process.getInputStream().read(); read >= 0 && '\n' != read;
            read = process.getInputStream().read())
        {
            line.append((char)read);
        }
        return new String(line.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
