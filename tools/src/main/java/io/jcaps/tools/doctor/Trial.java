/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.host.Credentials;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.Access;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.child.Child;
import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.terminal.Units;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Creates a small region beside the user's, uses it from a second process, and removes it: it tests what the file
 * system can do instead of deriving that from its name. One thread.
 */
final class Trial
{
    static final String NAME = "doctor";
    static final String READY = "ready";
    static final String CLIENT = "client";

    private static final String TRIAL = "trial region";
    private static final String CREDENTIALS = "credentials";
    private static final String WAKING = "sleep and wake";
    private static final Geometry GEOMETRY = new Geometry(4, 8, 4, 8, 1_024);
    private static final long PEER_TIMEOUT_S = 30;
    private static final long CALL_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int CALL_COUNT = 9;
    /** Pause in which the service falls asleep. */
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(5);
    /**
     * A wake-up is faster than this; a service that is not woken looks by itself after 30 ms.
     */
    private static final long WAKE_LIMIT_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Path directory;
    private final Access access;
    private final Mount mount;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * @param directory of the region.
     * @param access    which users share it.
     * @param mount     of the directory; null if it is not known.
     */
    Trial(final Path directory, final Access access, final Mount mount)
    {
        this.directory = directory;
        this.access = access;
        this.mount = mount;
    }

    /** The region of a trial in its directory. */
    static Path region(final Path trialDirectory)
    {
        return trialDirectory.resolve("region");
    }

    /**
     * @param hasRegion whether the user's region is there, so that it need not be made.
     * @return what was found.
     */
    List<Finding> run(final boolean hasRegion)
    {
        Path there = directory;
        while (null != there.getParent() && !Files.exists(there))
        {
            there = there.getParent();
        }
        Path trialDirectory = null;
        try
        {
            trialDirectory = WorkDirectory.make(there, "jcaps-doctor-");
            // Its mode stays 0700, whoever shares the user's region: both processes are this user's, and in a directory
            // of a group's no mode can be set by path, as a member can put a link there.
            if (Access.GROUP == access)
            {
                // Of the directories above, only the group of the region's own directory is trusted.
                WorkDirectory.giveToGroup(trialDirectory);
            }
            final int owner = (Integer)Files.getAttribute(there, "unix:uid");
            if (Access.PRIVATE != access && 0 != owner && !Files.getAttribute(trialDirectory, "unix:uid").equals(owner))
            {
                // The region's own directory may be another member's. One in it is at the mercy of that member.
                findings.add(Finding.warn(TRIAL, "not made: " + there + " belongs to uid " + Credentials.idText(owner) +
                    ", who could replace a directory of yours in it",
                    "whether a region works there was not tried; for one that is there, caps ping tries it",
                    "run caps doctor as that user"));
                return findings;
            }
            exchange(trialDirectory);
        }
        catch (final IOException ex)
        {
            final String found = "nothing can be made in " + there + ": " +
                (ex instanceof AccessDeniedException ? "permission denied" : ex.getMessage());
            findings.add(hasRegion ?
                Finding.ok(TRIAL, found + "; the region that is there was not tried, as others may use it") :
                Finding.fail(TRIAL, found, "no region can be made there",
                    "have the owner of " + there + " let you write there, or use another directory: --region, " +
                        "CAPS_REGION"));
        }
        finally
        {
            if (null != trialDirectory)
            {
                WorkDirectory.remove(trialDirectory);
            }
        }
        return findings;
    }

    private void exchange(final Path trialDirectory)
    {
        final BlockingQueue<Child.Event> events = new LinkedBlockingQueue<>();
        Child peer = null;
        try (Attachment attachment = Caps.attach(new RegionConfig().path(region(trialDirectory)).geometry(GEOMETRY)
            .access(access)))
        {
            peer = new Child("trial", TrialPeer.class, events, trialDirectory.toString(), access.name());
            final Child.Event ready = next(events);
            final PortOptions options = new PortOptions().flags(PortFlags.WORLD);
            try (ClientPort client = attachment.client(NAME, options))
            {
                final long[] times = call(client);
                final int clientPid = (int)next(events).line().number("pid");
                findings.add(Finding.ok(TRIAL, "made, mapped and locked in " + trialDirectory.getParent() +
                    "; two processes exchanged " + CALL_COUNT + " messages"));
                findings.add(credentials(client.serviceCredentials().pid() > 0 && clientPid > 0));
                findings.add(waking(times, ready.line().text("sleep")));
            }
        }
        catch (final RegionException | CapsException | TrialFailure | UncheckedIOException ex)
        {
            findings.add(Finding.fail(TRIAL, ex.getMessage(), "no region can be used there", advice()));
        }
        finally
        {
            if (null != peer)
            {
                peer.kill();
                peer.join();
            }
        }
    }

