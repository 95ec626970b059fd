/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * A transport that takes part in the comparison, in the best configuration that keeps its promises. Each side of each
 * measurement runs in a JVM that is started for it, so its calls have one target only.
 * <p>
 * Your own transport takes part without a change of this suite: implement this in a class with a public constructor
 * without arguments, name it in {@code META-INF/services/io.jcaps.bench.Contender} of a jar, and run
 * {@code caps bench --contender-path my.jar}. The jar must contain what the class needs beside the suite. Each JVM
 * makes an instance of its own; it should do nothing before {@link #serve} or {@link #connect}.
 */
public interface Contender
{
    /**
     * @return name by which it is chosen: lower case, digits and hyphens.
     */
    String name();

    /**
     * @return name that people know it by.
     */
    String title();

    /**
     * @return how it is set up, in a sentence for the report.
     */
    String configuration();

    /**
     * Whether it connects two hosts. Both sides run on this machine all the same, over the loopback address.
     *
     * @return true if it is compared with others that do, and with them alone.
     */
    default boolean isRemote()
    {
        return false;
    }

    /**
     * Whether it can do what a cell asks.
     *
     * @param cell of the measurement; its contender is this one.
     * @return null if it can, otherwise why not, in a few words for the report.
     */
    String refusal(Cell cell);

    /**
     * What this machine lacks for it. May build a program first, which can take minutes; asked only for a contender
     * that takes part.
     *
     * @return null if nothing, otherwise a few words for the report.
     */
    default String obstacle()
    {
        return null;
    }

    /**
     * A program that is both sides, by the protocol of {@code bench/NATIVE.md}; then {@link #serve} and
     * {@link #connect} are not called.
     *
     * @return the program and its first arguments; empty if both sides are JVMs.
     */
    default List<String> program()
    {
        return List.of();
    }

    /**
     * @return what its JVMs need beside what all have.
     */
    List<String> jvmArguments();

    /**
     * Opens the end that answers; ready to be connected to when this returns.
     *
     * @param cell      of the measurement.
     * @param directory of the measurement's own, in memory, shared with the other JVM.
     * @return the server.
     * @throws Exception if it cannot start; the message goes into the report.
     */
    EchoServer serve(Cell cell, Path directory) throws Exception;

    /**
     * Opens the ends that ask, {@link Cell#clientCount()} of them, each connected.
     *
     * @param cell      of the measurement.
     * @param directory the one that {@link #serve} was given.
     * @return the clients; each may be used by a thread of its own.
     * @throws Exception if it cannot start; the message goes into the report.
     */
    List<EchoClient> connect(Cell cell, Path directory) throws Exception;
}
