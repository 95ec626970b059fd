/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.Access;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.tools.terminal.Escaped;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The options that name a command's region.
 */
public final class RegionOption
{
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
        names = {"-r", "--region"},
        paramLabel = "FILE",
        description = "The region's file (default: the variable CAPS_REGION, else default in /dev/shm/jcaps-<user>/; " +
            "if that does not exist, the only one of yours and root's that is in use).")
    private Path given;

    @Option(
        names = "--access",
        paramLabel = "WHO",
        defaultValue = "PRIVATE",
        description =
            "Who shares the region: private (only you), group or world. With group and world you trust the " +
            "owner of its directory, with group also all its members (default: private).")
    private Access access;

    /**
     * @return which users share the region, as the user states: a file's mode does not show which users to trust.
     */
    public Access access()
    {
        return access;
    }

    /**
     * @return the path that was given, or the library's default.
     */
    public Path path()
    {
        // Not normalized: the operating system resolves .. after a symbolic link, as for the library.
        return (null == given ? new RegionConfig().path() : given).toAbsolutePath();
    }

    /**
     * Finds the region: the named one; without a name the default region, or else the only region that is in use.
     * Regions of other users than the caller and root are never chosen.
     *
     * @return path of the region's file, which may be missing if the user named it.
     * @throws RegionException if the user named none, the default region is missing, and not exactly one other is in
     *                         use.
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
                ", and no other of yours is in use: start a program that uses one, or name it with --region" :
                ", and " + inUse.size() + " others are in use: say which with --region, see caps ls"));
        }
        spec.commandLine().getErr().println("region: " + Escaped.line(inUse.get(0).toString()));
        return inUse.get(0);
    }

    /**
     * @param isAllUsers whether another user's region may be looked at.
     * @return view of the region of {@link #find()}; to be closed.
     */
    RegionView view(final boolean isAllUsers)
    {
        return view(find(), isAllUsers);
    }

    /**
     * @param path       of a region.
     * @param isAllUsers whether another user's region may be looked at.
     * @return view of the region; to be closed.
     */
    public RegionView view(final Path path, final boolean isAllUsers)
    {
        return isAllUsers ? RegionView.open(path) : RegionView.open(path, access);
    }
}