    private static long[] call(final ClientPort client)
    {
        final UnsafeBuffer nothing = new UnsafeBuffer(new byte[0]);
        final Message reply = new Message();
        final long[] times = new long[CALL_COUNT];
        for (int i = 0; i < CALL_COUNT; i++)
        {
            LockSupport.parkNanos(PAUSE_NS);
            final long startNs = System.nanoTime();
            final int state = client.call(nothing, 0, 0, reply, CALL_TIMEOUT_NS);
            times[i] = System.nanoTime() - startNs;
            if (MessageState.REPLY != state)
            {
                throw new TrialFailure("a call between two processes returned " + Status.text(state));
            }
            if (Outcome.REPLIED != reply.outcome())
            {
                throw new TrialFailure("a call between two processes ended with " + Outcome.text(reply.outcome()));
            }
            reply.release();
        }
        return times;
    }

    private Finding credentials(final boolean areKnown)
    {
        if (areKnown)
        {
            return Finding.ok(CREDENTIALS, "the kernel reports which process holds which lock: USER and GROUP work");
        }
        final String found = Files.isReadable(Path.of("/proc/locks")) ?
            "/proc/locks does not show this file system's locks under the device number that stat shows" :
            "/proc/locks cannot be read";
        return Finding.warn(CREDENTIALS, found,
            "the identity of a peer is unknown: USER and GROUP admit no client, only WORLD does",
            !Files.isReadable(Path.of("/proc/locks")) ?
                "mount /proc without subset=pid (systemd: ProcSubset=all), or open both sides with WORLD and control " +
                    "access by the directory's mode" :
                (null == mount || "tmpfs".equals(mount.type()) ? "" :
                    "use a directory on a tmpfs instead of " + mount.type() + ", or ") +
                    "open both sides with WORLD and control access by the directory's mode");
    }

    private static Finding waking(final long[] times, final String sleepMode)
    {
        final long[] sorted = times.clone();
        Arrays.sort(sorted);
        final String found = "a request to a service that sleeps was replied to within " +
            Units.time(sorted[sorted.length / 2]) + " (median of " + CALL_COUNT + "), at best " + Units.time(sorted[0]);
        // Judged by the best time: on a busy machine most of the others is the wait for a processor.
        return sorted[0] < WAKE_LIMIT_NS || !sleepMode.startsWith("futex") ? Finding.ok(WAKING, found) :
            Finding.warn(WAKING, found, "threads that sleep are woken late, or not at all and look by themselves",
                "if the machine is not just busy: use a directory under /dev/shm");
    }

    private String advice()
    {
        final String elsewhere = "use a directory under /dev/shm, or another tmpfs: --region, CAPS_REGION";
        return null != mount && "hugetlbfs".equals(mount.type()) ?
            "files on hugetlbfs cannot be written, only mapped: for huge pages mount a tmpfs with huge=advise, and " +
                "set RegionConfig.hugePages" : elsewhere;
    }

    private static Child.Event next(final BlockingQueue<Child.Event> events)
    {
        try
        {
            final Child.Event event = events.poll(PEER_TIMEOUT_S, TimeUnit.SECONDS);
            if (null == event)
            {
                throw new TrialFailure("a second process was not ready after " + PEER_TIMEOUT_S + " s");
            }
            if ("failed".equals(event.line().word()))
            {
                throw new TrialFailure("a second process cannot use it: " + event.line().text("what"));
            }
            if (Child.ENDED.equals(event.line().word()))
            {
                throw new TrialFailure("a second process exited");
            }
            return event;
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new TrialFailure("interrupted");
        }
    }

    /** Thrown when a step of the trial failed; the message says which. */
    private static final class TrialFailure extends RuntimeException
    {
        private static final long serialVersionUID = 1L;

        TrialFailure(final String message)
        {
            super(message);
        }
    }
}
