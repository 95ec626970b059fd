/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** A transport whose two sides are native programs, built from a checkout's sources when they are first asked for. */
final class NativeContender implements Contender
{
    private static final int MOST_WORD_LENGTH = 32;
    private static final int MOST_CAPS_LENGTH = 131_072;
    private static final int MOST_CAPS_WINDOW = 128;

    private final String name;
    private final String title;
    private final String configuration;
    private final NativeBuild build;
    private final Function<Cell, String> refusal;

    private NativeContender(
        final String name,
        final String title,
        final String configuration,
        final NativeBuild build,
        final Function<Cell, String> refusal)
    {
        this.name = name;
        this.title = title;
        this.configuration = configuration;
        this.build = build;
        this.refusal = refusal;
    }

    /**
     * @return the floor of C programs.
     */
    static NativeContender floor()
    {
        return new NativeContender("floor-c", "floor of C programs",
            "Two C processes and two words on two cache lines of a mapped file; to block, each sleeps in futex on " +
            "the one that the other writes.",
            NativeBuild.make("floor_c"),
            (cell) -> cell.length() > MOST_WORD_LENGTH || Workload.ROUND_TRIP != cell.workload() ||
                Waiting.YIELD == cell.waiting() ? "carries one word, one message at a time" : null);
    }

    /**
     * @return the C library of this project.
     */
    static NativeContender caps()
    {
        return new NativeContender("jcaps-c", "libcaps, C to C",
            "Two C processes with libcaps. Messages up to 1,024 bytes are copied within caps_sys_put, caps_sys_get " +
            "and caps_sys_reply, longer ones are written and read in place. Ports of one thread each that spin only; " +
            "or, to block, that sleep at once.",
            NativeBuild.make("jcaps_c"),
            (cell) -> cell.length() > MOST_CAPS_LENGTH ? "a message has at most 131,072 bytes" :
                cell.window() > MOST_CAPS_WINDOW ? "a client has at most 128 messages in flight" : null);
    }

    /**
     * @return the request and response of iceoryx2.
     */
    static NativeContender iceoryx2()
    {
        return new NativeContender("iceoryx2", "iceoryx2 request and response, Rust to Rust",
            "Two Rust processes with the crate iceoryx2 0.10.0, built for release. As its documentation shows: " +
            "requests and responses are loaned, written in place and sent; both sides poll. As many active requests " +
            "as the window, one borrowed response, no overflow.",
            NativeBuild.cargo("iceoryx2", "iceoryx2-cell"),
            (cell) -> Waiting.BLOCK == cell.waiting() ?
                "its request and response polls; an event service, which wakes, is another service" : null);
    }

    @Override
    public String name()
    {
        return name;
    }

    @Override
    public String title()
    {
        return title;
    }

    @Override
    public String configuration()
    {
        return configuration;
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (Workload.ROUND_TRIP != cell.workload() && Workload.PIPELINED != cell.workload() || cell.clientCount() > 1)
        {
            return "its program does round trips and windows, of one client";
        }
        return refusal.apply(cell);
    }

    @Override
    public String obstacle()
    {
        return build.obstacle();
    }

    @Override
    public List<String> program()
    {
        return build.program();
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        throw new UnsupportedOperationException(name + " is a program");
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        throw new UnsupportedOperationException(name + " is a program");
    }
}
