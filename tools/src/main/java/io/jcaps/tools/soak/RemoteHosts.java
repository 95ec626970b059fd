/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.tools.child.Line;
import io.jcaps.tools.remote.BridgeProcess;
import io.jcaps.tools.remote.HostNetwork;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What a soak of two hosts needs in addition: the second region, the network, and a record of disturbances of bridges
 * and network, by which outcomes are judged. One thread.
 */
final class RemoteHosts implements AutoCloseable
{
    /** Of both bridges; more than the default, as a busy machine may leave a bridge without a core for a while. */
    static final long LOST_AFTER_MS = 3_000;

    private static final int MIN_CUT_MS = 20;
    private static final int CUT_DOUBLINGS = 8;
    /** Time that two bridges have to find each other again, on a busy machine. */
    private static final long RECOVERY_NS = 4 * TimeUnit.MILLISECONDS.toNanos(LOST_AFTER_MS);
    /** Time from a kill until the death is detected and the clients are notified. */
    private static final long DEATH_NS = TimeUnit.SECONDS.toNanos(2);
    private static final String VIOLATION = "broke the protocol";

    private final Path directory;
    private final HostNetwork network;
    private final Map<String, Long> troubles = new TreeMap<>();
    private final Map<String, Long> counts = new TreeMap<>();
    private boolean isCut;
    private long restoreAtNs;
    private long disturbedAtNs = System.nanoTime();
    private long importerDiedAtNs = Long.MIN_VALUE;
    private long cuts;

    RemoteHosts(final Path directory) throws IOException
    {
        this.directory = directory;
        network = HostNetwork.open(directory);
    }

    String description()
    {
        return network.description();
    }

    /** The services' region. */
    Path serviceRegion()
    {
        return directory.resolve("region-b");
    }

    List<String> launcher(final Party.Role role)
    {
        return switch (role)
        {
            case SERVICE, EXPORTER -> network.launcherOfB();
            default -> network.launcherOfA();
        };
    }

    List<String> bridgeArguments(final Party.Role role, final Path clientRegion, final List<String> services)
    {
        return Party.Role.EXPORTER == role ?
            BridgeProcess.exporter(directory, serviceRegion(), network, LOST_AFTER_MS, services) :
            BridgeProcess.importer(directory, clientRegion, network, LOST_AFTER_MS, services);
    }

    // ---- what happens

    /** Cuts the network, in a direction and for a time that are random. */
    void cut(final SplittableRandom random)
    {
        final HostNetwork.Cut[] cutsOfAll = HostNetwork.Cut.values();
        final HostNetwork.Cut cut = cutsOfAll[random.nextInt(cutsOfAll.length)];
        final int longestMs = MIN_CUT_MS << random.nextInt(CUT_DOUBLINGS);
        if (!isCut)
        {
            network.cut(cut);
            isCut = true;
            cuts++;
            restoreAtNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(longestMs + random.nextInt(longestMs));
        }
    }

    void restore()
    {
        if (isCut)
        {
            network.restore();
            isCut = false;
        }
    }

    /** Called often: restores the network when it is due, and checks the relay. */
    void look(final List<Party> parties)
    {
        final long nowNs = System.nanoTime();
        final boolean isDisturbed = isCut || parties.stream().anyMatch(
            (party) -> party.isBridge() && (party.isPaused() || !party.isIdle()));
        if (isDisturbed)
        {
            disturbedAtNs = nowNs;
        }
        if (isCut && nowNs - restoreAtNs >= 0)
        {
            restore();
        }
    }

    /** Records that a bridge is about to be killed or stopped. */
    void bridgeEnds(final Party.Role role, final boolean isKill)
    {
        disturbedAtNs = System.nanoTime();
        if (isKill && Party.Role.IMPORTER == role)
        {
            importerDiedAtNs = disturbedAtNs;
        }
    }

    /** Removes the directory of a bridge whose process has exited. */
    static void bridgeEnded(final long pid)
    {
        BridgeProcess.removeRemains(pid);
    }

    /**
     * @param openedNs time at which a finished connection was opened.
     * @return the path between its ends.
     */
    Accounts.Way way(final long openedNs)
    {
        if (Long.MIN_VALUE != importerDiedAtNs && openedNs - importerDiedAtNs < DEATH_NS)
        {
            return Accounts.Way.IMPORTER_KILLED;
        }
        return openedNs - disturbedAtNs < RECOVERY_NS ? Accounts.Way.DISTURBED : Accounts.Way.STEADY;
    }

    /**
     * Handles a line of a bridge.
     *
     * @return a finding; null if there is none.
     */
    String onLine(final Line line)
    {
        if ("over".equals(line.word()))
        {
            return 0 == line.number("violations") ? null : line.number("violations") + " violations of the protocol";
        }
        if ("bridge".equals(line.word()))
        {
            final String kind = line.text("kind");
            counts.merge(kind, 1L, Long::sum);
            if ("TROUBLE".equals(kind) || "ENDED".equals(kind))
            {
                troubles.merge(kind + ": " + line.text("detail").replaceAll("[0-9]+", "N"), 1L, Long::sum);
            }
            return line.text("detail").contains(VIOLATION) ? line.text("detail") : null;
        }
        return null;
    }

    // ---- what was counted

    long cuts()
    {
        return cuts;
    }

    /** Events of bridges, by kind. */
    Map<String, Long> counts()
    {
        return counts;
    }

    /** Reasons why sessions ended, and failures that were tried again, with their counts. */
    Map<String, Long> troubles()
    {
        return troubles;
    }

    @Override
    public void close()
    {
        network.close();
    }
}
