/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * A transport that takes part in the comparison, in its fastest configuration that keeps its guarantees. Each side of
 * each measurement runs in a JVM of its own, so its calls have one target only.
 * <p>
 * Your own transport takes part without a change of this suite: implement this in a class with a public constructor
 * without arguments, name it in {@code META-INF/services/io.jcaps.bench.Contender} of a jar, and run
 * {@code caps bench --contender-path my.jar}. The jar must contain the class's dependencies other than the suite. Each
 * JVM creates an instance of its own; it should do nothing before {@link #serve} or {@link #connect}.
 */
public interface Contender
{
    /**
     * @return name for options: lower-case letters, digits and hyphens.
     */
    String name();

    /**
     * @return name for people.
     */
    String title();

    /**
     * @return its configuration, in a sentence for the report.
     */
    String configuration();

    /**
     * Whether it connects two hosts. Both sides run on this machine all the same, over the loopback address.
     *
     * @return true if it is compared only with other transports between hosts.
     */
    default boolean isRemote()
    {
        return false;
    }

    /**
     * Whether it can run a cell.
     *
     * @param cell of the measurement; its contender is this one.
     * @return null if it can, otherwise why not, in a few words for the report.
     */
    String refusal(Cell cell);

    /**
     * What this machine lacks for it. May build a program first, which can take minutes; called only for a contender
     * that takes part.
     *
     * @return null if nothing, otherwise a few words for the report.
     */
    default String obstacle()
    {
        return null;
    }

    /**
     * A native program that implements both sides, by the protocol of {@code bench/NATIVE.md}; then {@link #serve} and
     * {@link #connect} are not called.
     *
     * @return the program and its first arguments; empty if both sides are JVMs.
     */
    default List<String> program()
    {
        return List.of();
    }

    /**
     * @return arguments of its JVMs in addition to those of all contenders.
     */
    List<String> jvmArguments();

    /**
     * Opens the server; clients can connect when this returns.
     *
     * @param cell      of the measurement.
     * @param directory of this measurement, in memory, shared with the other JVM.
     * @return the server.
     * @throws Exception if it cannot start; the message goes into the report.
     */
    EchoServer serve(Cell cell, Path directory) throws Exception;

    /**
     * Opens and connects {@link Cell#clientCount()} clients.
     *
     * @param cell      of the measurement.
     * @param directory the one that {@link #serve} was given.
     * @return the clients; each may be used by a thread of its own.
     * @throws Exception if it cannot start; the message goes into the report.
     */
    List<EchoClient> connect(Cell cell, Path directory) throws Exception;
}
