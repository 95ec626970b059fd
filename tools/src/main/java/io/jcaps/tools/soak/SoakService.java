/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.ParentLink;

import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * A service of the soak, a process of its own: registers repeatedly, each time with the next generation, and sometimes
 * attaches to the region again.
 * <p>
 * Commands: {@code stop}. Reports: {@code finding}, {@code stranger}, {@code failed}.
 */
final class SoakService
{
    private static final int REATTACH_RATE = 6;
    private static final int MAX_PAUSE_MS = 200;
    private static final int MIN_LIFE_MS = 300;
    private static final int MAX_LIFE_MS = 12_000;

    private final Path directory;
    private final Path regionFile;
    private final String name;
    private final int life;
    private final boolean isRemote;
    private final ParentLink parent;
    private final SplittableRandom random;
    private boolean isStopped;
    private int registrationCount;

    private SoakService(
        final Path directory,
        final Path regionFile,
        final String name,
        final int life,
        final long seed,
        final boolean isRemote,
        final ParentLink parent)
    {
        this.directory = directory;
        this.regionFile = regionFile;
        this.name = name;
        this.life = life;
        this.isRemote = isRemote;
        this.parent = parent;
        random = new SplittableRandom(seed);
    }

    /**
     * @param args directory, region's file, number of this life, seed, name of the service, whether its clients are on
     *             another host.
     */
    public static void main(final String[] args)
    {
        final Path directory = Path.of(args[0]);
        ParentLink.run(directory, (parent) -> new SoakService(
            directory, Path.of(args[1]), args[4], Integer.parseInt(args[2]), Long.parseLong(args[3]),
            Boolean.parseBoolean(args[5]), parent).run());
    }

    private void run() throws InterruptedException
    {
        while (!isStopped)
        {
            try (Attachment attachment = Soak.attach(regionFile))
            {
                do
                {
                    register(attachment);
                    Soak.pause(random, MAX_PAUSE_MS);
                }
                while (!isStopped() && !Soak.isOneIn(random, REATTACH_RATE));
            }
            catch (final CapsException ex)
            {
                passOn(ex);
            }
        }
    }

    private void register(final Attachment attachment) throws InterruptedException
    {
        final long generation = PortNote.generation(life, ++registrationCount);
        final PortOptions options = new PortOptions()
            .generation(generation)
            .singleThreaded(random.nextBoolean())
            .spinCount(random.nextInt(100))
            .prefaultLength(Soak.isOneIn(random, 4) ? attachment.messageLimit() : 0);
        final long lifeNs = TimeUnit.MILLISECONDS.toNanos(MIN_LIFE_MS + random.nextInt(MAX_LIFE_MS - MIN_LIFE_MS));
        try (PortNote note = PortNote.create(directory, generation))
        {
            try (ServicePort port = attachment.service(name, options);
                Registration registration = new Registration(directory, attachment, port, random.split(),
                    (what) -> tell("finding", what), (what) -> tell("stranger", what), isRemote))
            {
                registration.run(lifeNs, this::isStopped, () -> note.state(PortNote.CLOSING));
            }
            catch (final CapsException ex)
            {
                passOn(ex);
            }
            finally
            {
                note.state(PortNote.CLOSED);
            }
        }
    }

    private void passOn(final CapsException ex) throws InterruptedException
    {
        if (!Soak.isPassing(ex))
        {
            throw ex;
        }
        Soak.pause(random, MAX_PAUSE_MS);
    }

    private void tell(final String word, final String what)
    {
        parent.tell(new Line(word).with("what", name + ", life " + life + ": " + what));
    }

    private boolean isStopped()
    {
        for (Line line = parent.poll(); null != line; line = parent.poll())
        {
            isStopped |= "stop".equals(line.word());
        }
        return isStopped;
    }
}
