/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Contender;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * All transports that are compared, in the order in which they are shown: those of this suite, then those that a user
 * adds by {@link #PATH_PROPERTY}.
 * <p>
 * To add one: a class in this package, and a line in the list. A transport that is not written in Java has a package of
 * its own below this one, and its server and client start its processes.
 */
public final class Contenders
{
    /**
     * System property with the jars of contenders that are not of this suite, separated as in a class path. Each jar
     * names its {@link Contender}s for {@link ServiceLoader}. The JVMs of a cell get it from the one that starts them.
     */
    public static final String PATH_PROPERTY = "jcaps.bench.contender.path";

    private static final List<Contender> OWN = List.of(
        new FloorContender(),
        new CapsContender(true),
        new CapsBatchContender(),
        new CapsContender(false),
        new CapsContender("G1GC"),
        new CapsContender("ZGC"),
        new AeronContender(true, false),
        new AeronContender(true, true),
        new AeronContender(false, false),
        new AeronContender(false, true),
        new AgronaRingsContender(),
        new SlabRingContender(),
        new ChronicleQueueContender(),
        SocketContender.unix(),
        SocketContender.tcp(),
        new FutexFloorContender(),
        new PipeContender(),
        NativeContender.floor(),
        NativeContender.caps(),
        NativeContender.iceoryx2(),
        new BridgeContender(false),
        new BridgeContender(true),
        new AeronUdpContender(),
        new AeronRelayContender(),
        new GrpcContender(),
        new IdleBridgeContender());
    private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

    private static List<Contender> all;

    private Contenders()
    {
    }

    /**
     * Adds the contenders of other jars, to this JVM and to those of each cell.
     *
     * @param jars that name their contenders for {@link ServiceLoader}.
     * @throws IllegalArgumentException if one is missing, has no contender, or has one that cannot be loaded or whose
     *                                  name is taken or invalid; nothing is added then.
     */
    public static synchronized void addPath(final List<Path> jars)
    {
        final String path = jars.stream().map((jar) -> jar.toAbsolutePath().toString())
            .collect(Collectors.joining(File.pathSeparator));
        all = load(path);
        System.setProperty(PATH_PROPERTY, path);
    }

    /**
     * @return all contenders, in order.
     */
    public static synchronized List<Contender> all()
    {
        if (null == all)
        {
            all = load(System.getProperty(PATH_PROPERTY, ""));
        }
        return all;
    }

    /**
     * @param name of a contender.
     * @return the contender.
     * @throws IllegalArgumentException if there is none; the message lists the names.
     */
    public static Contender byName(final String name)
    {
        for (final Contender contender : all())
        {
            if (contender.name().equals(name))
            {
                return contender;
            }
        }
        throw new IllegalArgumentException("no such contender: " + name + "; there are " +
            all().stream().map(Contender::name).collect(Collectors.joining(", ")));
    }

    /**
     * @return arguments for a JVM that needs the same contenders as this one.
     */
    public static List<String> jvmArguments()
    {
        final String path = System.getProperty(PATH_PROPERTY, "");
        return path.isEmpty() ? List.of() : List.of("-D" + PATH_PROPERTY + '=' + path);
    }

    private static List<Contender> load(final String path)
    {
        final List<Contender> contenders = new ArrayList<>(OWN);
        for (final String jar : path.split(File.pathSeparator))
        {
            if (!jar.isEmpty())
            {
                addTo(contenders, Path.of(jar));
            }
        }
        return List.copyOf(contenders);
    }

    private static void addTo(final List<Contender> contenders, final Path jar)
    {
        check(Files.isRegularFile(jar), jar, "no such file");
        int count = 0;
        try
        {
            // The loader stays open: classes are loaded when they are first used.
            final ClassLoader loader =
                new URLClassLoader(new URL[]{jar.toUri().toURL()}, Contenders.class.getClassLoader());
            for (final Contender contender : ServiceLoader.load(Contender.class, loader))
            {
                final String name = contender.name();
                check(null != name && NAME.matcher(name).matches(), jar,
                    "a name must be of lower-case letters, digits and hyphens: " + name);
                check(contenders.stream().noneMatch((known) -> known.name().equals(name)), jar,
                    "there is another contender of that name: " + name);
                contenders.add(contender);
                count++;
            }
        }
        catch (final IOException | ServiceConfigurationError ex)
        {
            throw new IllegalArgumentException("cannot load contenders of " + jar + ": " + ex.getMessage(), ex);
        }
        check(count > 0, jar, "it names none in META-INF/services/" + Contender.class.getName());
    }

    private static void check(final boolean isRight, final Path jar, final String why)
    {
        if (!isRight)
        {
            throw new IllegalArgumentException("cannot load contenders of " + jar + ": " + why);
        }
    }
}
