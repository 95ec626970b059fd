/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.RegionView;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Which region a command is about.
 */
public final class RegionOption
{
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
        names = {"-r", "--region"},
        paramLabel = "FILE",
        description = "The region's file (default: the variable CAPS_REGION, else default in /dev/shm/jcaps-<user>/; " +
            "if that is not there, the one region that somebody lives in).")
    private Path given;

    /**
     * @return the path that was given, or the library's default.
     */
    public Path path()
    {
        return (null == given ? new RegionConfig().path() : given).toAbsolutePath().normalize();
    }

    /**
     * The region that is meant: whoever names none means the one that is in use, if there is but one.
     *
     * @return path of a file that was there.
     * @throws RegionException if there is none.
     */
    public Path find()
    {
        final Path path = path();
        if (null != given || Files.exists(path) || null != System.getenv(RegionConfig.REGION_VARIABLE))
        {
            return path;
        }
        final List<Path> inUse = Regions.inUse();
        if (1 != inUse.size())
        {
            throw new RegionException("no region: " + path + " does not exist" + (inUse.isEmpty() ?
                ", and nobody lives in any other: start a program that uses one, or see caps ls" :
                ", and " + inUse.size() + " others are in use: say which with --region, see caps ls"));
        }
        spec.commandLine().getErr().println("region: " + inUse.get(0));
        return inUse.get(0);
    }

    /**
     * @return the region that is meant, to be looked at and closed.
     */
    public RegionView view()
    {
        return RegionView.open(find());
    }
}
